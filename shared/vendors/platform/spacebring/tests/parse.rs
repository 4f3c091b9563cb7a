//! The content of deliveries, by their type or by their shape.

use serde_json::{Value, json};

use crate::delivery::WebhookContent;
use crate::platform::spacebring::parse::read;
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::push_update::ChangeHint;

fn hint(kind: Kind, removed: bool) -> WebhookContent {
    WebhookContent::About(vec![ChangeHint {
        about: FactId::new(kind, "i"),
        reaches: None,
        removed,
    }])
}

fn content(body: &Value) -> WebhookContent {
    read(body.to_string().as_bytes())
}

#[test]
fn an_event_with_a_type_is_about_its_thing() {
    for (event, thing, kind, removed) in [
        ("booking.created", "booking", Kind::Booking, false),
        ("booking.updated", "booking", Kind::Booking, false),
        ("booking.paid", "booking", Kind::Booking, false),
        ("booking.deleted", "booking", Kind::Booking, true),
        ("membership.created", "membership", Kind::Member, false),
        ("membership.invited", "membership", Kind::Member, false),
        ("company.created", "company", Kind::Team, false),
        ("company.deleted", "company", Kind::Team, true),
        ("resource.updated", "resource", Kind::Resource, false),
        ("resource.deleted", "resource", Kind::Resource, true),
        ("location.updated", "location", Kind::Location, false),
        (
            "subscription.deleted",
            "subscription",
            Kind::Membership,
            true,
        ),
    ] {
        let body = json!({ "type": event, thing: { "id": "i" } });
        assert_eq!(content(&body), hint(kind, removed), "{event}");
    }
}

#[test]
fn a_subscription_without_a_type_is_told_by_its_shape_and_removes_nothing_by_itself() {
    let bare = json!({
        "id": "i", "items": [], "startDate": "2026-01-01T00:00:00+02:00", "period": "month",
        "deleteDate": "2026-02-01T00:00:00+02:00", "user": { "id": 7 },
    });
    assert_eq!(content(&bare), hint(Kind::Membership, false));
}

#[test]
fn a_visit_is_told_by_its_key_with_a_type_or_without() {
    let visit = json!({ "visit": { "id": "i", "userHost": { "id": "u" } } });
    assert_eq!(content(&visit), hint(Kind::Visit, false));
    let typed = json!({ "type": "visitors.visit.checked_in", "visit": { "id": "i" } });
    assert_eq!(content(&typed), hint(Kind::Visit, false));
}

#[test]
fn every_other_event_is_not_for_us() {
    for body in [
        json!({ "type": "invoice.issued", "invoice": { "id": "i" } }),
        json!({ "type": "something.new" }),
        json!({ "id": "i", "items": [] }),
        json!({ "invoice": { "id": "i" } }),
        json!({}),
    ] {
        assert_eq!(content(&body), WebhookContent::NotForUs, "{body}");
    }
}

#[test]
fn what_cannot_be_read_says_why_and_quotes_nothing() {
    for (body, why) in [
        (json!([]), "the body is not an object"),
        (json!({ "type": 7 }), "the event's type is not a text"),
        (
            json!({ "type": "booking.created" }),
            "the thing of the event is missing",
        ),
        (
            json!({ "type": "booking.created", "booking": [] }),
            "the thing of the event is missing",
        ),
        (
            json!({ "type": "booking.created", "booking": {} }),
            "the thing has no usable id",
        ),
        (
            json!({ "type": "booking.created", "booking": { "id": " " } }),
            "the thing has no usable id",
        ),
        (
            json!({ "type": "booking.created", "booking": { "id": "i".repeat(201) } }),
            "the thing has no usable id",
        ),
    ] {
        assert_eq!(
            content(&body),
            WebhookContent::Unreadable(why.to_owned()),
            "{body}"
        );
    }
    let twice = br#"{"type":"booking.created","booking":{"id":"i","id":"j"}}"#;
    assert_eq!(
        read(twice),
        WebhookContent::Unreadable("the body has a key twice".to_owned())
    );
}
