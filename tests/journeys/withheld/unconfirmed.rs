//! An unconfirmed change does not stay unconfirmed: if an accepted list also lacks the thing, it is
//! judged like any other.

use serde_json::{Value, json};

use super::{carded, full, hot_desk, member, names, who};
use crate::journeys::nexudus;
use crate::support::{Doors, DoorsFixture, Platform, Scenario, World, address, at_both};
use doorstep_jobs::reconcile::Report;

at_both!(
    b4_what_an_unconfirmed_list_and_a_good_one_leave_out_is_judged_like_anything_else,
    b4_a_card_number_that_unconfirmed_lists_and_a_good_one_leave_out_is_taken_back,
    b4_what_unconfirmed_lists_of_nexudus_and_a_good_one_leave_out_is_judged_like_anything_else,
);

/// Compares three times, so that what the lists say is doubted and held.
async fn unconfirmed(world: &World) -> Report {
    for _ in 0..2 {
        assert_eq!(world.reconcile().await.held, 0);
    }
    world.reconcile().await
}

async fn b4_what_an_unconfirmed_list_and_a_good_one_leave_out_is_judged_like_anything_else(
    at: Doors,
) {
    let world = full(at, 12).await;
    let ids: Vec<String> = (0..6).map(|n| format!("s-{}", who(n))).collect();
    world
        .change(json!({ "remove": { "memberships": ids } }))
        .await;
    let report = unconfirmed(&world).await;
    assert_eq!(
        (report.revoked, report.untagged, report.held),
        (0, 0, 12),
        "{report:?}"
    );
    assert_eq!(
        world.reconcile().await.held,
        12,
        "the same list again is no better"
    );
    // All but one were left out by mistake. That one is over.
    world
        .change(json!({ "memberships": (1..6).map(|n| hot_desk(&who(n))).collect::<Vec<_>>() }))
        .await;
    let report = world.reconcile().await;
    assert_eq!(
        (report.granted, report.revoked, report.untagged, report.held),
        (0, 1, 1, 0),
        "{report:?}"
    );
    assert_eq!(world.inside("Members").await, names(1..12));
    assert_eq!(world.holds().await.len(), 0);
    world.ends_well().await;
}

async fn b4_a_card_number_that_unconfirmed_lists_and_a_good_one_leave_out_is_taken_back(at: Doors) {
    let world = full(at, 12).await;
    let bare = |n| {
        let mut bare = member(n);
        bare["properties"] = json!({});
        bare
    };
    world
        .change(json!({ "members": (0..12).map(bare).collect::<Vec<_>>() }))
        .await;
    let report = unconfirmed(&world).await;
    assert_eq!((report.untagged, report.held), (0, 12), "{report:?}");
    assert_eq!(
        world.reconcile().await.held,
        12,
        "the same list again is no better"
    );
    world
        .change(json!({ "members": (1..12).map(member).collect::<Vec<_>>() }))
        .await;
    let report = world.reconcile().await;
    assert_eq!(
        (report.tagged, report.untagged, report.held),
        (0, 1, 0),
        "{report:?}"
    );
    assert_eq!((carded(&world).await, world.holds().await.len()), (11, 0));
    assert_eq!(world.inside("Members").await, names(0..12));
    world.ends_well().await;
}

async fn b4_what_unconfirmed_lists_of_nexudus_and_a_good_one_leave_out_is_judged_like_anything_else(
    at: Doors,
) {
    let coworker =
        |n: usize| json!({ "Id": 500 + n, "FullName": who(n), "Email": address(&who(n)) });
    let contract = |n: usize| nexudus::contract(500 + n as u64);
    let things = json!({
        "Coworkers": (0..12).map(coworker).collect::<Vec<Value>>(),
        "CoworkerContracts": (0..12).map(contract).collect::<Vec<Value>>(),
    });
    let scenario = Scenario::at(at, nexudus::PLAN).on(Platform::Nexudus);
    let world = scenario
        .begin(nexudus::town(things), DoorsFixture::with(&["Members"]))
        .await;
    assert_eq!(world.inside("Members").await, names(0..12));
    let ids: Vec<usize> = (0..6).map(|n| 600 + n).collect();
    world
        .change(json!({ "remove": { "CoworkerContracts": ids } }))
        .await;
    let report = unconfirmed(&world).await;
    assert_eq!((report.revoked, report.held), (0, 6), "{report:?}");
    assert_eq!(
        world.reconcile().await.held,
        6,
        "the same list again is no better"
    );
    world
        .change(json!({ "CoworkerContracts": (1..6).map(contract).collect::<Vec<Value>>() }))
        .await;
    let report = world.reconcile().await;
    assert_eq!(
        (report.granted, report.revoked, report.held),
        (0, 1, 0),
        "{report:?}"
    );
    assert_eq!(world.inside("Members").await, names(1..12));
    assert_eq!(world.holds().await.len(), 0);
    world.ends_well().await;
}
