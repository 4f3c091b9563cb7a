//! Translation of records into facts, field by field, and the treatment of unreadable records.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use crate::platform::found::Translated;
use crate::platform::officernd::wire;
use doorstep_core::model::fact::{
    Booking, Fact, Holder, Kind, Membership, Pass, Profile, Visit, What,
};

fn translated(kind: Kind, mut record: Value, more: Value) -> Translated {
    if let (Some(fields), Value::Object(more)) = (record.as_object_mut(), more) {
        fields.extend(more);
    }
    wire::fact(kind, &record).expect("a thing")
}

fn seen(kind: Kind, record: Value, more: Value) -> Fact {
    translated(kind, record, more).expect("it can be read")
}

/// Returns the field of the thing that cannot be read.
fn unreadable(kind: Kind, usual: Value, more: Value) -> Option<String> {
    translated(kind, usual, more)
        .err()
        .map(|unreadable| unreadable.field)
}

fn usual_booking() -> Value {
    json!({"_id": "b1", "start": "2026-01-12T10:00:00.000Z", "end": "2026-01-12T11:00:00.000Z"})
}

fn usual_membership() -> Value {
    json!({"_id": "m1", "status": "approved", "member": "a", "company": "c", "startDate": "2026-01-01"})
}

fn booking(more: Value) -> Booking {
    let What::Booking(booking) = seen(Kind::Booking, usual_booking(), more).what else {
        panic!("not a booking")
    };
    *booking
}

fn membership(more: Value) -> Membership {
    let What::Membership(membership) = seen(Kind::Membership, usual_membership(), more).what else {
        panic!("no membership")
    };
    membership
}

fn pass(more: Value) -> Pass {
    let What::Pass(pass) = seen(Kind::Pass, json!({"_id": "p1", "member": "a"}), more).what else {
        panic!("not a pass")
    };
    pass
}

fn profile(kind: Kind, more: Value) -> Profile {
    match seen(kind, json!({"_id": "x"}), more).what {
        What::Member(profile) | What::Visitor(profile) => profile,
        other => panic!("{other:?}"),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

#[test]
fn card_numbers_stand_in_a_property_that_the_operator_names() {
    let cards =
        |value: Value| wire::cards(&json!({"_id": "m", "properties": {"Card": value}}), "Card");
    assert_eq!(cards(json!("0123; ab,7")), ["0123", "ab", "7"]);
    assert_eq!(cards(json!(123)), ["123"]);
    assert_eq!(cards(json!(["1", 2, null, {"a": "b"}])), ["1", "2"]);
    for nothing in [
        json!(null),
        json!(true),
        json!({"a": "1"}),
        json!("  "),
        json!([]),
    ] {
        assert!(cards(nothing.clone()).is_empty(), "{nothing}");
    }
    for record in [
        json!({"_id": "m"}),
        json!({"properties": null}),
        json!({"properties": ["1"]}),
    ] {
        assert!(wire::cards(&record, "Card").is_empty(), "{record}");
    }
}

#[test]
fn every_kind_needs_nothing_but_an_id() {
    for kind in [
        Kind::Location,
        Kind::Floor,
        Kind::Resource,
        Kind::Plan,
        Kind::Team,
        Kind::Member,
        Kind::Visitor,
    ] {
        for record in [
            json!({"_id": "x"}),
            json!({"_id": "x", "name": null, "location": null, "email": null}),
        ] {
            let seen = wire::fact(kind, &record)
                .expect("a thing")
                .expect("it can be read");
            assert!(seen.what.kind() == kind && seen.changed.is_none());
        }
    }
    for record in [
        json!({}),
        json!({"_id": null}),
        json!({"_id": " "}),
        json!(7),
        json!([]),
    ] {
        assert!(wire::fact(Kind::Plan, &record).is_none(), "{record}");
    }
}

#[test]
fn the_catalogue_is_names_and_places() {
    let location = seen(
        Kind::Location,
        json!({"_id": "l", "name": "Riverside", "timezone": "Europe/London"}),
        json!({}),
    );
    assert!(
        matches!(location.what, What::Location(it) if it.timezone.as_deref() == Some("Europe/London"))
    );
    let resource = json!({"_id": "r", "name": "Studio", "location": {"_id": "l"}, "floor": "f", "parents": ["r0"]});
    let What::Resource(resource) = seen(Kind::Resource, resource, json!({})).what else {
        panic!("no resource")
    };
    assert_eq!(
        (resource.location.as_deref(), resource.floor.as_deref()),
        (Some("l"), Some("f"))
    );
}

#[test]
fn people_who_left_or_are_not_yet_here_share_nothing() {
    for (status, shares) in [
        ("active", true),
        ("pending", true),
        ("contact", true),
        ("drop-in", true),
        ("former", false),
        ("lead", false),
        ("not_approved", false),
    ] {
        assert_eq!(
            profile(Kind::Member, json!({"status": status})).shares_team,
            shares,
            "{status}"
        );
    }
    assert!(profile(Kind::Member, json!({})).shares_team);
    let visitor = profile(
        Kind::Visitor,
        json!({"name": "Bo", "email": "bo@example.test", "company": "c", "member": "a"}),
    );
    assert_eq!(
        (
            visitor.teams.len(),
            visitor.shares_team,
            visitor.email.as_deref()
        ),
        (0, false, Some("bo@example.test"))
    );
}

#[test]
fn only_an_approved_membership_counts() {
    assert!(membership(json!({})).approved);
    assert!(!membership(json!({"status": "not_approved"})).approved);
    assert!(!membership(json!({"status": "not_approved", "calculatedStatus": "active"})).approved);
    assert!(membership(json!({"status": null, "calculatedStatus": "expired"})).approved);
    assert!(!membership(json!({"status": null, "calculatedStatus": "not_approved"})).approved);
    assert!(!membership(json!({"status": null})).approved);
}

#[test]
fn a_membership_without_a_member_is_the_companys() {
    assert_eq!(
        membership(json!({})).holder,
        Some(Holder::Member("a".into()))
    );
    assert_eq!(
        membership(json!({"member": null})).holder,
        Some(Holder::Team("c".into()))
    );
    assert_eq!(
        membership(json!({"member": null, "company": null})).holder,
        None
    );
}

#[test]
fn days_are_local_days_whatever_their_time_says() {
    for (text, day) in [
        ("2026-01-31T00:00:00.000Z", date(2026, 1, 31)),
        ("2026-01-31T23:59:59+14:00", date(2026, 1, 31)),
        ("2026-01-31", date(2026, 1, 31)),
        ("1900-01-01T00:00:00.000Z", date(1900, 1, 1)),
        ("9999-12-31T00:00:00.000Z", Date::MAX),
    ] {
        let read = membership(json!({"startDate": text, "endDate": text}));
        assert_eq!(
            (read.from, read.until, read.approved),
            (Some(day), Some(day), true),
            "{text}"
        );
    }
    let open = membership(json!({"startDate": "2026-01-01", "endDate": null}));
    assert_eq!(open.until, None);
}

#[test]
fn a_membership_with_unreadable_days_or_holders_is_unreadable() {
    for wrong in [
        json!("soon"),
        json!("2026-02-30T00:00:00.000Z"),
        json!(20260131),
        json!("é2026-01-31"),
        json!({}),
        json!(""),
    ] {
        for field in ["startDate", "endDate"] {
            let read = unreadable(
                Kind::Membership,
                usual_membership(),
                json!({ field: wrong }),
            );
            assert_eq!(read.as_deref(), Some(field), "{wrong}");
        }
    }
    let without = unreadable(
        Kind::Membership,
        usual_membership(),
        json!({"startDate": null}),
    );
    assert_eq!(without.as_deref(), Some("startDate"));
    let open = unreadable(
        Kind::Membership,
        usual_membership(),
        json!({"endDate": null}),
    );
    assert_eq!(open, None, "it runs until it ends");
    let whose = unreadable(Kind::Membership, usual_membership(), json!({"member": {}}));
    assert_eq!(whose.as_deref(), Some("member"), "it is not the company's");
}

#[test]
fn a_booking_says_who_where_and_when() {
    let read = booking(
        json!({"resource": "r", "location": "l", "member": "a", "members": ["b", {"_id": "c"}, null, 7],
        "visitors": [{"_id": "v1", "name": "Bo"}], "timezone": "Europe/London", "isTentative": true,
        "isCancelled": "true", "serviceSlots": {"before": 30, "after": 30}, "recurrence": {"rrule": null}}),
    );
    assert_eq!(
        (read.start, read.end),
        (at("2026-01-12T10:00:00Z"), at("2026-01-12T11:00:00Z"))
    );
    assert_eq!(
        (read.booker.as_deref(), read.members),
        (Some("a"), vec!["b".into(), "c".into(), "7".into()])
    );
    assert_eq!((read.visitors, read.series), (vec!["v1".into()], None));
    assert!(read.cancelled && read.tentative && !read.unpaid);
    let companys = booking(json!({"member": null, "company": "c"}));
    assert_eq!(companys.booker, None);
}

#[test]
fn instants_reach_from_1900_to_the_last_one_there_is() {
    let read =
        booking(json!({"start": "1900-01-01T00:00:00.000Z", "end": "9999-12-31T23:59:59.999Z"}));
    assert_eq!(
        (read.start, read.end),
        (at("1900-01-01T00:00:00Z"), Timestamp::MAX)
    );
    let read = booking(json!({"start": "2026-01-12T10:00:00+02:00", "end": "2026-01-12T11:00:00"}));
    assert_eq!(
        (read.start, read.end),
        (at("2026-01-12T08:00:00Z"), at("2026-01-12T11:00:00Z"))
    );
}

#[test]
fn a_booking_with_unreadable_times_is_unreadable() {
    for (wrong, field) in [
        (json!({"start": "soon"}), "start"),
        (json!({"start": null}), "start"),
        (json!({"end": null}), "end"),
        (json!({"end": 17}), "end"),
        (json!({"end": {}}), "end"),
        (json!({"end": ""}), "end"),
        (json!({"end": "99999-01-01T00:00:00Z"}), "end"),
        (json!({"recurrence": "weekly"}), "recurrence"),
        (json!({"recurrence": {"rrule": {}}}), "recurrence.rrule"),
        (
            json!({"recurrence": {"rrule": "FREQ=SOMETIMES"}}),
            "recurrence.rrule",
        ),
        (
            json!({"recurrence": {"rrule": "FREQ=DAILY", "exdates": ["soon"]}}),
            "recurrence.exdates",
        ),
        (
            json!({"recurrence": {"rrule": "FREQ=DAILY", "exdates": "soon"}}),
            "recurrence.exdates",
        ),
        (
            json!({"recurrence": {"rrule": "FREQ=DAILY"}, "seriesEnd": "soon"}),
            "seriesEnd",
        ),
        (json!({"members": [{}]}), "members"),
        (json!({"member": {}}), "member"),
    ] {
        assert_eq!(
            unreadable(Kind::Booking, usual_booking(), wrong.clone()).as_deref(),
            Some(field),
            "{wrong}"
        );
    }
    let gone = unreadable(Kind::Booking, json!({"_id": "b1"}), json!({}));
    assert_eq!(gone.as_deref(), Some("start"), "missing is unreadable, too");
    let backwards =
        booking(json!({"end": "2026-01-12T09:00:00Z", "recurrence": {"rrule": "FREQ=DAILY"}}));
    assert!(
        backwards.end < backwards.start,
        "that can be read, and is another problem"
    );
}

#[test]
fn a_series_keeps_its_rule_and_what_is_called_off() {
    let read = booking(json!({"recurrence": {"rrule": "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "exdates": ["2026-01-19T10:00:00.000Z", "2026-01-26", "2026-02-02T10:00:00"]},
        "seriesEnd": "2026-03-30T10:00:00.000Z"}));
    let series = read.series.expect("a series");
    assert_eq!(
        series.rule,
        "RRULE:FREQ=WEEKLY;BYDAY=MO\nEXDATE:20260126\nEXDATE:20260202T100000"
    );
    assert_eq!(series.except, [at("2026-01-19T10:00:00Z")]);
    assert_eq!(series.until, Some(at("2026-03-30T10:00:00Z")));
}

#[test]
fn a_pass_counts_days_and_halves() {
    let read = pass(
        json!({"count": "10", "usedCount": 2.5, "validFrom": "2026-01-01", "validTo": "2026-03-31"}),
    );
    assert_eq!((read.count, read.used), (Some(10.0), 2.5));
    assert_eq!(
        (read.from, read.until),
        (Some(date(2026, 1, 1)), Some(date(2026, 3, 31)))
    );
    let silent = pass(json!({}));
    assert_eq!(
        (silent.count, silent.used, silent.name),
        (Some(1.0), 0.0, None)
    );
    assert_eq!(pass(json!({"count": 3, "status": "used"})).used, 3.0);
    assert_eq!(
        pass(json!({"member": null, "company": "c"})).holders,
        [Holder::Team("c".into())]
    );
    for wrong in [
        json!({"validTo": "soon"}),
        json!({"count": "many"}),
        json!({"usedCount": -1}),
        json!({"count": "NaN"}),
    ] {
        assert!(
            unreadable(Kind::Pass, json!({"_id": "p1"}), wrong.clone()).is_some(),
            "{wrong}"
        );
    }
}

#[test]
fn a_checkin_is_a_person_somewhere_some_time() {
    let of = |record: Value| {
        wire::fact(Kind::Checkin, &record).map(|read| read.map(|fact| fact.id.to_string()))
    };
    let record = json!({"_id": "k", "member": "a", "location": "l", "start": "2026-01-12T09:00:00.000Z", "end": null});
    assert_eq!(of(record), Some(Ok("k".into())));
    let nameless = json!({"member": "a", "start": "2026-01-12T09:00:00.000Z"});
    assert_eq!(of(nameless), Some(Ok("a@2026-01-12T09:00:00Z".into())));
    assert_eq!(of(json!({"start": "2026-01-12T09:00:00.000Z"})), None);
    assert_eq!(of(json!({"member": "a"})), None);
    for wrong in [json!(null), json!("soon"), json!(12)] {
        let read = unreadable(
            Kind::Checkin,
            json!({"_id": "k", "member": "a"}),
            json!({ "start": wrong }),
        );
        assert_eq!(read.as_deref(), Some("start"), "{wrong}");
    }
}

#[test]
fn an_assignment_that_cannot_be_read_says_so() {
    let record =
        |end: Value| json!({"_id": "a", "resource": "r", "membership": "m", "endDate": end});
    let Some(wire::AssignmentContent::To(_, open)) = wire::assignment(&record(json!(null))) else {
        panic!("an assignment")
    };
    assert_eq!((open.from, open.until), (None, None));
    let unreadable = |record: Value| match wire::assignment(&record) {
        Some(wire::AssignmentContent::Unreadable(unreadable)) => Some(unreadable.field),
        _ => None,
    };
    assert_eq!(
        unreadable(record(json!("soon"))).as_deref(),
        Some("endDate")
    );
    assert_eq!(
        unreadable(json!({"_id": "a", "membership": "m"})).as_deref(),
        Some("resource")
    );
    let of_none = wire::assignment(&json!({"_id": "a", "resource": "r"}));
    assert!(matches!(of_none, Some(wire::AssignmentContent::ToNone)));
}

#[test]
fn a_version_is_kept_and_never_makes_a_record_malformed() {
    let known = seen(
        Kind::Plan,
        json!({"_id": "p", "modifiedAt": "2026-01-12T08:15:29.907Z"}),
        json!({}),
    );
    assert_eq!(known.changed, Some(at("2026-01-12T08:15:29.907Z")));
    let unknown = seen(
        Kind::Plan,
        json!({"_id": "p", "modifiedAt": "soon"}),
        json!({}),
    );
    assert!(unknown.changed.is_none());
}

#[test]
fn v1_a_visit_has_a_visitor_a_place_and_its_times() {
    let usual = || {
        json!({ "_id": "v1", "visitor": { "_id": "g1", "name": "Grace" }, "member": "m1", "location": "l1",
            "start": "2026-01-12T10:00:00.000Z", "end": "2026-01-12T11:00:00.000Z" })
    };
    let visit = |more: Value| -> Visit {
        let What::Visit(visit) = seen(Kind::Visit, usual(), more).what else {
            panic!("not a visit")
        };
        visit
    };
    let read = visit(json!({}));
    assert_eq!((read.visitor.as_str(), read.approved), ("g1", true));
    assert_eq!(read.location.as_deref(), Some("l1"));
    assert_eq!(read.start, "2026-01-12T10:00:00Z".parse().expect("it"));
    assert_eq!(read.end, "2026-01-12T11:00:00Z".parse().ok());
    let office = visit(json!({ "location": null, "office": "l2", "end": null }));
    assert_eq!((office.location.as_deref(), office.end), (Some("l2"), None));
    for cancelled in ["isCancelled", "canceled"] {
        assert!(!visit(json!({ cancelled: true })).approved);
    }
    for (more, field) in [
        (json!({ "start": null }), "start"),
        (json!({ "start": "soon" }), "start"),
        (json!({ "end": "late" }), "end"),
        (json!({ "visitor": null }), "visitor"),
        (json!({ "visitor": [] }), "visitor"),
        (json!({ "location": {} }), "location"),
    ] {
        let said = unreadable(Kind::Visit, usual(), more.clone());
        assert_eq!(said.as_deref(), Some(field), "{more}");
    }
}
