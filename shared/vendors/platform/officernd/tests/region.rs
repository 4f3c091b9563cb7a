//! The address of an organisation's API. A problem in finding it costs no one access.

use jiff::SignedDuration;
use serde_json::json;

use crate::platform::officernd::OfficeRnd;
use crate::platform::script::{PlatformScript, ScriptedAnswer, answer};
use crate::platform::{PlatformApi, ReadPlatform};
use crate::time::Time;
use doorstep_core::model::fact::{FactId, Kind};

const MEMBER: &str = r#"{"_id":"m1","name":"Ada"}"#;
const RECORD: &str = "/v1/organizations/";

fn script(record: ScriptedAnswer) -> PlatformScript {
    PlatformScript::new()
        .on(RECORD, [record])
        .on("/members/m1", [answer(200, MEMBER)])
}

async fn refetches(reader: &dyn ReadPlatform) -> bool {
    reader
        .fetch(&FactId::new(Kind::Member, "m1"))
        .await
        .expect("an answer")
        .fact()
        .is_some()
}

#[tokio::test]
async fn a_region_within_the_vendors_domain_is_asked_for_once_and_remembered() {
    let region = answer(
        200,
        r#"{"regionInfo":{"regionUrl":"https://app-eu.officernd.com"}}"#,
    );
    let script = script(region);
    let access = script.access();
    for _ in 0..3 {
        let reader = OfficeRnd.reader("riverside", access.clone());
        assert!(refetches(reader.as_ref()).await && refetches(reader.as_ref()).await);
    }
    assert_eq!(script.requests(RECORD).len(), 1, "not with every reader");
    assert_eq!(
        script
            .requests("GET https://app-eu.officernd.com/api/v2/organizations/riverside/members/m1")
            .len(),
        6
    );
}

#[tokio::test]
async fn any_refusal_means_the_usual_address_and_one_token() {
    for refusal in [
        answer(401, "{}"),
        answer(403, "{}"),
        answer(404, "{}"),
        answer(429, "{}").with("retry-after", "60"),
        answer(500, "{}"),
        answer(200, "<html>"),
        answer(200, "[]"),
        answer(200, r#"{"regionInfo":null}"#),
    ] {
        let script = script(refusal);
        let access = script.access();
        for _ in 0..3 {
            assert!(refetches(OfficeRnd.reader("riverside", access.clone()).as_ref()).await);
        }
        assert_eq!(
            (
                script.requests("/oauth/token").len(),
                script.requests(RECORD).len()
            ),
            (1, 1)
        );
        assert_eq!(
            script
                .requests("GET https://app.officernd.com/api/v2/")
                .len(),
            3
        );
    }
}

#[tokio::test]
async fn after_a_refusal_the_region_is_asked_for_again_some_hours_later() {
    let region = answer(
        200,
        r#"{"regionInfo":{"regionUrl":"https://app-eu.officernd.com"}}"#,
    );
    let script = PlatformScript::new()
        .on(RECORD, [answer(403, "{}"), region])
        .on("/members/m1", [answer(200, MEMBER)]);
    let access = script.access();
    assert!(refetches(OfficeRnd.reader("riverside", access.clone()).as_ref()).await);
    let hours = SignedDuration::from_hours(7);
    script.clock.pass(hours.try_into().expect("a span")).await;
    assert!(refetches(OfficeRnd.reader("riverside", access).as_ref()).await);
    assert_eq!(
        script
            .requests("GET https://app-eu.officernd.com/api/v2/")
            .len(),
        1
    );
}

#[tokio::test]
async fn a_region_anywhere_else_is_never_asked() {
    for region in [
        "http://app-eu.officernd.com",
        "https://officernd.com.evil.example",
        "https://evilofficernd.com",
        "https://169.254.169.254",
        "https://app.officernd.com@evil.example",
        "https://user:word@app.officernd.com",
        "https://app.officernd.com:8443",
        "nonsense",
    ] {
        let script = script(answer(
            200,
            json!({ "regionInfo": { "regionUrl": region } }),
        ));
        assert!(refetches(script.reader().as_ref()).await);
        assert_eq!(
            script
                .requests("GET https://app.officernd.com/api/v2/")
                .len(),
            1,
            "{region}"
        );
    }
}

#[tokio::test]
async fn a_region_in_the_site_file_is_not_asked_for() {
    for (region, home) in [
        ("eu", "https://app.officernd.com"),
        ("us", "https://us.officernd.com"),
    ] {
        let script = script(answer(500, "{}"));
        let mut access = script.access();
        access.region = Some(region.into());
        assert!(refetches(OfficeRnd.reader("riverside", access).as_ref()).await);
        assert!(script.requests(RECORD).is_empty());
        assert_eq!(script.requests(&format!("GET {home}/api/v2/")).len(), 1);
    }
}

#[tokio::test]
async fn a_sandbox_stands_for_the_vendor_and_sends_no_one_on_to_it() {
    let script = script(answer(
        200,
        r#"{"regionInfo":{"regionUrl":"https://app-eu.officernd.com"}}"#,
    ));
    let mut access = script.access();
    access.url = Some("sandbox://officernd".into());
    assert!(refetches(OfficeRnd.reader("riverside", access).as_ref()).await);
    let asked = script.asked();
    assert!(
        asked.len() == 3
            && asked
                .iter()
                .all(|asked| asked.contains(" sandbox://officernd/")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn no_more_tokens_are_asked_for_than_the_vendor_gives_in_a_minute() {
    let script = PlatformScript::new().on("/oauth/token", [answer(401, "{}")]);
    let reader = script.reader();
    for _ in 0..12 {
        assert!(
            reader
                .fetch(&FactId::new(Kind::Member, "m1"))
                .await
                .is_err()
        );
    }
    assert_eq!(
        script.requests("/oauth/token").len(),
        1,
        "a reader repeats no refusal"
    );
    let script = PlatformScript::new().on("/members/m1", [answer(401, "{}")]);
    let access = script.access();
    for _ in 0..12 {
        let reader = OfficeRnd.reader("riverside", access.clone());
        assert!(
            reader
                .fetch(&FactId::new(Kind::Member, "m1"))
                .await
                .is_err()
        );
    }
    assert_eq!(
        script.requests("/oauth/token").len(),
        4,
        "and neither do many of them"
    );
}
