//! Contracts: plans, desks and offices, pauses, ends and successors.

use serde_json::json;

use super::{PASSES, PLAN, ROOM, begin, booking, contract, pass};
use crate::support::{Doors, DoorsFixture, Platform, Scenario};

const ALL: &str = "[[rule]]\nassignable = \"Desk 12\"\nopens = [\"Desks\"]\n";

#[tokio::test]
async fn n3_groups_follow_passes_bookings_and_the_desks_and_offices_of_contracts() {
    let rules =
        format!("{PASSES}{ROOM}{ALL}[[rule]]\nassignable = \"61\"\nopens = [\"By number\"]\n");
    let world = begin(
        Doors::SaltoKs,
        &rules,
        json!({}),
        &["Members", "Meeting", "Desks", "By number"],
    )
    .await;
    let mut with_desk = contract(13);
    with_desk["Desks"] = json!([61]);
    world
        .change_and_deliver(json!({ "CoworkerContracts": [with_desk] }))
        .await;
    assert_eq!(
        (world.inside("Desks").await, world.inside("By number").await),
        (vec!["eve".to_owned()], vec!["eve".to_owned()])
    );
    world
        .change_and_deliver(json!({ "CoworkerTimePasses": [pass(11, 51)] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    world
        .change_and_deliver(
            json!({ "Bookings": [booking(12, "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")] }),
        )
        .await;
    world.at("2026-03-02T09:45:00Z", "Meeting", &["bob"]).await;
    world.at("2026-03-02T11:15:00Z", "Meeting", &[]).await;
    world
        .change_and_deliver(json!({ "CoworkerContracts": [{ "Id": 113, "Desks": [72] }] }))
        .await;
    assert_eq!(world.inside("Desks").await, [""; 0], "another desk");
    world.ends_well().await;
}

#[tokio::test]
async fn n3_k7_a_contract_opens_while_it_runs_and_its_cancellation_is_its_last_day() {
    let mut ends = contract(13);
    ends["StartDate"] = json!("2026-03-28T00:00:00Z");
    let world = begin(
        Doors::SaltoKs,
        PLAN,
        json!({ "CoworkerContracts": [ends] }),
        &["Members"],
    )
    .await;
    world.at("2026-03-27T23:59:59Z", "Members", &[]).await;
    world.at("2026-03-28T00:00:00Z", "Members", &["eve"]).await;
    let cancelled =
        json!({ "Id": 113, "Cancelled": true, "CancellationDate": "2026-03-29T00:00:00Z" });
    world
        .change_and_deliver(json!({ "CoworkerContracts": [cancelled] }))
        .await;
    // On the 29th the clocks go forward.
    world.at("2026-03-29T22:59:59Z", "Members", &["eve"]).await;
    world.at("2026-03-29T23:00:00Z", "Members", &[]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn n3_a_pause_opens_nothing_and_the_contract_goes_on_after_it() {
    let world = begin(
        Doors::SaltoKs,
        PLAN,
        json!({ "CoworkerContracts": [contract(13)] }),
        &["Members"],
    )
    .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    let pause = json!({ "CoworkerContractId": 113, "PauseFrom": "2026-03-05T00:00:00Z", "PauseUntil": "2026-03-10T00:00:00Z" });
    world
        .change_and_deliver(json!({ "ContractPausedPeriods": [pause] }))
        .await;
    world.at("2026-03-04T23:59:59Z", "Members", &["eve"]).await;
    world.at("2026-03-05T00:00:00Z", "Members", &[]).await;
    world.at("2026-03-09T23:59:59Z", "Members", &[]).await;
    world.at("2026-03-10T00:00:00Z", "Members", &["eve"]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn n3_a_renewed_contract_hands_over_without_a_gap() {
    let world = begin(
        Doors::SaltoKs,
        PLAN,
        json!({ "CoworkerContracts": [contract(13)] }),
        &["Members"],
    )
    .await;
    let old = json!({ "Id": 113, "Cancelled": true, "Active": false, "CancellationReason": 11, "CancellationDate": "2026-03-01T00:00:00Z" });
    let mut new = contract(13);
    new["Id"] = json!(999);
    new["StartDate"] = json!("2026-03-02T00:00:00Z");
    // Its end is told before its successor is there.
    world
        .change_and_deliver(json!({ "CoworkerContracts": [old] }))
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["eve"],
        "the successor is waited for"
    );
    world.change(json!({ "CoworkerContracts": [new] })).await;
    world.at("2026-03-02T08:01:00Z", "Members", &["eve"]).await;
    world.at("2026-03-02T08:10:00Z", "Members", &["eve"]).await;
    assert!(
        !world
            .actions("eve")
            .await
            .contains(&"revoked Members".to_owned()),
        "{:?}",
        world.actions("eve").await
    );
    world.ends_well().await;
}

#[tokio::test]
async fn n3_a_successor_that_never_comes_is_waited_for_five_minutes() {
    let world = begin(
        Doors::SaltoKs,
        PLAN,
        json!({ "CoworkerContracts": [contract(13)] }),
        &["Members"],
    )
    .await;
    let old = json!({ "Id": 113, "Cancelled": true, "Active": false, "CancellationReason": 12, "CancellationDate": "2026-03-01T00:00:00Z" });
    world
        .change_and_deliver(json!({ "CoworkerContracts": [old] }))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.at("2026-03-02T08:06:00Z", "Members", &[]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn n4_a_signed_change_is_at_the_door_at_once() {
    for quirks in [
        json!([]),
        json!(["ascii-signature"]),
        json!(["lone-object"]),
        json!(["ignore-filters", "error-in-200"]),
        json!(["no-tokens"]),
    ] {
        let scenario = Scenario::at(Doors::SaltoKs, PLAN).on(Platform::Nexudus);
        let mut things = super::town(
            json!({ "Coworkers": [{ "Id": 14, "FullName": "Zoë 👩‍🚀", "Email": "zoe@example.test" }] }),
        );
        things["quirks"] = quirks.clone();
        let world = scenario
            .begin(things, DoorsFixture::with(&["Members"]))
            .await;
        world
            .change_and_deliver(json!({ "CoworkerContracts": [contract(14)] }))
            .await;
        assert_eq!(world.inside("Members").await, ["zoe"], "{quirks}");
        // A removal signs no time and no path, so it is a hint like any other: gone after the last
        // look.
        world
            .change_and_deliver(json!({ "remove": { "CoworkerContracts": [114] } }))
            .await;
        world.at("2026-03-02T08:04:00Z", "Members", &["zoe"]).await;
        world.at("2026-03-02T08:05:00Z", "Members", &[]).await;
        world.ends_well().await;
    }
}

#[tokio::test]
async fn n4_whatever_access_control_update_stands_for_is_read_again() {
    let rules = format!("{PLAN}{ROOM}[[rule]]\npass = \"Day pass\"\nopens = [\"Day\"]\n");
    let world = begin(
        Doors::SaltoKs,
        &rules,
        json!({}),
        &["Members", "Meeting", "Day"],
    )
    .await;
    let trigger = br#"[{"Id":13}]"#;
    // All of it without a word, and then one bell about her.
    world
        .change(json!({
            "CoworkerContracts": [contract(13)],
            "Bookings": [booking(13, "2026-03-02T08:10:00Z", "2026-03-02T09:00:00Z")],
            "CoworkerTimePasses": [pass(13, 51)],
        }))
        .await;
    assert_eq!(world.deliver_to(Some(61), trigger).await, 202);
    for group in ["Members", "Meeting", "Day"] {
        assert_eq!(world.inside(group).await, ["eve"], "{group}");
    }
    world.clock("2026-03-02T08:02:00Z").await;
    world
        .change(json!({ "remove": { "CoworkerContracts": [113], "Bookings": [213], "CoworkerTimePasses": [5113] } }))
        .await;
    assert_eq!(world.deliver_to(Some(61), trigger).await, 202);
    assert_eq!(
        world.inside("Members").await,
        ["eve"],
        "one look is no proof that it is gone"
    );
    world.at("2026-03-02T08:07:00Z", "Members", &[]).await;
    assert_eq!(
        (world.inside("Meeting").await, world.inside("Day").await),
        (vec![], vec![])
    );
    world.ends_well().await;
}
