//! Addresses, tokens and speed of requests, and the meaning of each refusal.

use jiff::SignedDuration;

use crate::access::Extras;
use crate::platform::found::{FactList, Lookup};
use crate::platform::officernd::OfficeRnd;
use crate::platform::script::{PlatformScript, ScriptedAnswer, answer};
use crate::platform::{PlatformApi, Span};
use crate::time::Time;
use doorstep_core::model::error::Error;
use doorstep_core::model::fact::{FactId, Kind};

const MEMBER: &str = r#"{"_id":"m1","name":"Ada"}"#;

fn member() -> FactId {
    FactId::new(Kind::Member, "m1")
}

fn all() -> Span {
    Span {
        changed_since: None,
        checkins_from: "2026-01-01T00:00:00Z".parse().expect("an instant"),
    }
}

async fn fetched(script: &PlatformScript) -> Result<bool, Error> {
    script
        .reader()
        .fetch(&member())
        .await
        .map(|found| found.fact().is_some())
}

#[tokio::test]
async fn the_vendors_own_addresses_are_asked() {
    let script = PlatformScript::new().on("/members/m1", [answer(200, MEMBER)]);
    assert_eq!(fetched(&script).await, Ok(true));
    assert_eq!(
        script.asked(),
        [
            "POST https://identity.officernd.com/oauth/token",
            "GET https://app.officernd.com/api/v1/organizations/riverside",
            "GET https://app.officernd.com/api/v2/organizations/riverside/members/m1",
        ]
    );
    let token = &script.requests("/oauth/token")[0];
    let form: Vec<(String, String)> = serde_urlencoded::from_bytes(token.body()).expect("a form");
    assert_eq!(form[0], ("grant_type".into(), "client_credentials".into()));
    assert_eq!(form[1], ("client_id".into(), "id".into()));
    assert_eq!(form[2], ("client_secret".into(), "s&cret".into()));
    assert_eq!(form[3].1.split(' ').count(), 12);
    assert_eq!(
        token.headers()["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(
        script.requests("/members/")[0].headers()["authorization"],
        "Bearer token-1"
    );
}

#[tokio::test]
async fn another_address_serves_everything_but_credentials() {
    let script = PlatformScript::new().on("/members/m1", [answer(200, MEMBER)]);
    for (url, identity_url, token) in [
        (
            "https://proxy.example/o",
            None,
            "https://identity.officernd.com/oauth/token",
        ),
        (
            "https://proxy.example/o",
            Some("https://id.example"),
            "https://id.example/oauth/token",
        ),
    ] {
        let mut access = script.access();
        access.url = Some(url.into());
        access.identity_url = identity_url.map(str::to_owned);
        let before = script.asked().len();
        assert!(
            OfficeRnd
                .reader("riverside", access)
                .fetch(&member())
                .await
                .expect("an answer")
                .fact()
                .is_some()
        );
        let fetch = format!("GET {url}/api/v2/organizations/riverside/members/m1");
        assert_eq!(script.asked()[before..], [format!("POST {token}"), fetch]);
    }
}

#[tokio::test]
async fn an_address_without_https_is_refused_before_anything_is_sent() {
    let script = PlatformScript::new();
    let mut access = script.access();
    access.url = Some("http://169.254.169.254".into());
    let refused = OfficeRnd.reader("riverside", access).fetch(&member()).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn a_token_is_fetched_once_and_again_when_it_ends() {
    let token = |name: &str| {
        answer(
            200,
            format!(r#"{{"access_token":"{name}","expires_in":3600}}"#),
        )
    };
    let script = PlatformScript::new()
        .on("/oauth/token", [token("one"), token("two")])
        .on("/members/m1", [answer(200, MEMBER)]);
    let reader = script.reader();
    for (pass, tokens) in [(0, 1), (3500, 1), (60, 2)] {
        script
            .clock
            .pass(std::time::Duration::from_secs(pass))
            .await;
        assert!(
            reader
                .fetch(&member())
                .await
                .expect("an answer")
                .fact()
                .is_some()
        );
        assert_eq!(script.requests("/oauth/token").len(), tokens);
    }
    assert_eq!(
        script.requests("/members/")[2].headers()["authorization"],
        "Bearer two"
    );
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_replaced_once() {
    let token = |name: &str| answer(200, format!(r#"{{"access_token":"{name}"}}"#));
    let tokens = || [token("one"), token("two")];
    let taken = PlatformScript::new()
        .on("/oauth/token", tokens())
        .on("/members/m1", [answer(401, "{}"), answer(200, MEMBER)]);
    assert_eq!(fetched(&taken).await, Ok(true));
    let refused = PlatformScript::new()
        .on("/oauth/token", tokens())
        .on("/members/m1", [answer(401, "{}")]);
    assert!(matches!(fetched(&refused).await, Err(Error::Permanent(_))));
    assert_eq!(refused.requests("/members/m1").len(), 2);
    assert_eq!(refused.requests("/oauth/token").len(), 2);
}

#[tokio::test]
async fn no_token_means_no_question() {
    for (token, is_retryable) in [
        (answer(400, r#"{"error":"invalid_scope"}"#), false),
        (answer(401, "{}"), false),
        (answer(403, "{}"), false),
        (answer(500, "{}"), true),
        (answer(200, "[]"), true),
        (answer(200, r#"{"access_token":""}"#), true),
    ] {
        let script = PlatformScript::new().on("/oauth/token", [token]);
        assert_eq!(
            fetched(&script).await.map_err(|error| error.is_retryable()),
            Err(is_retryable)
        );
        assert!(script.requests("GET ").is_empty());
    }
    let script = PlatformScript::new();
    let mut access = script.access();
    access.secrets.client_secret = None;
    assert!(matches!(
        OfficeRnd.reader("riverside", access).fetch(&member()).await,
        Err(Error::Permanent(_))
    ));
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn every_refusal_means_one_thing() {
    let fetch = |answer: ScriptedAnswer| PlatformScript::new().on("/members/m1", [answer]);
    assert_eq!(fetched(&fetch(answer(404, "{}"))).await, Ok(false));
    for status in [400, 401, 403, 410, 422] {
        assert!(
            matches!(
                fetched(&fetch(answer(status, "{}"))).await,
                Err(Error::Permanent(_))
            ),
            "{status}"
        );
    }
    for status in [408, 409, 429, 500, 502, 503, 504] {
        assert!(
            matches!(
                fetched(&fetch(answer(status, "{}"))).await,
                Err(Error::Retry { .. })
            ),
            "{status}"
        );
    }
    assert!(matches!(
        fetched(&fetch(
            answer(302, "").with("location", "https://evil.example")
        ))
        .await,
        Err(Error::Permanent(_))
    ));
    for body in ["", "<html>", "[]", "null", r#"{"_id":"m2"}"#, "{}"] {
        assert!(
            matches!(
                fetched(&fetch(answer(200, body))).await,
                Err(Error::Retry { .. })
            ),
            "{body}"
        );
    }
    let text = fetched(&fetch(answer(403, "ada@example.test")))
        .await
        .map_err(|error| error.to_string());
    assert!(text.is_err_and(|text| !text.contains("ada@example.test")));
}

#[tokio::test]
async fn an_id_cannot_change_the_path() {
    let script = PlatformScript::new();
    let id = FactId::new(Kind::Member, "../../../v1/x?y#z");
    assert_eq!(script.reader().fetch(&id).await, Ok(Lookup::Missing));
    let asked = script.asked().pop().expect("a question");
    assert!(
        asked.ends_with("/organizations/riverside/members/..%2F..%2F..%2Fv1%2Fx%3Fy%23z"),
        "{asked}"
    );
}

#[tokio::test]
async fn a_used_up_minute_is_waited_for_by_lists_and_left_to_later_by_fetches() {
    let used_up = |reset: i64| {
        let page = answer(200, r#"{"results":[]}"#).with("x-ratelimit-remaining-read-minute", 0);
        PlatformScript::new().on(
            "/plans",
            [page.with("x-ratelimit-reset-read-minute", reset)],
        )
    };
    let now = used_up(0).clock.now().as_second();
    for reset in [30, now + 30, (now + 30) * 1000] {
        let script = used_up(reset).on("/members/m1", [answer(200, MEMBER)]);
        let (reader, before) = (script.reader(), script.clock.now());
        assert_eq!(
            reader.read(Kind::Plan, &all()).await,
            Ok(FactList::default())
        );
        assert!(matches!(
            reader.fetch(&member()).await,
            Err(Error::Retry { after: Some(_), .. })
        ));
        assert_eq!(
            reader.read(Kind::Plan, &all()).await,
            Ok(FactList::default())
        );
        assert_eq!(
            script.clock.now().duration_since(before),
            SignedDuration::from_secs(30),
            "{reset}"
        );
    }
    let soon = used_up(2).on("/members/m1", [answer(200, MEMBER)]);
    let reader = soon.reader();
    assert_eq!(
        reader.read(Kind::Plan, &all()).await,
        Ok(FactList::default())
    );
    assert!(reader.fetch(&member()).await.is_ok());
    let nonsense = used_up(i64::MAX);
    let reader = nonsense.reader();
    let before = nonsense.clock.now();
    for _ in 0..2 {
        assert_eq!(
            reader.read(Kind::Plan, &all()).await,
            Ok(FactList::default())
        );
    }
    assert!(nonsense.clock.now().duration_since(before) <= SignedDuration::from_mins(1));
}

#[tokio::test]
async fn lists_stay_within_two_fifths_of_the_limit_and_fetches_go_at_once() {
    let script = PlatformScript::new()
        .on("/plans", [answer(200, r#"{"results":[]}"#)])
        .on("/members/m1", [answer(200, MEMBER)]);
    let (reader, before) = (script.reader(), script.clock.now());
    for _ in 0..160 {
        assert!(reader.read(Kind::Plan, &all()).await.is_ok());
    }
    let took = script.clock.now().duration_since(before);
    assert!(
        took >= SignedDuration::from_secs(59) && took <= SignedDuration::from_secs(61),
        "{took:?}"
    );
    let before = script.clock.now();
    for _ in 0..20 {
        assert!(reader.fetch(&member()).await.is_ok());
    }
    assert_eq!(script.clock.now(), before);
}

#[tokio::test]
async fn v1_visits_have_a_token_of_their_own() {
    let visits = r#"{"results":[{"_id":"v1","visitor":"g1","start":"2026-01-12T10:00:00.000Z"}]}"#;
    let script = PlatformScript::new()
        .on("/visits", [answer(200, visits)])
        .on("/members/m1", [answer(200, MEMBER)]);
    let without = script.reader();
    assert!(!without.kinds().contains(&Kind::Visit));
    let visit = FactId::new(Kind::Visit, "v1");
    assert_eq!(without.fetch(&visit).await, Ok(Lookup::Missing));
    assert!(script.asked().is_empty());
    let script = script.reading(Extras {
        visits: true,
        ..Extras::default()
    });
    let reader = script.reader();
    assert!(reader.kinds().contains(&Kind::Visit));
    reader.fetch(&member()).await.expect("a member");
    let read = reader.read(Kind::Visit, &all()).await.expect("a list");
    assert_eq!(read.facts.len(), 1);
    let forms: Vec<String> = script
        .requests("/oauth/token")
        .into_iter()
        .map(|request| String::from_utf8_lossy(request.body()).into_owned())
        .collect();
    let asks = |form: &String| form.contains("flex.community.visits.read");
    assert_eq!(forms.iter().map(asks).collect::<Vec<_>>(), [false, true]);
    assert!(forms[1].ends_with("scope=flex.community.visits.read"));
}

#[tokio::test]
async fn v1_an_application_without_the_scope_of_visits_reads_everything_else() {
    let token = answer(200, r#"{"access_token":"token-1","expires_in":3600}"#);
    let script = PlatformScript::new()
        .on(
            "/oauth/token",
            [token, answer(400, r#"{"error":"invalid_scope"}"#)],
        )
        .on("/members/m1", [answer(200, MEMBER)])
        .reading(Extras {
            visits: true,
            ..Extras::default()
        });
    let reader = script.reader();
    reader.fetch(&member()).await.expect("a member");
    for _ in 0..2 {
        let Err(Error::Permanent(why)) = reader.read(Kind::Visit, &all()).await else {
            panic!("a refusal")
        };
        assert!(
            why.contains("the scope flex.community.visits.read"),
            "{why}"
        );
        reader.fetch(&member()).await.expect("a member");
    }
    assert_eq!(script.requests("/oauth/token").len(), 2);
}
