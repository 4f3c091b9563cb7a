//! What both platforms that cannot be asked have in common, told at andcards: letters that are
//! late, twice or of one instant, removals that are remembered, and rosters, complete or in parts,
//! accepted or rejected.

use serde_json::{Value, json};

use super::andcards::{begin, space, subscription};
use crate::support::{Doors, DoorsFixture, Platform, Scenario, World, at_both};
use doorstep_jobs::reconcile::Report;
use doorstep_local::run::crash::CrashStep;

at_both!(
    a6_a_late_older_delivery_changes_nothing,
    a6_of_two_deliveries_of_one_instant_the_greater_hash_wins_in_either_order,
    a6_a_removal_is_remembered,
    a6_a_roster_is_what_a_full_read_is_elsewhere,
    a6_a_roster_may_come_in_parts_in_any_order_and_twice,
    a6_a_delivery_that_is_newer_than_the_roster_wins_whichever_comes_first,
    i9_nothing_that_was_answered_2xx_is_lost_when_receive_is_shot,
);

const PLAN: &str = "[[rule]]\nplan = \"Hot desk\"\nopens = [\"Members\"]\n";

pub fn delivery(kind: &str, at: &str, data: &Value) -> Vec<u8> {
    json!({ "type": kind, "timestamp": at, "data": data })
        .to_string()
        .into_bytes()
}

pub async fn deliver(world: &World, kind: &str, at: &str, data: &Value) {
    assert_eq!(
        world.deliver(&delivery(kind, at, data)).await,
        202,
        "{kind} of {at}"
    );
    world.machine.quiet().await;
}

pub fn ended(who: &str) -> Value {
    let mut subscription = subscription(who);
    subscription["active"] = json!(false);
    subscription
}

async fn a6_a_late_older_delivery_changes_nothing(at: Doors) {
    let world = begin(Scenario::at(at, PLAN), json!({}), &["Members"]).await;
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T08:02:00Z",
        &subscription("ada"),
    )
    .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T08:01:00+00:00",
        &ended("ada"),
    )
    .await;
    deliver(
        &world,
        "subscription.removed",
        "1900-01-01T00:00:00Z",
        &json!({ "id": "s-ada" }),
    )
    .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada"],
        "older content is rejected"
    );
    // The same instant, written otherwise, is no later one; the same letter changes nothing.
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T08:02:00Z",
        &subscription("ada"),
    )
    .await;
    world.clock("2026-03-02T08:10:00Z").await;
    assert_eq!(world.inside("Members").await, ["ada"], "nor after a while");
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T08:03:00Z",
        &ended("ada"),
    )
    .await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T08:02:30Z",
        &subscription("ada"),
    )
    .await;
    world.clock("2026-03-02T08:30:00Z").await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}

async fn a6_of_two_deliveries_of_one_instant_the_greater_hash_wins_in_either_order(at: Doors) {
    use sha2::{Digest, Sha256};
    let instant = "2026-03-02T08:01:00Z";
    let deliveries = [&subscription("ada"), &ended("ada")]
        .map(|data| delivery("subscription.updated", instant, data));
    let opens_wins = Sha256::digest(&deliveries[0]) > Sha256::digest(&deliveries[1]);
    let expected: &[&str] = if opens_wins { &["ada"] } else { &[] };
    for order in [[0, 1], [1, 0]] {
        let world = begin(Scenario::at(at, PLAN), json!({}), &["Members"]).await;
        for place in order {
            assert_eq!(world.deliver(&deliveries[place]).await, 202);
        }
        assert_eq!(
            world.inside("Members").await,
            expected,
            "in the order {order:?}"
        );
        world.ends_well().await;
    }
}

async fn a6_a_removal_is_remembered(at: Doors) {
    let world = begin(
        Scenario::at(at, PLAN),
        json!({ "subscriptions": [subscription("ada")] }),
        &["Members"],
    )
    .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    deliver(
        &world,
        "subscription.removed",
        "2026-03-02T08:02:00Z",
        &json!({ "id": "s-ada" }),
    )
    .await;
    assert_eq!(
        world.inside("Members").await,
        [""; 0],
        "a signed removal takes access at once"
    );
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T08:01:00Z",
        &subscription("ada"),
    )
    .await;
    world.clock("2026-03-02T09:00:00Z").await;
    world.reconcile().await;
    assert_eq!(
        world.inside("Members").await,
        [""; 0],
        "a late letter from before it brings nothing back"
    );
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T08:03:00Z",
        &subscription("ada"),
    )
    .await;
    assert_eq!(world.inside("Members").await, ["ada"], "a later one does");
    world.ends_well().await;
}

async fn a6_a_roster_is_what_a_full_read_is_elsewhere(at: Doors) {
    let things = json!({ "subscriptions": [subscription("ada"), subscription("bob")] });
    let world = begin(Scenario::at(at, PLAN), things, &["Members"]).await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.change(json!({ "remove": { "subscriptions": ["s-bob"] }, "subscriptions": [subscription("eve")] })).await;
    assert_eq!(
        world.inside("Members").await,
        ["ada", "bob"],
        "no update has arrived yet"
    );
    for body in world.roster(1).await {
        assert_eq!(world.deliver(&body).await, 202);
    }
    assert_eq!(
        world.inside("Members").await,
        ["ada", "eve"],
        "what it does not list is gone, without being asked for"
    );
    let report = world.ends_well().await;
    assert_eq!(report.problems, [""; 0]);
    let read = &report.reads["andcards"];
    assert!(read.complete && read.records >= 7, "{read:?}");
    // A letter from before the roster, about what the roster no longer has, takes nothing and gives
    // nothing.
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T07:00:00Z",
        &subscription("bob"),
    )
    .await;
    deliver(
        &world,
        "subscription.updated",
        "2026-03-02T07:00:00Z",
        &ended("ada"),
    )
    .await;
    world.clock("2026-03-02T08:10:00Z").await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world.ends_well().await;
}

async fn a6_a_roster_may_come_in_parts_in_any_order_and_twice(at: Doors) {
    let things = json!({ "subscriptions": [subscription("ada"), subscription("bob")] });
    let world = begin(Scenario::at(at, PLAN), things, &["Members"]).await;
    world.change(json!({ "remove": { "subscriptions": ["s-bob"] }, "subscriptions": [subscription("eve")] })).await;
    let parts = world.roster(3).await;
    assert_eq!(parts.len(), 3);
    let asked = || {
        world
            .machine
            .cloud()
            .bus
            .published()
            .iter()
            .filter(|event| event.kind == "reconcile.wanted")
            .count()
    };
    let before = asked();
    for (place, expected) in [
        (2, ["ada", "bob"]),
        (0, ["ada", "bob"]),
        (2, ["ada", "bob"]),
        (1, ["ada", "eve"]),
    ] {
        assert_eq!(world.deliver(&parts[place]).await, 202);
        assert_eq!(
            world.inside("Members").await,
            expected,
            "after part {}",
            place + 1
        );
    }
    assert_eq!(
        asked(),
        before + 1,
        "everything is read once, when all of it is there"
    );
    assert_eq!(world.deliver(&parts[0]).await, 202, "once more");
    assert_eq!(asked(), before + 1);
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    world.ends_well().await;
}

async fn a6_a_delivery_that_is_newer_than_the_roster_wins_whichever_comes_first(at: Doors) {
    for letter_first in [true, false] {
        let world = begin(
            Scenario::at(at, PLAN),
            json!({ "subscriptions": [subscription("ada")] }),
            &["Members"],
        )
        .await;
        // The roster lists Ada and not Eve; the letters are of a minute later.
        let roster = world.roster(1).await;
        let later = [
            delivery(
                "subscription.updated",
                "2026-03-02T08:01:00Z",
                &subscription("eve"),
            ),
            delivery(
                "subscription.removed",
                "2026-03-02T08:01:00Z",
                &json!({ "id": "s-ada" }),
            ),
        ];
        let all = if letter_first {
            [later[0].clone(), later[1].clone(), roster[0].to_vec()]
        } else {
            [roster[0].to_vec(), later[0].clone(), later[1].clone()]
        };
        for body in all {
            assert_eq!(world.deliver(&body).await, 202);
        }
        assert_eq!(
            world.inside("Members").await,
            ["eve"],
            "letters first: {letter_first}"
        );
        world.ends_well().await;
    }
}

async fn i9_nothing_that_was_answered_2xx_is_lost_when_receive_is_shot(at: Doors) {
    let mut world = begin(Scenario::at(at, PLAN), json!({}), &["Members"]).await;
    let body = delivery(
        "subscription.updated",
        "2026-03-02T08:01:00Z",
        &subscription("ada"),
    );
    world.crash(CrashStep::Enqueue, 2);
    assert_eq!(
        [
            world.deliver(&body).await,
            world.deliver(&body).await,
            world.deliver(&body).await
        ],
        [500, 500, 202]
    );
    assert_eq!(world.inside("Members").await, ["ada"]);
    world
        .change(json!({ "subscriptions": [subscription("ada"), subscription("bob")] }))
        .await;
    let roster = world.roster(1).await;
    world.crash(CrashStep::Enqueue, 1);
    assert_eq!(
        [
            world.deliver(&roster[0]).await,
            world.deliver(&roster[0]).await
        ],
        [500, 202]
    );
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

/// Twelve people on the plan.
pub fn a_dozen() -> Value {
    let user = |n: usize| json!({ "id": format!("u-p{n:02}"), "name": format!("Person {n}"), "email": format!("p{n:02}@example.test"), "active": true });
    let users: Vec<Value> = (1..=12).map(user).collect();
    let subscriptions: Vec<Value> = (1..=12)
        .map(|n| subscription(&format!("p{n:02}")))
        .collect();
    json!({ "users": users, "subscriptions": subscriptions })
}

pub fn roster(things: Value, at: &str) -> Vec<u8> {
    delivery("roster.replaced", at, &things)
}

pub async fn refused(world: &World, body: &[u8], said: &str) -> Report {
    let before = world.inside("Members").await;
    assert_eq!(world.deliver(body).await, 202);
    assert_eq!(world.inside("Members").await, before, "no one loses access");
    let report = world.reconcile().await;
    assert_eq!((report.granted, report.revoked), (0, 0));
    assert!(!report.reads["andcards"].complete, "{report:?}");
    assert!(
        report.problems.iter().any(|problem| problem.contains(said)),
        "{report:?}"
    );
    let published = world.machine.cloud().bus.published();
    assert!(
        published.iter().any(|event| event.kind == "read.refused"),
        "an event is published"
    );
    report
}

#[tokio::test]
async fn b4_an_empty_roster_where_there_was_one_is_refused_and_a_good_one_heals() {
    for things in [
        json!({}),
        json!({ "users": [], "companies": [], "subscriptions": [], "bookings": [] }),
    ] {
        let world = begin(Scenario::at(Doors::Kisi, PLAN), a_dozen(), &["Members"]).await;
        assert_eq!(world.inside("Members").await.len(), 12);
        refused(
            &world,
            &roster(things, "2026-03-02T08:01:00Z"),
            "the last roster is empty",
        )
        .await;
        // Single updates still work.
        deliver(
            &world,
            "subscription.removed",
            "2026-03-02T08:02:00Z",
            &json!({ "id": "s-p12" }),
        )
        .await;
        assert_eq!(world.inside("Members").await.len(), 11);
        world.clock("2026-03-02T08:05:00Z").await;
        world
            .change(json!({ "remove": { "subscriptions": ["s-p11", "s-p12"] } }))
            .await;
        assert_eq!(world.deliver(&world.roster(1).await[0]).await, 202);
        assert_eq!(world.inside("Members").await.len(), 10);
        assert_eq!(world.ends_well().await.problems, [""; 0]);
    }
}

#[tokio::test]
async fn b4_a_roster_that_lost_half_of_a_list_is_refused_whole() {
    let world = begin(Scenario::at(Doors::Kisi, PLAN), a_dozen(), &["Members"]).await;
    let first = |count: usize| {
        let mut things = space(a_dozen());
        things["subscriptions"]
            .as_array_mut()
            .expect("a list")
            .truncate(count);
        things
    };
    refused(
        &world,
        &roster(first(6), "2026-03-02T08:01:00Z"),
        "lost 6 of 12 subscriptions",
    )
    .await;
    refused(
        &world,
        &roster(first(5), "2026-03-02T08:02:00Z"),
        "lost 7 of 12 subscriptions",
    )
    .await;
    refused(
        &world,
        &roster(first(0), "2026-03-02T08:03:00Z"),
        "has no subscriptions, and the one before had 12",
    )
    .await;
    assert_eq!(
        world
            .deliver(&roster(first(7), "2026-03-02T08:04:00Z"))
            .await,
        202
    );
    assert_eq!(
        world.inside("Members").await.len(),
        12,
        "less than half may be true, but five are many"
    );
    world.approve_all().await;
    assert_eq!(world.inside("Members").await.len(), 7);
    assert_eq!(world.ends_well().await.problems, [""; 0]);
}

/// What was told by letters alone is as good as a roster: an empty one is refused there too.
#[tokio::test]
async fn b4_a_first_roster_is_judged_by_the_deliveries_before_it() {
    let world = Scenario::at(Doors::Kisi, PLAN)
        .on(Platform::Andcards)
        .start(json!({}), DoorsFixture::with(&["Members"]))
        .await;
    world.reconcile().await;
    world
        .change_and_deliver(space(json!({ "subscriptions": [subscription("ada")] })))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    refused(
        &world,
        &roster(json!({}), "2026-03-02T08:01:00Z"),
        "the last roster is empty",
    )
    .await;
    // Letters that are newer than it are no reason to doubt it.
    let mut none = space(json!({}));
    none["subscriptions"] = json!([subscription("bob")]);
    assert_eq!(
        world.deliver(&roster(none, "2026-03-02T08:02:00Z")).await,
        202
    );
    assert_eq!(world.inside("Members").await, ["bob"]);
    world.ends_well().await;
}

#[tokio::test]
async fn b4_a_roster_that_never_comes_whole_counts_for_nothing_and_is_said() {
    let world = begin(Scenario::at(Doors::Kisi, PLAN), a_dozen(), &["Members"]).await;
    let part =
        |part: u32, parts: u32| json!({ "roster": "r", "part": part, "parts": parts, "users": [] });
    assert_eq!(
        world
            .deliver(&roster(part(1, 2), "2026-03-02T08:01:00Z"))
            .await,
        202
    );
    assert_eq!(
        world.reconcile().await.problems,
        [""; 0],
        "the other part may be on its way"
    );
    world.clock("2026-03-02T09:02:00Z").await;
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("1 of its 2 parts did not arrive")),
        "{report:?}"
    );
    assert_eq!(
        world
            .deliver(&roster(part(2, 3), "2026-03-02T08:02:00Z"))
            .await,
        202
    );
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("state different numbers of parts")),
        "{report:?}"
    );
    assert_eq!(world.inside("Members").await.len(), 12);
    assert_eq!(world.deliver(&world.roster(2).await[0]).await, 202);
    let twice = json!({ "roster": "t", "part": 1, "parts": 2, "users": a_dozen()["users"] });
    let again = json!({ "roster": "t", "part": 2, "parts": 2, "users": a_dozen()["users"] });
    for data in [twice, again] {
        assert_eq!(
            world.deliver(&roster(data, "2026-03-02T09:02:30Z")).await,
            202
        );
    }
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("has one of its users twice")),
        "{report:?}"
    );
    assert_eq!(world.inside("Members").await.len(), 12);
}

/// It breaks the contract, but must not revoke access.
#[tokio::test]
async fn b4_a_roster_id_that_is_used_again_takes_nothing_and_is_said() {
    let world = begin(Scenario::at(Doors::Kisi, PLAN), a_dozen(), &["Members"]).await;
    let all = space(a_dozen());
    let first = json!({ "roster": "daily", "part": 1, "parts": 2, "users": all["users"], "companies": all["companies"] });
    let second =
        json!({ "roster": "daily", "part": 2, "parts": 2, "subscriptions": all["subscriptions"] });
    for part in [&first, &second] {
        assert_eq!(
            world
                .deliver(&roster(part.clone(), "2026-03-02T08:01:00Z"))
                .await,
            202
        );
    }
    assert_eq!(world.reconcile().await.problems, [""; 0]);
    world.clock("2026-03-02T10:00:00Z").await;
    assert_eq!(
        world.deliver(&roster(first, "2026-03-02T10:00:00Z")).await,
        202
    );
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("were sent again")),
        "{report:?}"
    );
    assert_eq!(world.inside("Members").await.len(), 12);
    let mut fewer = second.clone();
    fewer["subscriptions"]
        .as_array_mut()
        .expect("a list")
        .truncate(6);
    assert_eq!(
        world.deliver(&roster(fewer, "2026-03-02T10:00:01Z")).await,
        202
    );
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("lost 6 of 12 subscriptions")),
        "{report:?}"
    );
    assert_eq!(world.inside("Members").await.len(), 12);
    assert_eq!(
        world.deliver(&roster(second, "2026-03-02T10:00:02Z")).await,
        202
    );
    assert_eq!(world.inside("Members").await.len(), 12);
    assert_eq!(world.ends_well().await.problems, [""; 0]);
}

/// Larger than one item of the table, and larger than one delivery.
#[tokio::test]
async fn b4_a_roster_of_thousands_comes_in_parts_of_almost_a_mebibyte() {
    let user = |n: usize| {
        json!({ "id": format!("u-{n}"), "name": format!("Worker {n} {}", "é".repeat(200)),
            "email": format!("w{n}@example.test"), "active": n > 0 })
    };
    let things = json!({ "users": (0..3_000).map(user).collect::<Vec<_>>() });
    let world = Scenario::at(Doors::Kisi, PLAN)
        .on(Platform::Andcards)
        .start(things, DoorsFixture::with(&["Members"]))
        .await;
    let parts = world.roster(2).await;
    assert!(
        parts
            .iter()
            .all(|part| (500_000..1 << 20).contains(&part.len()))
    );
    for part in parts {
        assert_eq!(world.deliver(&part).await, 202);
    }
    world.machine.quiet().await;
    let report = world.reconcile().await;
    assert_eq!(
        (report.problems.len(), report.reads["andcards"].records),
        (0, 3_000)
    );
    // What a newer roster outdates is forgotten.
    let told = |table: &[(String, String)]| {
        table
            .iter()
            .filter(|(at, _)| at.starts_with("riverside#told"))
            .count()
    };
    let before = told(&world.table().await);
    for part in world.roster(2).await {
        assert_eq!(world.deliver(&part).await, 202);
    }
    world.machine.quiet().await;
    assert_eq!(told(&world.table().await), before);
}
