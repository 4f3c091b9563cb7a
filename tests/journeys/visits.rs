//! Expected visitors without a booking, at OfficeRnD.

use serde_json::{Value, json};

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, at_both};

at_both! {
    v1_an_expected_visitor_opens_around_the_visit,
    v1_a_visit_that_moves_or_is_called_off_is_followed,
}

const VISITORS: &str =
    "[[rule]]\nvisitor = \"Riverside\"\nopens = [\"House\"]\nbefore = \"15m\"\nafter = \"2h\"\n";
const SCOPE: &str = "flex.community.visits.read";

async fn begin(at: Doors, rules: &str, things: Value) -> World {
    Scenario::at(at, rules)
        .begin(town(things), DoorsFixture::with(&["Members", "House"]))
        .await
}

fn guest(who: &str) -> Value {
    json!({ "_id": format!("g-{who}"), "name": format!("{who} Guest"), "email": format!("{who}@example.test"), "member": "m-eve" })
}

fn visit(who: &str, more: Value) -> Value {
    let mut visit = json!({
        "_id": format!("v-{who}"), "visitor": format!("g-{who}"), "member": "m-eve", "location": "l-riverside",
        "start": "2026-03-02T10:00:00.000Z", "end": "2026-03-02T11:00:00.000Z",
    });
    let more = more.as_object().expect("fields").clone();
    visit.as_object_mut().expect("a visit").extend(more);
    visit
}

async fn v1_an_expected_visitor_opens_around_the_visit(at: Doors) {
    let things = json!({
        "visitors": [guest("grace"), guest("hedy"), guest("mary")],
        "visits": [
            visit("grace", json!({})),
            visit("hedy", json!({ "location": "l-harbour" })),
            visit("mary", json!({ "end": null })),
        ],
    });
    let world = begin(at, VISITORS, things).await;
    world.at("2026-03-02T09:44:00Z", "House", &[]).await;
    world
        .at("2026-03-02T09:45:00Z", "House", &["grace", "mary"])
        .await;
    world.at("2026-03-02T12:00:00Z", "House", &["grace"]).await;
    world.at("2026-03-02T13:00:00Z", "House", &[]).await;
    world.ends_well().await;
}

async fn v1_a_visit_that_moves_or_is_called_off_is_followed(at: Doors) {
    // A visitor with a member's address is that member's account, and there is one of it.
    let things = json!({
        "visitors": [guest("grace"), guest("bob")],
        "visits": [visit("grace", json!({})), visit("bob", json!({}))],
    });
    let world = begin(at, VISITORS, things).await;
    world
        .at("2026-03-02T10:00:00Z", "House", &["bob", "grace"])
        .await;
    let (start, end) = ("2026-03-02T14:00:00.000Z", "2026-03-02T15:00:00.000Z");
    world
        .change(json!({ "visits": [{ "_id": "v-grace", "start": start, "end": end }] }))
        .await;
    world
        .change(json!({ "remove": { "visits": ["v-bob"] } }))
        .await;
    world.reconcile().await;
    assert!(world.inside("House").await.is_empty());
    world.at("2026-03-02T13:45:00Z", "House", &["grace"]).await;
    world.at("2026-03-02T17:00:00Z", "House", &[]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn v1_a_site_without_a_rule_about_visitors_needs_no_right_to_read_visits() {
    let things = json!({
        "ungranted": [SCOPE],
        "memberships": [hot_desk("eve")],
        "visitors": [guest("grace")],
        "visits": [visit("grace", json!({}))],
    });
    let world = begin(Doors::Kisi, PLAN, things).await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    let report = world.ends_well().await;
    assert!(report.reads["officernd"].complete, "{report:?}");
    let calls = world.calls("officernd").await;
    let asked = calls.keys().find(|call| call.contains("/visits"));
    assert_eq!(asked, None, "{calls:?}");
}

#[tokio::test]
async fn v1_an_application_without_the_scope_of_visits_reads_everything_else() {
    let rules = format!("{PLAN}{VISITORS}");
    let things = json!({
        "ungranted": [SCOPE],
        "memberships": [hot_desk("eve")],
        "visitors": [guest("grace")],
        "visits": [visit("grace", json!({}))],
    });
    let world = begin(Doors::Kisi, &rules, things).await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    let report = world.reconcile().await;
    let said = report.problems.iter().any(|it| it.contains(SCOPE));
    assert!(said, "{report:?}");
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world.at("2026-03-02T10:00:00Z", "House", &[]).await;
    world.ends_in_order().await;
}

#[tokio::test]
async fn v1_visits_that_cannot_be_read_or_are_suddenly_none_revoke_nothing() {
    let things = json!({
        "visitors": [guest("grace"), guest("mary")],
        "visits": [visit("grace", json!({})), visit("mary", json!({}))],
    });
    let mut world = begin(Doors::SaltoKs, VISITORS, things).await;
    let both = ["grace", "mary"];
    world.at("2026-03-02T10:00:00Z", "House", &both).await;
    for fault in [
        json!({ "match": "GET */visits", "status": 403, "times": -1 }),
        json!({ "match": "GET */visits", "status": 200, "body": "[]", "times": -1 }),
        json!({ "match": "GET */visits", "status": 200, "body": "{}", "times": -1 }),
    ] {
        world.platform_faults(json!([fault])).await;
        let report = world.reconcile().await;
        assert_eq!(report.revoked, 0, "{fault}: {report:?}");
        assert_eq!(world.inside("House").await, both, "{fault}");
    }
    world.platform_faults(json!([])).await;
    world.at("2026-03-02T13:00:00Z", "House", &[]).await;
    world.ends_well().await;
}
