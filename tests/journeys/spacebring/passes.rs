//! Day passes.

use serde_json::{Value, json};

use super::{EVE, PASSES, RIVERSIDE, begin, id};
use crate::support::{Doors, at_both};

at_both! {
    s5_day_passes_open_until_all_are_used_or_their_validity_ends,
    s5_the_last_day_pass_admits_until_local_midnight,
}

fn bought(amount: u64, expires: &str) -> Value {
    json!({
        "id": id(501), "membershipRef": id(EVE), "locationRef": id(RIVERSIDE),
        "type": "purchaseAllocation", "amount": amount,
        "amounts": [{ "amount": amount, "expirationDate": expires, "type": "expiring" }],
    })
}

async fn s5_day_passes_open_until_all_are_used_or_their_validity_ends(at: Doors) {
    let things = json!({ "dayPasses": [bought(2, "2026-03-05T12:00:00.000Z")] });
    let world = begin(at, PASSES, things, &["Members"]).await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.at("2026-03-05T23:59:00Z", "Members", &["eve"]).await;
    world.at("2026-03-06T00:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}

async fn s5_the_last_day_pass_admits_until_local_midnight(at: Doors) {
    let expires = "2026-06-01T00:00:00.000Z";
    let world = begin(
        at,
        PASSES,
        json!({ "dayPasses": [bought(1, expires)] }),
        &["Members"],
    )
    .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    let used = json!({
        "id": id(502), "membershipRef": id(EVE), "locationRef": id(RIVERSIDE), "type": "booking",
        "amount": 1, "createDate": "2026-03-02T09:00:00.000Z",
        "amounts": [{ "amount": 1, "expirationDate": expires, "type": "expiring" }],
    });
    world.clock("2026-03-02T09:00:00Z").await;
    world.change(json!({ "dayPasses": [used] })).await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.at("2026-03-03T00:00:00Z", "Members", &[]).await;
    world.reconcile().await;
    assert!(world.inside("Members").await.is_empty());
    world.ends_well().await;
}
