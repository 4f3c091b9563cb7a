//! The guard: unconfirmed changes that would revoke many people's access at once wait for an
//! approval. What was announced or is over does not.

use serde_json::{Value, json};

use super::{PLAN, ROOM, booking, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, address, at_both};
use doorstep_core::decide::guard::Scope;
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_local::Machine;

at_both!(
    b4_many_who_vanished_from_a_list_are_held_until_a_human_approves,
    b4_few_who_vanished_go_at_once_and_are_counted_for_a_day,
    b4_a_group_of_three_is_not_emptied_by_inference,
    b4_what_is_announced_or_over_is_not_held,
    b4_a_signed_removal_of_what_is_held_goes_on,
    b4_a_new_site_file_that_takes_from_many_waits,
    b4_a_plan_that_vanished_from_the_platform_revokes_nothing,
    b4_a_person_who_comes_back_is_held_no_more,
    b4_a_list_that_lost_half_three_times_alike_can_be_approved,
    b4_an_approval_is_for_exactly_that_set_and_for_an_hour,
    b4_many_foreign_people_are_not_removed_unseen,
    b4_more_than_100_new_accounts_at_once_wait,
    b4_what_is_held_still_ends_when_its_recorded_time_is_over,
    b4_what_vanished_while_a_site_was_paused_is_judged_when_it_acts_again,
    b4_what_grant_only_left_waits_and_what_is_announced_since_does_not,
    b4_a_group_that_seems_empty_for_a_moment_is_left_all_the_same,
    b4_settle_does_nothing_unconfirmed_before_it_is_judged,
);

fn who(n: usize) -> String {
    format!("p{n:02}")
}

/// So many people, each with a membership.
fn people(count: usize) -> Value {
    let member = |n: usize| json!({ "_id": format!("m-{}", who(n)), "name": who(n), "email": address(&who(n)) });
    json!({
        "members": (0..count).map(member).collect::<Vec<_>>(),
        "memberships": (0..count).map(|n| hot_desk(&who(n))).collect::<Vec<_>>(),
    })
}

fn names(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(who).collect()
}

fn memberships(range: std::ops::Range<usize>) -> Value {
    json!({ "remove": { "memberships": range.map(|n| format!("s-{}", who(n))).collect::<Vec<_>>() } })
}

/// A site with so many people in one group.
async fn full(at: Doors, count: usize) -> World {
    let world = Scenario::at(at, PLAN)
        .begin(town(people(count)), DoorsFixture::with(&["Members"]))
        .await;
    assert_eq!(world.inside("Members").await, names(0..count));
    world
}

fn told(machine: &Machine, kind: &str) -> usize {
    machine
        .cloud()
        .bus
        .published()
        .into_iter()
        .filter(|event| event.kind == kind)
        .count()
}

async fn b4_many_who_vanished_from_a_list_are_held_until_a_human_approves(at: Doors) {
    let world = full(at, 12).await;
    world.change(memberships(0..5)).await;
    let report = world.reconcile().await;
    assert_eq!((report.revoked, report.held), (0, 5), "{report:?}");
    assert_eq!(world.inside("Members").await, names(0..12));
    let held = world.holds().await;
    assert_eq!(held.len(), 1);
    let checksum = held[0].hold.checksum.clone();
    assert_eq!(
        (
            held[0].hold.revokes,
            held[0].hold.accounts,
            held[0].waiting.len()
        ),
        (5, 0, 5)
    );
    assert_eq!(held[0].waiting[0].name.as_deref(), Some("Members"));
    assert_eq!(held[0].waiting[0].email, Some(address("p00")));
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains(&format!("doorstep approve {checksum}"))),
        "{report:?}"
    );
    world.reconcile().await;
    assert_eq!(
        world.holds().await[0].hold.checksum,
        checksum,
        "the same set has the same name"
    );
    assert_eq!(told(&world.machine, "hold.waiting"), 1, "published once");
    world.clock("2026-03-03T08:00:00Z").await;
    assert_eq!(world.reconcile().await.held, 5, "not even after a day");
    assert_eq!(world.inside("Members").await, names(0..12));
    assert_eq!(
        told(&world.machine, "hold.waiting"),
        2,
        "and again once a day"
    );
    world
        .machine
        .approve(
            Some(&SiteId::from(SITE)),
            &Checksum::from("0000000000000000"),
        )
        .await
        .expect_err("nothing is held under that");
    world
        .machine
        .approve(None, &checksum)
        .await
        .expect("an approval");
    assert_eq!(world.inside("Members").await, names(5..12));
    assert_eq!(told(&world.machine, "hold.approved"), 1);
    let causes: Vec<Value> = world
        .audit()
        .await
        .into_iter()
        .filter(|record| record["what"] == "revoked")
        .collect();
    assert_eq!(causes.len(), 5);
    assert!(causes.iter().all(|record| {
        record["because"]
            .as_str()
            .is_some_and(|why| why.contains(checksum.as_str()))
    }));
    world.ends_well().await;
    assert!(world.holds().await.is_empty());
}

async fn b4_few_who_vanished_go_at_once_and_are_counted_for_a_day(at: Doors) {
    let world = full(at, 12).await;
    world.change(memberships(0..4)).await;
    let report = world.reconcile().await;
    assert_eq!((report.revoked, report.held), (4, 0), "{report:?}");
    assert_eq!(world.inside("Members").await, names(4..12));
    world.clock("2026-03-02T20:00:00Z").await;
    world.change(memberships(4..5)).await;
    assert_eq!(
        world.reconcile().await.held,
        1,
        "that makes five of twelve within a day"
    );
    assert_eq!(world.inside("Members").await, names(4..12));
    world.clock("2026-03-03T08:00:00Z").await;
    let report = world.reconcile().await;
    assert_eq!(
        (report.revoked, report.held),
        (1, 0),
        "the first four are a day ago: {report:?}"
    );
    assert_eq!(world.inside("Members").await, names(5..12));
    world.ends_well().await;
}

async fn b4_a_group_of_three_is_not_emptied_by_inference(at: Doors) {
    let world = full(at, 3).await;
    world.change(memberships(0..3)).await;
    assert_eq!(world.reconcile().await.held, 3);
    assert_eq!(world.inside("Members").await, names(0..3));
    assert!(matches!(
        world.holds().await[0].hold.scope,
        Scope::Group(..)
    ));
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}

async fn b4_what_is_announced_or_over_is_not_held(at: Doors) {
    let world = full(at, 12).await;
    world.change_and_deliver(memberships(0..6)).await;
    assert_eq!(
        world.inside("Members").await,
        names(6..12),
        "each was announced"
    );
    let ends = |n: usize| {
        let mut membership = hot_desk(&who(n));
        membership["endDate"] = json!("2026-03-02T00:00:00Z");
        membership
    };
    world
        .change(json!({ "memberships": (6..12).map(ends).collect::<Vec<_>>() }))
        .await;
    world.reconcile().await;
    assert_eq!(
        world.inside("Members").await,
        names(6..12),
        "the day is not over"
    );
    world.clock("2026-03-03T00:00:00Z").await;
    assert_eq!(
        world.inside("Members").await,
        [""; 0],
        "an end that was written down passed"
    );
    assert!(world.holds().await.is_empty());
    world.ends_well().await;
}

async fn b4_a_signed_removal_of_what_is_held_goes_on(at: Doors) {
    let world = full(at, 12).await;
    world.change(memberships(0..5)).await;
    assert_eq!(world.reconcile().await.held, 5);
    // The delivery arrives late, after the list: now the change is confirmed.
    world
        .change(json!({ "memberships": [hot_desk("p00")] }))
        .await;
    world.change_and_deliver(memberships(0..1)).await;
    assert_eq!(world.inside("Members").await, names(1..12));
    assert_eq!(
        world.reconcile().await.held,
        0,
        "four of those who were there are few"
    );
    assert_eq!(world.inside("Members").await, names(5..12));
    world.ends_well().await;
}

async fn b4_a_new_site_file_that_takes_from_many_waits(at: Doors) {
    let world = full(at, 12).await;
    let other = Scenario::at(at, "[[rule]]\nplan = \"Day desk\"\nopens = [\"Members\"]\n").text();
    world
        .change(json!({ "plans": [{ "_id": "pl-day", "name": "Day desk" }] }))
        .await;
    let shown = world.machine.push(&other).await.expect("a push");
    assert!(shown.stored, "{shown:?}");
    assert_eq!(
        world.inside("Members").await,
        names(0..12),
        "no delivery announced that"
    );
    assert_eq!(world.reconcile().await.held, 12);
    // A person is settled for another reason: still held.
    let mut renamed = people(1)["members"].clone();
    renamed[0]["name"] = json!("Another Name");
    world
        .change_and_deliver(json!({ "members": renamed }))
        .await;
    assert_eq!(world.inside("Members").await.len(), 12);
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}

async fn b4_a_plan_that_vanished_from_the_platform_revokes_nothing(at: Doors) {
    let world = full(at, 12).await;
    world
        .change(json!({ "remove": { "plans": ["p-hot"] } }))
        .await;
    let report = world.reconcile().await;
    assert_eq!(report.revoked, 0, "{report:?}");
    assert_eq!(world.inside("Members").await, names(0..12));
    world
        .change(json!({ "plans": [{ "_id": "p-hot", "name": "Hot desk" }] }))
        .await;
    world.ends_in_order().await;
    assert_eq!(world.inside("Members").await, names(0..12));
    assert!(world.holds().await.is_empty());
}

async fn b4_a_person_who_comes_back_is_held_no_more(at: Doors) {
    let world = full(at, 12).await;
    world.change(memberships(0..5)).await;
    assert_eq!(world.reconcile().await.held, 5);
    let checksum = world.holds().await[0].hold.checksum.clone();
    world
        .change(json!({ "memberships": (0..5).map(|n| hot_desk(&who(n))).collect::<Vec<_>>() }))
        .await;
    assert_eq!(world.reconcile().await.held, 0);
    world
        .machine
        .approve(None, &checksum)
        .await
        .expect_err("it is held no more");
    assert_eq!(world.inside("Members").await, names(0..12));
    world.ends_well().await;
}

async fn b4_a_list_that_lost_half_three_times_alike_can_be_approved(at: Doors) {
    let world = full(at, 12).await;
    world.change(memberships(0..6)).await;
    for _ in 0..2 {
        let report = world.reconcile().await;
        assert!(!report.reads["officernd"].complete);
        assert_eq!((report.revoked, report.held), (0, 0), "{report:?}");
        assert_eq!(world.inside("Members").await, names(0..12));
    }
    let report = world.reconcile().await;
    assert_eq!((report.revoked, report.held), (0, 6), "{report:?}");
    assert_eq!(world.reconcile().await.held, 6, "and it stays so");
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, names(6..12));
    world.ends_well().await;
}

async fn b4_an_approval_is_for_exactly_that_set_and_for_an_hour(at: Doors) {
    let mut world = full(at, 24).await;
    world.change(memberships(0..5)).await;
    world.reconcile().await;
    world
        .faults(json!([{ "match": "*", "status": 500, "times": -1 }]))
        .await;
    world.approve_all().await;
    world.change(memberships(5..6)).await;
    world.clock("2026-03-02T09:01:00Z").await;
    world.faults(json!([])).await;
    world.clock("2026-03-02T09:20:00Z").await;
    let report = world.reconcile().await;
    assert_eq!(
        (report.revoked, report.held),
        (0, 6),
        "the hour is over: {report:?}"
    );
    assert_eq!(world.inside("Members").await, names(0..24));
    let six = world.holds().await;
    world.change(memberships(6..7)).await;
    world
        .machine
        .approve(None, &six[0].hold.checksum)
        .await
        .expect("still held");
    assert_eq!(
        world.inside("Members").await,
        names(6..24),
        "exactly those six"
    );
    // People who vanished in the meantime are judged separately.
    assert_eq!(world.reconcile().await.revoked, 1);
    assert_eq!(world.inside("Members").await, names(7..24));
    world.ends_well().await;
}

async fn b4_many_foreign_people_are_not_removed_unseen(at: Doors) {
    let mut fixture = DoorsFixture::with(&["Members"]);
    for n in 20..32 {
        fixture = fixture.person(&who(n)).inside(&who(n), "Members");
    }
    let scenario = Scenario::at(at, PLAN).doors_say("foreign = \"remove\"");
    let world = scenario.begin(town(people(12)), fixture).await;
    assert_eq!(world.inside("Members").await.len(), 24);
    assert_eq!(world.holds().await[0].hold.revokes, 12);
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, names(0..12));
    world.ends_well().await;
}

async fn b4_more_than_100_new_accounts_at_once_wait(at: Doors) {
    let world = Scenario::at(at, PLAN)
        .begin(town(people(0)), DoorsFixture::with(&["Members"]))
        .await;
    let member = |n: usize| json!({ "_id": format!("m-c{n}"), "name": format!("c{n}"), "email": address(&format!("c{n}")), "company": "c-acme" });
    let company = |count: usize| json!({ "members": (0..count).map(member).collect::<Vec<_>>() });
    let mut shared = hot_desk("acme");
    (shared["member"], shared["company"]) = (Value::Null, json!("c-acme"));
    world.change(company(101)).await;
    world.reconcile().await;
    world
        .change_and_deliver(json!({ "memberships": [shared] }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        [""; 0],
        "no account is created yet"
    );
    let held = world.holds().await;
    // Ada and Bob work there, too.
    assert_eq!((held[0].hold.accounts, held[0].hold.revokes), (103, 0));
    assert!(
        world.problems("c1").await[0].contains("very many are new"),
        "{:?}",
        world.problems("c1").await
    );
    assert_eq!(world.reconcile().await.held, 103);
    let asked = told(&world.machine, "reconcile.wanted");
    world.approve_all().await;
    assert_eq!(world.inside("Members").await.len(), 103);
    assert_eq!(
        told(&world.machine, "reconcile.wanted"),
        asked,
        "released people are not counted again"
    );
    assert_eq!(world.problems("c1").await, [""; 0]);
    world.ends_well().await;
}

async fn b4_settle_does_nothing_unconfirmed_before_it_is_judged(at: Doors) {
    let rules = format!("{PLAN}{ROOM}");
    let world = Scenario::at(at, &rules)
        .begin(town(people(3)), DoorsFixture::with(&["Members", "Meeting"]))
        .await;
    world.change(memberships(0..3)).await;
    assert_eq!(world.reconcile().await.held, 3);
    // Their bookings ring for them all day.
    let booked = (0..3).map(|n| booking(&who(n), "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"));
    world
        .change_and_deliver(json!({ "bookings": booked.collect::<Vec<_>>() }))
        .await;
    world.clock("2026-03-02T10:30:00Z").await;
    assert_eq!(world.inside("Meeting").await, names(0..3));
    world.clock("2026-03-02T12:00:00Z").await;
    assert_eq!(
        (
            world.inside("Meeting").await.len(),
            world.inside("Members").await
        ),
        (0, names(0..3))
    );
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}

async fn b4_what_is_held_still_ends_when_its_recorded_time_is_over(at: Doors) {
    let booked = (0..3).map(|n| booking(&who(n), "2026-03-02T09:00:00Z", "2026-03-02T11:00:00Z"));
    let mut things = people(3);
    things["bookings"] = booked.collect();
    let world = Scenario::at(at, ROOM)
        .begin(town(things), DoorsFixture::with(&["Meeting"]))
        .await;
    world.clock("2026-03-02T09:30:00Z").await;
    let gone: Vec<String> = (0..3).map(|n| format!("b-{}", who(n))).collect();
    world
        .change(json!({ "remove": { "bookings": gone } }))
        .await;
    assert_eq!(world.reconcile().await.held, 3);
    world.clock("2026-03-02T11:14:00Z").await;
    assert_eq!(
        world.inside("Meeting").await,
        names(0..3),
        "it is not approved"
    );
    world.clock("2026-03-02T11:15:00Z").await;
    assert_eq!(
        world.inside("Meeting").await,
        [""; 0],
        "and not a minute longer than was booked"
    );
    world.ends_well().await;
}

async fn b4_what_vanished_while_a_site_was_paused_is_judged_when_it_acts_again(at: Doors) {
    let world = full(at, 12).await;
    let environment = world.machine.environment();
    doorstep_operator::pause::pause(environment, &SiteId::from(SITE), None)
        .await
        .expect("a pause");
    world.change(memberships(0..5)).await;
    world.clock("2026-03-04T08:00:00Z").await;
    world.reconcile().await;
    world.clock("2026-03-06T08:00:00Z").await;
    world.reconcile().await;
    doorstep_operator::pause::resume(environment, &SiteId::from(SITE))
        .await
        .expect("the end of it");
    world.machine.quiet().await;
    assert_eq!(world.inside("Members").await, names(0..12));
    assert_eq!(world.reconcile().await.held, 5);
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, names(5..12));
    world.ends_well().await;
}

async fn b4_a_group_that_seems_empty_for_a_moment_is_left_all_the_same(at: Doors) {
    let mut world = full(at, 2).await;
    let list = match at {
        Doors::Kisi => "GET /role_assignments",
        Doors::SaltoKs => "GET */access_groups/*/users",
    };
    world
        .faults(json!([{ "match": list, "body": "[]", "times": 2 }]))
        .await;
    world.change_and_deliver(memberships(0..1)).await;
    assert_eq!(world.inside("Members").await, ["p01"]);
    world.faults(json!([])).await;
    world.ends_well().await;
}

async fn b4_what_grant_only_left_waits_and_what_is_announced_since_does_not(at: Doors) {
    let scenario = Scenario::at(at, PLAN).mode("grant-only");
    let world = scenario
        .begin(town(people(20)), DoorsFixture::with(&["Members"]))
        .await;
    world.change_and_deliver(memberships(0..6)).await;
    assert_eq!(
        world.inside("Members").await,
        names(0..20),
        "nothing is taken in this mode"
    );
    world
        .machine
        .push(&Scenario::at(at, PLAN).text())
        .await
        .expect("a push");
    assert_eq!(
        (world.inside("Members").await, world.reconcile().await.held),
        (names(0..20), 6)
    );
    for n in 6..11 {
        world.change_and_deliver(memberships(n..n + 1)).await;
        assert_eq!(
            world.inside("Members").await,
            [names(0..6), names(n + 1..20)].concat(),
            "{n} was announced"
        );
    }
    assert_eq!(world.reconcile().await.held, 6);
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, names(11..20));
    world.ends_well().await;
}
