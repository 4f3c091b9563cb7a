//! What only the vendors know is stored by reconcile for the operator's views, and only if it
//! changed.

use serde_json::{Value, json};

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, address, at_both};
use doorstep_cloud::store::observed::{Observed, ObservedDoors, SeatCount};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::forget::{ForgetOutcome, ForgetQuery, forget};

at_both!(
    what_hands_changed_is_observed_with_its_begin_until_it_is_put_right,
    a_quiet_reconcile_writes_nothing_of_what_it_observed,
    a_door_system_that_cannot_be_read_keeps_what_was_observed,
    b8_a_person_whom_a_hand_added_is_forgotten_after_the_hand_removed_them,
);

async fn observed(world: &World) -> Observed {
    let store = &world.machine.environment().store;
    let stored = store.observed(&SiteId::from(SITE)).await.expect("it reads");
    stored.observed.expect("a reconcile observed")
}

async fn at_main(world: &World) -> ObservedDoors {
    let mut observed = observed(world).await;
    observed.doors.remove("main").expect("the doors")
}

/// Ada is a member, and Mallory has an account.
async fn riverside(at: Doors) -> World {
    let fixture = DoorsFixture::with(&["Members"])
        .person("mallory")
        .says("seats", json!(25));
    let things = town(json!({ "memberships": [hot_desk("ada")] }));
    Scenario::at(at, PLAN).begin(things, fixture).await
}

async fn pause(world: &World) {
    let paused = world.machine.pause(&SiteId::from(SITE), None).await;
    assert!(paused.expect("it is paused").changed);
}

async fn what_hands_changed_is_observed_with_its_begin_until_it_is_put_right(at: Doors) {
    let mut world = riverside(at).await;
    let here = at_main(&world).await;
    assert_eq!((here.foreign.len(), here.removed.len()), (0, 0), "{here:?}");
    world.clock("2026-03-02T08:20:00Z").await;
    // A paused site keeps the change, so that the next reconcile finds it again.
    pause(&world).await;
    world.move_by_hand("mallory", true).await;
    world.move_by_hand("ada", false).await;
    world.reconcile().await;
    let first = at_main(&world).await;
    world.clock("2026-03-02T09:00:00Z").await;
    world.reconcile().await;
    let here = at_main(&world).await;
    assert_eq!(here, first, "nothing changed since");
    let [mallory] = &here.foreign[..] else {
        panic!("{here:?}")
    };
    let [ada] = &here.removed[..] else {
        panic!("{here:?}")
    };
    assert_eq!(
        (
            mallory.name.as_deref(),
            mallory.email.as_deref(),
            mallory.goes
        ),
        (Some("mallory"), Some("mallory@example.test"), false)
    );
    assert_eq!(
        (mallory.since.to_string(), ada.since.to_string()),
        ("2026-03-02T08:20:00Z".into(), "2026-03-02T08:20:00Z".into())
    );
    let people = world.people().await;
    assert_eq!(people[0]["id"], json!(ada.person), "{people:?}");
    assert_eq!(mallory.person, None, "no person of the platform");
    let resumed = world.machine.resume(&SiteId::from(SITE)).await;
    resumed.expect("it is resumed");
    assert_eq!(world.inside("Members").await, ["ada", "mallory"]);
    world.move_by_hand("mallory", false).await;
    world.reconcile().await;
    let here = at_main(&world).await;
    assert_eq!((here.foreign.len(), here.removed.len()), (0, 0), "{here:?}");
    world.ends_well().await;
}

async fn item(world: &World) -> String {
    let at = format!("{SITE}#read observed");
    let table = world.table().await;
    let found = table.into_iter().find(|(key, _)| *key == at);
    found.expect("it is stored").1
}

async fn a_quiet_reconcile_writes_nothing_of_what_it_observed(at: Doors) {
    let mut world = riverside(at).await;
    world.move_by_hand("mallory", true).await;
    world.reconcile().await;
    world.reconcile().await;
    let before = item(&world).await;
    world.clock("2026-03-02T09:00:00Z").await;
    world.reconcile().await;
    world.reconcile().await;
    assert_eq!(item(&world).await, before, "with its version");
    world.move_by_hand("mallory", false).await;
    world.reconcile().await;
    assert_ne!(item(&world).await, before);
    world.ends_well().await;
}

async fn a_door_system_that_cannot_be_read_keeps_what_was_observed(at: Doors) {
    let mut world = riverside(at).await;
    world.move_by_hand("mallory", true).await;
    world.reconcile().await;
    let known = at_main(&world).await;
    assert_eq!((known.failing, known.foreign.len()), (None, 1));
    world
        .faults(json!([{ "match": "*", "status": 503, "times": -1 }]))
        .await;
    for at in ["2026-03-02T08:15:00Z", "2026-03-02T08:30:00Z"] {
        world.clock(at).await;
        world.reconcile().await;
    }
    let mut here = at_main(&world).await;
    let failing = here.failing.take().expect("it fails");
    assert_eq!(failing.to_string(), "2026-03-02T08:15:00Z");
    assert_eq!(here, known);
    world.faults(json!([])).await;
    world.reconcile().await;
    assert_eq!(at_main(&world).await, known);
    world.ends_well().await;
}

#[tokio::test]
async fn seats_are_observed_as_used_and_paid() {
    let world = riverside(Doors::SaltoKs).await;
    world.reconcile().await;
    let seats = at_main(&world).await.seats;
    let paid = Some(25);
    assert_eq!(seats, Some(SeatCount { used: 4, paid }));
    let world = riverside(Doors::Kisi).await;
    assert_eq!(at_main(&world).await.seats, None, "Kisi counts none");
}

#[tokio::test]
async fn webhooks_that_are_off_are_observed_until_they_are_on() {
    let world = riverside(Doors::Kisi).await;
    let platform = |is_on: bool| {
        json!({ "webhooks": [{ "_id": "w-1", "isEnabled": is_on,
            "url": "https://doors.example/hooks/riverside/officernd" }] })
    };
    let doors = |is_on: bool| -> Value {
        json!([{ "id": "1", "name": "Doorstep", "type": "event_webhook", "enabled": is_on,
            "url": "https://doors.example/hooks/riverside/kisi/main", "enabled_events": ["lock.unlock"] }])
    };
    let turn = async |is_on: bool| {
        world.change(platform(is_on)).await;
        let mut fixture = world.door_world().await;
        fixture["integrations"] = doors(is_on);
        world.put_world(fixture).await;
        world.reconcile().await;
        observed(&world).await
    };
    turn(false).await;
    world.clock("2026-03-02T08:30:00Z").await;
    let off = turn(false).await;
    let of_doors = off.doors["main"].webhook.clone().expect("it is off");
    let [of_platform] = &off.webhooks[..] else {
        panic!("{off:?}")
    };
    assert!(of_platform.what.contains("w-1"), "{of_platform:?}");
    assert!(of_doors.what.contains("disabled"), "{of_doors:?}");
    let first = "2026-03-02T08:00:00Z";
    assert_eq!(
        (of_platform.since.to_string(), of_doors.since.to_string()),
        (first.to_owned(), first.to_owned())
    );
    let on = turn(true).await;
    assert_eq!((on.webhooks.len(), &on.doors["main"].webhook), (0, &None));
    world.ends_well().await;
}

async fn b8_a_person_whom_a_hand_added_is_forgotten_after_the_hand_removed_them(at: Doors) {
    let mut world = riverside(at).await;
    world.move_by_hand("mallory", true).await;
    world.reconcile().await;
    let asked = async |world: &World| {
        let wanted = ForgetQuery {
            email: Some(address("mallory").to_uppercase()),
            person: None,
        };
        forget(world.machine.environment(), &SiteId::from(SITE), &wanted)
            .await
            .expect("an answer")
    };
    let ForgetOutcome::Refused(first) = asked(&world).await else {
        panic!("the next reconcile would store the name again")
    };
    assert!(
        first.len() == 1 && first[0].contains("where a hand added it: remove it there"),
        "{first:?}"
    );
    world.move_by_hand("mallory", false).await;
    world.reconcile().await;
    assert_eq!(asked(&world).await, ForgetOutcome::NoPerson);
    let table = world.table().await;
    let named = table.iter().filter(|(_, item)| item.contains("mallory"));
    assert_eq!(named.count(), 0);
    world.ends_well().await;
}
