//! Guests of a booking, with and without an address.

use serde_json::{Value, json};

use super::{ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, at_both};

at_both!(
    o10_guests_of_a_booking_get_the_booking_s_access,
    o10_guests_can_be_left_out,
    o10_guests_without_an_address_are_never_matched_by_name,
    o10_a_guest_with_a_member_s_address_is_that_member,
    o10_a_guest_who_is_invited_later_or_struck_out_is_followed,
);

fn invited(visitors: Value) -> Value {
    let mut booked = booking("ada", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    booked["visitors"] = visitors
        .as_array()
        .expect("guests")
        .iter()
        .map(|guest| guest["_id"].clone())
        .collect();
    json!({ "visitors": visitors, "bookings": [booked] })
}

fn gus() -> Value {
    json!({ "_id": "v-gus", "name": "Gus Holst", "email": "gus@example.test", "member": "m-ada" })
}

async fn at_a_meeting(at: Doors, visitors: Value) -> World {
    Scenario::at(at, ROOM)
        .begin(town(invited(visitors)), DoorsFixture::with(&["Meeting"]))
        .await
}

async fn o10_guests_of_a_booking_get_the_booking_s_access(at: Doors) {
    let world = at_a_meeting(at, json!([gus()])).await;
    world.at("2026-03-02T09:44:59Z", "Meeting", &[]).await;
    world
        .at("2026-03-02T09:45:00Z", "Meeting", &["ada", "gus"])
        .await;
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    assert_eq!(
        world.account("gus").await["state"],
        "suspended",
        "a guest's account frees its seat"
    );
    assert_eq!(
        world.account("ada").await["state"],
        "subscribed",
        "a member's stays"
    );
    let mut again = booking("ada", "2026-03-02T14:00:00Z", "2026-03-02T15:00:00Z");
    again["visitors"] = json!(["v-gus"]);
    world
        .change_and_deliver(json!({ "bookings": [again] }))
        .await;
    world
        .at("2026-03-02T13:45:00Z", "Meeting", &["ada", "gus"])
        .await;
    assert_eq!(
        world.account("gus").await["state"],
        "subscribed",
        "the same account is woken"
    );
    world.at("2026-03-02T15:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn o10_guests_can_be_left_out(at: Doors) {
    let scenario = Scenario::at(
        at,
        "[bookings]\nguests = false\n\n[[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\n",
    );
    let world = scenario
        .begin(
            town(invited(json!([gus()]))),
            DoorsFixture::with(&["Meeting"]),
        )
        .await;
    world.at("2026-03-02T10:00:00Z", "Meeting", &["ada"]).await;
    assert!(world.account("gus").await.is_null());
    world.ends_well().await;
}

async fn o10_guests_without_an_address_are_never_matched_by_name(at: Doors) {
    let sam = |id: &str| json!({ "_id": id, "name": "Sam Same", "member": "m-ada" });
    let world = at_a_meeting(at, json!([sam("v-1"), sam("v-2")])).await;
    world
        .at(
            "2026-03-02T09:45:00Z",
            "Meeting",
            &["Sam Same", "Sam Same", "ada"],
        )
        .await;
    assert_eq!(
        world.lines(&world.door_world().await, "Meeting").len(),
        3,
        "two guests of one name are two guests"
    );
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn o10_a_guest_with_a_member_s_address_is_that_member(at: Doors) {
    let guest = json!({ "_id": "v-eve", "name": "E. Curie", "email": " Eve@Example.TEST ", "member": "m-ada" });
    let mut things = invited(json!([guest]));
    things["memberships"] = json!([hot_desk("eve")]);
    let rules = format!("{ROOM}{}", super::PLAN);
    let world = Scenario::at(at, &rules)
        .begin(town(things), DoorsFixture::with(&["Meeting", "Members"]))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world
        .at("2026-03-02T09:45:00Z", "Meeting", &["ada", "eve"])
        .await;
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    assert_eq!(
        world.inside("Members").await,
        ["eve"],
        "the visit is over, the membership is not"
    );
    assert_eq!(world.account("eve").await["state"], "subscribed");
    world.ends_well().await;
}

async fn o10_a_guest_who_is_invited_later_or_struck_out_is_followed(at: Doors) {
    let world = at_a_meeting(at, json!([])).await;
    world.at("2026-03-02T10:00:00Z", "Meeting", &["ada"]).await;
    // The platform posts nothing about the guest, only about the booking.
    world
        .change_and_deliver(
            json!({ "visitors": [gus()], "bookings": [{ "_id": "b-ada", "visitors": ["v-gus"] }] }),
        )
        .await;
    assert_eq!(world.inside("Meeting").await, ["ada", "gus"]);
    world
        .change_and_deliver(json!({ "bookings": [{ "_id": "b-ada", "visitors": [] }] }))
        .await;
    assert_eq!(world.inside("Meeting").await, ["ada"]);
    world.ends_well().await;
}
