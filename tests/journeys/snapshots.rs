//! Snapshots of everything, which platforms push that have no read API: which reports of a broken
//! one count, what goes on while it is rejected, what heals it, and that a forgotten person stays
//! out of all that is posted again.

use serde_json::{Value, json};

use super::andcards::{begin, space, subscription};
use super::push::{a_dozen, deliver, delivery, ended, refused, roster};
use crate::support::{Doors, Platform, SITE, Scenario, World, address, at_both};
use doorstep_core::model::email::email_digest;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::forget::{ForgetOutcome, ForgetQuery, forget};

at_both!(
    b4_three_reports_of_a_broken_snapshot_are_held_and_grants_go_on,
    b8_what_is_posted_again_after_forget_brings_nothing_back,
);

const PLAN: &str = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n";
const RULES: &str = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n\
    [[rule]]\nresource = \"Boardroom\"\nopens = [\"Meetings\"]\nbefore = \"0m\"\nafter = \"0m\"\n";

/// All of the dozen, of whose subscriptions only the first `count` are listed.
fn first(count: usize) -> Value {
    let mut things = space(a_dozen());
    things["subscriptions"]
        .as_array_mut()
        .expect("a list")
        .truncate(count);
    things
}

async fn post(world: &World, body: &[u8]) {
    assert_eq!(world.deliver(body).await, 202);
    world.machine.quiet().await;
}

async fn is_reported_of_a_broken_roster(world: &World) {
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("it is rejected")),
        "{report:?}"
    );
    assert_eq!((report.revoked, report.held), (0, 0), "{report:?}");
    assert!(world.holds().await.is_empty());
    assert_eq!(world.inside("Members").await.len(), 12);
}

#[tokio::test]
async fn b4_one_broken_snapshot_is_never_accepted_by_being_read_or_posted_again() {
    let world = begin(Scenario::at(Doors::Kisi, PLAN), a_dozen(), &["Members"]).await;
    let half = roster(first(6), "2026-03-02T08:01:00Z");
    for minute in 1..6 {
        post(&world, &half).await;
        is_reported_of_a_broken_roster(&world).await;
        world
            .clock(&format!(
                "2026-03-02T{:02}:{:02}:00Z",
                8 + minute * 20 / 60,
                minute * 20 % 60
            ))
            .await;
    }
    is_reported_of_a_broken_roster(&world).await;
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T09:30:00Z",
        &subscription("eve"),
    )
    .await;
    assert_eq!(
        world.inside("Members").await.len(),
        13,
        "single updates go on"
    );
}

#[tokio::test]
async fn b4_broken_snapshots_posted_at_once_are_one_report_whatever_they_are_dated() {
    for dates in [
        ["08:00:00.1", "08:00:00.2", "08:00:00.3"],
        ["08:00:00.1", "08:30:00", "09:00:00"],
    ] {
        for things in [json!({}), first(5)] {
            let world = begin(Scenario::at(Doors::Kisi, PLAN), a_dozen(), &["Members"]).await;
            if dates[2].starts_with("09") {
                world.clock("2026-03-02T09:00:00Z").await;
            }
            for date in dates {
                post(
                    &world,
                    &roster(things.clone(), &format!("2026-03-02T{date}Z")),
                )
                .await;
                is_reported_of_a_broken_roster(&world).await;
            }
            world.clock("2026-03-02T11:00:00Z").await;
            is_reported_of_a_broken_roster(&world).await;
        }
    }
}

/// Ada has booked the Boardroom for ten o'clock.
fn booked() -> Value {
    json!({ "id": "b-p12", "room": "Boardroom", "location": "Riverside", "user": "u-p12",
        "start": "2026-03-02T10:00:00Z", "end": "2026-03-02T11:00:00Z" })
}

async fn b4_three_reports_of_a_broken_snapshot_are_held_and_grants_go_on(at: Doors) {
    let mut things = a_dozen();
    things["bookings"] = json!([booked()]);
    let world = begin(Scenario::at(at, RULES), things, &["Members", "Meetings"]).await;
    assert_eq!(world.inside("Members").await.len(), 12);
    // It lists neither the last six subscriptions nor the booking, nor the last six people.
    let mut half = first(6);
    half["users"].as_array_mut().expect("a list").truncate(9);
    for (minute, held) in [(1, 0), (16, 0), (31, 6)] {
        world.clock(&format!("2026-03-02T08:{minute:02}:00Z")).await;
        post(
            &world,
            &roster(half.clone(), &format!("2026-03-02T08:{minute:02}:00Z")),
        )
        .await;
        let report = world.reconcile().await;
        assert_eq!((report.revoked, report.held), (0, held), "{report:?}");
        assert_eq!(
            world.inside("Members").await.len(),
            12,
            "no one loses access"
        );
    }
    world.clock("2026-03-02T08:40:00Z").await;
    deliver(
        &world,
        "user.updated",
        "2026-03-02T08:40:00Z",
        &json!({ "id": "u-zoe", "name": "Zoë", "email": "zoe@example.test", "active": true }),
    )
    .await;
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T08:40:01Z",
        &subscription("zoe"),
    )
    .await;
    assert_eq!(
        world.inside("Members").await.len(),
        13,
        "what newer letters say opens doors"
    );
    world.at("2026-03-02T10:00:00Z", "Meetings", &["p12"]).await;
    world.at("2026-03-02T11:00:00Z", "Meetings", &[]).await;
    world.reconcile().await;
    world.approve_all().await;
    assert_eq!(
        world.inside("Members").await.len(),
        7,
        "exactly what was approved is done"
    );
    let report = world.ends_well().await;
    assert_eq!((report.held, report.problems), (0, vec![]));
}

#[tokio::test]
async fn b4_another_broken_snapshot_between_begins_the_count_anew() {
    let world = begin(Scenario::at(Doors::Kisi, PLAN), a_dozen(), &["Members"]).await;
    for (minute, count) in [(1, 6), (16, 6), (31, 5), (46, 6)] {
        world.clock(&format!("2026-03-02T08:{minute:02}:00Z")).await;
        post(
            &world,
            &roster(first(count), &format!("2026-03-02T08:{minute:02}:00Z")),
        )
        .await;
        is_reported_of_a_broken_roster(&world).await;
    }
}

#[tokio::test]
async fn b4_a_good_snapshot_heals_at_once_and_what_both_say_follows() {
    let user = |n: usize| json!({ "id": format!("u-p{n:02}"), "name": format!("Person {n}"), "email": format!("p{n:02}@example.test"), "active": true });
    let things = |ends: bool, count: usize| {
        let mut subscriptions: Vec<Value> = (1..=count)
            .map(|n| subscription(&format!("p{n:02}")))
            .collect();
        if ends {
            subscriptions[2] = ended("p03");
        }
        json!({ "users": (1..=20).map(user).collect::<Vec<_>>(), "subscriptions": subscriptions })
    };
    for reports in [1, 3] {
        let world = begin(
            Scenario::at(Doors::Kisi, PLAN),
            things(false, 20),
            &["Members"],
        )
        .await;
        assert_eq!(world.inside("Members").await.len(), 20);
        for report in 0..reports {
            world
                .clock(&format!("2026-03-02T08:{:02}:00Z", 1 + 15 * report))
                .await;
            let broken = space(things(true, 8));
            post(
                &world,
                &roster(broken, &format!("2026-03-02T08:{:02}:00Z", 1 + 15 * report)),
            )
            .await;
            assert_eq!(world.inside("Members").await.len(), 20);
        }
        world.clock("2026-03-02T09:00:00Z").await;
        post(
            &world,
            &roster(space(things(true, 20)), "2026-03-02T09:00:00Z"),
        )
        .await;
        assert_eq!(
            world.inside("Members").await.len(),
            19,
            "after {reports} reports of the broken one"
        );
        assert!(world.holds().await.is_empty());
        assert_eq!(world.ends_well().await.problems, [""; 0]);
    }
}

/// The broken one comes after the good one, and both before anything is compared.
#[tokio::test]
async fn b4_a_good_snapshot_counts_though_a_broken_one_is_newer() {
    let world = begin(Scenario::at(Doors::Kisi, PLAN), a_dozen(), &["Members"]).await;
    let mut good = space(a_dozen());
    good["subscriptions"]
        .as_array_mut()
        .expect("a list")
        .push(subscription("eve"));
    assert_eq!(
        world.deliver(&roster(good, "2026-03-02T08:00:30Z")).await,
        202
    );
    assert_eq!(
        world
            .deliver(&roster(first(2), "2026-03-02T08:00:40Z"))
            .await,
        202
    );
    assert_eq!(world.inside("Members").await.len(), 13);
    refused(
        &world,
        &roster(first(2), "2026-03-02T08:00:50Z"),
        "it is rejected",
    )
    .await;
}

#[tokio::test]
async fn b4_a_snapshot_of_which_a_part_never_came_counts_for_nothing_once_a_whole_newer_one_is_there()
 {
    let world = begin(Scenario::at(Doors::Kisi, PLAN), a_dozen(), &["Members"]).await;
    let part = json!({ "roster": "r", "part": 1, "parts": 2, "users": [] });
    post(&world, &roster(part, "2026-03-02T08:01:00Z")).await;
    world.clock("2026-03-02T09:02:00Z").await;
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("did not arrive")),
        "{report:?}"
    );
    assert_eq!(
        world
            .deliver(&roster(first(11), "2026-03-02T09:02:00Z"))
            .await,
        202
    );
    // No reconcile but the one that the roster asks for.
    assert_eq!(
        world.inside("Members").await.len(),
        11,
        "the very next comparison goes by the whole one"
    );
    assert_eq!(world.ends_well().await.problems, [""; 0]);
}

/// Nothing of the whole table holds any of these.
async fn is_nowhere(world: &World, words: &[&str]) {
    world.machine.quiet().await;
    let digest = email_digest(&address("ada"));
    for (at, item) in world.table().await {
        let item = format!("{at} {item}").to_lowercase();
        for word in words.iter().copied().chain([digest.as_str()]) {
            assert!(!item.contains(&word.to_lowercase()), "{word} in {item}");
        }
    }
}

const ADA: [&str; 2] = ["ada byron", "ada@example.test"];

/// Ada was a user, and a guest of Bob's once.
async fn b8_what_is_posted_again_after_forget_brings_nothing_back(at: Doors) {
    let world = begin(Scenario::at(at, RULES), json!({}), &["Members", "Meetings"]).await;
    let ada =
        json!({ "id": "u-ada", "name": "Ada Byron", "email": "ada@example.test", "active": true });
    let visit = json!({ "id": "b-1", "room": "Boardroom", "location": "Riverside", "user": "u-bob",
        "guests": [{ "name": "Ada Byron", "email": "ada@example.test" }],
        "start": "2026-03-02T08:10:00Z", "end": "2026-03-02T08:30:00Z" });
    let mut with_ada = space(json!({ "bookings": [visit] }));
    with_ada["users"] = json!([ada, space(json!({}))["users"][1]]);
    with_ada["companies"] = json!([{ "id": "c-acme", "name": "Acme" }]);
    let mut without_ada = with_ada.clone();
    without_ada["users"] = json!([with_ada["users"][1]]);
    without_ada["bookings"] = json!([]);
    let seen = [
        roster(with_ada.clone(), "2026-03-02T08:00:10Z"),
        delivery("user.updated", "2026-03-02T08:00:20Z", &ada),
        delivery(
            "booking.updated",
            "2026-03-02T08:00:30Z",
            &with_ada["bookings"][0],
        ),
    ];
    for body in &seen {
        post(&world, body).await;
    }
    world.clock("2026-03-02T09:00:00Z").await;
    for forgotten_by in ["letters", "a roster"] {
        if forgotten_by == "letters" {
            deliver(
                &world,
                "user.removed",
                "2026-03-02T08:50:00Z",
                &json!({ "id": "u-ada" }),
            )
            .await;
            deliver(
                &world,
                "booking.removed",
                "2026-03-02T08:50:01Z",
                &json!({ "id": "b-1" }),
            )
            .await;
        } else {
            post(&world, &roster(without_ada.clone(), "2026-03-02T08:55:00Z")).await;
        }
        world.reconcile().await;
        let wanted = ForgetQuery {
            email: Some(address("ada")),
            person: None,
        };
        let done = forget(world.machine.environment(), &SiteId::from(SITE), &wanted)
            .await
            .expect("an answer");
        assert!(
            matches!(done, ForgetOutcome::Forgotten(_))
                || forgotten_by == "a roster" && done == ForgetOutcome::NoPerson,
            "{done:?}"
        );
        is_nowhere(&world, &ADA).await;
        let older = delivery("user.updated", "2026-03-02T08:00:05Z", &ada);
        for body in seen
            .iter()
            .chain([&older, &roster(with_ada.clone(), "2026-03-02T08:00:15Z")])
        {
            post(&world, body).await;
            is_nowhere(&world, &ADA).await;
        }
        world.reconcile().await;
        is_nowhere(&world, &ADA).await;
    }
    // A newer delivery brings her back as a new person.
    deliver(&world, "user.updated", "2026-03-02T09:00:00Z", &ada).await;
    let mut hers = subscription("ada");
    hers["user"] = json!("u-ada");
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T09:00:01Z",
        &hers,
    )
    .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.ends_in_order().await;
}

/// Without any roster, letters alone.
#[tokio::test]
async fn b8_a_delivery_posted_again_after_forget_brings_nothing_back_where_there_never_was_a_snapshot()
 {
    let world = Scenario::at(Doors::Kisi, PLAN)
        .on(Platform::Andcards)
        .start(json!({}), crate::support::DoorsFixture::with(&["Members"]))
        .await;
    world.reconcile().await;
    let ada =
        json!({ "id": "u-ada", "name": "Ada Byron", "email": "ada@example.test", "active": true });
    let told = delivery("user.updated", "2026-03-02T08:00:00Z", &ada);
    post(&world, &told).await;
    deliver(
        &world,
        "user.removed",
        "2026-03-02T08:00:10Z",
        &json!({ "id": "u-ada" }),
    )
    .await;
    let wanted = ForgetQuery {
        email: Some(address("ada")),
        person: None,
    };
    let done = forget(world.machine.environment(), &SiteId::from(SITE), &wanted)
        .await
        .expect("an answer");
    assert!(matches!(done, ForgetOutcome::Forgotten(_)), "{done:?}");
    post(&world, &told).await;
    is_nowhere(&world, &["ada byron", "ada@example.test"]).await;
    // A roster that was made before she was removed, and comes only now, brings her back neither.
    post(
        &world,
        &roster(json!({ "users": [ada] }), "2026-03-02T08:00:05Z"),
    )
    .await;
    is_nowhere(&world, &["ada byron", "ada@example.test"]).await;
    world.reconcile().await;
    is_nowhere(&world, &["ada byron", "ada@example.test"]).await;
}
