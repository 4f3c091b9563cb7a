//! Which way the end of a membership moves at a door system that ends it by itself.

use serde_json::{Value, json};

use crate::journeys::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World};

/// Ada's membership, with the last day that it has.
fn until(day: Value) -> Value {
    json!({ "memberships": [{ "_id": "s-ada", "endDate": day }] })
}

async fn ends(world: &World) -> Vec<Value> {
    let lines = world.lines(&world.door_world().await, "Members");
    lines
        .into_iter()
        .map(|line| line["valid_until"].clone())
        .collect()
}

/// A site in this mode whose group has these lines, and Ada's membership until 10 March.
async fn begun(mode: &'static str, fixture: DoorsFixture, line: Option<Value>) -> World {
    let mut membership = hot_desk("ada");
    membership["endDate"] = json!("2026-03-10T00:00:00Z");
    let things = town(json!({ "memberships": [membership] }));
    let mut world = Scenario::at(Doors::Kisi, PLAN)
        .mode(mode)
        .start(things, fixture)
        .await;
    if let Some(until) = line {
        world
            .by_hand(|world| world["groups"][0]["members"][0]["valid_until"] = until)
            .await;
    }
    world.reconcile().await;
    world
}

#[tokio::test]
async fn b2_in_grant_only_an_end_only_moves_later() {
    let world = begun("grant-only", DoorsFixture::with(&["Members"]), None).await;
    assert_eq!(ends(&world).await, ["2026-03-11T00:00:00Z"]);
    for (day, end) in [
        (json!("2026-03-05T00:00:00Z"), json!("2026-03-11T00:00:00Z")),
        (json!("2026-03-12T00:00:00Z"), json!("2026-03-13T00:00:00Z")),
        (Value::Null, Value::Null),
        (json!("2026-03-06T00:00:00Z"), Value::Null),
    ] {
        world.change_and_deliver(until(day.clone())).await;
        world.reconcile().await;
        assert_eq!(ends(&world).await, [end], "the last day is {day}");
    }
    world.at("2026-03-08T12:00:00Z", "Members", &["ada"]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn b2_in_grant_only_a_membership_that_a_hand_gave_is_never_cut_short() {
    for given in [Value::Null, json!("2026-04-01T00:00:00Z")] {
        let fixture = DoorsFixture::with(&["Members"])
            .person("ada")
            .inside("ada", "Members");
        let world = begun("grant-only", fixture, Some(given.clone())).await;
        assert_eq!(
            ends(&world).await,
            std::slice::from_ref(&given),
            "adopted as it is"
        );
        world
            .change_and_deliver(until(json!("2026-03-08T00:00:00Z")))
            .await;
        world.reconcile().await;
        assert_eq!(ends(&world).await, std::slice::from_ref(&given));
        assert_eq!(
            world.actions("ada").await,
            [""; 0],
            "nothing changed at the door"
        );
        world.ends_well().await;
    }
}

/// A protected person is never revoked: an end that comes forward would do it.
#[tokio::test]
async fn b7_the_membership_of_a_protected_person_is_never_cut_short() {
    let ops = json!({ "_id": "m-ops", "name": "Ops", "email": "ops@example.test", "location": "l-riverside" });
    let mut membership = hot_desk("ops");
    membership["endDate"] = json!("2026-03-03T00:00:00Z");
    let things = town(json!({ "members": [ops], "memberships": [membership] }));
    let fixture = DoorsFixture::with(&["Members"]).inside("ops", "Members");
    let world = Scenario::at(Doors::Kisi, PLAN).begin(things, fixture).await;
    world.reconcile().await;
    assert_eq!(ends(&world).await, [Value::Null]);
    world.at("2026-03-05T12:00:00Z", "Members", &["ops"]).await;
    world.ends_well().await;
}

/// In mode `full` what was adopted follows the membership: it ends even if Doorstep is down.
#[tokio::test]
async fn b10_in_full_an_end_that_comes_forward_is_followed() {
    let world = begun("full", DoorsFixture::with(&["Members"]), None).await;
    world
        .change_and_deliver(until(json!("2026-03-05T00:00:00Z")))
        .await;
    assert_eq!(ends(&world).await, ["2026-03-06T00:00:00Z"]);
    world.at("2026-03-06T00:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}
