//! Desks and offices: memberships assigned to a resource open what its location, its floor or it
//! itself opens. The platform posts nothing about assignments, so only a reconcile sees them.

use serde_json::json;

use super::{hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, at_both};

at_both!(
    o6_a_location_opens_groups_to_those_with_an_assignment_there,
    o7_a_floor_opens_groups_to_those_with_an_assignment_there,
    o8_an_assignable_resource_opens_groups_to_those_it_is_assigned_to,
    o8_a_company_s_desk_opens_for_the_company_while_membership_and_assignment_overlap,
);

async fn o6_a_location_opens_groups_to_those_with_an_assignment_there(at: Doors) {
    desk_from_wednesday_to_thursday(at, "location = \"Riverside\"", "location = \"Harbour\"").await;
}

async fn o7_a_floor_opens_groups_to_those_with_an_assignment_there(at: Doors) {
    desk_from_wednesday_to_thursday(at, "floor = \"Second floor\"", "floor = \"First floor\"")
        .await;
}

async fn o8_an_assignable_resource_opens_groups_to_those_it_is_assigned_to(at: Doors) {
    desk_from_wednesday_to_thursday(at, "assignable = \"Desk 12\"", "assignable = \"Boardroom\"")
        .await;
}

/// Ada gets Desk 12 for two days; Eve has a membership there too, but no desk.
async fn desk_from_wednesday_to_thursday(at: Doors, here: &str, elsewhere: &str) {
    let rules = format!(
        "[[rule]]\n{here}\nopens = [\"Here\"]\n[[rule]]\n{elsewhere}\nopens = [\"Elsewhere\"]\n"
    );
    let things = json!({ "memberships": [hot_desk("ada"), hot_desk("eve")] });
    let world = Scenario::at(at, &rules)
        .begin(town(things), DoorsFixture::with(&["Here", "Elsewhere"]))
        .await;
    world
        .change(
            json!({ "assignments": [{ "_id": "a-1", "resource": "r-desk", "membership": "s-ada",
            "startDate": "2026-03-04T00:00:00Z", "endDate": "2026-03-05T00:00:00Z" }] }),
        )
        .await;
    world.reconcile().await;
    world.at("2026-03-03T23:59:59Z", "Here", &[]).await;
    world.at("2026-03-04T00:00:00Z", "Here", &["ada"]).await;
    // A bell about the membership re-reads it: the desk must not be forgotten over that.
    world
        .change_and_deliver(json!({ "memberships": [{ "_id": "s-ada", "plan": "p-office" }] }))
        .await;
    assert_eq!(world.inside("Here").await, ["ada"]);
    world.at("2026-03-05T23:59:59Z", "Here", &["ada"]).await;
    world.at("2026-03-06T00:00:00Z", "Here", &[]).await;
    assert_eq!(
        world.actions("ada").await,
        ["invited", "granted Here", "revoked Here"],
        "and never anything elsewhere"
    );
    assert!(world.account("eve").await.is_null());
    world.ends_well().await;
}

async fn o8_a_company_s_desk_opens_for_the_company_while_membership_and_assignment_overlap(
    at: Doors,
) {
    let rules = "[[rule]]\nassignable = \"Desk 12\"\nopens = [\"Here\"]\n";
    let mut shared = hot_desk("acme");
    (shared["member"], shared["company"]) = (json!(null), json!("c-acme"));
    shared["endDate"] = json!("2026-03-04T00:00:00Z");
    let desk = json!({ "_id": "a-1", "resource": "r-desk", "membership": "s-acme", "startDate": "2026-03-03T00:00:00Z" });
    let things = json!({ "memberships": [shared], "assignments": [desk] });
    let world = Scenario::at(at, rules)
        .begin(town(things), DoorsFixture::with(&["Here"]))
        .await;
    world.at("2026-03-02T23:59:59Z", "Here", &[]).await;
    world
        .at("2026-03-03T00:00:00Z", "Here", &["ada", "bob"])
        .await;
    world
        .change(json!({ "remove": { "assignments": ["a-1"] } }))
        .await;
    world.reconcile().await;
    assert_eq!(
        world.inside("Here").await,
        [""; 0],
        "the desk was taken away"
    );
    world
        .change(
            json!({ "assignments": [{ "_id": "a-2", "resource": "r-desk", "membership": "s-acme",
        "startDate": "2026-03-03T00:00:00Z" }] }),
        )
        .await;
    world.reconcile().await;
    world
        .at("2026-03-04T23:59:59Z", "Here", &["ada", "bob"])
        .await;
    world.at("2026-03-05T00:00:00Z", "Here", &[]).await;
    world.ends_well().await;
}
