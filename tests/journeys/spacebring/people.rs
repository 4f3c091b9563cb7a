//! Members and companies.

use serde_json::json;

use super::{ACME, ADA, EVE, HARBOUR, HOT_DESK, PLAN, begin, id, subscription};
use crate::support::{Doors, at_both};

at_both! {
    s1_a_removed_member_loses_access_with_the_next_reconcile,
    s2_one_person_with_a_membership_at_each_location_has_one_account,
    s2_a_deleted_company_takes_its_access_along,
}

async fn s1_a_removed_member_loses_access_with_the_next_reconcile(at: Doors) {
    let world = begin(
        at,
        PLAN,
        json!({ "subscriptions": [subscription(EVE)] }),
        &["Members"],
    )
    .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world
        .change(json!({ "remove": { "memberships": [id(EVE)] } }))
        .await;
    world.reconcile().await;
    assert!(world.inside("Members").await.is_empty());
    world.ends_well().await;
}

async fn s2_one_person_with_a_membership_at_each_location_has_one_account(at: Doors) {
    let rules = "[[rule]]\nplan = \"Hot desk\"\nat = \"Riverside\"\nopens = [\"Members\"]\n\
                 [[rule]]\nplan = \"Hot desk\"\nat = \"Harbour\"\nopens = [\"Harbour\"]\n";
    let there = json!({
        "id": id(15), "locationRef": id(HARBOUR),
        "user": { "id": id(900 + EVE), "email": "eve@example.test", "name": "Eve", "surname": "Curie" },
    });
    let mut second = subscription(15);
    second["locationRef"] = json!(id(HARBOUR));
    second["items"] = json!([{ "planRef": id(43) }]);
    let things = json!({ "memberships": [there], "subscriptions": [subscription(EVE), second] });
    let world = begin(at, rules, things, &["Members", "Harbour"]).await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    assert_eq!(world.inside("Harbour").await, ["eve"]);
    assert!(!world.account("eve").await.is_null());
    world.ends_well().await;
}

async fn s2_a_deleted_company_takes_its_access_along(at: Doors) {
    let mut company = subscription(ADA);
    company["customer"] = json!({ "id": id(ACME), "type": "company" });
    company["companyRef"] = json!(id(ACME));
    company["items"] = json!([{ "planRef": id(HOT_DESK) }]);
    let world = begin(
        at,
        PLAN,
        json!({ "subscriptions": [company] }),
        &["Members"],
    )
    .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    world
        .change_and_deliver(
            json!({ "remove": { "subscriptions": [id(100 + ADA)], "companies": [id(ACME)] } }),
        )
        .await;
    world.reconcile().await;
    assert!(world.inside("Members").await.is_empty());
    world.ends_well().await;
}
