//! What is not so at the doors, told apart by whether a hand did it, and never told twice.

use serde_json::json;

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World, at_both};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::drift::{Drift, DriftKind};

at_both!(
    b6_drift_distinguishes_what_hands_did_from_what_no_one_did_yet,
    b6_drift_that_was_put_right_is_not_reported_again,
    b6_drift_names_a_person_who_has_no_place_in_a_group_that_is_ours_alone,
);

async fn drift(world: &World) -> Drift {
    world
        .machine
        .drifted(&SiteId::from(SITE))
        .await
        .expect("it is read")
}

fn told(drift: &Drift) -> Vec<(&str, DriftKind, bool)> {
    let mut told: Vec<_> = drift
        .found
        .iter()
        .map(|one| {
            (
                one.who.email.as_deref().unwrap_or("?"),
                one.what,
                one.by_hand,
            )
        })
        .collect();
    told.sort_by_key(|(who, what, _)| (*who, format!("{what:?}")));
    told
}

/// Ada was removed by hand and Mallory added. Bob left and Eve joined, and no webhook was sent.
async fn hands_and_silence(at: Doors, doors_say: &str) -> World {
    let fixture = DoorsFixture::with(&["Members"]).person("mallory");
    let scenario = Scenario::at(at, PLAN).doors_say(doors_say);
    let mut world = scenario
        .begin(
            town(json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] })),
            fixture,
        )
        .await;
    let found = drift(&world).await;
    assert!(!found.is_any() && found.found.is_empty(), "{found}");
    assert!(
        found.to_string().ends_with("the doors match the site file"),
        "{found}"
    );
    let (ada, mallory) = (
        world.account("ada").await["id"].clone(),
        world.account("mallory").await["id"].clone(),
    );
    world
        .by_hand(|world| {
            let members = world["groups"][0]["members"]
                .as_array_mut()
                .expect("members");
            members.retain(|line| line["user"] != ada);
            members.push(json!({ "user": mallory }));
        })
        .await;
    world
        .change(json!({ "memberships": [hot_desk("eve")], "remove": { "memberships": ["s-bob"] } }))
        .await;
    world
}

async fn b6_drift_distinguishes_what_hands_did_from_what_no_one_did_yet(at: Doors) {
    let world = hands_and_silence(at, "").await;
    let (state, table) = (world.state().await, world.table().await);
    let found = drift(&world).await;
    let wanted = [
        ("ada@example.test", DriftKind::TakenOut, true),
        ("bob@example.test", DriftKind::StillIn, false),
        ("eve@example.test", DriftKind::NoAccount, false),
        ("eve@example.test", DriftKind::NotIn, false),
        ("mallory@example.test", DriftKind::Stays, true),
    ];
    assert_eq!(told(&found), wanted);
    let said = found.to_string();
    assert!(
        said.contains("  + Ada Byron <ada@example.test> was removed by hand: membership s-ada"),
        "{said}"
    );
    assert!(
        said.ends_with("4 differ from the site file; 2 by hand"),
        "{said}"
    );
    assert_eq!(
        (world.state().await, world.table().await),
        (state, table),
        "it is only looked at"
    );
}

async fn b6_drift_that_was_put_right_is_not_reported_again(at: Doors) {
    let world = hands_and_silence(at, "").await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada", "eve", "mallory"]);
    let found = drift(&world).await;
    assert_eq!(
        told(&found),
        [("mallory@example.test", DriftKind::Stays, true)]
    );
    assert!(!found.is_any(), "people who may stay are no finding");
    world.ends_well().await;
}

async fn b6_drift_names_a_person_who_has_no_place_in_a_group_that_is_ours_alone(at: Doors) {
    let world = hands_and_silence(at, "foreign = \"remove\"").await;
    let found = drift(&world).await;
    assert!(
        told(&found).contains(&("mallory@example.test", DriftKind::PutIn, true)),
        "{found}"
    );
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada", "eve"]);
    assert_eq!(told(&drift(&world).await), []);
    world.ends_well().await;
}
