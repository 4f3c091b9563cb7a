//! The one port, without sockets.

mod common;

use axum::body::Body;
use axum::http::StatusCode;
use common::{NOON, call, machine, setup};
use serde_json::json;

#[tokio::test]
async fn the_clock_is_moved_by_hand() {
    let (machine, _) = machine(setup()).await;
    let now = NOON.parse::<jiff::Timestamp>().expect("an instant");
    let there = json!({ "now": now, "standing": true });
    assert_eq!(
        call(&machine, "GET", "/sandbox/clock", "").await,
        (StatusCode::OK, there)
    );
    let (status, body) = call(
        &machine,
        "PUT",
        "/sandbox/clock",
        r#"{"now":"2026-03-01T13:00:00+00:00"}"#,
    )
    .await;
    assert_eq!(
        (status, body),
        (
            StatusCode::OK,
            json!({ "now": "2026-03-01T13:00:00Z", "ran": [] })
        )
    );
    assert_eq!(
        call(
            &machine,
            "PUT",
            "/sandbox/clock",
            format!(r#"{{"now":"{NOON}"}}"#)
        )
        .await
        .0,
        StatusCode::CONFLICT
    );
    for wrong in ["", "{", "{}", r#"{"now":"tomorrow"}"#, r#"{"now":5}"#] {
        let (status, body) = call(&machine, "PUT", "/sandbox/clock", wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["error"].is_string());
    }
}

#[tokio::test]
async fn every_call_but_a_delivery_drains_the_queue_first() {
    let (machine, notes) = machine(setup()).await;
    let paths = [
        ("GET", "/sandbox/clock"),
        ("GET", "/sandbox/outbox"),
        ("POST", "/sandbox/quiet"),
        ("GET", "/sandbox/sites/a/people"),
        ("GET", "/sandbox/sites/a/audit"),
        ("GET", "/sandbox/kisi/_world"),
    ];
    for (method, path) in paths {
        assert_eq!(
            call(&machine, "POST", "/hooks/a/officernd", "hint").await.0,
            StatusCode::ACCEPTED
        );
        call(&machine, "GET", "/sandbox/kisi/groups", "").await;
        assert_eq!(
            notes.take(),
            ["answered 4"],
            "neither a delivery nor a vendor's own path drains"
        );
        assert_eq!(
            call(&machine, method, path, "").await.0,
            StatusCode::OK,
            "{path}"
        );
        assert_eq!(notes.take(), ["a: hint"], "{path}");
    }
}

#[tokio::test]
async fn awkward_requests_get_clear_answers() {
    let (machine, notes) = machine(setup()).await;
    let cases = [
        (
            "GET",
            "/hooks/a/officernd",
            "",
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        ("POST", "/hooks", "", StatusCode::NOT_FOUND),
        (
            "POST",
            "/hooks/panic/officernd",
            "",
            StatusCode::INTERNAL_SERVER_ERROR,
        ),
        ("GET", "/nothing", "", StatusCode::NOT_FOUND),
        ("POST", "/sandbox/clock", "", StatusCode::METHOD_NOT_ALLOWED),
        (
            "POST",
            "/sandbox/sites/none/reconcile",
            "",
            StatusCode::NOT_FOUND,
        ),
        (
            "GET",
            "/sandbox/sites/none/people",
            "",
            StatusCode::NOT_FOUND,
        ),
        (
            "GET",
            "/sandbox/sites/%FF/people",
            "",
            StatusCode::NOT_FOUND,
        ),
        (
            "GET",
            "/sandbox/sites/none/entries",
            "",
            StatusCode::NOT_FOUND,
        ),
        (
            "GET",
            "/sandbox/sites/a/entries?from=yesterday",
            "",
            StatusCode::BAD_REQUEST,
        ),
        (
            "GET",
            "/sandbox/sites/a/entries?from=2026-03-02&until=2026-03-01",
            "",
            StatusCode::BAD_REQUEST,
        ),
        (
            "GET",
            "/sandbox/sites/a/entries?email=nobody",
            "",
            StatusCode::BAD_REQUEST,
        ),
        (
            "POST",
            "/sandbox/kisi/_change?deliver=none",
            "{}",
            StatusCode::NOT_FOUND,
        ),
        (
            "POST",
            "/sandbox/kisi/_change",
            r#"{"events":[{"lock":"5","user":"9"}]}"#,
            StatusCode::BAD_REQUEST,
        ),
        (
            "POST",
            "/sandbox/salto-ks/_change?deliver=a",
            "{}",
            StatusCode::CONFLICT,
        ),
        (
            "POST",
            "/sandbox/crash",
            r#"{"after":"lunch"}"#,
            StatusCode::BAD_REQUEST,
        ),
        (
            "POST",
            "/sandbox/crash",
            r#"{"after":"read","times":-1}"#,
            StatusCode::BAD_REQUEST,
        ),
        (
            "POST",
            "/sandbox/officernd/_change?deliver=none",
            "{}",
            StatusCode::NOT_FOUND,
        ),
    ];
    for (method, path, body, expected) in cases {
        assert_eq!(
            call(&machine, method, path, body).await.0,
            expected,
            "{method} {path}"
        );
    }
    notes.take();
    let large = |bytes: usize| Body::from(vec![b'x'; bytes]);
    assert_eq!(
        call(&machine, "POST", "/hooks/a/officernd", large(6 << 20))
            .await
            .0,
        StatusCode::ACCEPTED
    );
    assert_eq!(
        notes.take(),
        ["answered 6291456"],
        "receive itself judges what it can be handed"
    );
    let (status, _) = call(&machine, "POST", "/hooks/a/officernd", large((6 << 20) + 1)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(notes.take().is_empty());
}

#[tokio::test]
async fn a_reconcile_answers_with_its_report() {
    let (machine, notes) = machine(setup()).await;
    call(&machine, "POST", "/hooks/a/officernd", "hint").await;
    let (status, report) = call(&machine, "POST", "/sandbox/sites/b/reconcile", "").await;
    assert_eq!((status, &report["granted"]), (StatusCode::OK, &json!(0)));
    assert_eq!(
        notes.take(),
        [
            "answered 4",
            "a: hint",
            "reconcile b at 2026-03-01T12:00:00Z"
        ]
    );
}

#[tokio::test]
async fn a_delivered_change_is_signed_and_posted() {
    let (machine, notes) = machine(setup()).await;
    let change = r#"{"members":[{"_id":"603dfbc260f4054084125d39","name":"Ada"}]}"#;
    let (status, body) = call(
        &machine,
        "POST",
        "/sandbox/officernd/_change?deliver=a",
        change,
    )
    .await;
    assert_eq!(
        (status, body),
        (StatusCode::OK, json!({ "delivered": [202] }))
    );
    assert!(notes.take()[0].starts_with("answered"));
}
