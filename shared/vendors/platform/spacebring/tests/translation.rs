//! Records as facts.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::platform::spacebring::{bookings, memberships, wire};
use doorstep_core::model::fact::{Booking, Fact, Holder, Membership, What};

fn london() -> TimeZone {
    TimeZone::get("Europe/London").expect("a zone")
}

fn subscription(more: Value) -> Membership {
    let mut record = json!({
        "id": "s", "locationRef": "l", "status": "active", "timezoneId": "Europe/London",
        "customer": { "id": "m", "type": "user" }, "membershipRef": "m",
        "startDate": "2026-06-30T23:00:00.000Z",
    });
    let more = more.as_object().cloned().unwrap_or_default();
    record.as_object_mut().expect("an object").extend(more);
    match memberships::translated(&record, &london()).what {
        What::Membership(membership) => membership,
        other => panic!("{other:?}"),
    }
}

fn booking(more: Value) -> (Booking, Vec<Fact>) {
    let mut record = json!({
        "id": "b", "resourceRef": "r", "startDate": "2026-01-12T09:00:00.000Z",
        "endDate": "2026-01-12T10:00:00.000Z", "attendees": [],
    });
    let more = more.as_object().cloned().unwrap_or_default();
    record.as_object_mut().expect("an object").extend(more);
    let (fact, guests) = bookings::booking(&record, false).expect("an id");
    match fact.expect("a readable record").what {
        What::Booking(booking) => (*booking, guests),
        other => panic!("{other:?}"),
    }
}

#[test]
fn s2_an_instant_of_a_subscription_is_a_local_day() {
    let membership = subscription(json!({ "endDate": "2026-12-31T00:00:00.000Z" }));
    assert_eq!(
        membership.from.map(|day| day.to_string()).as_deref(),
        Some("2026-07-01")
    );
    assert_eq!(
        membership.until.map(|day| day.to_string()).as_deref(),
        Some("2026-12-31")
    );
}

#[test]
fn s2_only_active_and_scheduled_subscriptions_count() {
    for (status, counts) in [
        ("active", true),
        ("scheduled", true),
        ("incomplete", false),
        ("incompleteExpired", false),
        ("canceled", false),
        ("unknown", false),
    ] {
        assert_eq!(
            subscription(json!({ "status": status })).approved,
            counts,
            "{status}"
        );
    }
    let paused = subscription(json!({ "pausePaymentCollection": { "behavior": "void" } }));
    assert!(paused.approved);
}

#[test]
fn s2_the_customer_says_who_has_a_subscription() {
    let holder = |more: Value| subscription(more).holder;
    let company = json!({ "customer": { "id": "c", "type": "company" }, "companyRef": "c" });
    assert_eq!(holder(company), Some(Holder::Team("c".into())));
    assert_eq!(holder(json!({})), Some(Holder::Member("m".into())));
    let nested = json!({ "customer": null, "membershipRef": null, "companyRef": "c" });
    assert_eq!(holder(nested), Some(Holder::Team("c".into())));
    let unnamed = json!({ "customer": null, "membershipRef": null });
    assert_eq!(holder(unnamed), None);
}

#[test]
fn s2_an_item_without_a_plan_is_left_out() {
    let items = json!([{ "planRef": "p" }, { "title": "Locker" }, { "plan": { "id": "q" } }]);
    let membership = subscription(json!({ "items": items }));
    let plans: Vec<&str> = membership
        .items
        .iter()
        .map(|item| item.plan.as_str())
        .collect();
    assert_eq!(plans, ["p", "q"]);
}

#[test]
fn s3_people_without_a_membership_are_guests_whoever_booked() {
    let (one, guests) = booking(json!({
        "userOwner": { "id": "u", "email": "owner@example.test", "name": "Olga" },
        "attendees": [
            { "membershipRef": "m" },
            { "user": { "id": "v", "name": "Grace", "surname": "Hopper" } },
            { "user": { "id": "w" } },
        ],
    }));
    assert_eq!(one.booker.as_deref(), Some("b~u"));
    assert_eq!(one.members, ["m"]);
    assert_eq!(
        one.visitors,
        ["b~u", "b~v"],
        "a person with neither name nor address is no one"
    );
    let names: Vec<String> = guests
        .iter()
        .map(|guest| match &guest.what {
            What::Visitor(profile) => profile.name.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["Olga", "Grace Hopper"]);
    let (owned, guests) = booking(json!({
        "membershipRefOwner": "m", "userOwner": { "id": "u", "name": "Olga" },
    }));
    assert_eq!((owned.booker.as_deref(), guests.len()), (Some("m"), 0));
}

#[test]
fn s3_a_payment_that_has_not_arrived_makes_a_booking_unpaid() {
    let unpaid = |payments: Value| booking(json!({ "payments": payments })).0.unpaid;
    for (statuses, is_unpaid) in [
        (&[][..], false),
        (&["succeeded"], false),
        (&["canceled"], false),
        (&["canceled", "succeeded"], false),
        (&["succeeded", "pending"], true),
        (&["processing"], true),
        (&["failed"], true),
    ] {
        let payments: Vec<Value> = statuses
            .iter()
            .map(|status| json!({ "status": status }))
            .collect();
        assert_eq!(unpaid(json!(payments)), is_unpaid, "{statuses:?}");
    }
    let single = booking(json!({ "payment": { "status": "pending" } }));
    assert!(single.0.unpaid);
}

#[test]
fn an_unreadable_field_makes_a_record_unreadable_and_not_endless() {
    let bad_end = json!({ "id": "b", "resourceRef": "r", "startDate": "2026-01-12T09:00:00Z", "endDate": "later" });
    let (fact, _) = bookings::booking(&bad_end, false).expect("an id");
    assert_eq!(fact.expect_err("unreadable").field, "endDate");
    let no_id = json!({ "title": "Hot desk" });
    assert!(wire::plan(&no_id).is_none());
    let bad_location = json!({ "id": "p", "locationRef": [1] });
    assert_eq!(
        wire::plan(&bad_location)
            .expect("an id")
            .expect_err("unreadable")
            .field,
        "locationRef"
    );
}

#[test]
fn a_person_who_only_asked_to_join_shares_nothing_of_a_company() {
    let member = |status: &str| {
        let record = json!({ "id": "m", "companyRef": "c", "status": status, "user": { "name": "Ada", "surname": "Byron", "email": "ada@example.test" } });
        match wire::member(&record)
            .expect("an id")
            .expect("a readable record")
            .what
        {
            What::Member(profile) => profile,
            other => panic!("{other:?}"),
        }
    };
    assert!(member("approved").shares_team);
    assert!(!member("requested").shares_team);
    assert_eq!(member("approved").name, "Ada Byron");
}
