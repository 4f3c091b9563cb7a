//! What hands do at the doors of a site at Spacebring.

use serde_json::json;

use super::{EVE, booking, town};
use crate::support::{Doors, DoorsFixture, Platform, Scenario, at_both};

at_both! {
    b7_a_person_who_rests_and_whom_a_hand_added_is_removed,
}

/// Opens *Members* to visitors and *Meeting* to people who book the Boardroom.
const RULES: &str = "[[rule]]\nvisitor = \"*\"\nopens = [\"Members\"]\n\n[[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\n";

async fn b7_a_person_who_rests_and_whom_a_hand_added_is_removed(at: Doors) {
    let things = json!({ "bookings": [
        booking(EVE, "2026-03-02T09:00:00.000Z", "2026-03-02T10:00:00.000Z"),
    ] });
    let scenario = Scenario::at(at, RULES)
        .on(Platform::Spacebring)
        .doors_say("foreign = \"remove\"\nwithout_access = \"suspend\"");
    let fixture = DoorsFixture::with(&["Members", "Meeting"]);
    let mut world = scenario.begin(town(things), fixture).await;
    world.at("2026-03-02T09:30:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T11:00:00Z", "Meeting", &[]).await;
    let eve = world.account("eve").await["id"].clone();
    world
        .by_hand(|doors| {
            let members = doors["groups"][0]["members"].as_array_mut();
            members.expect("members").push(json!({ "user": eve }));
        })
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}
