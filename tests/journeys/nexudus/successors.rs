//! Contracts that end because another one follows, and teams that begin and stop to share.

use serde_json::{Value, json};

use super::{PASSES, PLAN, begin, contract, pass};
use crate::support::{Doors, at_both};

at_both!(
    n3_a_renewed_contract_s_successor_is_searched_before_anything_is_revoked_at_midnight,
    n3_a_renewal_that_never_comes_ends_some_minutes_after_midnight,
    n3_a_team_that_begins_or_stops_to_share_its_passes_is_obeyed_at_once,
);

/// Eve's contract, which ends today and is renewed.
fn renewed() -> Value {
    json!({ "Id": 113, "Cancelled": true, "CancellationReason": 11, "CancellationDate": "2026-03-02T00:00:00Z" })
}

async fn n3_a_renewed_contract_s_successor_is_searched_before_anything_is_revoked_at_midnight(
    at: Doors,
) {
    for told in [true, false] {
        let world = begin(
            at,
            PLAN,
            json!({ "CoworkerContracts": [contract(13)] }),
            &["Members"],
        )
        .await;
        if told {
            world
                .change_and_deliver(json!({ "CoworkerContracts": [renewed()] }))
                .await;
        } else {
            world
                .change(json!({ "CoworkerContracts": [renewed()] }))
                .await;
            world.reconcile().await;
        }
        world.at("2026-03-03T00:02:00Z", "Members", &["eve"]).await;
        // The new contract is created some minutes after midnight, without a webhook.
        let mut next = contract(13);
        (next["Id"], next["StartDate"]) = (json!(999), json!("2026-03-03T00:00:00Z"));
        world.change(json!({ "CoworkerContracts": [next] })).await;
        world.at("2026-03-03T00:30:00Z", "Members", &["eve"]).await;
        let actions = world.actions("eve").await;
        assert!(
            !actions.contains(&"revoked Members".to_owned()),
            "told: {told}: {actions:?}"
        );
        world.ends_well().await;
    }
}

async fn n3_a_renewal_that_never_comes_ends_some_minutes_after_midnight(at: Doors) {
    let world = begin(
        at,
        PLAN,
        json!({ "CoworkerContracts": [contract(13)] }),
        &["Members"],
    )
    .await;
    world
        .change_and_deliver(json!({ "CoworkerContracts": [renewed()] }))
        .await;
    world.at("2026-03-03T00:05:00Z", "Members", &["eve"]).await;
    world.at("2026-03-03T00:06:00Z", "Members", &[]).await;
    world.ends_well().await;
}

async fn n3_a_team_that_begins_or_stops_to_share_its_passes_is_obeyed_at_once(at: Doors) {
    let world = begin(
        at,
        PASSES,
        json!({ "CoworkerTimePasses": [pass(11, 51)] }),
        &["Members"],
    )
    .await;
    let team = async |fields: Value, hint: &[u8]| {
        world.change(json!({ "Teams": [fields] })).await;
        assert_eq!(world.deliver_to(Some(58), hint).await, 202);
        world.inside("Members").await
    };
    // Only the team tells of it, and nothing of its people.
    assert_eq!(
        team(
            json!({ "Id": 31, "ShareTimePasses": true }),
            br#"[{"Id":31}]"#
        )
        .await,
        ["ada", "bob"]
    );
    assert_eq!(
        team(
            json!({ "Id": 31, "PayingMemberId": 12 }),
            br#"[{"Id":31,"v":2}]"#
        )
        .await,
        ["ada"]
    );
    let pools = json!({ "Id": 31, "TransferCreditsToPayingMember": true });
    assert_eq!(team(pools, br#"[{"Id":31,"v":3}]"#).await, ["ada", "bob"]);
    assert_eq!(
        team(
            json!({ "Id": 31, "ShareTimePasses": false }),
            br#"[{"Id":31,"v":4}]"#
        )
        .await,
        ["ada"]
    );
    world.ends_well().await;
}
