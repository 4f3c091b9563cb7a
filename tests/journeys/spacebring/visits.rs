//! Expected visits without a booking.

use serde_json::{Value, json};

use super::{HARBOUR, RIVERSIDE, begin, id};
use crate::support::{Doors, at_both};

at_both! {
    v1_an_expected_visitor_opens_around_the_visit,
    v1_a_visit_that_moves_or_is_called_off_is_followed,
}

const VISITORS: &str =
    "[[rule]]\nvisitor = \"Riverside\"\nopens = [\"House\"]\nbefore = \"15m\"\nafter = \"2h\"\n";

fn visit(number: u64, location: u64, date: &str, who: &str) -> Value {
    json!({
        "id": id(number), "locationRef": id(location), "date": date,
        "visitor": { "email": format!("{who}@example.test"), "name": who, "surname": "Guest" },
    })
}

async fn v1_an_expected_visitor_opens_around_the_visit(at: Doors) {
    let world = begin(at, VISITORS, json!({}), &["House"]).await;
    let here = visit(701, RIVERSIDE, "2026-03-02T10:00:00.000Z", "grace");
    let there = visit(702, HARBOUR, "2026-03-02T10:00:00.000Z", "hedy");
    world
        .change_and_deliver(json!({ "visits": [here, there] }))
        .await;
    world.at("2026-03-02T09:44:00Z", "House", &[]).await;
    world.at("2026-03-02T09:45:00Z", "House", &["grace"]).await;
    world.at("2026-03-02T12:00:00Z", "House", &[]).await;
    world.ends_well().await;
}

async fn v1_a_visit_that_moves_or_is_called_off_is_followed(at: Doors) {
    let things = json!({ "visits": [
        visit(701, RIVERSIDE, "2026-03-02T10:00:00.000Z", "grace"),
        visit(702, RIVERSIDE, "2026-03-02T10:00:00.000Z", "eve"),
    ] });
    let world = begin(at, VISITORS, things, &["House"]).await;
    world
        .at("2026-03-02T10:00:00Z", "House", &["eve", "grace"])
        .await;
    // A visitor with a member's address is that member's account, and there is one of it.
    assert!(!world.account("eve").await.is_null());
    world
        .change(json!({ "visits": [{ "id": id(701), "date": "2026-03-02T14:00:00.000Z" }] }))
        .await;
    world
        .change(json!({ "remove": { "visits": [id(702)] } }))
        .await;
    world.reconcile().await;
    assert!(world.inside("House").await.is_empty());
    world.at("2026-03-02T13:45:00Z", "House", &["grace"]).await;
    world.at("2026-03-02T16:00:00Z", "House", &[]).await;
    world.ends_well().await;
}
