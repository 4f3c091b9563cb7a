//! A web page of another origin, another machine's name and a proxy drive nothing here.

mod common;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use common::{call, machine, setup, site};
use serde_json::json;
use tower::ServiceExt;

use doorstep_local::{Machine, Setup};

async fn status(
    machine: &Machine,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> StatusCode {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from("{}")).expect("whole");
    let answer = machine.router().oneshot(request).await.expect("it answers");
    assert!(
        answer
            .headers()
            .keys()
            .all(|name| !name.as_str().starts_with("access-control")),
        "no page may read it"
    );
    answer.status()
}

#[tokio::test]
async fn a_page_of_another_origin_drives_nothing() {
    let (machine, notes) = machine(setup()).await;
    let everything = [
        ("GET", "/sandbox/clock"),
        ("PUT", "/sandbox/clock"),
        ("POST", "/sandbox/quiet"),
        ("GET", "/sandbox/outbox"),
        ("POST", "/sandbox/crash"),
        ("POST", "/sandbox/push"),
        ("POST", "/sandbox/approve"),
        ("POST", "/sandbox/sites/a/reconcile"),
        ("GET", "/sandbox/sites/a/people"),
        ("POST", "/sandbox/sites/a/forget"),
        ("POST", "/sandbox/officernd/_change?deliver=a"),
        ("PUT", "/sandbox/kisi/_world"),
        ("PUT", "/sandbox/kisi/_faults"),
        ("GET", "/sandbox/kisi/groups"),
        ("OPTIONS", "/sandbox/clock"),
        ("GET", "/"),
        ("GET", "/nothing"),
    ];
    for (method, path) in everything {
        for foreign in [
            vec![("host", "evil.example")],
            vec![
                ("host", "localhost:8080"),
                ("origin", "https://evil.example"),
            ],
            vec![("host", "localhost:8080"), ("origin", "null")],
            vec![("host", "localhost:8080"), ("sec-fetch-site", "cross-site")],
            vec![("host", "localhost:8080"), ("x-forwarded-for", "192.0.2.1")],
        ] {
            let answer = status(&machine, method, path, &foreign).await;
            assert_eq!(answer, StatusCode::FORBIDDEN, "{method} {path} {foreign:?}");
        }
    }
    assert!(notes.take().is_empty(), "and nothing happened");
}

#[tokio::test]
async fn webhooks_and_the_health_check_answer_under_any_name() {
    let (machine, _) = machine(setup()).await;
    let public = [
        ("host", "doors.example"),
        ("x-forwarded-for", "192.0.2.1"),
        ("origin", "https://evil.example"),
    ];
    assert_eq!(
        status(&machine, "GET", "/healthz", &public).await,
        StatusCode::OK
    );
    assert_eq!(
        status(&machine, "POST", "/hooks/a/officernd", &public).await,
        StatusCode::ACCEPTED
    );
    for path in [
        "/hooks/../sandbox/clock",
        "/hooks/%2e%2e/sandbox/clock",
        "//sandbox/clock",
        "/HOOKS/a/officernd",
    ] {
        assert_ne!(
            status(&machine, "GET", path, &public).await,
            StatusCode::OK,
            "{path}"
        );
    }
}

/// A run with an operator's own secrets.
fn with_secrets(text: String) -> Setup {
    let secrets = "[\"a/officernd\"]\nwebhook_secrets = [\"mine\"]\n[\"a/andcards\"]\nwebhook_secrets = \
                   [\"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"]\n[\"a/kisi\"]\napi_key = \"key\"\nwebhook_secrets = [\"mine\"]\n";
    Setup {
        sites: vec![text],
        secrets: Some(secrets.to_owned()),
        ..setup()
    }
}

#[tokio::test]
async fn nothing_is_signed_with_an_operators_secret() {
    let pushes =
        site("a")
            .replace("officernd", "andcards")
            .replacen("url          = \"sandbox\"\n", "", 1);
    let pushes = pushes.replace("organization = \"a\"\n", "");
    let real = site("a").replacen("url          = \"sandbox\"\n", "", 1);
    for (text, platform) in [(pushes, "andcards"), (real, "officernd")] {
        let (machine, notes) = machine(with_secrets(text)).await;
        let path = format!("/sandbox/{platform}/_change?deliver=a");
        let (answer, body) = call(&machine, "POST", &path, "{}").await;
        assert_eq!(answer, StatusCode::CONFLICT, "{platform}");
        assert!(
            body["error"]
                .as_str()
                .is_some_and(|why| why.contains("own secrets")),
            "{body}"
        );
        assert!(notes.take().is_empty());
        let (answer, _) = call(
            &machine,
            "POST",
            "/sandbox/crash",
            json!({ "after": "read" }).to_string(),
        )
        .await;
        assert_eq!(
            answer,
            StatusCode::CONFLICT,
            "no crash where {platform} is real"
        );
    }
    let real_doors = site("a").replace("url    = \"sandbox\"\n", "");
    let (machine, _) = machine(with_secrets(real_doors)).await;
    assert_eq!(
        call(&machine, "POST", "/sandbox/kisi/_change?deliver=a", "{}")
            .await
            .0,
        StatusCode::CONFLICT
    );
    assert_eq!(
        call(&machine, "POST", "/sandbox/crash", r#"{"after":"read"}"#)
            .await
            .0,
        StatusCode::CONFLICT
    );
}

#[tokio::test]
async fn a_sandbox_platform_signs_with_the_secret_that_its_site_was_given() {
    let (machine, _) = machine(with_secrets(site("a"))).await;
    let change = r#"{"members":[{"_id":"603dfbc260f4054084125d39","name":"Ada"}]}"#;
    let (answer, body) = call(
        &machine,
        "POST",
        "/sandbox/officernd/_change?deliver=a",
        change,
    )
    .await;
    assert_eq!(
        (answer, body),
        (StatusCode::OK, json!({ "delivered": [202] }))
    );
    assert_eq!(
        call(&machine, "POST", "/sandbox/crash", r#"{"after":"read"}"#)
            .await
            .0,
        StatusCode::OK
    );
}
