//! Translation of Nexudus' records into facts.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::platform::found::Translated;
use crate::platform::nexudus::wire;
use doorstep_core::model::fact::{Booking, Fact, Holder, Membership, Pass, Profile, What};

fn record(mut record: Value, more: Value) -> Value {
    if let (Some(fields), Value::Object(more)) = (record.as_object_mut(), more) {
        fields.extend(more);
    }
    record
}

fn coworker(more: Value) -> Profile {
    let read = wire::coworker(&record(json!({ "Id": 7 }), more), Vec::new(), None);
    let Some(Fact {
        what: What::Member(profile),
        ..
    }) = read
    else {
        panic!("a coworker")
    };
    profile
}

fn contract_of(more: Value) -> Translated {
    let record = record(
        json!({ "Id": 7, "CoworkerId": 9, "StartDate": "2026-01-01T00:00:00Z" }),
        more,
    );
    wire::contract(&record, None, Ok(Vec::new())).expect("a contract")
}

fn contract(more: Value) -> Membership {
    let Ok(Fact {
        what: What::Membership(read),
        ..
    }) = contract_of(more)
    else {
        panic!("a contract")
    };
    read
}

fn pass_of(more: Value) -> Translated {
    let holders = vec![Holder::Member("9".into())];
    wire::pass(
        &record(json!({ "Id": 7, "CoworkerId": 9 }), more),
        holders,
        Some("Day".into()),
        None,
    )
    .expect("a pass")
}

fn pass(more: Value) -> Pass {
    let Ok(Fact {
        what: What::Pass(pass),
        ..
    }) = pass_of(more)
    else {
        panic!("a pass")
    };
    pass
}

fn booking_of(more: Value) -> Translated {
    let times = json!({ "Id": 7, "CoworkerId": 9, "FromTime": "2026-03-02T10:00:00Z", "ToTime": "2026-03-02T11:00:00Z" });
    wire::booking(&record(times, more), vec!["1".into()]).expect("a booking")
}

fn booking(more: Value) -> Booking {
    let Ok(Fact {
        what: What::Booking(read),
        ..
    }) = booking_of(more)
    else {
        panic!("a booking")
    };
    *read
}

/// Returns the field that cannot be read.
fn field(read: Translated) -> Option<String> {
    read.err().map(|unreadable| unreadable.field)
}

fn day(text: &str) -> Option<Date> {
    Some(text.parse().expect("a day"))
}

#[test]
fn everything_but_ids_may_be_missing() {
    let bare = coworker(json!({}));
    assert_eq!(
        (
            bare.name.as_str(),
            bare.email,
            bare.active,
            bare.cards.len()
        ),
        ("", None, true, 0)
    );
    let bare = contract(json!({ "CoworkerId": null }));
    assert_eq!((bare.holder, bare.until, bare.approved), (None, None, true));
    assert_eq!(pass(json!({})).count, Some(1.0));
    assert!(
        wire::coworker(&json!({ "FullName": "Ada" }), Vec::new(), None).is_none(),
        "no coworker without an id"
    );
    assert!(wire::business(&json!({ "Id": 1 })).is_some_and(|fact| fact.id == "1"));
}

#[test]
fn suspended_and_archived_people_are_not_active() {
    for (more, active) in [
        (json!({ "Active": true }), true),
        (json!({ "Active": false }), false),
        (json!({ "Archived": true }), false),
        (json!({ "Active": null, "Archived": null }), true),
        (json!({ "CoworkerType": 2 }), true),
    ] {
        assert_eq!(coworker(more.clone()).active, active, "{more}");
    }
}

#[test]
fn one_field_holds_several_cards() {
    let cards = |text: &str| coworker(json!({ "AccessCardId": text })).cards;
    assert_eq!(
        cards("0123, 0456;0789  0abc\n0123"),
        ["0123", "0456", "0789", "0abc"]
    );
    assert!(cards(" ,; ").is_empty());
    assert_eq!(coworker(json!({ "AccessCardId": 123 })).cards, ["123"]);
}

#[test]
fn a_zone_counts_where_it_is_one() {
    let zone = |more| match wire::business(&record(json!({ "Id": 1 }), more))
        .expect("a location")
        .what
    {
        What::Location(location) => location.timezone,
        _ => None,
    };
    assert_eq!(
        zone(json!({ "SimpleTimeZoneNameIana": "Europe/London" })).as_deref(),
        Some("Europe/London")
    );
    assert_eq!(
        zone(json!({ "SimpleTimeZoneName": "GMT Standard Time" })),
        None
    );
    assert_eq!(zone(json!({})), None);
}

#[test]
fn the_day_of_its_cancellation_is_a_contract_s_last() {
    assert_eq!(
        contract(json!({ "CancellationDate": "2026-03-31T00:00:00Z" })).until,
        day("2026-03-31")
    );
    assert_eq!(
        contract(json!({ "RenewalDate": "2026-03-31T00:00:00Z" })).until,
        None,
        "that is about bills"
    );
    assert!(!contract(json!({ "Active": false })).approved);
    assert!(
        !contract(json!({ "Cancelled": true })).approved,
        "cancelled and no day said: over"
    );
    assert!(contract(json!({ "Cancelled": true, "CancellationDate": "2026-03-31" })).approved);
}

#[test]
fn times_that_cannot_be_read_make_a_record_unreadable() {
    for wrong in [json!("soon"), json!(12), json!({}), json!("")] {
        let of = |name: &str| json!({ name: wrong });
        assert_eq!(
            field(contract_of(of("CancellationDate"))).as_deref(),
            Some("CancellationDate"),
            "{wrong}"
        );
        assert_eq!(
            field(contract_of(of("StartDate"))).as_deref(),
            Some("StartDate"),
            "{wrong}"
        );
        assert_eq!(
            field(pass_of(of("ExpireDate"))).as_deref(),
            Some("ExpireDate"),
            "{wrong}"
        );
        assert_eq!(
            field(booking_of(of("FromTime"))).as_deref(),
            Some("FromTime"),
            "{wrong}"
        );
        assert_eq!(
            field(booking_of(of("ToTime"))).as_deref(),
            Some("ToTime"),
            "{wrong}"
        );
        let (checkin, _) = wire::checkin(&json!({ "Id": 1, "CoworkerId": 9, "FromTime": wrong }))
            .expect("a check-in");
        assert_eq!(field(checkin).as_deref(), Some("FromTime"), "{wrong}");
    }
    assert_eq!(
        field(contract_of(json!({ "StartDate": null }))).as_deref(),
        Some("StartDate")
    );
    assert_eq!(
        field(booking_of(json!({ "ToTime": null }))).as_deref(),
        Some("ToTime")
    );
    let paused = json!({ "Id": 7, "CoworkerId": 9, "StartDate": "2026-01-01" });
    let paused =
        wire::contract(&paused, None, Err("PauseUntil of a pause".to_owned())).expect("a contract");
    assert_eq!(
        field(paused).as_deref(),
        Some("PauseUntil of a pause"),
        "neither paused for ever nor not at all"
    );
}

#[test]
fn desks_come_as_ids_or_as_a_text() {
    let desks = |more| {
        contract(more)
            .assignments
            .into_iter()
            .map(|it| (it.id.to_string(), it.resource.to_string()))
            .collect::<Vec<_>>()
    };
    let both = [
        ("7-3".to_owned(), "desk-3".to_owned()),
        ("7-4".to_owned(), "desk-4".to_owned()),
    ];
    assert_eq!(desks(json!({ "Desks": [3, 4] })), both);
    assert_eq!(desks(json!({ "FloorPlanDeskIds": "3, 4" })), both);
    assert_eq!(desks(json!({ "FloorPlanDeskIds": "[3,4]" })), both);
    assert_eq!(desks(json!({ "Desks": null, "FloorPlanDeskIds": "" })), []);
}

#[test]
fn a_pause_ends_before_the_day_on_which_the_plan_goes_on() {
    let pause = |until: Value| {
        let record = json!({ "CoworkerContractId": 7, "PauseFrom": "2026-03-01T00:00:00Z", "PauseUntil": until });
        let (contract, pause) = wire::pause(&record).expect("a pause");
        assert_eq!(contract, "7");
        pause.map(|pause| (Some(pause.from), pause.until)).ok()
    };
    assert_eq!(
        pause(json!("2026-04-01T00:00:00Z")),
        Some((day("2026-03-01"), day("2026-03-31")))
    );
    assert_eq!(
        pause(json!("2026-04-01")),
        Some((day("2026-03-01"), day("2026-03-31")))
    );
    assert_eq!(
        pause(json!("2026-03-31T23:59:59Z")),
        Some((day("2026-03-01"), day("2026-03-31")))
    );
    assert_eq!(pause(json!(null)), Some((day("2026-03-01"), None)));
    assert_eq!(
        pause(json!("later")),
        None,
        "what cannot be read is no pause for ever"
    );
}

#[test]
fn a_pass_says_how_many_uses_are_left() {
    for (more, left) in [
        (json!({}), 1.0),
        (json!({ "Used": true }), 0.0),
        (json!({ "RemainingUses": 3 }), 3.0),
        (json!({ "RemainingUses": 3, "Used": true }), 3.0),
        (json!({ "RemainingUses": 0 }), 0.0),
        (json!({ "IsPayAsYouGo": true }), 0.0),
    ] {
        assert_eq!(pass(more.clone()).count, Some(left), "{more}");
    }
    assert_eq!(
        pass(json!({ "ExpireDate": "2026-03-31T00:00:00Z" })).until,
        day("2026-03-31")
    );
    assert_eq!(
        (
            pass(json!({})).name.as_deref(),
            pass(json!({ "BusinessId": 2 })).location.as_deref()
        ),
        (Some("Day"), Some("2"))
    );
}

#[test]
fn a_pass_knows_when_it_was_used() {
    let at = |more: Value| pass(more).used_at.map(|at| at.to_string());
    assert_eq!(
        at(json!({ "UsedDate": "2026-03-02T09:30:00Z" })).as_deref(),
        Some("2026-03-02T09:30:00Z")
    );
    assert_eq!(
        at(json!({ "UsedDate": "2026-03-02T09:30:00" })).as_deref(),
        Some("2026-03-02T09:30:00Z")
    );
    assert_eq!(
        at(json!({ "UsedDate": "2026-03-02" })).as_deref(),
        Some("2026-03-02T12:00:00Z")
    );
    assert_eq!(
        at(json!({ "CheckedIn": true, "UpdatedOn": "2026-03-02T08:00:00Z" })).as_deref(),
        Some("2026-03-02T08:00:00Z")
    );
    assert_eq!(at(json!({ "UpdatedOn": "2026-03-02T08:00:00Z" })), None);
}

#[test]
fn a_booking_is_of_a_room_or_a_desk() {
    assert_eq!(
        booking(json!({ "ResourceId": 5 })).resource.as_deref(),
        Some("5")
    );
    assert_eq!(
        booking(json!({ "FloorPlanDeskId": 5 })).resource.as_deref(),
        Some("desk-5")
    );
    assert_eq!(booking(json!({})).resource, None);
}

#[test]
fn a_block_by_staff_has_no_owner_and_has_no_guests() {
    let block = booking(json!({ "CoworkerId": null }));
    assert_eq!((block.booker, block.visitors.len()), (None, 0));
    assert_eq!(booking(json!({})).visitors, ["1"]);
}

#[test]
fn a_booking_waits_for_its_payment() {
    assert!(booking(json!({ "CancelIfNotPaid": true })).unpaid);
    assert!(!booking(json!({ "CancelIfNotPaid": true, "CoworkerInvoicePaid": true })).unpaid);
    assert!(!booking(json!({ "CoworkerInvoicePaid": false })).unpaid);
    assert!(booking(json!({ "Tentative": true })).tentative);
}

#[test]
fn times_without_a_zone_are_utc() {
    let times = |from: Value, to: Value| {
        let read = booking(json!({ "FromTime": from, "ToTime": to }));
        (read.start.to_string(), read.end.to_string())
    };
    let plain = (
        "2026-03-02T10:00:00Z".to_owned(),
        "2026-03-02T11:00:00Z".to_owned(),
    );
    assert_eq!(
        times(
            json!("2026-03-02T10:00:00"),
            json!("2026-03-02T12:00:00+01:00")
        ),
        plain
    );
}
