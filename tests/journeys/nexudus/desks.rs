//! Desks that change hands, of which only the desk tells.

use serde_json::{Value, json};

use super::{begin, contract, town};
use crate::support::{Doors, DoorsFixture, Platform, Scenario, World, at_both};

at_both!(
    n3_a_desk_that_moves_closes_for_the_contract_that_lost_it_and_opens_for_the_other,
    n3_a_desk_that_is_taken_away_closes_though_no_contract_gains_it,
    n3_a_desk_that_is_deleted_closes_for_the_contract_that_had_it,
    n3_a_desk_that_moves_is_read_again_while_the_platform_lags,
);

const DESK: &str = "[[rule]]\nassignable = \"Desk 12\"\nopens = [\"Desks\"]\n";

/// The contract of a coworker, with these desks.
fn with(coworker: u64, desks: &[u64]) -> Value {
    let mut contract = contract(coworker);
    contract["Desks"] = json!(desks);
    contract
}

/// The desk is Eve's. Ada has a contract without one.
fn hers() -> Value {
    json!({ "CoworkerContracts": [with(13, &[61]), contract(11)] })
}

/// The desk moves from Eve's contract to Ada's.
fn moved() -> Value {
    json!({
        "FloorPlanDesks": [{ "Id": 61, "CoworkerId": 11 }],
        "CoworkerContracts": [{ "Id": 113, "Desks": [] }, { "Id": 111, "Desks": [61] }],
    })
}

/// Only the desk tells.
async fn deliver_desk(world: &World, action: u16) {
    assert_eq!(world.deliver_to(Some(action), br#"[{"Id":61}]"#).await, 202);
}

async fn n3_a_desk_that_moves_closes_for_the_contract_that_lost_it_and_opens_for_the_other(
    at: Doors,
) {
    let world = begin(at, DESK, hers(), &["Desks"]).await;
    assert_eq!(world.inside("Desks").await, ["eve"]);
    world.change(moved()).await;
    assert_eq!(world.inside("Desks").await, ["eve"]);
    deliver_desk(&world, 73).await;
    assert_eq!(world.inside("Desks").await, ["ada"]);
    world.ends_well().await;
}

async fn n3_a_desk_that_is_taken_away_closes_though_no_contract_gains_it(at: Doors) {
    let world = begin(at, DESK, hers(), &["Desks"]).await;
    let free = json!({ "Id": 61, "CoworkerId": null });
    world
        .change(
            json!({ "FloorPlanDesks": [free], "CoworkerContracts": [{ "Id": 113, "Desks": [] }] }),
        )
        .await;
    deliver_desk(&world, 73).await;
    assert_eq!(world.inside("Desks").await, [""; 0]);
    world.ends_well().await;
}

async fn n3_a_desk_that_is_deleted_closes_for_the_contract_that_had_it(at: Doors) {
    let world = begin(at, DESK, hers(), &["Desks"]).await;
    world
        .change(json!({ "CoworkerContracts": [{ "Id": 113, "Desks": [] }] }))
        .await;
    world
        .change(json!({ "remove": { "FloorPlanDesks": [61] } }))
        .await;
    deliver_desk(&world, 72).await;
    assert_eq!(world.inside("Desks").await, [""; 0]);
    world.ends_in_order().await;
}

async fn n3_a_desk_that_moves_is_read_again_while_the_platform_lags(at: Doors) {
    let mut things = town(hers());
    things["quirks"] = json!(["lag"]);
    let world = Scenario::at(at, DESK)
        .on(Platform::Nexudus)
        .begin(things, DoorsFixture::with(&["Desks"]))
        .await;
    world.clock("2026-03-02T08:10:00Z").await;
    world.change(moved()).await;
    deliver_desk(&world, 73).await;
    assert_eq!(world.inside("Desks").await, ["eve"]);
    world.at("2026-03-02T08:16:00Z", "Desks", &["ada"]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn n3_a_contract_that_gains_a_desk_is_read_when_only_the_desk_tells_of_it() {
    let world = begin(
        Doors::SaltoKs,
        DESK,
        json!({ "CoworkerContracts": [contract(13)] }),
        &["Desks"],
    )
    .await;
    // The desk names the contract, and no coworker.
    world
        .change(json!({ "CoworkerContracts": [{ "Id": 113, "Desks": [61] }] }))
        .await;
    assert_eq!(world.inside("Desks").await, [""; 0]);
    deliver_desk(&world, 73).await;
    assert_eq!(world.inside("Desks").await, ["eve"]);
    world.ends_well().await;
}
