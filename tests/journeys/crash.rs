//! Functions that are shot right after a step, and door systems that do the work and then fail:
//! whatever happens, the doors are right at the end, every change is recorded once, and no person
//! has two accounts.

use serde_json::{Value, json};

use super::{ROOM, booking, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, at_both};
use doorstep_local::run::crash::CrashStep;

at_both!(
    i4_shot_after_reading,
    i4_shot_after_writing_down_what_will_be_done,
    i4_shot_after_a_change_at_the_door,
    i4_shot_after_committing,
    i9_shot_after_enqueueing,
    i4_shot_while_access_is_prolonged,
    i1_shot_while_access_is_shortened_or_called_off,
    i1_shot_after_reading_that_a_booking_is_gone,
    i7_the_door_system_does_the_work_and_then_fails,
    i7_the_door_system_fails_for_a_while,
    i1_the_door_system_is_away_and_comes_back,
    i1_a_removal_that_was_answered_and_not_made_is_made_again,
    i4_a_trigger_that_arrives_twice_or_out_of_order_does_nothing_twice,
);

const MEETING: [&str; 1] = ["Meeting"];

async fn i4_shot_after_reading(at: Doors) {
    shot(at, CrashStep::Read).await;
}

async fn i4_shot_after_writing_down_what_will_be_done(at: Doors) {
    shot(at, CrashStep::Intend).await;
}

async fn i4_shot_after_a_change_at_the_door(at: Doors) {
    shot(at, CrashStep::Apply).await;
}

async fn i4_shot_after_committing(at: Doors) {
    shot(at, CrashStep::Commit).await;
}

/// Eve, and two guests who have neither an address nor a name of their own.
fn a_party() -> Value {
    let sam = |id: &str| json!({ "_id": id, "name": "Sam", "member": "m-eve" });
    json!({ "visitors": [sam("v-1"), sam("v-2")] })
}

fn the_booking() -> Value {
    let mut booked = booking("eve", "2026-03-02T08:10:00Z", "2026-03-02T09:00:00Z");
    booked["visitors"] = json!(["v-1", "v-2"]);
    booked
}

/// Opens by a webhook, and closes by an alarm; both are shot so and so often.
async fn shot(at: Doors, step: CrashStep) {
    for times in [1, 2, 4] {
        let mut world = Scenario::at(at, ROOM)
            .begin(town(a_party()), DoorsFixture::with(&MEETING))
            .await;
        world.crash(step, times);
        world
            .change_and_deliver(json!({ "bookings": [the_booking()] }))
            .await;
        assert_eq!(
            world.inside("Meeting").await,
            ["Sam", "Sam", "eve"],
            "after {times} shots"
        );
        world.crash(step, 0);
        world.check_books().await;
        world.crash(step, times);
        world.clock("2026-03-02T09:15:00Z").await;
        assert_eq!(
            world.inside("Meeting").await,
            [""; 0],
            "after {times} shots"
        );
        world.crash(step, 0);
        granted_and_revoked_once(&world, 3).await;
        world.ends_well().await;
    }
}

async fn granted_and_revoked_once(world: &World, people: usize) {
    let audit = world.audit().await;
    for what in ["invited", "granted", "revoked"] {
        assert_eq!(
            audit.iter().filter(|record| record["what"] == what).count(),
            people,
            "{what}: {audit:#?}"
        );
    }
}

/// The sender is told that it failed, and sends the same bytes again.
async fn i9_shot_after_enqueueing(at: Doors) {
    let mut world = Scenario::at(at, ROOM)
        .begin(town(a_party()), DoorsFixture::with(&MEETING))
        .await;
    world.change(json!({ "bookings": [the_booking()] })).await;
    let delivery =
        json!({ "event": "booking.created", "data": { "object": { "_id": "b-eve" } } }).to_string();
    world.crash(CrashStep::Enqueue, 2);
    let sent: Vec<u16> = vec![
        world.deliver(delivery.as_bytes()).await,
        world.deliver(delivery.as_bytes()).await,
        world.deliver(delivery.as_bytes()).await,
    ];
    assert_eq!(sent, [500, 500, 202]);
    assert_eq!(world.inside("Meeting").await, ["Sam", "Sam", "eve"]);
    world.clock("2026-03-02T09:15:00Z").await;
    granted_and_revoked_once(&world, 3).await;
    world.ends_well().await;
}

/// Where membership has dates, another end is another line: neither two of them nor none may be
/// left.
async fn i4_shot_while_access_is_prolonged(at: Doors) {
    for step in [
        CrashStep::Read,
        CrashStep::Intend,
        CrashStep::Apply,
        CrashStep::Commit,
    ] {
        let mut world = Scenario::at(at, ROOM)
            .begin(town(a_party()), DoorsFixture::with(&MEETING))
            .await;
        world
            .change_and_deliver(json!({ "bookings": [the_booking()] }))
            .await;
        world.crash(step, 3);
        world
            .change_and_deliver(
                json!({ "bookings": [{ "_id": "b-eve", "end": "2026-03-02T10:00:00Z" }] }),
            )
            .await;
        world.crash(step, 0);
        assert_eq!(
            world.lines(&world.door_world().await, "Meeting").len(),
            3,
            "{step:?}"
        );
        world
            .at("2026-03-02T09:30:00Z", "Meeting", &["Sam", "Sam", "eve"])
            .await;
        world.at("2026-03-02T10:15:00Z", "Meeting", &[]).await;
        world.ends_well().await;
    }
}

/// After an interrupted change, no access outlasts its window.
async fn i1_shot_while_access_is_shortened_or_called_off(at: Doors) {
    let ends = json!({ "bookings": [{ "_id": "b-eve", "end": "2026-03-02T08:30:00Z" }] });
    let is_called_off = json!({ "bookings": [{ "_id": "b-eve", "isCancelled": true }] });
    for (change, closed) in [
        (&ends, "2026-03-02T08:45:00Z"),
        (&is_called_off, "2026-03-02T08:05:00Z"),
    ] {
        let mut world = Scenario::at(at, ROOM)
            .begin(town(a_party()), DoorsFixture::with(&MEETING))
            .await;
        world
            .change_and_deliver(json!({ "bookings": [the_booking()] }))
            .await;
        world.crash(CrashStep::Apply, 1);
        world
            .change_and_deliver(
                json!({ "bookings": [{ "_id": "b-eve", "end": "2026-03-02T12:00:00Z" }] }),
            )
            .await;
        world.crash(CrashStep::Apply, 2);
        world.change_and_deliver(change.clone()).await;
        world.crash(CrashStep::Apply, 0);
        world.at(closed, "Meeting", &[]).await;
        assert!(world.lines(&world.door_world().await, "Meeting").is_empty());
        world.ends_well().await;
    }
}

/// A second refetch finds it gone already. The people it concerned were marked before it was
/// stored.
async fn i1_shot_after_reading_that_a_booking_is_gone(at: Doors) {
    for times in [1, 3] {
        let mut world = Scenario::at(at, ROOM)
            .begin(town(a_party()), DoorsFixture::with(&MEETING))
            .await;
        world
            .change_and_deliver(json!({ "bookings": [the_booking()] }))
            .await;
        assert_eq!(world.inside("Meeting").await, ["Sam", "Sam", "eve"]);
        world.crash(CrashStep::Read, times);
        world
            .change_and_deliver(json!({ "remove": { "bookings": ["b-eve"] } }))
            .await;
        world.crash(CrashStep::Read, 0);
        assert_eq!(
            world.inside("Meeting").await,
            [""; 0],
            "after {times} shots"
        );
        world.ends_well().await;
    }
}

async fn i7_the_door_system_does_the_work_and_then_fails(at: Doors) {
    for times in [1, 3] {
        for method in ["POST", "PATCH", "DELETE"] {
            let mut world = Scenario::at(at, ROOM)
                .begin(town(a_party()), DoorsFixture::with(&MEETING))
                .await;
            let fault = json!([{ "match": format!("{method} *"), "after": "apply", "status": 500, "times": times }]);
            world.faults(fault.clone()).await;
            world
                .change_and_deliver(json!({ "bookings": [the_booking()] }))
                .await;
            assert_eq!(
                world.inside("Meeting").await,
                ["Sam", "Sam", "eve"],
                "{method} failed {times} times"
            );
            world.faults(fault).await;
            world.clock("2026-03-02T09:15:00Z").await;
            assert_eq!(
                world.inside("Meeting").await,
                [""; 0],
                "{method} failed {times} times"
            );
            world.faults(json!([])).await;
            granted_and_revoked_once(&world, 3).await;
            world.ends_well().await;
        }
    }
}

async fn i7_the_door_system_fails_for_a_while(at: Doors) {
    let faults = [
        json!([{ "match": "POST *", "status": 429, "headers": { "Retry-After": "2" }, "times": 2 }]),
        json!([{ "match": "* *", "status": 503, "times": 2 }]),
        json!([{ "match": "GET *", "body": "[]", "times": 1 }, { "match": "GET *", "body": "{", "times": 1 }]),
    ];
    for fault in faults {
        let mut world = Scenario::at(at, ROOM)
            .begin(town(a_party()), DoorsFixture::with(&MEETING))
            .await;
        world.faults(fault.clone()).await;
        world
            .change_and_deliver(json!({ "bookings": [the_booking()] }))
            .await;
        world
            .at("2026-03-02T08:02:00Z", "Meeting", &["Sam", "Sam", "eve"])
            .await;
        world.faults(fault).await;
        world.clock("2026-03-02T09:17:00Z").await;
        assert_eq!(world.inside("Meeting").await, [""; 0]);
        world.faults(json!([])).await;
        granted_and_revoked_once(&world, 3).await;
        world.ends_well().await;
    }
}

/// Nothing is lost while nothing can be done, and a quarter of an hour after it comes back
/// everything is right.
async fn i1_the_door_system_is_away_and_comes_back(at: Doors) {
    let mut world = Scenario::at(at, ROOM)
        .begin(town(a_party()), DoorsFixture::with(&MEETING))
        .await;
    let away = json!([{ "match": "*", "status": 500, "times": -1 }]);
    world.faults(away.clone()).await;
    world
        .change_and_deliver(json!({ "bookings": [the_booking()] }))
        .await;
    world.at("2026-03-02T08:20:00Z", "Meeting", &[]).await;
    assert!(!world.problems("eve").await.is_empty(), "it is said");
    world.faults(json!([])).await;
    world
        .at("2026-03-02T08:35:00Z", "Meeting", &["Sam", "Sam", "eve"])
        .await;
    world.faults(away).await;
    world.clock("2026-03-02T11:00:00Z").await;
    world.faults(json!([])).await;
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    granted_and_revoked_once(&world, 3).await;
    world.ends_well().await;
}

/// The door system says yes to everything and does nothing for a while. What it still lists is still
/// Doorstep's, and a removal has its record once the group shows it.
async fn i1_a_removal_that_was_answered_and_not_made_is_made_again(at: Doors) {
    let is_called_off = json!({ "bookings": [{ "_id": "b-eve", "isCancelled": true }] });
    let is_shorter = json!({ "bookings": [{ "_id": "b-eve", "end": "2026-03-02T08:25:00Z" }] });
    for (change, lost) in [
        (&is_called_off, "*"),
        (&is_shorter, "*"),
        (&is_shorter, "DELETE *"),
    ] {
        let mut world = Scenario::at(at, ROOM)
            .begin(town(a_party()), DoorsFixture::with(&MEETING))
            .await;
        world
            .change_and_deliver(json!({ "bookings": [the_booking()] }))
            .await;
        let everyone = ["Sam", "Sam", "eve"];
        world.at("2026-03-02T08:20:00Z", "Meeting", &everyone).await;
        world
            .faults(json!([{ "match": lost, "after": "nothing", "times": -1 }]))
            .await;
        world.change_and_deliver(change.clone()).await;
        world.clock("2026-03-02T08:42:00Z").await;
        world.faults(json!([])).await;
        world.at("2026-03-02T08:57:00Z", "Meeting", &[]).await;
        assert!(world.lines(&world.door_world().await, "Meeting").is_empty());
        world.ends_well().await;
    }
}

async fn i4_a_trigger_that_arrives_twice_or_out_of_order_does_nothing_twice(at: Doors) {
    let world = Scenario::at(at, ROOM)
        .begin(town(a_party()), DoorsFixture::with(&MEETING))
        .await;
    let delivery = |event: &str, modified: &str| {
        json!({ "event": event, "data": { "object": { "_id": "b-eve", "modifiedAt": modified } } })
            .to_string()
    };
    world.change(json!({ "bookings": [the_booking()] })).await;
    let (early, late) = (
        delivery("booking.created", "2026-03-02T07:00:00.000Z"),
        delivery("booking.updated", "2026-03-02T08:00:00.000Z"),
    );
    for body in [&late, &early, &late, &early, &early] {
        assert_eq!(world.deliver(body.as_bytes()).await, 202);
    }
    assert_eq!(world.inside("Meeting").await, ["Sam", "Sam", "eve"]);
    // A removal that is not true: the booking can still be read.
    assert_eq!(
        world
            .deliver(delivery("booking.removed", "2026-03-02T08:00:00.000Z").as_bytes())
            .await,
        202
    );
    assert_eq!(world.inside("Meeting").await, ["Sam", "Sam", "eve"]);
    world.clock("2026-03-02T09:15:00Z").await;
    granted_and_revoked_once(&world, 3).await;
    world.ends_well().await;
}
