//! Subscriptions: their plans, their dates, and the desks that come with them.

use serde_json::json;

use super::{ACME, ADA, DESK, EVE, HOT_DESK, OFFICE, PLAN, RIVERSIDE, begin, id, subscription};
use crate::support::{Doors, at_both};

at_both! {
    s2_a_subscription_opens_while_it_is_active_and_a_pause_of_payment_changes_nothing,
    s2_each_plan_opens_during_its_own_dates,
    s2_a_company_opens_for_all_its_people,
    s2_a_scheduled_subscription_opens_on_its_first_day,
    s4_a_desk_opens_by_its_name_its_floor_and_its_location,
}

async fn s2_a_subscription_opens_while_it_is_active_and_a_pause_of_payment_changes_nothing(
    at: Doors,
) {
    let world = begin(at, PLAN, json!({}), &["Members"]).await;
    let change = |more: serde_json::Value| {
        let mut one = subscription(EVE);
        one.as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().unwrap_or_default());
        json!({ "subscriptions": [one] })
    };
    world.change_and_deliver(change(json!({}))).await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    let paused = json!({ "pausePaymentCollection": { "behavior": "void", "createDate": "2026-03-02T08:00:00.000Z" } });
    world.change_and_deliver(change(paused)).await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world
        .change_and_deliver(change(json!({ "status": "canceled" })))
        .await;
    assert!(world.inside("Members").await.is_empty());
    world
        .change_and_deliver(change(json!({ "status": "active" })))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.ends_well().await;
}

async fn s2_each_plan_opens_during_its_own_dates(at: Doors) {
    let rules = "[[rule]]\nplan = \"Hot desk\"\nat = \"Riverside\"\nopens = [\"Members\"]\n\
                 [[rule]]\nplan = \"Office\"\nopens = [\"Offices\"]\n";
    let mut both = subscription(EVE);
    both["items"] = json!([
        { "planRef": id(HOT_DESK), "endDate": "2026-03-03T00:00:00.000Z" },
        { "planRef": id(OFFICE), "startDate": "2026-03-04T00:00:00.000Z", "endDate": "2026-03-28T00:00:00.000Z" },
    ]);
    let world = begin(
        at,
        rules,
        json!({ "subscriptions": [both] }),
        &["Members", "Offices"],
    )
    .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    assert!(world.inside("Offices").await.is_empty());
    world.at("2026-03-03T23:59:00Z", "Members", &["eve"]).await;
    world.at("2026-03-04T00:00:00Z", "Members", &[]).await;
    world.at("2026-03-04T00:00:00Z", "Offices", &["eve"]).await;
    world.at("2026-03-28T23:59:00Z", "Offices", &["eve"]).await;
    world.at("2026-03-29T00:00:00Z", "Offices", &[]).await;
    world.ends_well().await;
}

async fn s2_a_company_opens_for_all_its_people(at: Doors) {
    let mut company = subscription(ADA);
    company["customer"] = json!({ "id": id(ACME), "type": "company" });
    company["companyRef"] = json!(id(ACME));
    company
        .as_object_mut()
        .expect("an object")
        .remove("membershipRef");
    let world = begin(at, PLAN, json!({}), &["Members"]).await;
    world
        .change_and_deliver(json!({ "subscriptions": [company] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob"]);
    let newcomer = json!({
        "id": id(14), "locationRef": id(RIVERSIDE), "companyRef": id(ACME),
        "user": { "id": id(914), "email": "dora@example.test", "name": "Dora" },
    });
    world
        .change_and_deliver(json!({ "memberships": [newcomer] }))
        .await;
    assert_eq!(world.inside("Members").await, ["ada", "bob", "dora"]);
    world
        .change(json!({ "memberships": [{ "id": id(ADA), "companyRef": null }] }))
        .await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["bob", "dora"]);
    world.ends_well().await;
}

async fn s2_a_scheduled_subscription_opens_on_its_first_day(at: Doors) {
    let mut later = subscription(EVE);
    later["status"] = json!("scheduled");
    // British summer time begins on that day.
    later["startDate"] = json!("2026-03-29T00:00:00.000Z");
    let world = begin(at, PLAN, json!({}), &["Members"]).await;
    world
        .change_and_deliver(json!({ "subscriptions": [later] }))
        .await;
    world.at("2026-03-28T23:59:00Z", "Members", &[]).await;
    world.at("2026-03-29T00:00:00Z", "Members", &["eve"]).await;
    world.ends_well().await;
}

async fn s4_a_desk_opens_by_its_name_its_floor_and_its_location(at: Doors) {
    let rules = "[[rule]]\nassignable = \"Desk 12\"\nopens = [\"Desks\"]\n\
                 [[rule]]\nfloor = \"Second floor\"\nopens = [\"Second\"]\n\
                 [[rule]]\nlocation = \"Riverside\"\nopens = [\"House\"]\n";
    let things = json!({
        "subscriptions": [subscription(EVE)],
        "assignments": [{ "id": id(301), "resourceRef": id(DESK), "subscription": { "id": id(100 + EVE) } }],
    });
    let groups = ["Desks", "Second", "House"];
    let world = begin(at, rules, things, &groups).await;
    for group in groups {
        assert_eq!(world.inside(group).await, ["eve"], "{group}");
    }
    // No webhook reports an assignment.
    world
        .change(json!({ "remove": { "assignments": [id(301)] } }))
        .await;
    world.reconcile().await;
    for group in groups {
        assert!(world.inside(group).await.is_empty(), "{group}");
    }
    world.ends_well().await;
}

#[tokio::test]
async fn s2_a_customer_that_is_named_by_its_user_is_the_member() {
    let mut by_user = subscription(EVE);
    by_user["customer"] = json!({ "id": id(900 + EVE), "type": "user" });
    by_user
        .as_object_mut()
        .expect("an object")
        .remove("membershipRef");
    let world = begin(
        Doors::Kisi,
        PLAN,
        json!({ "subscriptions": [by_user.clone()] }),
        &["Members"],
    )
    .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world
        .change_and_deliver(json!({ "subscriptions": [by_user] }))
        .await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.ends_well().await;
}

#[tokio::test]
async fn v3_a_member_who_has_not_paid_waits_or_has_a_grace_as_the_site_file_says() {
    let unpaid = || {
        let mut one = subscription(EVE);
        one["status"] = json!("incomplete");
        one["startDate"] = json!("2026-03-01T00:00:00.000Z");
        json!({ "subscriptions": [one] })
    };
    for (says, is_inside) in [
        ("", false),
        ("[members]\nunpaid = \"wait\"\n", false),
        ("[members]\nunpaid = \"open\"\n", true),
        ("[members]\nunpaid = \"1d\"\n", false),
        ("[members]\nunpaid = \"2d\"\n", true),
    ] {
        let rules = format!("{says}{PLAN}");
        let world = begin(Doors::Kisi, &rules, json!({}), &["Members"]).await;
        world.change_and_deliver(unpaid()).await;
        assert_eq!(
            !world.inside("Members").await.is_empty(),
            is_inside,
            "{says}"
        );
        world
            .at(
                "2026-03-03T00:00:00Z",
                "Members",
                if says.contains("open") { &["eve"] } else { &[] },
            )
            .await;
        world.reconcile().await;
        world
            .change_and_deliver(
                json!({ "subscriptions": [{ "id": id(100 + EVE), "status": "active" }] }),
            )
            .await;
        assert_eq!(world.inside("Members").await, ["eve"], "{says}");
        world.ends_well().await;
    }
}
