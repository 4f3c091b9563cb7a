//! What OfficeRnD's own interface does to a site.

use serde_json::json;

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, Scenario, World};

const RECORD: &str = "GET /api/v1/organizations/{slug}";
const TOKENS: &str = "POST /oauth/token";

async fn begin(things: serde_json::Value, says: &str) -> World {
    Scenario::at(Doors::Kisi, PLAN)
        .platform_says(says)
        .start(town(things), DoorsFixture::with(&["Members"]))
        .await
}

#[tokio::test]
async fn o1_a_refused_region_costs_no_one_access_and_one_question() {
    let world = begin(
        json!({ "quirks": ["region-refused"], "memberships": [hot_desk("ada")] }),
        "",
    )
    .await;
    let report = world.reconcile().await;
    assert!(report.reads["officernd"].complete, "{report:?}");
    for who in ["bob", "eve"] {
        world
            .change_and_deliver(json!({ "memberships": [hot_desk(who)] }))
            .await;
    }
    assert_eq!(world.inside("Members").await, ["ada", "bob", "eve"]);
    let calls = world.calls("officernd").await;
    assert_eq!(
        calls.get(RECORD),
        Some(&1),
        "it is remembered, not asked with every hint"
    );
    assert!(
        calls.get(TOKENS).is_some_and(|tokens| *tokens <= 2),
        "{calls:?}"
    );
    world.ends_well().await;
}

#[tokio::test]
async fn o1_a_region_in_the_site_file_is_not_asked_for() {
    let world = begin(
        json!({ "memberships": [hot_desk("ada")] }),
        "region = \"eu\"",
    )
    .await;
    world.reconcile().await;
    assert_eq!(world.inside("Members").await, ["ada"]);
    assert_eq!(world.calls("officernd").await.get(RECORD), None);
    world.ends_well().await;
}

#[tokio::test]
async fn o1_lists_may_come_as_bare_arrays() {
    let world = begin(
        json!({ "quirks": ["bare-array"], "memberships": [hot_desk("ada")] }),
        "",
    )
    .await;
    let report = world.reconcile().await;
    assert!(report.reads["officernd"].complete, "{report:?}");
    assert_eq!(world.inside("Members").await, ["ada"]);
    world.ends_well().await;
}

#[tokio::test]
async fn b12_a_webhook_that_is_switched_off_is_said() {
    let hook = |enabled: bool| json!({ "_id": "w-1", "url": "https://doors.example/hooks/riverside/officernd", "isEnabled": enabled });
    let other = json!({ "_id": "w-2", "url": "https://doors.example/hooks/harbour/officernd", "isEnabled": false });
    let world = begin(json!({ "webhooks": [hook(true), other] }), "").await;
    let says = |report: &doorstep_jobs::reconcile::Report| {
        report
            .problems
            .iter()
            .any(|it| it.contains("is switched off"))
    };
    let report = world.reconcile().await;
    assert!(!says(&report), "another site's is none of ours: {report:?}");
    world.change(json!({ "webhooks": [hook(false)] })).await;
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.starts_with("officernd: webhook w-1 is switched off"))
    );
    world.change(json!({ "webhooks": [hook(true)] })).await;
    assert!(!says(&world.reconcile().await));
    world.ends_well().await;
}
