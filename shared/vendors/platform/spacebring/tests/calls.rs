//! Requests: credentials, and what each refusal means.

use std::time::Duration;

use serde_json::json;

use crate::platform::PlatformApi;
use crate::platform::found::Lookup;
use crate::platform::script::{PlatformScript, answer};
use crate::platform::spacebring::Spacebring;
use doorstep_core::model::error::Error;
use doorstep_core::model::fact::{FactId, Kind};

#[tokio::test]
async fn s1_every_request_carries_the_api_client_as_http_basic() {
    let plan = json!({ "plan": { "id": "p", "title": "Hot desk" } });
    let script = PlatformScript::spacebring().on("/plans/v1/p", [answer(200, plan)]);
    let found = script
        .reader()
        .fetch(&FactId::new(Kind::Plan, "p"))
        .await
        .expect("an answer");
    assert!(matches!(found, Lookup::Fact(_)), "{found:?}");
    let request = script.requests("/plans/v1/p").pop().expect("a request");
    assert_eq!(
        request.uri().to_string(),
        "https://api.spacebring.com/plans/v1/p"
    );
    // id:s&cret
    assert_eq!(request.headers()["authorization"], "Basic aWQ6cyZjcmV0");
    assert!(request.headers()["authorization"].is_sensitive());
}

#[tokio::test]
async fn s1_a_secret_without_a_client_sends_nothing() {
    let script = PlatformScript::spacebring();
    let mut access = script.access();
    access.secrets.client_secret = None;
    let reader = Spacebring.reader("", access);
    let error = reader
        .fetch(&FactId::new(Kind::Plan, "p"))
        .await
        .expect_err("no secret");
    assert!(
        matches!(&error, Error::Permanent(why) if why.contains("client_secret")),
        "{error}"
    );
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    for (status, says) in [
        (401, "client_id and client_secret"),
        (403, "API & webhooks"),
        (402, "API & webhooks"),
        (400, "check organization"),
    ] {
        let script = PlatformScript::spacebring().on("/plans/v1/p", [answer(status, "{}")]);
        let error = script
            .reader()
            .fetch(&FactId::new(Kind::Plan, "p"))
            .await
            .expect_err("a refusal");
        assert!(
            matches!(&error, Error::Permanent(why) if why.contains(says)),
            "{status}: {error}"
        );
    }
    for status in [408, 409, 425, 429, 500, 503] {
        let script = PlatformScript::spacebring().on("/plans/v1/p", [answer(status, "{}")]);
        let error = script
            .reader()
            .fetch(&FactId::new(Kind::Plan, "p"))
            .await
            .expect_err("trouble");
        assert!(matches!(error, Error::Retry { .. }), "{status}: {error}");
    }
    for status in [404, 410] {
        let script = PlatformScript::spacebring().on("/plans/v1/p", [answer(status, "{}")]);
        let found = script.reader().fetch(&FactId::new(Kind::Plan, "p")).await;
        assert_eq!(found, Ok(Lookup::Missing));
    }
}

#[tokio::test]
async fn an_answer_about_another_thing_or_in_another_shape_says_nothing() {
    for body in [
        r#"{"plan":{"id":"other"}}"#,
        r#"{"plan":{}}"#,
        r#"{"plan":[]}"#,
        r#"{}"#,
        "<html>",
    ] {
        let script = PlatformScript::spacebring().on("/plans/v1/p", [answer(200, body)]);
        let error = script
            .reader()
            .fetch(&FactId::new(Kind::Plan, "p"))
            .await
            .expect_err("nothing");
        assert!(matches!(error, Error::Retry { .. }), "{body}: {error}");
    }
}

#[tokio::test]
async fn requests_keep_half_of_ten_a_second() {
    let script = PlatformScript::spacebring().on("/plans/v1/p", [answer(404, "{}")]);
    let reader = script.reader();
    let began = crate::time::Time::now(script.clock.as_ref());
    for _ in 0..11 {
        drop(reader.fetch(&FactId::new(Kind::Plan, "p")).await);
    }
    let took = crate::time::Time::now(script.clock.as_ref()).duration_since(began);
    assert!(
        Duration::try_from(took).expect("forward") >= Duration::from_secs(2),
        "{took}"
    );
}
