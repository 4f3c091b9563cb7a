//! Seats of guests between two visits.

use serde_json::{Value, json};

use crate::journeys::{ROOM, booking, town};
use crate::support::{Doors, DoorsFixture, Scenario, World};

/// Ada meets Gus twice; the second time begins and ends as said.
async fn two_visits(begins: &str, ends: &str) -> World {
    let guest = json!({ "_id": "v-gus", "name": "Gus", "email": "gus@example.test" });
    let visit = |id: &str, start: &str, end: &str| {
        let mut visit = booking("ada", start, end);
        (visit["_id"], visit["visitors"]) = (json!(id), json!(["v-gus"]));
        visit
    };
    let bookings = [
        visit("b-1", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
        visit("b-2", begins, ends),
    ];
    let things = town(json!({ "visitors": [guest], "bookings": bookings }));
    let fixture = DoorsFixture::with(&["Meeting"]).says("seats", json!(4));
    Scenario::at(Doors::SaltoKs, ROOM)
        .begin(things, fixture)
        .await
}

async fn state(world: &World) -> Value {
    world.account("gus").await["state"].clone()
}

#[tokio::test]
async fn b9_a_guest_s_seat_comes_free_between_visits_and_is_taken_in_time() {
    let world = two_visits("2026-04-18T10:00:00Z", "2026-04-18T11:00:00Z").await;
    world
        .at("2026-03-02T10:00:00Z", "Meeting", &["ada", "gus"])
        .await;
    assert_eq!(state(&world).await, "subscribed");
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    assert_eq!(
        state(&world).await,
        "suspended",
        "the next visit is 47 days ahead"
    );
    world.reconcile().await;
    assert_eq!(state(&world).await, "suspended");
    world.clock("2026-04-18T09:39:59Z").await;
    assert_eq!(state(&world).await, "suspended");
    world.clock("2026-04-18T09:40:00Z").await;
    assert_eq!(
        state(&world).await,
        "subscribed",
        "five minutes before the window"
    );
    world.reconcile().await;
    assert_eq!(state(&world).await, "subscribed");
    world
        .at("2026-04-18T09:45:00Z", "Meeting", &["ada", "gus"])
        .await;
    world.at("2026-04-18T11:15:00Z", "Meeting", &[]).await;
    assert_eq!(state(&world).await, "suspended");
    world.ends_well().await;
}

#[tokio::test]
async fn b9_between_visits_that_are_close_a_guest_keeps_the_seat() {
    let world = two_visits("2026-03-02T11:50:00Z", "2026-03-02T12:50:00Z").await;
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    assert_eq!(state(&world).await, "subscribed", "20 minutes");
    world
        .at("2026-03-02T11:35:00Z", "Meeting", &["ada", "gus"])
        .await;
    world.at("2026-03-02T13:05:00Z", "Meeting", &[]).await;
    assert_eq!(state(&world).await, "suspended");
    world.ends_well().await;
}

/// The visit that was far ahead is moved to the next hour: the guest is resumed for it.
#[tokio::test]
async fn b9_a_visit_that_is_moved_nearer_has_its_seat() {
    let world = two_visits("2026-04-18T10:00:00Z", "2026-04-18T11:00:00Z").await;
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    let moved =
        json!({ "_id": "b-2", "start": "2026-03-02T11:35:00Z", "end": "2026-03-02T12:35:00Z" });
    world
        .change_and_deliver(json!({ "bookings": [moved] }))
        .await;
    assert_eq!(state(&world).await, "subscribed");
    world
        .at("2026-03-02T11:20:00Z", "Meeting", &["ada", "gus"])
        .await;
    world.at("2026-03-02T12:50:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}
