//! What counts over a day, and what an approval is worth.

use serde_json::{Value, json};

use super::{PLAN, full, hot_desk, names, town, who};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, address, at_both};
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::ids::SiteId;

at_both!(
    b4_new_accounts_are_counted_over_a_day_and_not_at_each_comparison,
    b4_new_accounts_that_signed_changes_bring_count_too,
    b4_new_accounts_that_a_human_approved_do_not_count,
    b4_an_approved_hold_is_not_released_again,
    i6_a_hold_written_back_from_an_old_copy_does_not_lose_an_approval,
);

fn newcomer(n: usize) -> Value {
    json!({ "_id": format!("m-n{n}"), "name": format!("n{n}"), "email": address(&format!("n{n}")) })
}

/// People on a plan.
fn newcomers(range: std::ops::Range<usize>) -> Value {
    let plans = range
        .clone()
        .map(|n| hot_desk(&format!("n{n}")))
        .collect::<Vec<_>>();
    json!({ "members": range.map(newcomer).collect::<Vec<_>>(), "memberships": plans })
}

async fn empty(at: Doors) -> World {
    Scenario::at(at, PLAN)
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await
}

async fn b4_new_accounts_are_counted_over_a_day_and_not_at_each_comparison(at: Doors) {
    let world = empty(at).await;
    world.change(newcomers(0..60)).await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await.len(), 60);
    world.clock("2026-03-02T08:15:00Z").await;
    world.change(newcomers(60..120)).await;
    assert_eq!(
        world.reconcile().await.held,
        60,
        "that would make 120 within a day"
    );
    assert_eq!(world.inside("Members").await.len(), 60);
    world.clock("2026-03-03T08:16:00Z").await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await.len(), 120);
    world.ends_well().await;
}

async fn b4_new_accounts_that_signed_changes_bring_count_too(at: Doors) {
    let world = empty(at).await;
    for start in [0, 30, 60] {
        world.change_and_deliver(newcomers(start..start + 30)).await;
    }
    assert_eq!(world.inside("Members").await.len(), 90);
    world.change_and_deliver(newcomers(90..120)).await;
    assert!(
        world.inside("Members").await.len() <= 100,
        "{}",
        world.inside("Members").await.len()
    );
    world.reconcile().await;
    assert!(world.holds().await[0].hold.accounts >= 20);
    world.approve_all().await;
    assert_eq!(world.inside("Members").await.len(), 120);
    world.ends_well().await;
}

async fn b4_new_accounts_that_a_human_approved_do_not_count(at: Doors) {
    let world = empty(at).await;
    world.change(newcomers(0..101)).await;
    world.reconcile().await;
    world.approve_all().await;
    assert_eq!(world.inside("Members").await.len(), 101);
    world.change_and_deliver(newcomers(101..102)).await;
    assert_eq!(world.inside("Members").await.len(), 102);
    world.ends_well().await;
}

fn gone(range: std::ops::Range<usize>) -> Value {
    json!({ "remove": { "memberships": range.map(|n| format!("s-{}", who(n))).collect::<Vec<_>>() } })
}

async fn b4_an_approved_hold_is_not_released_again(at: Doors) {
    let mut world = full(at, 12).await;
    world.change(gone(0..5)).await;
    world.reconcile().await;
    let checksum = world.holds().await[0].hold.checksum.clone();
    world
        .faults(json!([{ "match": "*", "status": 500, "times": -1 }]))
        .await;
    world
        .machine
        .approve(None, &checksum)
        .await
        .expect("an approval");
    world.clock("2026-03-02T08:50:00Z").await;
    let again = world
        .machine
        .approve(None, &checksum)
        .await
        .expect_err("it was approved");
    assert!(again.to_string().contains("was approved at"), "{again}");
    world.clock("2026-03-02T09:10:00Z").await;
    world.faults(json!([])).await;
    world.clock("2026-03-02T09:20:00Z").await;
    assert_eq!(
        world.inside("Members").await,
        names(0..12),
        "the hour of the one approval is over"
    );
    assert_eq!(
        world.reconcile().await.held,
        10,
        "five people, with their cards"
    );
    world.approve_all().await;
    assert_eq!(world.inside("Members").await, names(5..12));
    world.ends_well().await;
}

async fn i6_a_hold_written_back_from_an_old_copy_does_not_lose_an_approval(at: Doors) {
    let world = full(at, 12).await;
    world.change(gone(0..5)).await;
    world.reconcile().await;
    let store = &world.machine.environment().store;
    let old = store
        .holds(&SiteId::from(SITE))
        .await
        .expect("holds")
        .remove(0);
    world
        .machine
        .approve(None, &old.checksum)
        .await
        .expect("an approval");
    // A comparison that read the hold before wants to note that it told of it.
    store
        .keep_hold(&Hold {
            reported: world.machine.now(),
            ..old.clone()
        })
        .await
        .expect_err("it changed meanwhile");
    store.drop_hold(&old).await.expect_err("nor is it dropped");
    let kept = store
        .hold(&SiteId::from(SITE), &old.checksum)
        .await
        .expect("it reads")
        .expect("it is there");
    assert!(kept.approved.is_some());
    assert_eq!(world.inside("Members").await, names(5..12));
    world.ends_well().await;
}
