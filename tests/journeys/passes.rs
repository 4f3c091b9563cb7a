//! Day passes.

use serde_json::{Value, json};

use super::town;
use crate::support::{Doors, DoorsFixture, Scenario, World, at_both};

at_both!(
    o11_a_pass_opens_from_its_first_local_day_to_its_last,
    o11_a_pass_opens_until_all_days_are_used_and_the_last_one_until_midnight,
    o11_a_company_s_pass_opens_for_the_company,
    o11_on_the_day_a_pass_opens_only_after_a_check_in,
);

const PASSES: &str = "[[rule]]\npass = \"*\"\nopens = [\"Members\"]\n";

async fn with_pass(at: Doors, rules: &str, pass: Value) -> World {
    let world = Scenario::at(at, rules)
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await;
    world.change_and_deliver(json!({ "passes": [pass] })).await;
    world
}

async fn o11_a_pass_opens_from_its_first_local_day_to_its_last(at: Doors) {
    let pass = json!({ "_id": "d-1", "count": 5, "usedCount": 0.5, "member": "m-eve",
        "validFrom": "2026-03-28T00:00:00Z", "validTo": "2026-03-29T00:00:00Z" });
    let world = with_pass(at, PASSES, pass).await;
    world.at("2026-03-27T23:59:59Z", "Members", &[]).await;
    world.at("2026-03-28T00:00:00Z", "Members", &["eve"]).await;
    // On the 29th the clocks go forward.
    world.at("2026-03-29T22:59:59Z", "Members", &["eve"]).await;
    world.at("2026-03-29T23:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}

async fn o11_a_pass_opens_until_all_days_are_used_and_the_last_one_until_midnight(at: Doors) {
    let pass = |used: u32| {
        json!({ "_id": "d-1", "count": 2, "usedCount": used, "member": "m-eve",
        "validFrom": "2026-03-01T00:00:00Z", "validTo": "2026-03-31T00:00:00Z" })
    };
    let world = with_pass(at, PASSES, pass(1)).await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.clock("2026-03-03T09:00:00Z").await;
    world
        .change(json!({ "checkins": [{ "member": "m-eve", "start": "2026-03-03T09:00:00Z" }] }))
        .await;
    world.reconcile().await;
    world
        .change_and_deliver(json!({ "passes": [pass(2)] }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["eve"],
        "using the last one does not shut its holder out"
    );
    world.at("2026-03-03T23:59:59Z", "Members", &["eve"]).await;
    world.at("2026-03-04T00:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}

async fn o11_a_company_s_pass_opens_for_the_company(at: Doors) {
    let pass = json!({ "_id": "d-1", "count": 10, "usedCount": 0, "company": "c-acme",
        "validFrom": "2026-03-01T00:00:00Z", "validTo": "2026-03-02T00:00:00Z" });
    let world = with_pass(at, PASSES, pass).await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.at("2026-03-03T00:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}

async fn o11_on_the_day_a_pass_opens_only_after_a_check_in(at: Doors) {
    let rules = format!("[passes]\nopen = \"on-the-day\"\n\n{PASSES}");
    let pass = json!({ "_id": "d-1", "count": 5, "usedCount": 0, "member": "m-eve",
        "validFrom": "2026-03-01T00:00:00Z", "validTo": "2026-03-31T00:00:00Z" });
    let world = with_pass(at, &rules, pass).await;
    world.at("2026-03-03T09:00:00Z", "Members", &[]).await;
    world
        .change(json!({ "checkins": [{ "member": "m-eve", "start": "2026-03-03T09:00:00Z" }] }))
        .await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.at("2026-03-03T23:59:59Z", "Members", &["eve"]).await;
    world.at("2026-03-04T00:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}
