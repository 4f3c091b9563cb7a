//! The counts of deliveries: per hour and webhook address, exact for few and cheap for many.

use serde_json::json;

use super::{PLAN, hot_desk, town};
use crate::journeys::entries::mac;
use crate::support::{Doors, DoorsFixture, SECRET, SITE, Scenario, World};
use doorstep_cloud::store::deliveries::HourOfDeliveries;
use doorstep_core::model::delivery_counts::DeliveryOutcome::{self, Refused, Unreadable, Verified};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::webhook_sender::WebhookSender;
use doorstep_operator::deliveries::{Deliveries, deliveries};

async fn riverside() -> World {
    let things = town(json!({ "memberships": [hot_desk("ada")] }));
    Scenario::at(Doors::Kisi, PLAN)
        .begin(things, DoorsFixture::with(&["Members"]))
        .await
}

/// All counts, oldest first.
async fn stored(world: &World) -> Vec<HourOfDeliveries> {
    let store = &world.machine.environment().store;
    let all = "2026-01-01T00:00:00Z".parse().expect("an instant")..world.machine.now();
    let all = all.start..all.end + std::time::Duration::from_secs(1);
    store
        .deliveries(&SiteId::from(SITE), all)
        .await
        .expect("it reads")
}

fn sum(all: &[HourOfDeliveries], outcome: DeliveryOutcome) -> u64 {
    all.iter().map(|one| one.counts.of(outcome).count).sum()
}

/// Posts a delivery that no secret verifies.
async fn forge(world: &World) -> u16 {
    world.post(&["signature=00, t=0"], b"{}").await
}

/// Posts a body of Kisi, signed.
async fn of_kisi(world: &World, body: &str) -> u16 {
    let header = format!("sha256={}", hex::encode(mac(SECRET, body.as_bytes())));
    world
        .post_as(
            "/hooks/riverside/kisi/main",
            "x-signature",
            &[&header],
            body.as_bytes(),
        )
        .await
}

#[tokio::test]
async fn deliveries_are_counted_by_hour_and_address_and_what_became_of_them() {
    let world = riverside().await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    assert_eq!(forge(&world).await, 401);
    assert_eq!(world.deliver(b"[]").await, 202, "it cannot be parsed");
    world.clock("2026-03-02T09:10:00Z").await;
    assert_eq!(of_kisi(&world, "[]").await, 202, "it cannot be parsed");
    for _ in 0..3 {
        assert_eq!(forge(&world).await, 401);
    }
    // No site has these addresses.
    for path in ["/hooks/nowhere/officernd", "/hooks/riverside/nexudus"] {
        assert_eq!(world.post_to(path, &["signature=00"], b"{}").await, 404);
    }
    let all = stored(&world).await;
    let told: Vec<(String, WebhookSender, [u64; 3])> = all
        .iter()
        .map(|one| {
            let of = |outcome| one.counts.of(outcome).count;
            let counts = [of(Verified), of(Refused), of(Unreadable)];
            (one.hour.to_string(), one.sender.clone(), counts)
        })
        .collect();
    let doors = WebhookSender::Doors("main".into());
    let (eight, nine) = ("2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z");
    assert_eq!(
        told,
        [
            (eight.to_owned(), WebhookSender::Platform, [1, 1, 1]),
            (nine.to_owned(), doors, [0, 0, 1]),
            (nine.to_owned(), WebhookSender::Platform, [0, 3, 0]),
        ]
    );
    let last = all[2].counts.refused.last.expect("the last one");
    assert_eq!(last.to_string(), "2026-03-02T09:10:00Z");
    world.ends_in_order().await;
}

#[tokio::test]
async fn a_flood_of_refused_deliveries_is_ten_writes_a_minute_and_none_is_lost() {
    let world = riverside().await;
    world.machine.cloud().units_used();
    for _ in 0..1_000 {
        assert_eq!(forge(&world).await, 401);
    }
    let calls = world.machine.cloud().units_used();
    let writes = calls.iter().filter(|call| call.is_write());
    assert_eq!(writes.filter(|call| call.units.is_some()).count(), 10);
    assert_eq!(sum(&stored(&world).await, Refused), 10, "each one at first");
    world.clock("2026-03-02T08:01:00Z").await;
    assert_eq!(forge(&world).await, 401);
    assert_eq!(sum(&stored(&world).await, Refused), 1_001);
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("bob")] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world.ends_well().await;
}

async fn of_day(world: &World, day: Option<&str>) -> Deliveries {
    world.machine.quiet().await;
    let day = day.map(|day| day.parse().expect("a day"));
    deliveries(world.machine.environment(), &SiteId::from(SITE), day)
        .await
        .expect("the deliveries")
}

#[tokio::test]
async fn the_deliveries_of_a_day_are_shown_by_local_hour_with_the_last_of_each_webhook() {
    // London is an hour ahead of UTC in summer.
    let world = Scenario::at(Doors::Kisi, PLAN)
        .starts_at("2026-07-01T22:30:00Z")
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await;
    forge(&world).await;
    world.clock("2026-07-01T23:10:00Z").await;
    world
        .change_and_deliver(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    world.deliver(b"[]").await;
    let first = of_day(&world, Some("2026-07-01")).await;
    let second = of_day(&world, None).await;
    assert_eq!(second.day.to_string(), "2026-07-02");
    let told = |found: &Deliveries| -> Vec<(String, u64, u64, u64)> {
        let platform = &found.webhooks[0];
        assert_eq!(platform.sender, WebhookSender::Platform);
        assert_eq!(platform.hours.len(), 24);
        let hours = platform.hours.iter();
        hours
            .filter(|hour| hour.counts.total() > 0)
            .map(|hour| {
                let of = |outcome| hour.counts.of(outcome).count;
                (
                    hour.from.to_string(),
                    of(Verified),
                    of(Refused),
                    of(Unreadable),
                )
            })
            .collect()
    };
    assert_eq!(told(&first), [("2026-07-01T22:00:00Z".to_owned(), 0, 1, 0)]);
    assert_eq!(
        told(&second),
        [("2026-07-01T23:00:00Z".to_owned(), 1, 0, 1)]
    );
    let last = |found: &Deliveries, outcome| {
        let last = found.webhooks[0].all.of(outcome).last;
        last.map(|last| last.to_string())
    };
    assert_eq!(
        last(&first, Refused).as_deref(),
        Some("2026-07-01T22:30:00Z")
    );
    assert_eq!(
        last(&first, Verified).as_deref(),
        Some("2026-07-01T23:10:00Z")
    );
    let doors = &second.webhooks[1];
    let address = doors.address.as_deref();
    assert_eq!(address, Some("/hooks/riverside/kisi/main"));
    assert_eq!((doors.all.total(), second.unreadable.len()), (0, 1));
    let at = second.unreadable[0].at.expect("an instant").to_string();
    assert_eq!(at, "2026-07-01T23:10:00Z");
    world.ends_in_order().await;
}

#[tokio::test]
async fn the_last_reads_are_shown_and_since_when_they_fail() {
    let mut world = riverside().await;
    let found = of_day(&world, None).await;
    let began = "2026-03-02T08:00:00Z".to_owned();
    let text = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
    assert_eq!(text(found.platform.whole), Some(began.clone()));
    assert_eq!(text(found.doors[0].complete), Some(began.clone()));
    assert_eq!(
        (found.platform.failing, found.doors[0].failing),
        (None, None)
    );
    let down = json!([{ "match": "*", "status": 503, "times": -1 }]);
    world.platform_faults(down.clone()).await;
    world.faults(down).await;
    world.clock("2026-03-02T08:15:00Z").await;
    world.reconcile().await;
    let found = of_day(&world, None).await;
    let since = Some("2026-03-02T08:15:00Z".to_owned());
    assert_eq!(
        (text(found.platform.failing), text(found.doors[0].failing)),
        (since.clone(), since)
    );
    assert_eq!(text(found.platform.complete), Some(began));
    assert_eq!(found.doors[0].complete, None);
    world.platform_faults(json!([])).await;
    world.faults(json!([])).await;
    world.reconcile().await;
    let found = of_day(&world, None).await;
    assert_eq!(
        (found.platform.failing, found.doors[0].failing),
        (None, None)
    );
    assert_eq!(found.reconcile.running, None);
    world.ends_in_order().await;
}
