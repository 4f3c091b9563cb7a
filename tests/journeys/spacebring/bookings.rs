//! Bookings, series and guests.

use serde_json::{Value, json};

use super::{ADA, BOARDROOM, BOB, EVE, RIVERSIDE, ROOM, begin, booking, id};
use crate::support::{Doors, at_both};

at_both! {
    s3_a_booking_opens_for_its_owner_and_its_attendees,
    s3_a_booking_that_moves_or_is_cancelled_moves_and_ends_access,
    s3_a_series_is_expanded_by_the_platform_and_its_occurrences_are_cancelled_one_by_one,
    s3_a_part_of_a_room_opens_with_it_where_the_rule_says_so,
}

async fn s3_a_booking_opens_for_its_owner_and_its_attendees(at: Doors) {
    let world = begin(at, ROOM, json!({}), &["Meeting"]).await;
    let mut one = booking(ADA, "2026-03-02T10:00:00.000Z", "2026-03-02T11:00:00.000Z");
    one["attendees"] = json!([
        { "membershipRef": id(BOB) },
        { "user": { "id": id(999), "email": "grace@example.test", "name": "Grace", "surname": "Hopper" } },
    ]);
    world.change_and_deliver(json!({ "bookings": [one] })).await;
    world.at("2026-03-02T09:44:00Z", "Meeting", &[]).await;
    world
        .at("2026-03-02T09:45:00Z", "Meeting", &["ada", "bob", "grace"])
        .await;
    // The guest is taken off the booking.
    let without = json!({ "id": id(200 + ADA), "attendees": [{ "membershipRef": id(BOB) }] });
    world
        .change_and_deliver(json!({ "bookings": [without] }))
        .await;
    assert_eq!(world.inside("Meeting").await, ["ada", "bob"]);
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn s3_a_booking_that_moves_or_is_cancelled_moves_and_ends_access(at: Doors) {
    let world = begin(at, ROOM, json!({}), &["Meeting"]).await;
    let first = booking(EVE, "2026-03-02T10:00:00.000Z", "2026-03-02T11:00:00.000Z");
    world
        .change_and_deliver(json!({ "bookings": [first] }))
        .await;
    world.at("2026-03-02T09:50:00Z", "Meeting", &["eve"]).await;
    let moved = booking(EVE, "2026-03-02T12:00:00.000Z", "2026-03-02T13:00:00.000Z");
    world
        .change_and_deliver(json!({ "bookings": [moved] }))
        .await;
    assert!(world.inside("Meeting").await.is_empty());
    world.at("2026-03-02T11:45:00Z", "Meeting", &["eve"]).await;
    world
        .change_and_deliver(json!({ "remove": { "bookings": [id(200 + EVE)] } }))
        .await;
    assert!(world.inside("Meeting").await.is_empty());
    world.ends_well().await;
}

async fn s3_a_series_is_expanded_by_the_platform_and_its_occurrences_are_cancelled_one_by_one(
    at: Doors,
) {
    let mut weekly = booking(EVE, "2026-03-16T10:00:00.000Z", "2026-03-16T11:00:00.000Z");
    weekly["recurrence"] = json!("FREQ=WEEKLY;COUNT=4");
    let world = begin(at, ROOM, json!({}), &["Meeting"]).await;
    world
        .change_and_deliver(json!({ "bookings": [weekly] }))
        .await;
    world.at("2026-03-16T09:45:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-16T11:15:00Z", "Meeting", &[]).await;
    let second = format!("{}_2026-03-23T10:00:00.000Z", id(200 + EVE));
    world
        .change_and_deliver(json!({ "remove": { "bookings": [second] } }))
        .await;
    world.at("2026-03-23T10:00:00Z", "Meeting", &[]).await;
    // The clocks have changed: ten o'clock at Riverside is nine o'clock UTC.
    world.at("2026-03-30T08:45:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-30T10:15:00Z", "Meeting", &[]).await;
    // The series ends, and its last occurrence with it.
    world
        .change_and_deliver(json!({ "remove": { "bookings": [id(200 + EVE)] } }))
        .await;
    world.at("2026-04-06T09:00:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn s3_a_part_of_a_room_opens_with_it_where_the_rule_says_so(at: Doors) {
    let rules = "[[rule]]\nresource = \"Left half\"\nopens = [\"Left\"]\nwith_parent = true\n\
                 [[rule]]\nresource = \"Right half\"\nopens = [\"Right\"]\n";
    let half = |number: u64, title: &str| {
        json!({
            "id": id(number), "title": title, "locationRef": id(RIVERSIDE), "parentRef": id(BOARDROOM),
        })
    };
    let things = json!({ "resources": [half(64, "Left half"), half(65, "Right half")] });
    let world = begin(at, rules, things, &["Left", "Right"]).await;
    let whole = booking(EVE, "2026-03-02T10:00:00.000Z", "2026-03-02T11:00:00.000Z");
    world
        .change_and_deliver(json!({ "bookings": [whole] }))
        .await;
    world.at("2026-03-02T10:00:00Z", "Left", &["eve"]).await;
    world.at("2026-03-02T10:00:00Z", "Right", &[]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn s3_a_tentative_or_unpaid_booking_waits() {
    let world = begin(Doors::Kisi, ROOM, json!({}), &["Meeting"]).await;
    let set = |more: Value| {
        let mut one = booking(EVE, "2026-03-02T08:10:00.000Z", "2026-03-02T18:00:00.000Z");
        one.as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().unwrap_or_default());
        json!({ "bookings": [one] })
    };
    for waits in [
        json!({ "status": "tentative" }),
        json!({ "status": "confirmed", "payments": [{ "status": "pending" }] }),
    ] {
        world.change_and_deliver(set(waits)).await;
        assert!(world.inside("Meeting").await.is_empty());
    }
    let paid = json!({ "status": "confirmed", "payments": [{ "status": "succeeded" }] });
    world.change_and_deliver(set(paid)).await;
    assert_eq!(world.inside("Meeting").await, ["eve"]);
    world.ends_well().await;
}

#[tokio::test]
async fn s3_a_reconcile_finds_what_no_webhook_said() {
    let world = begin(Doors::SaltoKs, ROOM, json!({}), &["Meeting"]).await;
    let one = booking(EVE, "2026-03-02T08:10:00.000Z", "2026-03-02T18:00:00.000Z");
    let mut series = booking(ADA, "2026-02-02T08:10:00.000Z", "2026-02-02T18:00:00.000Z");
    series["recurrence"] = json!("FREQ=WEEKLY;BYDAY=MO");
    world.change(json!({ "bookings": [one, series] })).await;
    world.reconcile().await;
    assert_eq!(world.inside("Meeting").await, ["ada", "eve"]);
    world
        .change(json!({ "remove": { "bookings": [id(200 + EVE)] } }))
        .await;
    let report = world.reconcile().await;
    assert!(report.reads["spacebring"].complete, "{report:?}");
    assert_eq!(world.inside("Meeting").await, ["ada"]);
    world.ends_well().await;
}
