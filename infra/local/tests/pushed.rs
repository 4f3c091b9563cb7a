//! Site files over the port, with the library's own functions.

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::{NOON, call, setup, site};
use serde_json::{Value, json};
use tower::ServiceExt;

use doorstep_local::{Data, Machine, Setup};

/// A run with worlds in which the sites' names mean something.
async fn run(setup: Setup) -> Machine {
    let machine = Machine::start(setup).await.expect("it starts");
    let house = r#"{"groups":[{"id":"1","name":"Members"},{"id":"2","name":"Studio"}],"users":[]}"#;
    assert_eq!(
        call(&machine, "PUT", "/sandbox/kisi/_world", house).await.0,
        StatusCode::OK
    );
    let town = r#"{"members":[{"_id":"m1","name":"Ada","email":"ada@example.test"}],
        "plans":[{"_id":"p1","name":"Hot desk"}],
        "memberships":[{"_id":"s1","plan":"p1","member":"m1","startDate":"2026-01-01T00:00:00Z"}]}"#;
    assert_eq!(
        call(&machine, "PUT", "/sandbox/officernd/_world", town)
            .await
            .0,
        StatusCode::OK
    );
    machine
}

fn of(addresses: &Value) -> Vec<&str> {
    addresses
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|change| change["who"]["email"].as_str())
        .collect()
}

#[tokio::test]
async fn b2_a_diff_over_the_port_stores_nothing() {
    let machine = run(setup()).await;
    let (status, shown) = call(&machine, "POST", "/sandbox/diff", site("c")).await;
    assert_eq!(
        (status, &shown["site"], &shown["findings"]),
        (StatusCode::OK, &json!("c"), &json!([]))
    );
    assert_eq!(
        of(&shown["diff"]["groups"][0]["opens"]),
        ["ada@example.test"]
    );
    assert_eq!(shown["diff"]["mode"], "observe");
    assert!(shown["version"].is_null());
    assert_eq!(
        call(&machine, "GET", "/sandbox/sites/c/people", "").await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        call(&machine, "GET", "/sandbox/sites/c/diff", "").await.0,
        StatusCode::NOT_FOUND
    );
    let (status, shown) = call(&machine, "GET", "/sandbox/sites/a/diff", "").await;
    assert_eq!((status, &shown["version"]), (StatusCode::OK, &json!(1)));
}

#[tokio::test]
async fn b2_a_bad_file_is_answered_with_its_lines() {
    let machine = run(setup()).await;
    let wrong = site("a").replace("\"*\"", "\"Hot dek\"");
    for path in ["/sandbox/diff", "/sandbox/push"] {
        let (status, shown) = call(&machine, "POST", path, wrong.clone()).await;
        assert_eq!(
            (status, &shown["findings"][0]["line"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(17))
        );
        let (status, shown) = call(&machine, "POST", path, "site = \"a\"\nmode = 5\n").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let lines: Vec<&Value> = shown["findings"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|f| &f["line"])
            .collect();
        assert!(lines.contains(&&json!(2)), "{shown}");
        let (status, shown) = call(&machine, "POST", path, b"site = \"a\"\n\xff".to_vec()).await;
        assert_eq!(
            (status, &shown["findings"][0]["line"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(2))
        );
        assert_eq!(
            call(&machine, "POST", path, vec![b'#'; 2 << 20]).await.0,
            StatusCode::PAYLOAD_TOO_LARGE
        );
        assert_eq!(
            call(&machine, "GET", path, "").await.0,
            StatusCode::METHOD_NOT_ALLOWED
        );
    }
    assert_eq!(
        call(&machine, "GET", "/sandbox/sites/a/diff", "").await.1["version"],
        1,
        "nothing was stored"
    );
}

#[tokio::test]
async fn b2_no_web_page_pushes() {
    let machine = run(setup()).await;
    let of_a = ["pause", "resume", "retire"].map(|what| format!("/sandbox/sites/a/{what}"));
    let paths = ["/sandbox/diff", "/sandbox/push", "/sandbox/rehearse"].map(str::to_owned);
    for path in paths.into_iter().chain(of_a) {
        let request = Request::post(path)
            .header("origin", "https://page.example")
            .body(Body::from(site("c")));
        let answer = machine
            .router()
            .oneshot(request.expect("whole"))
            .await
            .expect("it answers");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(
        call(&machine, "GET", "/sandbox/sites/c/people", "").await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn b2_a_pushed_site_is_served_at_once() {
    let cadence = Some(std::time::Duration::from_secs(900));
    let machine = run(Setup {
        reconcile: cadence,
        ..setup()
    })
    .await;
    let full = site("c").replace("observe", "grant-only");
    assert_eq!(
        call(&machine, "POST", "/hooks/c/officernd", "{}").await.0,
        StatusCode::NOT_FOUND
    );
    let (status, shown) = call(
        &machine,
        "POST",
        "/sandbox/push?mode=grant-only",
        full.clone(),
    )
    .await;
    assert_eq!(
        (status, &shown["version"], &shown["stored"]),
        (StatusCode::OK, &json!(1), &json!(true))
    );
    assert_eq!(
        call(&machine, "POST", "/hooks/c/officernd", "{}").await.0,
        StatusCode::UNAUTHORIZED,
        "it is known"
    );
    let (_, world) = call(&machine, "GET", "/sandbox/kisi/_world", "").await;
    assert_eq!(
        world["groups"][0]["members"].as_array().map(Vec::len),
        Some(1),
        "what the diff said is done: {world}"
    );
    assert!(
        call(&machine, "GET", "/sandbox/sites/c/diff", "").await.1["diff"]["groups"]
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    let (status, people) = call(&machine, "GET", "/sandbox/sites/c/people", "").await;
    assert_eq!(
        (status, people.as_array().map(Vec::len)),
        (StatusCode::OK, Some(1))
    );
    let change = r#"{"members":[{"_id":"m1","name":"Ada L."}]}"#;
    let (status, body) = call(
        &machine,
        "POST",
        "/sandbox/officernd/_change?deliver=c",
        change,
    )
    .await;
    assert_eq!(
        (status, body),
        (StatusCode::OK, json!({ "delivered": [202] })),
        "the sandbox signs with its secret"
    );
    let (_, moved) = call(
        &machine,
        "PUT",
        "/sandbox/clock",
        r#"{"now":"2026-03-01T12:15:00Z"}"#,
    )
    .await;
    let ran = moved["ran"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|ran| ran["what"] == "reconcile");
    assert_eq!(
        ran.filter_map(|ran| ran["site"].as_str())
            .collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    let (_, again) = call(&machine, "POST", "/sandbox/push", full).await;
    assert_eq!(
        (&again["version"], &again["stored"]),
        (&json!(1), &json!(false)),
        "in force already"
    );
}

/// What was logged, for a test to read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// How many lines hold all of these words.
    fn lines(&self, words: &[&str]) -> usize {
        let text = String::from_utf8(self.0.lock().expect("a lock").clone()).expect("UTF-8");
        text.lines()
            .filter(|line| words.iter().all(|word| line.contains(word)))
            .count()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_reconcile_is_logged_once() {
    let machine = run(Setup {
        reconcile: Some(Duration::from_secs(900)),
        ..setup()
    })
    .await;
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _logged = tracing::subscriber::set_default(lines);
    let logged = |site| log.lines(&["reconciled", &format!("site=\"{site}\"")]);
    assert_eq!(
        call(&machine, "POST", "/sandbox/sites/a/reconcile", "")
            .await
            .0,
        StatusCode::OK
    );
    assert_eq!((logged("a"), logged("b")), (1, 0), "an operator asked");
    let (status, _) = call(
        &machine,
        "PUT",
        "/sandbox/clock",
        r#"{"now":"2026-03-01T12:15:00Z"}"#,
    )
    .await;
    assert_eq!(
        (status, logged("a"), logged("b")),
        (StatusCode::OK, 2, 1),
        "the schedule asked"
    );
}

#[tokio::test]
async fn b2_a_pushed_site_needs_its_secrets() {
    let secrets =
        "[\"a/officernd\"]\n[\"a/kisi\"]\n[\"b/officernd\"]\n[\"b/kisi\"]\n[\"c/kisi\"]\n";
    let machine = run(Setup {
        secrets: Some(secrets.into()),
        ..setup()
    })
    .await;
    for path in ["/sandbox/diff", "/sandbox/push"] {
        let (status, body) = call(&machine, "POST", path, site("c")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(
            body["error"],
            "the secrets file has no table [\"c/officernd\"]: add it, and start again"
        );
    }
}

#[tokio::test]
async fn b2_the_next_run_of_the_folder_goes_on_with_what_was_pushed() {
    let folder = std::env::temp_dir().join(format!("doorstep-pushed-{}", uuid::Uuid::new_v4()));
    let setup = || Setup {
        data: Data::Folder(folder.clone()),
        ..setup()
    };
    let machine = run(setup()).await;
    assert_eq!(
        call(&machine, "POST", "/sandbox/push", site("c")).await.0,
        StatusCode::OK
    );
    drop(machine);
    let machine = Machine::start(setup()).await.expect("it starts again");
    assert_eq!(
        call(&machine, "POST", "/hooks/c/officernd", "{}").await.0,
        StatusCode::UNAUTHORIZED
    );
    let (status, shown) = call(&machine, "GET", "/sandbox/sites/c/diff", "").await;
    assert_eq!((status, &shown["version"]), (StatusCode::OK, &json!(1)));
    drop(machine);
    std::fs::remove_dir_all(folder).ok();
}

#[tokio::test]
async fn b2_a_site_that_the_folder_knew_is_served_again_once_it_is_pushed() {
    let folder = std::env::temp_dir().join(format!("doorstep-pushed-{}", uuid::Uuid::new_v4()));
    let setup = |sites| Setup {
        sites,
        data: Data::Folder(folder.clone()),
        ..setup()
    };
    drop(run(setup(vec![site("a"), site("b")])).await);
    let machine = Machine::start(setup(vec![site("a")]))
        .await
        .expect("it starts again");
    assert_eq!(
        call(&machine, "GET", "/sandbox/sites/b/people", "").await.0,
        StatusCode::NOT_FOUND
    );
    let (_, shown) = call(&machine, "POST", "/sandbox/push", site("b")).await;
    assert_eq!(
        (&shown["version"], &shown["stored"]),
        (&json!(1), &json!(false)),
        "in force already"
    );
    assert_eq!(
        call(&machine, "GET", "/sandbox/sites/b/people", "").await.0,
        StatusCode::OK
    );
    drop(machine);
    std::fs::remove_dir_all(folder).ok();
}

/// In real time, too: the wish for a reconcile is served in the background.
#[tokio::test(flavor = "multi_thread")]
async fn b2_a_site_is_pushed_in_real_time() {
    let machine = run(Setup {
        clock: None,
        reconcile: Some(std::time::Duration::from_secs(3600)),
        ..setup()
    })
    .await;
    let full = site("c").replace("observe", "grant-only");
    assert_eq!(
        call(&machine, "POST", "/sandbox/push?mode=grant-only", full)
            .await
            .0,
        StatusCode::OK
    );
    call(&machine, "POST", "/sandbox/quiet", "").await;
    let (_, world) = call(&machine, "GET", "/sandbox/kisi/_world", "").await;
    assert_eq!(
        world["groups"][0]["members"].as_array().map(Vec::len),
        Some(1),
        "{world}"
    );
}

#[tokio::test]
async fn b2_every_call_drains_the_queue_first() {
    let machine = run(setup()).await;
    assert_eq!(NOON.parse::<jiff::Timestamp>().ok(), Some(machine.now()));
    let change = r#"{"members":[{"_id":"m2","name":"Bob","email":"bob@example.test"}]}"#;
    for path in ["/sandbox/diff", "/sandbox/push"] {
        call(
            &machine,
            "POST",
            "/sandbox/officernd/_change?deliver=a",
            change,
        )
        .await;
        assert!(!machine.cloud().triggers.is_empty());
        assert_eq!(
            call(&machine, "POST", path, site("a")).await.0,
            StatusCode::OK
        );
        assert!(machine.cloud().triggers.is_empty(), "{path}");
    }
}
