//! Clocks that are not one, and time that passes while a function works.

use jiff::SignedDuration;
use serde_json::json;

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, at_both};
use doorstep_local::run::faults::Skew;

at_both!(
    i2_a_person_whom_a_comparison_marks_is_served_by_a_clock_that_is_behind,
    i1_a_person_whom_a_refetch_marks_in_the_next_minute_is_served_in_this_run,
);

async fn i2_a_person_whom_a_comparison_marks_is_served_by_a_clock_that_is_behind(at: Doors) {
    let world = Scenario::at(at, PLAN)
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await;
    world.machine.skew(Skew {
        reconcile: 5,
        settle: -4,
        ..Skew::default()
    });
    world
        .change(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.machine.skew(Skew::default());
    world.ends_well().await;
}

async fn i1_a_person_whom_a_refetch_marks_in_the_next_minute_is_served_in_this_run(at: Doors) {
    let eve = booking("eve", "2026-03-02T08:00:00Z", "2026-03-02T12:00:00Z");
    let world = Scenario::at(at, ROOM)
        .begin(
            town(json!({ "bookings": [eve.clone()] })),
            DoorsFixture::with(&["Meeting"]),
        )
        .await;
    assert_eq!(world.inside("Meeting").await, ["eve"]);
    world.clock("2026-03-02T08:30:59Z").await;
    world.machine.pace(SignedDuration::from_millis(200));
    let mut hers = eve;
    hers["member"] = json!("m-ada");
    world
        .change_and_deliver(json!({ "bookings": [hers] }))
        .await;
    assert_eq!(
        world.inside("Meeting").await,
        ["ada"],
        "people who left the booking lost access too"
    );
    world.machine.pace(SignedDuration::ZERO);
    world.clock("2026-03-02T08:32:00Z").await;
    world.ends_well().await;
}
