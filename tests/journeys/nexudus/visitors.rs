//! Expected visitors without a booking.

use serde_json::{Value, json};

use super::{PLAN, begin, booking, contract};
use crate::support::{Doors, at_both};

at_both! {
    v1_an_expected_visitor_opens_around_the_visit,
    v1_only_a_visitor_whom_the_host_approved_comes_in_where_that_is_asked,
    v1_a_visit_that_moves_or_is_removed_is_followed,
    v1_the_guest_of_a_booking_is_no_visitor_without_one,
}

const VISITORS: &str =
    "[[rule]]\nvisitor = \"Riverside\"\nopens = [\"House\"]\nbefore = \"15m\"\nafter = \"2h\"\n";

fn visit(id: u64, who: &str, more: Value) -> Value {
    let mut visit = json!({
        "Id": id, "BusinessId": 1, "CoworkerId": 13, "FullName": format!("{who} Guest"),
        "Email": format!("{who}@example.test"), "ExpectedArrival": "2026-03-02T10:00:00Z",
    });
    let more = more.as_object().expect("fields").clone();
    visit.as_object_mut().expect("a visit").extend(more);
    visit
}

async fn v1_an_expected_visitor_opens_around_the_visit(at: Doors) {
    let world = begin(at, VISITORS, json!({}), &["House"]).await;
    let here = visit(701, "grace", json!({}));
    let there = visit(702, "hedy", json!({ "BusinessId": 2 }));
    world
        .change_and_deliver(json!({ "Visitors": [here, there] }))
        .await;
    world.at("2026-03-02T09:44:00Z", "House", &[]).await;
    world.at("2026-03-02T09:45:00Z", "House", &["grace"]).await;
    world.at("2026-03-02T12:00:00Z", "House", &[]).await;
    world.ends_well().await;
}

async fn v1_only_a_visitor_whom_the_host_approved_comes_in_where_that_is_asked(at: Doors) {
    let things = json!({ "Visitors": [
        visit(701, "grace", json!({ "HostApprovalStatus": 2 })),
        visit(702, "hedy", json!({ "HostApprovalStatus": 3 })),
        visit(703, "mary", json!({ "HostApprovalStatus": 5 })),
        visit(704, "joan", json!({ "IsTour": true })),
        visit(705, "klara", json!({ "IsTour": true, "TourConfirmed": true })),
    ] });
    let world = begin(at, VISITORS, things, &["House"]).await;
    world
        .at("2026-03-02T10:00:00Z", "House", &["klara", "mary"])
        .await;
    world
        .change(json!({ "Visitors": [{ "Id": 701, "HostApprovalStatus": 4 }] }))
        .await;
    world.reconcile().await;
    assert_eq!(world.inside("House").await, ["grace", "klara", "mary"]);
    world.at("2026-03-02T12:00:00Z", "House", &[]).await;
    world.ends_well().await;
}

async fn v1_a_visit_that_moves_or_is_removed_is_followed(at: Doors) {
    let things = json!({ "Visitors": [
        visit(701, "grace", json!({})),
        visit(702, "eve", json!({})),
    ] });
    let world = begin(at, VISITORS, things, &["House"]).await;
    world
        .at("2026-03-02T10:00:00Z", "House", &["eve", "grace"])
        .await;
    world
        .change(json!({ "Visitors": [{ "Id": 701, "ExpectedArrival": "2026-03-02T14:00:00Z" }] }))
        .await;
    world
        .change_and_deliver(json!({ "remove": { "Visitors": [702] } }))
        .await;
    world.reconcile().await;
    world.at("2026-03-02T10:06:00Z", "House", &[]).await;
    world.at("2026-03-02T13:45:00Z", "House", &["grace"]).await;
    world.at("2026-03-02T16:00:00Z", "House", &[]).await;
    world.ends_well().await;
}

async fn v1_the_guest_of_a_booking_is_no_visitor_without_one(at: Doors) {
    let guest = json!({ "Id": 301, "BookingId": 213, "VisitorId": 701,
        "VisitorFullName": "grace Guest", "VisitorEmail": "grace@example.test" });
    let things = json!({
        "Visitors": [visit(701, "grace", json!({})), visit(702, "hedy", json!({}))],
        "Bookings": [booking(13, "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")],
        "BookingVisitors": [guest],
    });
    let world = begin(at, VISITORS, things, &["House"]).await;
    world.at("2026-03-02T10:00:00Z", "House", &["hedy"]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn v1_a_site_without_a_rule_about_visitors_asks_for_none() {
    let things = json!({
        "CoworkerContracts": [contract(13)],
        "Visitors": [visit(701, "grace", json!({}))],
    });
    let world = begin(Doors::Kisi, PLAN, things, &["Members"]).await;
    let new = visit(702, "hedy", json!({}));
    world.change_and_deliver(json!({ "Visitors": [new] })).await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    let calls = world.calls("nexudus").await;
    let asked = calls.keys().find(|call| call.contains("/spaces/visitors"));
    assert_eq!(asked, None, "{calls:?}");
    world.ends_well().await;
}

#[tokio::test]
async fn v1_visitors_that_cannot_be_read_cost_no_one_else_anything() {
    let rules = format!("{PLAN}{VISITORS}");
    let things = json!({
        "CoworkerContracts": [contract(13)],
        "Visitors": [visit(701, "grace", json!({}))],
    });
    let mut world = begin(Doors::Kisi, &rules, things, &["Members", "House"]).await;
    world.at("2026-03-02T10:00:00Z", "House", &["grace"]).await;
    let none = "{\"Records\":[],\"CurrentPage\":1,\"TotalItems\":0,\"TotalPages\":0,\"HasNextPage\":false}";
    for fault in [
        json!({ "match": "GET /api/spaces/visitors*", "status": 403, "times": -1 }),
        json!({ "match": "GET /api/spaces/visitors", "status": 200, "body": none, "times": -1 }),
    ] {
        world.platform_faults(json!([fault])).await;
        let report = world.reconcile().await;
        assert_eq!(report.revoked, 0, "{fault}: {report:?}");
        assert_eq!(world.inside("House").await, ["grace"], "{fault}");
        assert_eq!(world.inside("Members").await, ["eve"], "{fault}");
    }
    world.platform_faults(json!([])).await;
    world.at("2026-03-02T12:00:00Z", "House", &[]).await;
    world.ends_well().await;
}
