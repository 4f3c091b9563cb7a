//! A table that takes its time over every call.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{PLAN, town};
use crate::support::{Doors, DoorsFixture, Scenario, address, at_both};

at_both!(i10_people_who_are_new_are_served_although_each_call_takes_long);

/// So many that finding out who they are takes longer than a run.
const PEOPLE: usize = 18;

async fn i10_people_who_are_new_are_served_although_each_call_takes_long(at: Doors) {
    let who = |n: usize| format!("p{n:02}");
    let member = |n: usize| json!({ "_id": who(n), "name": who(n), "email": address(&who(n)), "location": "l-riverside" });
    let membership = |n: usize| {
        json!({ "_id": format!("s-{n}"), "member": who(n), "plan": "p-hot", "location": "l-riverside",
            "startDate": "2026-01-01T00:00:00.000Z", "status": "approved" })
    };
    let things = json!({
        "members": (0..PEOPLE).map(member).collect::<Vec<Value>>(),
        "memberships": (0..PEOPLE).map(membership).collect::<Vec<Value>>(),
    });
    let scenario = Scenario::at(at, PLAN);
    let world = scenario
        .start(town(things), DoorsFixture::with(&["Members"]))
        .await;
    world.machine.pace(SignedDuration::from_millis(600));
    world.reconcile().await;
    world.clock("2026-03-02T08:30:00Z").await;
    let all: Vec<String> = (0..PEOPLE).map(who).collect();
    assert_eq!(world.inside("Members").await, all);
    assert!(world.machine.cloud().triggers.dead().is_empty());
    world.machine.pace(SignedDuration::ZERO);
    world.ends_well().await;
}
