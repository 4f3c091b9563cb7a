//! Bookings, their guests, and what becomes of cancelled ones.

use serde_json::json;

use super::{ROOM, begin, booking, contract};
use crate::support::{Doors, DoorsFixture, Platform, Scenario, at_both};

at_both!(
    k3_a_booking_gives_access_from_15_minutes_before_its_start,
    k8_contacts_who_are_not_members_book_and_get_in,
    k3_guests_who_appear_late_are_found,
    k3_a_moved_booking_never_drops_a_person_who_is_inside,
    k3_what_is_tentative_unpaid_or_blocked_by_staff_waits_or_opens_nothing,
);

async fn k3_a_booking_gives_access_from_15_minutes_before_its_start(at: Doors) {
    let world = begin(at, ROOM, json!({}), &["Meeting"]).await;
    world
        .change_and_deliver(
            json!({ "Bookings": [booking(13, "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] }),
        )
        .await;
    world.at("2026-03-02T09:44:59Z", "Meeting", &[]).await;
    world.at("2026-03-02T09:45:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T11:14:59Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn k8_contacts_who_are_not_members_book_and_get_in(at: Doors) {
    let rules =
        "[[rule]]\nresource = \"Boardroom\"\nfor = \"non-members\"\nopens = [\"Meeting\"]\n";
    let things = json!({
        "Coworkers": [{ "Id": 15, "FullName": "Kay Contact", "Email": "kay@example.test", "CoworkerType": 2 }],
        "CoworkerContracts": [contract(13)],
    });
    let world = begin(at, rules, things, &["Meeting"]).await;
    let second = booking(13, "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    world
        .change_and_deliver(
            json!({ "Bookings": [booking(15, "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"), second] }),
        )
        .await;
    world.at("2026-03-02T09:45:00Z", "Meeting", &["kay"]).await;
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn k3_guests_who_appear_late_are_found(at: Doors) {
    let mut things = super::town(json!({}));
    things["quirks"] = json!(["late-visitors"]);
    let world = Scenario::at(at, ROOM)
        .on(Platform::Nexudus)
        .begin(things, DoorsFixture::with(&["Meeting"]))
        .await;
    let guest = json!({ "BookingId": 213, "VisitorFullName": "Gus Holst", "VisitorEmail": "gus@example.test" });
    world.change_and_deliver(json!({ "Bookings": [booking(13, "2026-03-02T08:05:00Z", "2026-03-02T09:00:00Z")], "BookingVisitors": [guest] })).await;
    assert_eq!(
        world.inside("Meeting").await,
        ["eve"],
        "no other member exists yet"
    );
    world
        .at("2026-03-02T08:01:00Z", "Meeting", &["eve", "gus"])
        .await;
    // Another one, of whom no bell tells, after the first look and before the second.
    let guest = json!({ "BookingId": 213, "VisitorFullName": "Hal Holst" });
    world.change(json!({ "BookingVisitors": [guest] })).await;
    world
        .at(
            "2026-03-02T08:05:00Z",
            "Meeting",
            &["Hal Holst", "eve", "gus"],
        )
        .await;
    world.at("2026-03-02T09:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn k3_a_moved_booking_never_drops_a_person_who_is_inside(at: Doors) {
    let mut old = booking(13, "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z");
    old["UniqueId"] = json!("0A-213");
    let world = begin(at, ROOM, json!({ "Bookings": [old] }), &["Meeting"]).await;
    assert_eq!(world.inside("Meeting").await, ["eve"]);
    let cancelled = json!({ "OriginalBookingId": "0a-213", "CoworkerId": 13, "CancelledOn": "2026-03-02T08:00:00Z", "CancellationReason": 4 });
    // Cancelled to be moved; the new one is not there yet.
    world
        .change_and_deliver(
            json!({ "CancelledBookings": [cancelled], "remove": { "Bookings": [213] } }),
        )
        .await;
    assert_eq!(
        world.inside("Meeting").await,
        ["eve"],
        "the new one is waited for"
    );
    let mut new = booking(13, "2026-03-02T08:10:00Z", "2026-03-02T10:00:00Z");
    new["Id"] = json!(999);
    world.change(json!({ "Bookings": [new] })).await;
    world.at("2026-03-02T08:01:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T09:30:00Z", "Meeting", &["eve"]).await;
    assert!(
        !world
            .actions("eve")
            .await
            .contains(&"revoked Meeting".to_owned()),
        "{:?}",
        world.actions("eve").await
    );
    world
        .change_and_deliver(json!({ "remove": { "Bookings": [999] } }))
        .await;
    assert_eq!(
        world.inside("Meeting").await,
        [""; 0],
        "cancelled for good: at once"
    );
    world.ends_well().await;
}

async fn k3_what_is_tentative_unpaid_or_blocked_by_staff_waits_or_opens_nothing(at: Doors) {
    let at_ten = |coworker: u64| booking(coworker, "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    let (mut tentative, mut unpaid, mut block) = (at_ten(11), at_ten(12), at_ten(13));
    tentative["Tentative"] = json!(true);
    unpaid["CancelIfNotPaid"] = json!(true);
    block["CoworkerId"] = json!(null);
    let guest = json!({ "BookingId": 213, "VisitorFullName": "Gus Holst", "VisitorEmail": "gus@example.test" });
    let world = begin(at, ROOM, json!({}), &["Meeting"]).await;
    world
        .change_and_deliver(
            json!({ "Bookings": [tentative, unpaid, block], "BookingVisitors": [guest] }),
        )
        .await;
    world.at("2026-03-02T10:00:00Z", "Meeting", &[]).await;
    world
        .change_and_deliver(
            json!({ "Bookings": [{ "Id": 212, "CoworkerInvoicePaid": true }, { "Id": 211, "Tentative": false }] }),
        )
        .await;
    assert_eq!(world.inside("Meeting").await, ["ada", "bob"]);
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}
