//! Expected visitors without a booking.

use serde_json::{Value, json};

use crate::access::Extras;
use crate::platform::Span;
use crate::platform::found::Lookup;
use crate::platform::script::{PlatformScript, ScriptedAnswer, answer};
use doorstep_core::model::error::Error;
use doorstep_core::model::fact::{FactId, Kind, Visit, What};

fn span() -> Span {
    Span {
        changed_since: None,
        checkins_from: "2026-01-10T00:00:00Z".parse().expect("an instant"),
    }
}

fn list(records: Value) -> ScriptedAnswer {
    answer(200, json!({ "Records": records, "HasNextPage": false }))
}

fn with_visits(script: PlatformScript) -> PlatformScript {
    script.reading(Extras {
        visits: true,
        ..Extras::default()
    })
}

fn record(id: u64, more: Value) -> Value {
    let mut record = json!({
        "Id": id, "BusinessId": 1, "FullName": "Grace", "Email": "grace@example.test",
        "ExpectedArrival": "2026-01-12T10:00:00Z", "UpdatedOn": "2026-01-11T10:00:00Z",
    });
    let more = more.as_object().expect("fields").clone();
    record.as_object_mut().expect("a record").extend(more);
    record
}

async fn visits(records: Value) -> Vec<Visit> {
    let script = PlatformScript::nexudus("1")
        .on("spaces/visitors", [list(records)])
        .on("spaces/bookingvisitors", [list(json!([]))]);
    let reader = with_visits(script).reader();
    let read = reader.read(Kind::Visit, &span()).await.expect("a list");
    let facts = read.facts.into_iter();
    facts
        .filter_map(|fact| match fact.what {
            What::Visit(visit) => Some(visit),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn v1_a_visit_is_approved_unless_its_host_was_asked_and_did_not_approve() {
    for (fields, approved) in [
        (json!({}), true),
        (json!({ "HostApprovalStatus": null }), true),
        (json!({ "HostApprovalStatus": 1 }), true),
        (json!({ "HostApprovalStatus": 2 }), false),
        (json!({ "HostApprovalStatus": 3 }), false),
        (json!({ "HostApprovalStatus": "4" }), true),
        (json!({ "HostApprovalStatus": 5 }), true),
        (json!({ "IsTour": true }), false),
        (json!({ "IsTour": true, "TourConfirmed": true }), true),
    ] {
        let read = visits(json!([record(7, fields.clone())])).await;
        let [visit] = read.as_slice() else {
            panic!("{fields}: {read:?}")
        };
        assert_eq!(visit.approved, approved, "{fields}");
        assert_eq!(visit.start, "2026-01-12T10:00:00Z".parse().expect("it"));
        assert_eq!((visit.end, visit.visitor.as_str()), (None, "visit~7"));
    }
    let elsewhere = visits(json!([record(7, json!({ "BusinessId": 2 }))])).await;
    assert_eq!(elsewhere, [], "another location");
}

#[tokio::test]
async fn v1_a_visit_that_cannot_be_read_says_which_field() {
    for (fields, field) in [
        (json!({ "ExpectedArrival": null }), "ExpectedArrival"),
        (json!({ "ExpectedArrival": "soon" }), "ExpectedArrival"),
        (json!({ "HostApprovalStatus": 9 }), "HostApprovalStatus"),
    ] {
        let script = PlatformScript::nexudus("")
            .on("spaces/visitors", [list(json!([record(7, fields)]))])
            .on("spaces/bookingvisitors", [list(json!([]))]);
        let reader = with_visits(script).reader();
        let read = reader.read(Kind::Visit, &span()).await.expect("a list");
        let said: Vec<&str> = read.unreadable.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(said, [field]);
    }
}

#[tokio::test]
async fn v1_the_guest_of_a_booking_is_no_visitor_without_one() {
    let guests = json!([{ "Id": 3, "BookingId": 5, "VisitorId": 7, "VisitorFullName": "Grace" }]);
    let script = PlatformScript::nexudus("")
        .on("spaces/visitors", [list(json!([record(7, json!({}))]))])
        .on("spaces/visitors/7", [answer(200, record(7, json!({})))])
        .on("spaces/bookingvisitors", [list(guests)]);
    let script = with_visits(script);
    let reader = script.reader();
    let people = reader.read(Kind::Visitor, &span()).await.expect("a list");
    let ids: Vec<&str> = people.facts.iter().map(|fact| fact.id.as_str()).collect();
    assert_eq!(ids, ["3", "visit~7"]);
    let listed = reader.read(Kind::Visit, &span()).await.expect("a list");
    let one = reader.fetch(&FactId::new(Kind::Visit, "7")).await;
    let Ok(Lookup::Fact(one)) = one else {
        panic!("{one:?}")
    };
    for fact in [&one, &listed.facts[0]] {
        assert!(matches!(&fact.what, What::Visit(visit) if !visit.approved));
    }
    assert_eq!(script.requests("spaces/visitors?").len(), 1, "read once");
    let asked = script.requests("BookingVisitor_Visitor=7");
    assert_eq!(asked.len(), 1, "the visit asks for its own bookings");
}

#[tokio::test]
async fn v1_a_visitor_is_asked_for_by_the_id_of_the_visit() {
    let script = PlatformScript::nexudus("1")
        .on("spaces/visitors", [list(json!([]))])
        .on("spaces/visitors/8", [answer(500, "{}")])
        .on("spaces/visitors/7", [answer(200, record(7, json!({})))]);
    let reader = with_visits(script).reader();
    let about = |id: &str| FactId::new(Kind::Visitor, id);
    let Ok(Lookup::Fact(fact)) = reader.fetch(&about("visit~7")).await else {
        panic!("a visitor")
    };
    let What::Visitor(profile) = &fact.what else {
        panic!("{fact:?}")
    };
    assert_eq!(profile.email.as_deref(), Some("grace@example.test"));
    for gone in [about("visit~8"), FactId::new(Kind::Visit, "8")] {
        assert_eq!(reader.fetch(&gone).await, Ok(Lookup::Missing));
        let around = reader.around(&gone, None, true).await.expect("an answer");
        assert_eq!(around.unlisted, gone.kind == Kind::Visit);
    }
}

#[tokio::test]
async fn v1_without_a_rule_about_visitors_none_is_asked_for() {
    let script = PlatformScript::nexudus("").on("spaces/bookingvisitors", [list(json!([]))]);
    let reader = script.reader();
    assert!(!reader.kinds().contains(&Kind::Visit));
    let people = reader.read(Kind::Visitor, &span()).await.expect("a list");
    assert_eq!(people.facts, []);
    for (kind, id) in [(Kind::Visitor, "visit~7"), (Kind::Visit, "7")] {
        let found = reader.fetch(&FactId::new(kind, id)).await;
        assert_eq!(found, Ok(Lookup::Missing));
    }
    assert_eq!(script.requests("spaces/visitors").len(), 0);
}

#[tokio::test]
async fn v1_a_refused_list_of_visitors_says_which_roles_are_needed() {
    let script = PlatformScript::nexudus("")
        .on("spaces/visitors", [answer(403, "{}")])
        .on("spaces/bookingvisitors", [list(json!([]))]);
    let script = with_visits(script);
    let reader = script.reader();
    assert!(reader.kinds().contains(&Kind::Visit));
    let read = reader.read(Kind::Visit, &span()).await;
    let Err(Error::Permanent(why)) = read else {
        panic!("{read:?}")
    };
    assert!(why.contains("Visitor-List and Visitor-Read"), "{why}");
    let guests = reader.read(Kind::Visitor, &span()).await;
    assert_eq!(guests.map(|read| read.facts), Ok(Vec::new()));
    for (kind, id) in [(Kind::Visitor, "visit~7"), (Kind::Visit, "7")] {
        let found = reader.fetch(&FactId::new(kind, id)).await;
        assert!(matches!(found, Ok(Lookup::Unreadable(_))), "{found:?}");
    }
    assert_eq!(script.requests("spaces/visitors").len(), 1, "asked once");
}
