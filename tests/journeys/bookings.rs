//! Bookings: a room opens as the booking approaches and closes after it ends.

use serde_json::json;

use super::{ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, at_both};

at_both!(
    o9_a_bookable_resource_opens_as_the_booking_approaches_and_closes_after_it_ends,
    o9_a_moved_booking_moves_its_access_without_dropping_a_person_who_is_inside,
    o9_a_cancelled_or_removed_booking_opens_nothing,
    o9_back_to_back_bookings_are_one_stretch_of_access,
    o9_a_series_follows_the_clock_on_the_wall_and_leaves_out_exceptions,
    o9_k3_a_rule_has_its_own_minutes,
    o9_a_tentative_booking_waits_until_it_is_confirmed,
    o9_members_and_non_members_may_have_different_rules,
    b1_a_booking_that_begins_now_opens_at_once,
);

const MEETING: [&str; 1] = ["Meeting"];

async fn o9_a_bookable_resource_opens_as_the_booking_approaches_and_closes_after_it_ends(
    at: Doors,
) {
    let world = Scenario::at(at, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&MEETING))
        .await;
    world
        .change_and_deliver(
            json!({ "bookings": [booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] }),
        )
        .await;
    world.at("2026-03-02T09:44:59Z", "Meeting", &[]).await;
    assert!(
        world.account("eve").await.is_null(),
        "no account exists before the window"
    );
    world.at("2026-03-02T09:45:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T11:14:59Z", "Meeting", &["eve"]).await;
    if at == Doors::Kisi {
        let line = &world.lines(&world.door_world().await, "Meeting")[0];
        assert_eq!(
            line["valid_until"], "2026-03-02T11:15:00Z",
            "it would end by itself"
        );
    }
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    assert!(
        world.lines(&world.door_world().await, "Meeting").is_empty(),
        "it is taken away, and not only over"
    );
    world.ends_well().await;
}

async fn o9_a_moved_booking_moves_its_access_without_dropping_a_person_who_is_inside(at: Doors) {
    let booked = booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    let world = Scenario::at(at, ROOM)
        .begin(
            town(json!({ "bookings": [booked] })),
            DoorsFixture::with(&MEETING),
        )
        .await;
    world.at("2026-03-02T10:30:00Z", "Meeting", &["eve"]).await;
    world
        .change_and_deliver(
            json!({ "bookings": [booking("eve", "2026-03-02T10:15:00Z", "2026-03-02T12:00:00Z")] }),
        )
        .await;
    world.at("2026-03-02T11:15:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T12:14:59Z", "Meeting", &["eve"]).await;
    assert!(
        !world
            .actions("eve")
            .await
            .contains(&"revoked Meeting".to_owned()),
        "moving it never dropped her"
    );
    world
        .change_and_deliver(
            json!({ "bookings": [booking("eve", "2026-03-02T15:00:00Z", "2026-03-02T16:00:00Z")] }),
        )
        .await;
    assert_eq!(world.inside("Meeting").await, [""; 0]);
    world.at("2026-03-02T14:44:59Z", "Meeting", &[]).await;
    world.at("2026-03-02T14:45:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T16:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn o9_a_cancelled_or_removed_booking_opens_nothing(at: Doors) {
    let (ada, bob) = (
        booking("ada", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
        booking("bob", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
    );
    let world = Scenario::at(at, ROOM)
        .begin(
            town(json!({ "bookings": [ada, bob] })),
            DoorsFixture::with(&MEETING),
        )
        .await;
    world
        .change_and_deliver(json!({ "bookings": [{ "_id": "b-ada", "isCancelled": true }] }))
        .await;
    world.at("2026-03-02T09:45:00Z", "Meeting", &["bob"]).await;
    world.clock("2026-03-02T10:20:30Z").await;
    world
        .change_and_deliver(json!({ "remove": { "bookings": ["b-bob"] } }))
        .await;
    assert_eq!(
        world.inside("Meeting").await,
        [""; 0],
        "a signed removal takes access at once"
    );
    assert!(world.account("ada").await.is_null());
    world.ends_well().await;
}

async fn o9_back_to_back_bookings_are_one_stretch_of_access(at: Doors) {
    let first = booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    let mut second = booking("eve", "2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z");
    second["_id"] = json!("b-second");
    let mut third = booking("eve", "2026-03-02T12:30:00Z", "2026-03-02T13:00:00Z");
    third["_id"] = json!("b-third");
    let bookings = json!({ "bookings": [first, second, third] });
    let world = Scenario::at(at, ROOM)
        .begin(town(bookings), DoorsFixture::with(&MEETING))
        .await;
    world.at("2026-03-02T09:45:00Z", "Meeting", &["eve"]).await;
    for http_client in [
        "2026-03-02T11:00:00Z",
        "2026-03-02T11:15:00Z",
        "2026-03-02T12:15:00Z",
        "2026-03-02T13:14:59Z",
    ] {
        world.at(http_client, "Meeting", &["eve"]).await;
    }
    world.at("2026-03-02T13:15:00Z", "Meeting", &[]).await;
    assert_eq!(
        world.actions("eve").await,
        ["invited", "granted Meeting", "revoked Meeting"]
    );
    world.ends_well().await;
}

async fn o9_a_series_follows_the_clock_on_the_wall_and_leaves_out_exceptions(at: Doors) {
    let mut weekly = booking("eve", "2026-03-23T10:00:00Z", "2026-03-23T11:00:00Z");
    weekly["recurrence"] =
        json!({ "rrule": "FREQ=WEEKLY;BYDAY=MO;COUNT=4", "exdates": ["2026-04-06T09:00:00.000Z"] });
    let world = Scenario::at(at, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&MEETING))
        .await;
    world
        .change_and_deliver(json!({ "bookings": [weekly] }))
        .await;
    world.at("2026-03-23T09:44:59Z", "Meeting", &[]).await;
    world.at("2026-03-23T09:45:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-23T11:15:00Z", "Meeting", &[]).await;
    // Ten o'clock in London is nine o'clock UTC from the 29th on.
    world.at("2026-03-30T08:44:59Z", "Meeting", &[]).await;
    world.at("2026-03-30T08:45:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-30T10:15:00Z", "Meeting", &[]).await;
    world.at("2026-04-06T09:30:00Z", "Meeting", &[]).await;
    world.at("2026-04-13T08:45:00Z", "Meeting", &["eve"]).await;
    world.at("2026-04-13T10:15:00Z", "Meeting", &[]).await;
    world.at("2026-04-20T09:30:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

async fn o9_k3_a_rule_has_its_own_minutes(at: Doors) {
    let rules = "[bookings]\nbefore = \"10m\"\nafter = \"0m\"\n\
        [[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\n\
        [[rule]]\nresource = \"Boardroom\"\nopens = [\"Front\"]\nbefore = \"1h\"\nafter = \"30m\"\n";
    let booked = booking("eve", "2026-03-02T10:00:20Z", "2026-03-02T10:59:40Z");
    let scenario = Scenario::at(at, rules);
    let world = scenario
        .begin(
            town(json!({ "bookings": [booked] })),
            DoorsFixture::with(&["Meeting", "Front"]),
        )
        .await;
    world.at("2026-03-02T08:59:59Z", "Front", &[]).await;
    world.at("2026-03-02T09:00:00Z", "Front", &["eve"]).await;
    world.at("2026-03-02T09:49:59Z", "Meeting", &[]).await;
    world.at("2026-03-02T09:50:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T10:59:59Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T11:00:00Z", "Meeting", &[]).await;
    world.at("2026-03-02T11:29:59Z", "Front", &["eve"]).await;
    world.at("2026-03-02T11:30:00Z", "Front", &[]).await;
    world.ends_well().await;
}

async fn o9_a_tentative_booking_waits_until_it_is_confirmed(at: Doors) {
    let mut booked = booking("eve", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    booked["isTentative"] = json!(true);
    let world = Scenario::at(at, ROOM)
        .begin(
            town(json!({ "bookings": [booked] })),
            DoorsFixture::with(&MEETING),
        )
        .await;
    world.at("2026-03-02T10:10:00Z", "Meeting", &[]).await;
    world
        .change_and_deliver(json!({ "bookings": [{ "_id": "b-eve", "isTentative": false }] }))
        .await;
    assert_eq!(world.inside("Meeting").await, ["eve"]);
    world.ends_well().await;
}

async fn o9_members_and_non_members_may_have_different_rules(at: Doors) {
    let rules = "[[rule]]\nresource = \"Boardroom\"\nopens = [\"Front\"]\nfor = \"members\"\n\
        [[rule]]\nresource = \"Boardroom\"\nopens = [\"Meeting\"]\nfor = \"non-members\"\n";
    let mut shared = booking("ada", "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z");
    shared["members"] = json!(["m-eve"]);
    let things = json!({ "bookings": [shared], "memberships": [hot_desk("ada")] });
    let world = Scenario::at(at, rules)
        .begin(town(things), DoorsFixture::with(&["Front", "Meeting"]))
        .await;
    world.at("2026-03-02T09:45:00Z", "Front", &["ada"]).await;
    assert_eq!(
        world.inside("Meeting").await,
        ["eve"],
        "each is judged by themselves"
    );
    world.at("2026-03-02T11:15:00Z", "Front", &[]).await;
    assert_eq!(world.inside("Meeting").await, [""; 0]);
    world.ends_well().await;
}

async fn b1_a_booking_that_begins_now_opens_at_once(at: Doors) {
    let world = Scenario::at(at, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&MEETING))
        .await;
    world
        .change_and_deliver(
            json!({ "bookings": [booking("eve", "2026-03-02T08:10:00Z", "2026-03-02T08:30:00Z")] }),
        )
        .await;
    assert_eq!(
        world.inside("Meeting").await,
        ["eve"],
        "at the very instant of the delivery"
    );
    world
        .change_and_deliver(json!({ "remove": { "bookings": ["b-eve"] } }))
        .await;
    assert_eq!(world.inside("Meeting").await, [""; 0]);
    world.ends_well().await;
}
