//! Kisi: lists without a total, and accounts that an identity provider manages.

use serde_json::json;

use crate::journeys::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario};

/// A proxy may take the header away that says how long a list is.
#[tokio::test]
async fn k5_without_a_count_lists_are_read_until_a_page_is_not_full() {
    let mut fixture =
        DoorsFixture::with(&["Members"]).says("quirks", json!(["no-collection-range"]));
    for n in 0..260 {
        let who = format!("c{n:03}");
        fixture = fixture.person(&who).inside(&who, "Members");
    }
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = Scenario::at(Doors::Kisi, PLAN)
        .begin(town(things), fixture)
        .await;
    assert_eq!(world.inside("Members").await.len(), 261);
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    assert_eq!(world.inside("Members").await.len(), 260);
    let report = world.ends_well().await;
    assert_eq!(report.foreign, 260, "every line of both pages was seen");
}

#[tokio::test]
async fn o4_what_an_identity_provider_switched_off_is_said_and_left_off() {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let fixture = DoorsFixture::with(&["Members"]).person("ada");
    let mut world = Scenario::at(Doors::Kisi, PLAN)
        .start(town(things), fixture)
        .await;
    world
        .by_hand(|world| world["users"][2]["scim_access_enabled"] = json!(false))
        .await;
    world.reconcile().await;
    assert_eq!(
        world.inside("Members").await,
        ["ada"],
        "the membership is granted anyway"
    );
    let problems = world.problems("ada").await;
    assert!(
        problems.iter().any(|problem| problem.contains("suspended")),
        "{problems:?}"
    );
    assert_eq!(world.account("ada").await["scim_access_enabled"], false);
    world
        .by_hand(|world| world["users"][2]["scim_access_enabled"] = json!(true))
        .await;
    world.reconcile().await;
    assert_eq!(world.problems("ada").await, [""; 0]);
    world.ends_well().await;
}
