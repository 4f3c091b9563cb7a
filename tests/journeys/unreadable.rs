//! Things of the platform that cannot be read. They are as they were known before, a problem names
//! them, and nothing else follows from them: no end, no revoke and no grant.

use serde_json::{Value, json};

use super::{PLAN, ROOM, booking, hot_desk, nexudus, town};
use crate::support::{Doors, DoorsFixture, Scenario, World, address};
use doorstep_jobs::reconcile::Report;

/// Twelve people in all: enough for the guard to hold what is inferred of them as a set.
const ALL: usize = 12;
const MORNING: &str = "2026-03-02T07:00:00Z";
const EVENING: &str = "2026-03-02T20:00:00Z";

fn who(n: usize) -> String {
    format!("p{n:02}")
}

fn all_people() -> Vec<String> {
    (0..ALL).map(who).collect()
}

fn members() -> Value {
    let member = |n: usize| json!({ "_id": format!("m-{}", who(n)), "name": who(n), "email": address(&who(n)) });
    (0..ALL).map(member).collect()
}

/// What stands where a date should.
fn lies() -> [Value; 5] {
    [json!(null), json!("soon"), json!(12), json!({}), json!("")]
}

fn says(report: &Report, thing: &str, field: &str) -> bool {
    report
        .problems
        .iter()
        .any(|problem| problem.contains(thing) && problem.contains(field))
}

/// What a problem must name.
#[derive(Debug, Clone, Copy)]
struct Named<'a> {
    thing: &'a str,
    field: &'a str,
}

async fn assert_nothing_follows(world: &World, group: &str, inside: &[String], about: Named<'_>) {
    for _ in 0..3 {
        let report = world.reconcile().await;
        assert_eq!(
            (report.revoked, report.held, report.granted),
            (0, 0, 0),
            "{report:?}"
        );
        assert!(
            says(&report, about.thing, about.field),
            "{about:?} is not named: {report:?}"
        );
        assert_eq!(world.inside(group).await, inside);
        assert!(world.holds().await.is_empty());
    }
}

#[tokio::test]
async fn i6_bookings_whose_times_cannot_be_read_revoke_nothing() {
    let booked = |n: usize| booking(&who(n), MORNING, EVENING);
    let things =
        json!({ "members": members(), "bookings": (0..ALL).map(booked).collect::<Vec<_>>() });
    let world = Scenario::at(Doors::SaltoKs, ROOM)
        .begin(town(things), DoorsFixture::with(&["Meeting"]))
        .await;
    assert_eq!(world.inside("Meeting").await, all_people());
    for field in ["start", "end"] {
        for lie in lies() {
            let wrong = |n: usize| json!({ "_id": format!("b-{}", who(n)), field: lie });
            let bookings: Vec<Value> = (0..ALL).map(wrong).collect();
            world.change(json!({ "bookings": bookings })).await;
            assert_nothing_follows(
                &world,
                "Meeting",
                &all_people(),
                Named {
                    thing: "booking b-p00",
                    field,
                },
            )
            .await;
        }
        world
            .change(json!({ "bookings": (0..ALL).map(booked).collect::<Vec<_>>() }))
            .await;
    }
    // By its id, because of a signed letter, it is no other thing.
    world
        .change_and_deliver(json!({ "bookings": [{ "_id": "b-p00", "end": null }] }))
        .await;
    world.clock("2026-03-02T08:10:00Z").await;
    assert_eq!(world.inside("Meeting").await, all_people());
    // What was known ends when it ends.
    world
        .at(
            "2026-03-02T20:14:00Z",
            "Meeting",
            &all_people().iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .await;
    world.at("2026-03-02T20:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn b4_what_heals_follows_as_if_nothing_had_happened() {
    let things = json!({ "bookings": [booking("eve", MORNING, EVENING)] });
    let world = Scenario::at(Doors::Kisi, ROOM)
        .begin(town(things), DoorsFixture::with(&["Meeting"]))
        .await;
    assert_eq!(world.inside("Meeting").await, ["eve"]);
    world
        .change(json!({ "bookings": [{ "_id": "b-eve", "end": "soon" }] }))
        .await;
    world.reconcile().await;
    world
        .change_and_deliver(
            json!({ "bookings": [{ "_id": "b-eve", "end": "2026-03-02T09:00:00Z" }] }),
        )
        .await;
    world.at("2026-03-02T09:14:00Z", "Meeting", &["eve"]).await;
    world.at("2026-03-02T09:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

#[tokio::test]
async fn b4_what_was_never_known_and_cannot_be_read_opens_nothing_until_it_can() {
    let world = Scenario::at(Doors::Kisi, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&["Meeting"]))
        .await;
    let mut new = booking("eve", MORNING, EVENING);
    new["end"] = json!(null);
    world.change_and_deliver(json!({ "bookings": [new] })).await;
    assert_nothing_follows(
        &world,
        "Meeting",
        &[],
        Named {
            thing: "booking b-eve",
            field: "end",
        },
    )
    .await;
    world
        .change(json!({ "bookings": [booking("eve", MORNING, EVENING)] }))
        .await;
    assert!(!says(&world.reconcile().await, "booking b-eve", "end"));
    assert_eq!(world.inside("Meeting").await, ["eve"]);
    world.ends_well().await;
}

#[tokio::test]
async fn i6_memberships_with_an_unreadable_day_or_member_stay_as_they_were() {
    let memberships: Vec<Value> = (0..ALL).map(|n| hot_desk(&who(n))).collect();
    let things = json!({ "members": members(), "memberships": memberships });
    let world = Scenario::at(Doors::Kisi, PLAN)
        .begin(town(things), DoorsFixture::with(&["Members"]))
        .await;
    assert_eq!(world.inside("Members").await, all_people());
    let wrong = [
        ("startDate", json!(null)),
        ("startDate", json!("soon")),
        ("endDate", json!("soon")),
        ("endDate", json!({})),
        ("endDate", json!(12)),
        ("member", json!({})),
    ];
    for (field, lie) in wrong {
        let lies = |n: usize| {
            let mut lies = hot_desk(&who(n));
            // Of a company, whose people must not all come in where the member cannot be read.
            lies["company"] = json!("c-acme");
            lies[field] = lie.clone();
            lies
        };
        world
            .change(json!({ "memberships": (0..ALL).map(lies).collect::<Vec<_>>() }))
            .await;
        assert_nothing_follows(
            &world,
            "Members",
            &all_people(),
            Named {
                thing: "membership s-p00",
                field,
            },
        )
        .await;
        let whole = |n: usize| {
            let mut whole = hot_desk(&who(n));
            whole["endDate"] = json!(null);
            whole
        };
        world
            .change(json!({ "memberships": (0..ALL).map(whole).collect::<Vec<_>>() }))
            .await;
        let report = world.reconcile().await;
        assert!(
            !says(&report, "membership", field),
            "an open end is no problem: {report:?}"
        );
    }
    world.ends_well().await;
}

#[tokio::test]
async fn b4_passes_check_ins_and_assignments_that_cannot_be_read_stay_as_they_were() {
    let rules = "[[rule]]\npass = \"*\"\nopens = [\"Members\"]\n[[rule]]\nassignable = \"Desk 12\"\nopens = [\"Desk\"]\n";
    let rules = format!("[passes]\nopen = \"on-the-day\"\n{rules}");
    let things = json!({
        "passes": [{ "_id": "d-1", "count": 5, "usedCount": 1, "member": "m-eve",
            "validFrom": "2026-03-01T00:00:00Z", "validTo": "2026-03-31T00:00:00Z" }],
        "checkins": [{ "_id": "k-1", "member": "m-eve", "location": "l-riverside", "start": MORNING }],
        "memberships": [hot_desk("ada")],
        "assignments": [{ "_id": "a-1", "resource": "r-desk", "membership": "s-ada",
            "startDate": "2026-03-01T00:00:00Z", "endDate": "2026-03-31T00:00:00Z" }],
    });
    let world = Scenario::at(Doors::Kisi, &rules)
        .begin(town(things), DoorsFixture::with(&["Members", "Desk"]))
        .await;
    assert_eq!(
        (world.inside("Members").await, world.inside("Desk").await),
        (vec!["eve".into()], vec!["ada".into()])
    );
    let eve = ["eve".to_owned()];
    for (entity, id, thing, field) in [
        ("passes", "d-1", "pass d-1", "validTo"),
        ("passes", "d-1", "pass d-1", "usedCount"),
        ("checkins", "k-1", "checkin k-1", "start"),
        ("assignments", "a-1", "assignment a-1", "endDate"),
    ] {
        let world_before = json!({ entity: [{ "_id": id, field: "soon" }] });
        world.change(world_before).await;
        assert_nothing_follows(&world, "Members", &eve, Named { thing, field }).await;
        assert_eq!(world.inside("Desk").await, ["ada"], "{thing}");
        let right = match field {
            "usedCount" => json!(1),
            "start" => json!(MORNING),
            _ => json!("2026-03-31T00:00:00Z"),
        };
        world
            .change(json!({ entity: [{ "_id": id, field: right }] }))
            .await;
        assert!(!says(&world.reconcile().await, thing, field));
    }
    // Asked for by its id, with an assignment that cannot be read.
    world
        .change(json!({ "assignments": [{ "_id": "a-1", "endDate": "soon" }] }))
        .await;
    world
        .change_and_deliver(
            json!({ "memberships": [{ "_id": "s-ada", "location": "l-riverside" }] }),
        )
        .await;
    world.clock("2026-03-02T08:10:00Z").await;
    assert_eq!(world.inside("Desk").await, ["ada"]);
    world.ends_well().await;
}

#[tokio::test]
async fn i6_at_nexudus_what_cannot_be_read_stays_as_it_was() {
    let rules = format!("{}{}", nexudus::PLAN, nexudus::ROOM);
    let things = json!({
        "CoworkerContracts": [nexudus::contract(11), nexudus::contract(12), nexudus::contract(13)],
        "Bookings": [nexudus::booking(11, MORNING, EVENING), nexudus::booking(12, MORNING, EVENING)],
    });
    let world = nexudus::begin(Doors::Kisi, &rules, things, &["Members", "Meeting"]).await;
    let all: Vec<String> = ["ada", "bob", "eve"].map(str::to_owned).into();
    assert_eq!(
        (world.inside("Members").await, world.inside("Meeting").await),
        (all.clone(), all[..2].to_vec())
    );
    for lie in [json!("soon"), json!(12), json!({}), json!("")] {
        let wrong: Vec<Value> = [111, 112, 113]
            .map(|id| json!({ "Id": id, "CancellationDate": lie }))
            .into();
        world.change(json!({ "CoworkerContracts": wrong })).await;
        assert_nothing_follows(
            &world,
            "Members",
            &all,
            Named {
                thing: "membership 111",
                field: "CancellationDate",
            },
        )
        .await;
    }
    let whole: Vec<Value> = [111, 112, 113]
        .map(|id| json!({ "Id": id, "CancellationDate": null }))
        .into();
    world.change(json!({ "CoworkerContracts": whole })).await;
    let pause = json!({ "Id": 1, "CoworkerContractId": 113, "PauseFrom": "soon" });
    world
        .change(json!({ "ContractPausedPeriods": [pause] }))
        .await;
    assert_nothing_follows(
        &world,
        "Members",
        &all,
        Named {
            thing: "membership 113",
            field: "PauseFrom of a pause",
        },
    )
    .await;
    world
        .change(json!({ "remove": { "ContractPausedPeriods": [1] } }))
        .await;
    for (field, lie) in [
        ("ToTime", json!(null)),
        ("ToTime", json!("soon")),
        ("FromTime", json!({})),
    ] {
        let wrong: Vec<Value> = [211, 212].map(|id| json!({ "Id": id, field: lie })).into();
        world.change(json!({ "Bookings": wrong })).await;
        assert_nothing_follows(
            &world,
            "Meeting",
            &all[..2],
            Named {
                thing: "booking 211",
                field,
            },
        )
        .await;
        let whole = [
            nexudus::booking(11, MORNING, EVENING),
            nexudus::booking(12, MORNING, EVENING),
        ];
        world.change(json!({ "Bookings": whole })).await;
    }
    // What a letter about a person has read around them is no different.
    world
        .change_and_deliver(json!({ "Bookings": [{ "Id": 211, "ToTime": null }] }))
        .await;
    world.clock("2026-03-02T08:10:00Z").await;
    assert_eq!(world.inside("Meeting").await, all[..2]);
    world.at("2026-03-02T20:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}
