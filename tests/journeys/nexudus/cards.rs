//! Nexudus' own field of access cards, the way that its integration with SALTO KS goes.

use serde_json::{Value, json};

use super::{PLAN, contract, town};
use crate::support::{Doors, DoorsFixture, Platform, Scenario, World, at_both};

at_both!(
    n1_access_cards_become_tags_and_are_taken_back,
    n1_a_suspended_customer_s_tags_are_taken_back,
    n2_an_unknown_access_card_is_a_problem_and_holds_nothing_up,
);

/// Ada and Bob are on a plan; there are two free tags.
async fn begin(at: Doors) -> World {
    let things = json!({ "CoworkerContracts": [contract(11), contract(12)] });
    let fixture = DoorsFixture::with(&["Members"]).says("tags", json!(["0123", "0456"]));
    Scenario::at(at, PLAN)
        .on(Platform::Nexudus)
        .begin(town(things), fixture)
        .await
}

fn card(coworker: u64, numbers: &str) -> Value {
    json!({ "Id": coworker, "AccessCardId": numbers })
}

async fn n1_access_cards_become_tags_and_are_taken_back(at: Doors) {
    let world = begin(at).await;
    world
        .change_and_deliver(json!({ "Coworkers": [card(11, "0123")] }))
        .await;
    assert_eq!(world.tags("ada").await, ["0123"]);
    world
        .change_and_deliver(json!({ "Coworkers": [card(12, "0123"), card(11, "0456")] }))
        .await;
    assert_eq!(
        (world.tags("ada").await, world.tags("bob").await),
        (vec!["0456".to_owned()], vec!["0123".to_owned()])
    );
    world
        .change_and_deliver(json!({ "Coworkers": [card(11, ""), card(12, "")] }))
        .await;
    assert_eq!(
        (world.tags("ada").await, world.tags("bob").await),
        (vec![], vec![])
    );
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    assert_eq!(world.problems("bob").await, [""; 0]);
    world.ends_well().await;
}

async fn n1_a_suspended_customer_s_tags_are_taken_back(at: Doors) {
    let world = begin(at).await;
    world
        .change_and_deliver(json!({ "Coworkers": [card(11, "0123")] }))
        .await;
    world
        .change_and_deliver(json!({ "Coworkers": [{ "Id": 11, "Active": false }] }))
        .await;
    assert_eq!(
        (world.tags("ada").await, world.inside("Members").await),
        (vec![], vec!["bob".to_owned()])
    );
    world
        .change_and_deliver(json!({ "Coworkers": [{ "Id": 11, "Active": true }] }))
        .await;
    assert_eq!(
        (world.tags("ada").await, world.inside("Members").await.len()),
        (vec!["0123".to_owned()], 2)
    );
    world.ends_well().await;
}

async fn n2_an_unknown_access_card_is_a_problem_and_holds_nothing_up(at: Doors) {
    let world = begin(at).await;
    let eve = json!({ "Id": 13, "AccessCardId": "9999" });
    world
        .change_and_deliver(json!({ "Coworkers": [eve], "CoworkerContracts": [contract(13)] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob", "eve"]);
    let problems = world.problems("eve").await;
    assert!(
        problems
            .iter()
            .any(|problem| problem.starts_with("main: tag …9999 is not known")),
        "{problems:?}"
    );
    world.ends_well().await;
}
