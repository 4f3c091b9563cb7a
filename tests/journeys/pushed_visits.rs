//! Expected visitors without a booking, pushed by a platform that cannot be read.

use serde_json::{Value, json};

use super::andcards;
use super::push::delivery;
use crate::support::{Doors, DoorsFixture, Platform, Scenario, World, at_both};

at_both! {
    v1_a_pushed_visit_opens_around_it,
    v1_a_snapshot_without_the_list_of_visits_removes_none,
}

const VISITORS: &str =
    "[[rule]]\nvisitor = \"Riverside\"\nopens = [\"House\"]\nbefore = \"15m\"\nafter = \"2h\"\n";

fn visit(who: &str, more: Value) -> Value {
    let mut visit = json!({
        "id": format!("v-{who}"), "location": "Riverside", "start": "2026-03-02T10:00:00Z",
        "visitor": { "name": format!("{who} Guest"), "email": format!("{who}@example.test") },
    });
    let more = more.as_object().expect("fields").clone();
    visit.as_object_mut().expect("a visit").extend(more);
    visit
}

async fn begin(at: Doors, things: Value) -> World {
    andcards::begin(Scenario::at(at, VISITORS), things, &["House"]).await
}

async fn v1_a_pushed_visit_opens_around_it(at: Doors) {
    let things = json!({ "visits": [
        visit("hedy", json!({ "location": "Harbour" })),
        visit("mary", json!({ "end": "2026-03-02T11:00:00Z" })),
    ] });
    let world = begin(at, things).await;
    let new = [visit("grace", json!({})), visit("joan", json!({}))];
    world.change_and_deliver(json!({ "visits": new })).await;
    world
        .change_and_deliver(json!({ "visits": [{ "id": "v-joan", "cancelled": true }] }))
        .await;
    world.at("2026-03-02T09:44:00Z", "House", &[]).await;
    world
        .at("2026-03-02T09:45:00Z", "House", &["grace", "mary"])
        .await;
    world
        .change_and_deliver(json!({ "remove": { "visits": ["v-grace"] } }))
        .await;
    assert_eq!(world.inside("House").await, ["mary"]);
    world.at("2026-03-02T13:00:00Z", "House", &[]).await;
    world.ends_well().await;
}

/// Sends everything as a sender does that does not know visits.
async fn old_roster(world: &World) {
    for body in world.roster(1).await {
        let mut roster: Value = serde_json::from_slice(&body).expect("JSON");
        let data = roster["data"].as_object_mut().expect("the lists");
        data.remove("visits").expect("a list of visits");
        let body = roster.to_string();
        assert_eq!(world.deliver(body.as_bytes()).await, 202);
    }
    world.machine.quiet().await;
}

async fn v1_a_snapshot_without_the_list_of_visits_removes_none(at: Doors) {
    let world = Scenario::at(at, VISITORS)
        .on(Platform::Andcards)
        .start(andcards::space(json!({})), DoorsFixture::with(&["House"]))
        .await;
    old_roster(&world).await;
    world.reconcile().await;
    let both = [visit("grace", json!({})), visit("mary", json!({}))];
    world.change_and_deliver(json!({ "visits": both })).await;
    world
        .at("2026-03-02T10:00:00Z", "House", &["grace", "mary"])
        .await;
    // The visits are older than this snapshot, which says nothing about them.
    for _ in 0..2 {
        old_roster(&world).await;
        let report = world.reconcile().await;
        assert_eq!(report.revoked, 0, "{report:?}");
        assert_eq!(world.inside("House").await, ["grace", "mary"]);
    }
    // A snapshot with the list does: it lists one of the two.
    world
        .change(json!({ "remove": { "visits": ["v-mary"] } }))
        .await;
    for body in world.roster(1).await {
        assert_eq!(world.deliver(&body).await, 202);
    }
    world.machine.quiet().await;
    world.reconcile().await;
    assert_eq!(world.inside("House").await, ["grace"]);
    // From then on, one without the list is broken.
    old_roster(&world).await;
    let report = world.reconcile().await;
    let said = report.problems.iter().any(|it| it.contains("lacks visits"));
    assert!(said, "{report:?}");
    assert_eq!(world.inside("House").await, ["grace"]);
    for body in world.roster(1).await {
        assert_eq!(world.deliver(&body).await, 202);
    }
    world.at("2026-03-02T12:00:00Z", "House", &[]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn v1_a_visit_that_breaks_the_contract_is_refused() {
    let world = begin(Doors::Kisi, json!({})).await;
    for more in [
        json!({ "visitor": {} }),
        json!({ "visitor": null }),
        json!({ "start": "10:00" }),
        json!({ "ends": null }),
    ] {
        let data = visit("grace", more.clone());
        let body = delivery("visit.updated", "2026-03-02T08:00:00Z", &data);
        assert_eq!(world.deliver(&body).await, 422, "{more}");
    }
    world.ends_well().await;
}
