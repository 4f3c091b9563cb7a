//! The verbs with which an operator checks a site: against a stack and against this machine.

use std::process::Command;

use axum::body::Body;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use super::Desk;
use crate::journeys::PLAN;
use crate::support::{Doors, SITE, Scenario};

/// The two ways to the same site.
pub(super) fn ways(desk: &Desk) -> [Vec<String>; 2] {
    [
        vec![format!("--local={}", desk.local)],
        vec!["--sandbox".into(), desk.local.clone()],
    ]
}

pub(super) async fn run(
    desk: &Desk,
    arguments: &[&str],
    way: &[String],
) -> (String, String, Option<i32>) {
    let way: Vec<&str> = way.iter().map(String::as_str).collect();
    desk.run(&[arguments, &way].concat()).await
}

/// Ada came in, by a file in mode full.
async fn let_in() -> Desk {
    let desk = Desk::set().await;
    let file = desk.file("riverside.toml", &Scenario::at(Doors::Kisi, PLAN).text());
    let local = format!("--local={}", desk.local);
    let (_, error, code) = desk.run(&["push", &file, "--mode", "full", &local]).await;
    assert_eq!((error.as_str(), code), ("", Some(0)));
    assert_eq!(desk.world.inside("Members").await, ["ada"]);
    desk
}

#[tokio::test(flavor = "multi_thread")]
async fn b3_the_command_explains_a_person_and_a_group() {
    let desk = let_in().await;
    for way in ways(&desk) {
        let (told, error, code) = run(
            &desk,
            &["explain", SITE, "--email", "ada@example.test"],
            &way,
        )
        .await;
        assert_eq!((error.as_str(), code), ("", Some(0)));
        assert!(
            told.contains("has main/Members") && told.contains("membership s-ada"),
            "{told}"
        );
        let asked = [
            "explain",
            SITE,
            "--known-as",
            "member:m-ada",
            "--group",
            "members",
            "--json",
        ];
        let (told, _, code) = run(&desk, &asked, &way).await;
        let told: Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(
            (
                &told["groups"][0]["has"],
                &told["groups"][0]["because"][0]["rule"],
                code
            ),
            (&json!(true), &json!(1), Some(0))
        );
        let (told, _, code) = run(
            &desk,
            &["explain", SITE, "--email", "nobody@example.test"],
            &way,
        )
        .await;
        assert!(told.starts_with("no person has this"), "{told}");
        assert_eq!(code, Some(1));
        for wrong in [
            &[
                "explain",
                SITE,
                "--email",
                "ada@example.test",
                "--at",
                "yesterday",
            ][..],
            &["explain", SITE, "--email", "ada"],
            &["explain", SITE],
            &["explain", "elsewhere", "--email", "ada@example.test"],
            &["who", SITE, "--group", "Nowhere"],
        ] {
            let (told, error, code) = run(&desk, wrong, &way).await;
            assert_eq!((told.as_str(), code), ("", Some(2)), "{wrong:?}");
            assert!(!error.is_empty());
        }
        let (told, _, code) = run(&desk, &["who", SITE, "--group", "Members"], &way).await;
        assert!(
            told.contains("= Ada Byron <ada@example.test>: ours since"),
            "{told}"
        );
        assert_eq!(code, Some(0));
    }
}

/// The answers of the port to callers that do not use the command.
#[tokio::test(flavor = "multi_thread")]
async fn b3_the_port_says_in_its_status_what_came_of_it() {
    let desk = let_in().await;
    let ask = async |method: &str, path: &str, body: &str| {
        let at = format!("/sandbox/sites/{path}");
        let request = http::Request::builder()
            .method(method)
            .uri(at)
            .body(Body::from(body.to_owned()))
            .expect("whole");
        let answer = desk
            .world
            .machine
            .router()
            .oneshot(request)
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .expect("whole");
        (
            status,
            serde_json::from_slice::<Value>(&body).expect("JSON"),
        )
    };
    for (path, status) in [
        ("riverside/explain?email=Ada%40Example.test", 200),
        (
            "riverside/explain?email=ada%40example.test&at=2026-03-02T07:00:00+01:00",
            200,
        ),
        ("riverside/explain?email=nobody%40example.test", 404),
        ("riverside/explain?email=ada%40example.test&at=then", 400),
        ("riverside/explain?email=", 400),
        ("riverside/explain", 400),
        ("elsewhere/explain?email=ada%40example.test", 404),
        ("riverside/who?group=Members", 200),
        ("riverside/who", 400),
        ("riverside/who?group=Nowhere", 400),
        ("riverside/on-time?day=2026-03-02", 200),
        ("riverside/on-time?from=2026-03-03&until=2026-03-02", 400),
        ("riverside/audit/verify", 200),
        ("riverside/audit/verify?known=1", 400),
    ] {
        let (said, body) = ask("GET", path, "").await;
        assert_eq!(said, status, "{path}: {body}");
        assert_eq!(status == 200, body.get("error").is_none(), "{path}: {body}");
    }
    let ada = r#"{"email":"ada@example.test"}"#;
    for (body, status) in [
        (ada, 409),
        (r#"{"email":"nobody@example.test"}"#, 404),
        ("{}", 400),
        ("", 400),
    ] {
        assert_eq!(
            ask("POST", "riverside/forget", body).await.0,
            status,
            "{body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b8_the_command_verifies_exports_and_forgets() {
    let desk = let_in().await;
    for way in ways(&desk) {
        let (told, error, code) = run(&desk, &["audit", "verify", SITE], &way).await;
        assert_eq!((error.as_str(), code), ("", Some(0)));
        let known = told.trim().rsplit(' ').next().expect("a place").to_owned();
        let (told, _, code) = run(
            &desk,
            &["audit", "verify", SITE, "--json", "--known", &known],
            &way,
        )
        .await;
        let verdict: Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!((&verdict["whole"], code), (&json!(true), Some(0)));
        let other = format!("1:{}", "0".repeat(64));
        let (told, _, code) = run(&desk, &["audit", "verify", SITE, "--known", &other], &way).await;
        assert!(
            told.contains("broken at record 1") && told.contains("rewritten"),
            "{told}"
        );
        assert_eq!(code, Some(1));
        let (exported, _, code) = run(&desk, &["audit", "export", SITE], &way).await;
        assert_eq!(code, Some(0));
        let file = desk.file("audit.json", &exported);
        assert_eq!(
            desk.run(&["audit", "verify", SITE, "--file", &file])
                .await
                .2,
            Some(0)
        );
        let spoiled = desk.file(
            "spoiled.json",
            &exported.replace("membership s-ada", "membership s-eve"),
        );
        assert_eq!(
            desk.run(&["audit", "verify", SITE, "--file", &spoiled])
                .await
                .2,
            Some(1)
        );
        by_the_documented_rule(&exported);
        by_the_script(&file, &spoiled);
        let (told, _, code) = run(
            &desk,
            &["forget", SITE, "--email", "ada@example.test"],
            &way,
        )
        .await;
        assert!(
            told.starts_with("the person is not forgotten yet; do this first:")
                && told.contains("member m-ada"),
            "{told}"
        );
        assert_eq!(code, Some(1));
        let (_, _, code) = run(
            &desk,
            &["forget", SITE, "--email", "nobody@example.test"],
            &way,
        )
        .await;
        assert_eq!(code, Some(1));
    }
    desk.world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    desk.world
        .change_and_deliver(json!({ "remove": { "members": ["m-ada"] } }))
        .await;
    // The file that lets her in is new: what is taken because of it is judged when everything is
    // compared.
    desk.world.reconcile().await;
    desk.world.clock("2026-03-02T09:00:00Z").await;
    let [local, _] = ways(&desk);
    let (why, ..) = run(
        &desk,
        &["explain", SITE, "--email", "ada@example.test"],
        &local,
    )
    .await;
    assert!(why.contains("lacks main/Members"), "{why}");
    let (told, error, code) = run(
        &desk,
        &["forget", SITE, "--email", "ada@example.test"],
        &local,
    )
    .await;
    assert_eq!((error.as_str(), code), ("", Some(0)), "{told}");
    assert!(told.contains("delete it at the door system"), "{told}");
    assert_eq!(
        run(&desk, &["audit", "verify", SITE], &local).await.2,
        Some(0)
    );
}

/// The rule of docs/audit.md, in another hand than the library's.
fn by_the_documented_rule(exported: &str) {
    let keys =
        "seq at site person doors account group what because facts answer due delay previous hash";
    let records: Vec<Value> = serde_json::from_str(exported).expect("JSON");
    assert!(records.len() >= 2);
    let mut before = String::new();
    for record in &records {
        let pairs = keys
            .split(' ')
            .filter_map(|key| Some((key, record.get(key)?)));
        let pairs = pairs.map(|(key, value)| match key {
            "hash" => "\"hash\":\"\"".to_owned(),
            key => format!("\"{key}\":{value}"),
        });
        let text = format!("{{{}}}", pairs.collect::<Vec<_>>().join(","));
        assert_eq!(
            record["hash"],
            hex::encode(Sha256::digest(text)),
            "{record}"
        );
        assert_eq!(record["previous"], before);
        before = record["hash"].as_str().expect("a text").to_owned();
    }
}

/// The script of docs/audit.md itself, where there is a Python to run it.
fn by_the_script(right: &str, spoiled: &str) {
    let page = include_str!("../../docs/audit.md");
    let script = page
        .split("```python\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a script");
    assert!(script.lines().count() <= 20);
    let python = |file: &str| Command::new("python3").args(["-c", script, file]).output();
    if let (Ok(right), Ok(spoiled)) = (python(right), python(spoiled)) {
        assert!(right.status.success(), "{right:?}");
        assert!(String::from_utf8_lossy(&right.stdout).starts_with("whole: "));
        assert!(!spoiled.status.success(), "{spoiled:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b13_the_command_shows_how_punctual_doors_were() {
    let desk = let_in().await;
    for way in ways(&desk) {
        let (told, error, code) = run(&desk, &["on-time", SITE, "--day", "2026-03-02"], &way).await;
        assert_eq!((error.as_str(), code), ("", Some(0)));
        assert!(
            told.contains("2026-03-02  opened 1 of 1, closed 0 of 0 in time"),
            "{told}"
        );
        let (told, _, _) = run(&desk, &["on-time", SITE, "--json"], &way).await;
        let told: Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(told["days"].as_array().map(Vec::len), Some(7));
        assert_eq!(
            run(&desk, &["on-time", SITE, "--day", "today"], &way)
                .await
                .2,
            Some(2)
        );
    }
}
