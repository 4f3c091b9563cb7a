//! Names and addresses that change.

use serde_json::json;

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, at_both};

at_both!(
    o16_a_changed_name_is_carried_over_once,
    o16_a_changed_address_is_reported_with_what_to_do_and_takes_nothing,
    o18_an_account_that_is_there_is_found_by_its_exact_address,
    o18_two_people_of_one_address_share_an_account_and_the_union_of_their_access,
);

async fn o16_a_changed_name_is_carried_over_once(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    assert_eq!(world.account("ada").await["name"], "Ada Byron");
    world
        .change_and_deliver(json!({ "members": [{ "_id": "m-ada", "name": "Ada Lovelace" }] }))
        .await;
    assert_eq!(world.account("ada").await["name"], "Ada Lovelace");
    assert_eq!(world.inside("Members").await, ["ada"]);
    world
        .change_and_deliver(json!({ "members": [{ "_id": "m-ada", "phone": "1" }] }))
        .await;
    world.ends_well().await;
    assert_eq!(
        world.actions("ada").await,
        ["invited", "granted Members", "renamed"],
        "once"
    );
}

async fn o16_a_changed_address_is_reported_with_what_to_do_and_takes_nothing(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada")] });
    let world = Scenario::at(at, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    world
        .change_and_deliver(
            json!({ "members": [{ "_id": "m-ada", "email": "lovelace@example.test" }] }),
        )
        .await;
    assert_eq!(
        world.inside("Members").await,
        ["ada"],
        "the account goes on opening doors under its old address"
    );
    assert!(
        world.account("lovelace").await.is_null(),
        "and no second one takes a seat"
    );
    let problems = world.problems("lovelace").await;
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("change it at the door system")),
        "{problems:?}"
    );
    let report = world.ends_well().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("another e-mail address")),
        "{report:?}"
    );
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0], "access ends anyway");
    world.ends_well().await;
}

async fn o18_an_account_that_is_there_is_found_by_its_exact_address(at: Doors) {
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("bob")] });
    let fixture = DoorsFixture::with(&["Members"])
        .person("ada")
        .person("nobob")
        .person("bobby");
    let world = Scenario::at(at, PLAN).begin(town(things), fixture).await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    assert_eq!(
        world.actions("ada").await,
        ["granted Members"],
        "the account that was there, not a second one"
    );
    assert_eq!(
        world.actions("bob").await,
        ["invited", "granted Members"],
        "an address that only looks alike is not his"
    );
    world.ends_well().await;
}

async fn o18_two_people_of_one_address_share_an_account_and_the_union_of_their_access(at: Doors) {
    let twin = json!({ "_id": "m-twin", "name": "Ada B.", "email": "ADA@example.test", "location": "l-riverside" });
    let mut office = hot_desk("twin");
    office["plan"] = json!("p-office");
    let rules = format!("{PLAN}[[rule]]\nplan = \"Office\"\nopens = [\"Members\", \"Front\"]\n");
    let things = json!({ "members": [twin], "memberships": [hot_desk("ada"), office] });
    let world = Scenario::at(at, &rules)
        .begin(town(things), DoorsFixture::with(&["Members", "Front"]))
        .await;
    assert_eq!(world.inside("Front").await, ["ada"]);
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-twin"] } }))
        .await;
    assert_eq!(world.inside("Front").await, [""; 0]);
    assert_eq!(
        world.inside("Members").await,
        ["ada"],
        "the other profile's membership still opens it"
    );
    world
        .change_and_deliver(json!({ "remove": { "members": ["m-ada"] } }))
        .await;
    world
        .change_and_deliver(json!({ "remove": { "memberships": ["s-ada"] } }))
        .await;
    assert_eq!(world.inside("Members").await, [""; 0]);
    world.ends_well().await;
}
