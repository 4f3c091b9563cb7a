//! Many bookings that begin at once, each announced by a webhook of its own. A queue passes on ten
//! of them at a time, and no one waits for the turn of their own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ROOM, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, address, at_both};
use doorstep_local::run::crash::CrashStep;

/// So many book at once. There are twenty batches of webhooks.
const MANY: usize = 200;

fn who(n: usize) -> String {
    format!("c{n:03}")
}

/// Everyone has an account, and one of them is inside.
async fn begin(doors: Doors) -> World {
    let member = |n: usize| {
        let name = who(n);
        json!({ "_id": format!("m-{name}"), "name": name, "email": address(&name), "location": "l-riverside" })
    };
    let fixture = (0..MANY).fold(DoorsFixture::with(&["Meeting"]), |fixture, n| {
        fixture.person(&who(n))
    });
    let members: Vec<Value> = (0..MANY).map(member).collect();
    let world = Scenario::at(doors, ROOM)
        .begin(town(json!({ "members": members })), fixture)
        .await;
    world.machine.quiet().await;
    world
}

/// Everyone books the Boardroom from now on. All webhooks wait in the queue before the first is
/// served.
async fn all_book(world: &World) {
    let booking =
        |n: usize| super::booking(&who(n), "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z");
    let bookings: Vec<Value> = (0..MANY).map(booking).collect();
    for vendor in ["officernd", world.doors.word()] {
        world.forget_calls(vendor).await;
    }
    world
        .change_and_deliver(json!({ "bookings": bookings }))
        .await;
}

fn count(calls: &BTreeMap<String, u64>, method: &str, part: &str) -> u64 {
    let of = |call: &str| call.starts_with(method) && call.contains(part);
    calls
        .iter()
        .filter(|(call, _)| of(call))
        .map(|(_, count)| count)
        .sum()
}

at_both!(
    o5_bookings_that_begin_at_once_share_a_list_and_a_call,
    i4_a_function_that_dies_among_many_leaves_no_one_outside,
    o5_the_last_of_many_is_in_before_a_second_batch_is_read,
);

/// Each webhook is refetched: a list is no reason to skip a lookup. The nineteen later batches read
/// the group, find that everyone is inside, and change nothing.
async fn o5_bookings_that_begin_at_once_share_a_list_and_a_call(doors: Doors) {
    let world = begin(doors).await;
    all_book(&world).await;
    assert_eq!(world.inside("Meeting").await.len(), MANY);
    let platform = world.calls("officernd").await;
    assert_eq!(
        count(&platform, "GET", "/bookings/{"),
        (MANY - 10) as u64,
        "{platform:?}"
    );
    assert!(
        count(&platform, "GET", "/bookings") <= (MANY - 10 + 5) as u64,
        "{platform:?}"
    );
    let calls = world.calls(doors.word()).await;
    let later = (MANY / 10 - 1) as u64;
    match doors {
        Doors::SaltoKs => {
            assert_eq!(count(&calls, "PATCH", "/users"), 1, "{calls:?}");
            assert_eq!(
                count(&calls, "GET", "/access_groups/{access_group_id}/users"),
                1 + 2 * later,
                "two pages once all are inside: {calls:?}"
            );
            // Three pages of accounts, and the group itself, for it seems to be empty.
            assert!(
                count(&calls, "GET", "") <= 1 + 2 * later + 3 + 1,
                "{calls:?}"
            );
        }
        Doors::Kisi => {
            assert_eq!(
                count(&calls, "POST", "/role_assignments"),
                MANY as u64,
                "{calls:?}"
            );
            // Three pages of users, one of guests, the group itself, and the group's members for
            // each of the few batches.
            assert!(
                count(&calls, "GET", "") <= 3 + 1 + 1 + 5 + later,
                "{calls:?}"
            );
        }
    }
    world.ends_well().await;
}

/// The people whom only the list showed are in memory, and their own webhooks are in the queue.
async fn i4_a_function_that_dies_among_many_leaves_no_one_outside(doors: Doors) {
    for step in [CrashStep::Intend, CrashStep::Apply] {
        let mut world = begin(doors).await;
        world.crash(step, 2);
        all_book(&world).await;
        assert_eq!(world.inside("Meeting").await.len(), MANY, "{step:?}");
        world.reconcile().await;
        world.ends_well().await;
    }
}

/// At the end of the first batch everyone is inside, although 190 webhooks still wait.
async fn o5_the_last_of_many_is_in_before_a_second_batch_is_read(doors: Doors) {
    let mut world = begin(doors).await;
    // Every lookup of a single booking fails: what opens the doors is the list.
    world
        .platform_faults(json!([{ "match": "GET */bookings/*", "status": 500, "times": -1 }]))
        .await;
    all_book(&world).await;
    assert_eq!(world.inside("Meeting").await.len(), MANY);
}
