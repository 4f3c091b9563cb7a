//! Push updates that are accepted and refused, and the published schemas.

use bytes::Bytes;
use serde_json::json;

use super::*;
use crate::delivery::WebhookContent;
use crate::platform::{andcards, deskworks};
use doorstep_core::model::fact::{Booking, Holder};
use doorstep_core::model::push_update::UpdateBody;

mod schemas;
mod visits;

fn update(contract: &'static Contract, kind: &str, data: Value) -> WebhookContent {
    let body = json!({ "type": kind, "timestamp": "2026-03-02T08:00:00Z", "data": data });
    parse::read(contract, &Bytes::from(body.to_string()))
}

fn wrong(contract: &'static Contract, kind: &str, data: Value) -> String {
    match update(contract, kind, data) {
        WebhookContent::Wrong(why) => why,
        other => panic!("this is taken: {other:?}"),
    }
}

fn facts(contract: &'static Contract, word: &str, data: Value) -> Vec<Fact> {
    let entity = contract.entity(word).expect("an entity");
    (entity.read)(&data)
        .unwrap_or_else(|why| panic!("{why}"))
        .facts()
}

fn user() -> Value {
    json!({ "id": "u1", "name": "Ada Byron", "email": "ada@example.test", "company": null, "active": true })
}

fn subscription() -> Value {
    json!({ "id": "s1", "plan": "Hot desk", "location": "Riverside", "user": "u1", "company": null,
        "start": "2026-01-01", "end": null, "active": true })
}

fn booking() -> Value {
    json!({ "id": "b1", "room": "Boardroom", "location": "Riverside", "user": "u1", "guest": null, "guests": [],
        "start": "2026-03-02T10:00:00+01:00", "end": "2026-03-02T11:00:00Z", "cancelled": false })
}

fn with(mut thing: Value, key: &str, value: Value) -> Value {
    thing[key] = value;
    thing
}

fn without(mut thing: Value, key: &str) -> Value {
    thing.as_object_mut().expect("an object").remove(key);
    thing
}

#[test]
fn a_delivery_says_what_happened_when_and_to_what() {
    let WebhookContent::Update(pushed) = update(&andcards::CONTRACT, "user.updated", user()) else {
        panic!("it is taken")
    };
    assert_eq!(pushed.version.at.to_string(), "2026-03-02T08:00:00Z");
    assert_eq!(pushed.version.hash.len(), 64);
    assert!(
        matches!(&pushed.body, UpdateBody::Thing { entity: "user", id, data: Some(data) } if id == "u1" && data.contains("Ada"))
    );
    let about: Vec<String> = pushed
        .hints
        .iter()
        .map(|hint| hint.about.to_string())
        .collect();
    assert_eq!(about, ["member u1"]);
    assert!(
        pushed
            .hints
            .iter()
            .all(|hint| hint.reaches == Some(pushed.version.at) && !hint.removed)
    );

    let WebhookContent::Update(pushed) = update(
        &deskworks::CONTRACT,
        "member.removed",
        json!({ "id": "m1" }),
    ) else {
        panic!("it is taken")
    };
    assert!(matches!(
        &pushed.body,
        UpdateBody::Thing {
            entity: "member",
            data: None,
            ..
        }
    ));
    let about: Vec<String> = pushed
        .hints
        .iter()
        .map(|hint| hint.about.to_string())
        .collect();
    assert_eq!(about, ["member m1", "team m1"], "a member is a team too");
    assert!(pushed.hints.iter().all(|hint| hint.removed));
}

#[test]
fn what_is_none_of_our_business_is_passed_over() {
    for kind in [
        "invoice.updated",
        "user.created",
        "user.updated.again",
        "user",
        "billing.updated",
        "Roster.replaced",
    ] {
        assert_eq!(
            update(&andcards::CONTRACT, kind, json!(7)),
            WebhookContent::NotForUs,
            "{kind}"
        );
    }
}

#[test]
fn an_envelope_that_is_wrong_is_refused_in_words() {
    let read = |body: &[u8]| match parse::read(&andcards::CONTRACT, body) {
        WebhookContent::Wrong(why) => why,
        other => panic!("this is taken: {other:?}"),
    };
    for (body, why) in [
        (&b""[..], "the body is empty"),
        (b"[]", "the body is not an object"),
        (b"\xff", "the body is not UTF-8"),
        (b"{", "the body is not JSON"),
        (
            br#"{"type":"user.updated","type":"user.removed"}"#,
            "the body has a key twice",
        ),
        (b"{}", "type is missing"),
        (br#"{"type":7}"#, "type is not a text"),
        (br#"{"type":""}"#, "type is not a text"),
        (
            br#"{"type":"user.removed","data":{"id":"u1"}}"#,
            "timestamp is missing",
        ),
        (
            br#"{"type":"user.removed","timestamp":"2026-03-02T08:00:00Z"}"#,
            "data is missing",
        ),
        (
            br#"{"type":"user.removed","timestamp":"2026-03-02T08:00:00Z","data":[]}"#,
            "data is not an object",
        ),
    ] {
        assert_eq!(read(body), why);
    }
    for at in [
        "2026-03-02",
        "2026-03-02T08:00:00",
        "yesterday",
        "2026-03-02T08:00:00[Europe/London]",
        "1772438400",
        " ",
    ] {
        let body =
            json!({ "type": "user.removed", "timestamp": at, "data": { "id": "u1" } }).to_string();
        assert!(
            read(body.as_bytes()).starts_with("timestamp: write an instant with its offset"),
            "{at}"
        );
    }
}

#[test]
fn data_that_is_wrong_is_refused_with_the_place_and_without_a_quote() {
    let said = |kind, data| wrong(&andcards::CONTRACT, kind, data);
    assert_eq!(
        said("user.updated", without(user(), "active")),
        "data: `active` is missing"
    );
    assert_eq!(
        said("user.updated", with(user(), "active", json!("secret"))),
        "data.active: this is not a boolean"
    );
    assert_eq!(
        said("user.updated", with(user(), "secret, expected", json!(1))),
        "data: there is a key that the contract does not have; it has `id`, `name`, `email`, `company`, `active`"
    );
    let id = "data.id: write a text of 1 to 200 bytes that is not blank";
    for (wrong, why) in [
        (json!(""), id),
        (json!(" "), id),
        (json!("x".repeat(201)), id),
    ] {
        assert_eq!(said("user.updated", with(user(), "id", wrong)), why);
    }
    assert_eq!(
        said("user.updated", with(user(), "id", json!(7))),
        "data.id: this is not a string"
    );
    assert_eq!(
        said("user.updated", with(user(), "name", Value::Null)),
        "data.name: this is not a string"
    );
    assert_eq!(said("user.removed", json!({})), "data: `id` is missing");
    let one = "data: exactly one of user and company has it";
    assert_eq!(
        said(
            "subscription.updated",
            with(subscription(), "company", json!("c1"))
        ),
        one
    );
    assert_eq!(
        said(
            "subscription.updated",
            with(subscription(), "user", Value::Null)
        ),
        one
    );
    for day in ["2026-3-2", "2026-03-02T00:00:00Z", "2026-02-30", "tomorrow"] {
        let why = said(
            "subscription.updated",
            with(subscription(), "start", json!(day)),
        );
        assert_eq!(why, "data.start: write a day such as 2026-03-02", "{day}");
    }
    for instant in [
        "2026-03-02",
        "2026-03-02T10:00:00",
        "10:00",
        "2026-03-02T10:00:00+01:00[Europe/Berlin]",
    ] {
        let why = said("booking.updated", with(booking(), "end", json!(instant)));
        assert_eq!(
            why, "data.end: write an instant with its offset, such as 2026-03-02T10:00:00+01:00",
            "{instant}"
        );
    }
    let unidentified = with(booking(), "guests", json!([{ "name": " ", "email": null }]));
    assert_eq!(
        said("booking.updated", unidentified),
        "data: a guest needs a name or an email"
    );
    let large: Vec<Value> = (0..900)
        .map(|n| json!({ "name": format!("{n}{}", "x".repeat(400)) }))
        .collect();
    assert_eq!(
        said("booking.updated", with(booking(), "guests", json!(large))),
        "data: this is more than 256 KiB for one thing"
    );
    let own = json!({ "id": "m1", "name": "M", "center": "North", "active": true, "master": "m1" });
    assert_eq!(
        wrong(&deskworks::CONTRACT, "member.updated", own),
        "data: a member cannot be its own master"
    );
}

#[test]
fn a_roster_that_is_wrong_is_refused_with_the_place() {
    let said = |data| wrong(&andcards::CONTRACT, "roster.replaced", data);
    assert_eq!(
        said(json!({ "users": [user(), without(user(), "name")] })),
        "data.users[1]: `name` is missing"
    );
    assert_eq!(
        said(json!({ "users": [user(), user()] })),
        "data.users[1]: another one of this list has the same id"
    );
    assert_eq!(said(json!({ "users": {} })), "data.users is not a list");
    assert!(
        said(json!({ "members": [] })).starts_with(
            "data: there is a key that the contract does not have; it has roster, part"
        )
    );
    let parts = |part: Value, parts: Value, snapshot: Value| {
        said(json!({ "part": part, "parts": parts, "roster": snapshot }))
    };
    assert_eq!(
        parts(json!(2), json!(1), json!("r")),
        "data.part is greater than data.parts"
    );
    assert_eq!(
        parts(json!(1), Value::Null, json!("r")),
        "data.part and data.parts belong together"
    );
    assert_eq!(
        parts(json!(0), json!(1), json!("r")),
        "data.part: write a whole number from 1 to 1000"
    );
    assert_eq!(
        parts(json!("1"), json!(2), json!("r")),
        "data.part: write a whole number from 1 to 1000"
    );
    assert_eq!(
        parts(json!(1), json!(2), Value::Null),
        "data.roster is missing: all parts of one roster carry one id"
    );
    assert_eq!(
        parts(json!(1), json!(2), json!("")),
        "data.roster: write a text of 1 to 200 bytes that is not blank"
    );
}

#[test]
fn a_roster_is_whole_by_itself_or_in_parts() {
    let body = |data| match update(&andcards::CONTRACT, "roster.replaced", data) {
        WebhookContent::Update(pushed) => pushed.body,
        other => panic!("{other:?}"),
    };
    let UpdateBody::Snapshot {
        snapshot,
        part: 1,
        parts: 1,
        data,
    } = body(json!({ "users": [user()] }))
    else {
        panic!("whole")
    };
    assert!(
        snapshot.len() == 64 && data.contains("Ada"),
        "told from others by its own hash"
    );
    let UpdateBody::Snapshot {
        snapshot,
        part: 2,
        parts: 3,
        data,
    } = body(json!({ "roster": "monday", "part": 2, "parts": 3, "bookings": [] }))
    else {
        panic!("a part")
    };
    assert_eq!(
        (snapshot.as_str(), data.as_str()),
        ("monday", r#"{"bookings":[]}"#)
    );
}

#[test]
fn what_may_be_left_out_may_be_left_out() {
    let bare = json!({ "id": "b1", "room": "Boardroom", "location": "Riverside", "start": "1900-01-01T00:00:00Z",
        "end": "9999-12-31T23:59:59Z" });
    let facts = facts(&andcards::CONTRACT, "booking", bare);
    assert_eq!(facts.len(), 1);
    let What::Booking(booking) = &facts[0].what else {
        panic!("a booking")
    };
    let Booking {
        booker: None,
        visitors,
        end,
        cancelled: false,
        ..
    } = booking.as_ref()
    else {
        panic!("without people, and not cancelled")
    };
    assert!(
        visitors.is_empty() && *end == jiff::Timestamp::MAX,
        "what is more than we can count to is never"
    );
    let ada = json!({ "id": "u1", "name": "Ada", "active": true, "email": " " });
    let What::Member(ada) = &self::facts(&andcards::CONTRACT, "user", ada)[0].what else {
        panic!("a member")
    };
    assert_eq!((&ada.email, ada.teams.len()), (&None, 0));
}

#[test]
fn a_company_s_subscription_is_its_team_s_and_a_user_s_is_their_own() {
    let holder = |data| match &facts(&andcards::CONTRACT, "subscription", data)[0].what {
        What::Membership(membership) => membership.holder.clone(),
        _ => None,
    };
    assert_eq!(holder(subscription()), Some(Holder::Member("u1".into())));
    let shared = with(
        with(subscription(), "user", Value::Null),
        "company",
        json!("c1"),
    );
    assert_eq!(holder(shared), Some(Holder::Team("c1".into())));
}

#[test]
fn guests_are_distinguished_by_address_or_else_by_name_and_keep_their_ids() {
    let guests = json!([
        { "name": "Sam", "email": "Sam@example.test" },
        { "name": "Samuel", "email": "sam@example.test" },
        { "name": "Sam" },
        { "name": "Sam", "email": null },
    ]);
    let ids = |guests: Value| -> Vec<String> {
        let facts = facts(
            &andcards::CONTRACT,
            "booking",
            with(booking(), "guests", guests),
        );
        facts
            .into_iter()
            .filter(|fact| matches!(fact.what, What::Visitor(_)))
            .map(|fact| fact.id.to_string())
            .collect()
    };
    let all = ids(guests.clone());
    assert_eq!(
        all.len(),
        3,
        "one address is one guest, one name may be two"
    );
    assert!(
        all.iter()
            .all(|id| id.starts_with("b1/") && id.len() == "b1/".len() + 16)
    );
    assert_eq!(
        ids(json!([guests[2], guests[0]])),
        [all[1].clone(), all[0].clone()],
        "whatever their order"
    );
    let about = FactId::new(Kind::Visitor, &all[0]);
    let (entity, id) = andcards::CONTRACT
        .pushed_in(&about)
        .expect("told with the booking");
    assert_eq!((entity.word, id.as_str()), ("booking", "b1"));
}

#[test]
fn a_person_who_booked_without_being_a_member_is_no_guest_of_the_booking() {
    let by_guest = with(
        with(booking(), "user", Value::Null),
        "guest",
        json!({ "name": "Gil", "email": "gil@example.test" }),
    );
    let facts = facts(
        &andcards::CONTRACT,
        "booking",
        with(by_guest, "guests", json!([{ "name": "Sam" }])),
    );
    let What::Booking(booking) = &facts[2].what else {
        panic!("the booking is last")
    };
    assert_eq!(
        (booking.booker.as_ref(), booking.visitors.len()),
        (Some(&facts[0].id), 2)
    );
}

#[test]
fn a_co_member_is_in_the_team_of_the_master_and_not_the_other_way_round() {
    let member = |id: &str, master: Value| {
        let data = json!({ "id": id, "name": id, "email": null, "center": "North", "active": id != "m3", "master": master });
        let facts = facts(&deskworks::CONTRACT, "member", data);
        match (&facts[0].what, &facts[1].what) {
            (What::Team(team), What::Member(profile)) => {
                (team.active, profile.active, profile.teams.join(" "))
            }
            _ => panic!("a team and a member"),
        }
    };
    assert_eq!(member("m1", Value::Null), (true, true, "m1".into()));
    assert_eq!(member("m2", json!("m1")), (true, true, "m2 m1".into()));
    assert_eq!(member("m3", json!("m1")), (false, false, "m3 m1".into()));
    let billing = json!({ "id": "g1", "member": "m1", "product": "Desk", "center": "North", "start": "2026-01-01",
        "active": true });
    let What::Membership(billing) = &facts(&deskworks::CONTRACT, "billing", billing)[0].what else {
        panic!("one")
    };
    assert_eq!(billing.holder, Some(Holder::Team("m1".into())));
}

#[test]
fn what_was_only_spoken_of_is_there_by_its_name() {
    let unknown = |contract: &Contract, kind, id: &str| {
        (contract.unknown)(&FactId::new(kind, id)).map(|fact| fact.what)
    };
    for contract in [&andcards::CONTRACT, &deskworks::CONTRACT] {
        for kind in [Kind::Plan, Kind::Resource, Kind::Location] {
            assert!(unknown(contract, kind, "North").is_some());
        }
        assert!(unknown(contract, Kind::Member, "x").is_none());
    }
    assert!(
        unknown(&andcards::CONTRACT, Kind::Team, "c1").is_none(),
        "of a company that only has people nothing is known"
    );
    let Some(What::Team(team)) = unknown(&deskworks::CONTRACT, Kind::Team, "m9") else {
        panic!("a master")
    };
    assert!(!team.active, "an unknown member gives no access");
}
