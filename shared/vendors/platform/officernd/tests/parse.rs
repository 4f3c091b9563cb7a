//! Subjects of deliveries: every recorded payload, and content that cannot be read.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::delivery::WebhookContent;
use crate::platform::officernd::parse::read;
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::push_update::ChangeHint;

/// Loads recorded payloads by the names of their files.
macro_rules! deliveries {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../../tests/webhooks/officernd/", $name, ".json")))),*]
    };
}

const BOOKING: &str = "603dfbc260f4054084125d39";

fn about(kind: Kind, id: &str, removed: bool) -> WebhookContent {
    let reaches = "2026-01-12T08:15:29.907Z".parse::<Timestamp>().ok();
    WebhookContent::About(vec![ChangeHint {
        about: FactId::new(kind, id),
        reaches,
        removed,
    }])
}

/// Returns the expected content of the payload with this name.
fn expected(name: &str) -> WebhookContent {
    let mut words = name.split('.');
    let (thing, verb, rest) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
        words.next(),
    );
    if thing == "occupancyslot" {
        let about = FactId::new(Kind::Booking, BOOKING);
        return WebhookContent::About(vec![ChangeHint {
            about,
            reaches: None,
            removed: false,
        }]);
    }
    let removed = verb == "removed";
    match thing {
        _ if verb == "paymentdetails" => WebhookContent::NotForUs,
        "booking" => about(Kind::Booking, BOOKING, removed),
        "member" => about(Kind::Member, "5f9a1c3e7b2d4a0012c4e801", removed),
        "company" => about(Kind::Team, "5f9a1c3e7b2d4a0012c4e7aa", removed),
        "membership" => about(Kind::Membership, "60b8d1f47c3e5a0015d2f610", removed),
        "pass" => about(Kind::Pass, "6153aa20c41be70016e0a311", removed),
        _ => {
            assert!(
                rest.is_none_or(|verb| ["created", "updated", "removed"].contains(&verb)),
                "{name}"
            );
            WebhookContent::NotForUs
        }
    }
}

#[test]
fn every_recorded_delivery_reads_as_what_it_is_about() {
    let all = deliveries![
        "booking.created",
        "booking.created.v1",
        "booking.removed",
        "booking.updated",
        "booking.updated.cancelled",
        "booking.updated.holder",
        "booking.updated.v1",
        "company.created",
        "company.paymentdetails.created",
        "company.paymentdetails.removed",
        "company.removed",
        "company.updated",
        "company.updated.v1",
        "contract.created",
        "contract.removed",
        "contract.updated",
        "fee.created",
        "fee.removed",
        "fee.updated",
        "integration.removed",
        "invoice.allocation.created",
        "invoice.allocation.removed",
        "invoice.charge.created",
        "invoice.charge.removed",
        "invoice.charge.updated",
        "invoice.created",
        "invoice.removed",
        "invoice.updated",
        "member.created",
        "member.paymentdetails.created",
        "member.paymentdetails.removed",
        "member.removed",
        "member.updated",
        "member.updated.v1",
        "membership.created",
        "membership.created.v1",
        "membership.removed",
        "membership.updated",
        "occupancyslot.created",
        "occupancyslot.removed",
        "pass.created",
        "pass.updated",
        "ticket.created",
        "ticket.removed",
        "ticket.updated",
    ];
    for (name, body) in &all {
        assert_eq!(read(body.as_bytes()), expected(name), "{name}");
    }
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/webhooks/officernd"
    );
    let files = std::fs::read_dir(folder).expect("the folder of recorded deliveries");
    let files: BTreeSet<_> = files
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect();
    let read: BTreeSet<_> = all.iter().map(|(name, _)| format!("{name}.json")).collect();
    assert_eq!(files, read, "every recorded delivery is read by this test");
}

#[test]
fn one_of_the_two_names_is_enough() {
    for key in ["event", "eventType"] {
        let body = format!(r#"{{"{key}":"booking.created","data":{{"object":{{"_id":"b1"}}}}}}"#);
        let about = FactId::new(Kind::Booking, "b1");
        let hint = ChangeHint {
            about,
            reaches: None,
            removed: false,
        };
        assert_eq!(read(body.as_bytes()), WebhookContent::About(vec![hint]));
    }
}

#[test]
fn a_version_that_cannot_be_read_is_no_reason_to_lose_the_delivery() {
    for version in ["null", "17", "\"soon\"", "{}"] {
        let body = format!(
            r#"{{"event":"pass.updated","data":{{"object":{{"_id":"p1","modifiedAt":{version}}}}}}}"#
        );
        assert!(
            matches!(read(body.as_bytes()), WebhookContent::About(all) if all[0].reaches.is_none()),
            "{version}"
        );
    }
}

#[test]
fn an_occurrence_that_names_no_booking_is_none_of_our_business() {
    let slot = |fields: &str| {
        format!(r#"{{"event":"occupancyslot.created","data":{{"object":{{{fields}}}}}}}"#)
    };
    assert_eq!(
        read(slot(r#""_id":"s1""#).as_bytes()),
        WebhookContent::NotForUs
    );
    for fields in [r#""bookingId":"b1""#, r#""booking":{"_id":"b1"}"#] {
        assert!(
            matches!(read(slot(fields).as_bytes()), WebhookContent::About(all) if all[0].about.id == "b1"),
            "{fields}"
        );
    }
}

#[test]
fn unknown_events_are_none_of_our_business_whatever_they_hold() {
    for event in [
        "visit.created",
        "plan.updated",
        "booking",
        "booking.checkin.created",
        "Booking.created",
        ".",
    ] {
        let body = format!(r#"{{"event":"{event}"}}"#);
        assert_eq!(read(body.as_bytes()), WebhookContent::NotForUs, "{event}");
    }
}

#[test]
fn what_cannot_be_read_says_why_and_quotes_nothing() {
    let deep = format!(
        r#"{{"event":"booking.created","data":{}"#,
        "[".repeat(1_000_000)
    );
    let long = format!(
        r#"{{"event":"booking.created","data":{{"object":{{"_id":"{}"}}}}}}"#,
        "x".repeat(201)
    );
    for body in [
        "",
        "hello secretword",
        "[]",
        "null",
        "{}",
        r#"{"event":""}"#,
        r#"{"event":7}"#,
        r#"{"event":"booking.created","eventType":"booking.removed","data":{"object":{"_id":"secretword"}}}"#,
        r#"{"event":"booking.created","event":"booking.removed","data":{"object":{"_id":"secretword"}}}"#,
        r#"{"event":"booking.created","data":{"object":{"_id":"secretword","_id":"b2"}}}"#,
        r#"{"event":"booking.created"}"#,
        r#"{"event":"booking.created","data":{}}"#,
        r#"{"event":"booking.created","data":{"object":"secretword"}}"#,
        r#"{"event":"booking.created","data":{"object":{}}}"#,
        r#"{"event":"booking.created","data":{"object":{"_id":""}}}"#,
        r#"{"event":"booking.created","data":{"object":{"_id":" "}}}"#,
        r#"{"event":"booking.created","data":{"object":{"_id":7}}}"#,
        r#"{"event":"booking.created","data":{"object":{"_id":"b1"}}} trailing"#,
        &deep,
        &long,
    ] {
        match read(body.as_bytes()) {
            WebhookContent::Unreadable(why) => {
                assert!(!why.is_empty() && !why.contains("secretword"), "{why}")
            }
            other => panic!("{other:?} from {}", body.get(..80).unwrap_or(body)),
        }
    }
    assert!(matches!(read(b"\xff\xfe{}"), WebhookContent::Unreadable(_)));
}
