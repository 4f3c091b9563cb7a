//! Tokens, and the meaning of each refusal.

use serde_json::json;

use crate::platform::Span;
use crate::platform::script::{PlatformScript, ScriptedAnswer, answer};
use doorstep_core::model::error::Error;
use doorstep_core::model::fact::Kind;

fn none() -> ScriptedAnswer {
    answer(
        200,
        r#"{"Records":[],"CurrentPage":1,"TotalItems":0,"TotalPages":0,"HasNextPage":false}"#,
    )
}

async fn read(script: &PlatformScript) -> Result<usize, Error> {
    let span = Span {
        changed_since: None,
        checkins_from: "2026-01-10T00:00:00Z".parse().expect("an instant"),
    };
    script
        .reader()
        .read(Kind::Plan, &span)
        .await
        .map(|list| list.facts.len())
}

fn header(script: &PlatformScript, part: &str, name: &str) -> Vec<String> {
    let requests = script.requests(part).into_iter();
    requests
        .map(|request| {
            request
                .headers()
                .get(name)
                .map_or("", |it| it.to_str().expect("text"))
                .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_name_and_a_password_buy_a_token() {
    let script = PlatformScript::nexudus("").on("billing/tariffs", [none()]);
    assert_eq!(read(&script).await, Ok(0));
    let form = script.requests("/api/token").remove(0).into_body();
    assert_eq!(
        &form[..],
        b"grant_type=password&username=desk%40example.test&password=p%26ss"
    );
    assert_eq!(
        header(&script, "tariffs", "authorization"),
        ["Bearer token-1"]
    );
    assert_eq!(
        script.asked()[0],
        "POST https://spaces.nexudus.com/api/token"
    );
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_refreshed_once() {
    let script = PlatformScript::nexudus("")
        .on("billing/tariffs", [answer(401, "{}"), none()])
        .on(
            "/api/token",
            [
                answer(
                    200,
                    r#"{"access_token":"token-1","refresh_token":"refresh-1","expires_in":"3600"}"#,
                ),
                answer(200, r#"{"access_token":"token-2","expires_in":3600}"#),
            ],
        );
    assert_eq!(read(&script).await, Ok(0));
    assert_eq!(
        header(&script, "tariffs", "authorization"),
        ["Bearer token-1", "Bearer token-2"]
    );
    assert_eq!(
        header(&script, "/api/token", "client_id"),
        ["", "desk@example.test"]
    );
    let form = script.requests("/api/token").remove(1).into_body();
    assert_eq!(
        &form[..],
        b"grant_type=refresh_token&refresh_token=refresh-1"
    );
}

#[tokio::test]
async fn a_refresh_that_is_refused_falls_back_to_the_password() {
    let good = |token: &str| {
        answer(
            200,
            json!({ "access_token": token, "refresh_token": "r", "expires_in": 3600 }),
        )
    };
    let script = PlatformScript::nexudus("")
        .on("billing/tariffs", [answer(401, "{}"), none()])
        .on(
            "/api/token",
            [
                good("token-1"),
                answer(400, r#"{"error":"invalid_grant"}"#),
                good("token-2"),
            ],
        );
    assert_eq!(read(&script).await, Ok(0));
    assert_eq!(script.requests("/api/token").len(), 3);
}

#[tokio::test]
async fn where_there_are_no_tokens_name_and_password_go_with_each_call() {
    for refusal in [
        answer(404, "{}"),
        answer(405, "{}"),
        answer(400, r#"{"error":"unsupported_grant_type"}"#),
        answer(200, r#"{"Status":404,"WasSuccessful":false}"#),
        answer(200, r#"{"Status":500,"WasSuccessful":false}"#),
        answer(200, r#"{"WasSuccessful":false}"#),
    ] {
        let script = PlatformScript::nexudus("")
            .on("billing/tariffs", [none()])
            .on("/api/token", [refusal]);
        assert_eq!(read(&script).await, Ok(0));
        assert_eq!(
            header(&script, "tariffs", "authorization"),
            ["Basic ZGVza0BleGFtcGxlLnRlc3Q6cCZzcw=="]
        );
    }
}

#[tokio::test]
async fn a_refused_sign_in_is_reported() {
    for refusal in [
        answer(400, r#"{"error":"invalid_grant"}"#),
        answer(401, "{}"),
        answer(200, r#"{"Status":401}"#),
    ] {
        let script = PlatformScript::nexudus("").on("/api/token", [refusal]);
        assert!(matches!(read(&script).await, Err(Error::Permanent(_))));
    }
    let script = PlatformScript::nexudus("").on("/api/token", [answer(200, "{}")]);
    assert!(matches!(read(&script).await, Err(Error::Retry { .. })));
    let script = PlatformScript::nexudus("").on("/api/token", [answer(503, "{}")]);
    assert!(matches!(read(&script).await, Err(Error::Retry { .. })));
}

#[tokio::test]
async fn every_refusal_says_what_to_do() {
    for (refusal, later) in [
        (answer(401, "{}"), false),
        (answer(403, "{}"), false),
        (answer(400, "{}"), false),
        (answer(404, "{}"), false),
        (
            answer(302, "{}").with("location", "https://elsewhere.example"),
            false,
        ),
        (
            answer(
                200,
                r#"{"Status":403,"Message":"no","WasSuccessful":false}"#,
            ),
            false,
        ),
        (answer(409, "{}"), true),
        (answer(429, "{}"), true),
        (answer(500, "{}"), true),
        (answer(502, "{}"), true),
        (answer(200, "<html>"), true),
        (answer(200, r#"{"Status":500,"WasSuccessful":false}"#), true),
    ] {
        let script = PlatformScript::nexudus("").on("billing/tariffs", [refusal]);
        let error = read(&script).await.expect_err("a refusal");
        assert_eq!(error.is_retryable(), later, "{error}");
        assert!(!error.to_string().contains("p&ss"), "{error}");
    }
}

#[tokio::test]
async fn a_pause_that_is_asked_for_is_kept() {
    let busy = answer(429, "{}").with("retry-after", 2);
    let script = PlatformScript::nexudus("").on("billing/tariffs", [busy, none()]);
    assert_eq!(read(&script).await, Ok(0));
    assert_eq!(script.requests("tariffs").len(), 2);
}
