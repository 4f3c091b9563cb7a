//! Stories that once failed, each in its shortest form.

use serde_json::{Value, json};

use super::dice::Dice;
use super::play::Play;
use super::scenario::{Doors, GeneratedScenario};
use super::things;
use crate::reference_model::{Audience, Rule, Selector, Site, instant};
use crate::support::Platform;

const NINE: &str = "2026-06-10T09:00:00Z";

fn doors(name: &'static str, kind: &'static str) -> Doors {
    Doors {
        name,
        kind,
        exclusive: false,
        without_access: "keep",
        guest_accounts: "suspend",
        quirks: Vec::new(),
    }
}

fn booked(audience: Audience) -> Rule {
    Rule {
        selector: Selector::Resource(vec!["*"]),
        doors: "front",
        opens: vec!["Meeting"],
        before: 15,
        after: 15,
        audience,
        at: None,
        hours: Vec::new(),
        open_when_closed: false,
    }
}

fn scenario(rules: Vec<Rule>, doors: Vec<Doors>) -> GeneratedScenario {
    let site = Site {
        timezone: "Europe/London",
        locations: Vec::new(),
        guests: true,
        tentative: false,
        on_the_day: false,
        unpaid: None,
        closed: Vec::new(),
        rules,
    };
    GeneratedScenario {
        next: None,
        platform: Platform::OfficeRnd,
        start: instant(NINE),
        site,
        doors,
        platform_quirks: Vec::new(),
    }
}

/// Returns an empty world with these lists.
fn world(lists: Value) -> Value {
    let mut world = things::world(&super::story::Story::default(), instant(NINE), &[]);
    world
        .as_object_mut()
        .expect("a world")
        .extend(lists.as_object().expect("lists").clone());
    world
}

fn member(id: &str, company: Option<&str>) -> Value {
    let email = format!("{id}@people.test");
    json!({ "_id": id, "name": "Ada", "email": email, "company": company, "location": "l0", "status": "active" })
}

/// Returns a booking of the Boardroom by `m1`.
fn booking(start: &str, end: &str) -> Value {
    json!({ "_id": "b1", "resource": "r0", "location": "l0", "timezone": "Europe/London", "member": "m1",
        "start": start, "end": end })
}

/// Plays steps in a world. The doors must be correct after each step.
fn plays(
    scenario: GeneratedScenario,
    lists: Value,
    inside: &[(&str, &'static str)],
    steps: &[u64],
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let inside: Vec<_> = inside
        .iter()
        .map(|(email, group)| ((*email).to_owned(), *group))
        .collect();
    runtime.block_on(async {
        let mut play = Play::begin(scenario, &world(lists), &inside, false).await;
        if let Err(wrong) = play.through(steps).await {
            panic!("{}", play.explained(&wrong));
        }
    });
}

/// Makes one change with a delivery. The doors must be correct before and after it.
fn told(scenario: GeneratedScenario, lists: Value, body: &Value) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut play = Play::begin(scenario, &world(lists), &[], false).await;
        let mut wrong = play.through(&[]).await;
        if wrong.is_ok() {
            wrong = play.change_and_deliver(1, body, 0).await;
        }
        play.machine.quiet().await;
        if wrong.is_ok() {
            wrong = play.judge().await;
        }
        if wrong.is_ok() {
            wrong = play.end().await;
        }
        wrong.unwrap_or_else(|wrong| panic!("{}", play.explained(&wrong)));
    });
}

#[test]
fn a_booking_of_no_length_opens_before_and_after() {
    let lists = json!({ "members": [member("m1", None)], "bookings": [booking(NINE, NINE)] });
    plays(
        scenario(
            vec![booked(Audience::Everyone)],
            vec![doors("front", "kisi")],
        ),
        lists,
        &[],
        &[0, 0, 0],
    );
}

#[test]
fn a_series_of_which_no_end_is_said_goes_on() {
    let mut booking = booking("2026-06-07T09:05:00Z", "2026-06-07T10:00:00Z");
    booking["recurrence"] = json!({ "rrule": "FREQ=DAILY", "exdates": [] });
    let lists = json!({ "members": [member("m1", None)], "bookings": [booking] });
    plays(
        scenario(
            vec![booked(Audience::Everyone)],
            vec![doors("front", "kisi")],
        ),
        lists,
        &[],
        &[0; 6],
    );
}

#[test]
fn a_known_member_who_is_not_entitled_leaves_a_group_that_is_ours_alone() {
    for (name, kind) in [("front", "kisi"), ("back", "salto-ks")] {
        let rule = Rule {
            doors: name,
            ..booked(Audience::Everyone)
        };
        let lists = json!({ "members": [member("m1", None)] });
        let exclusive = Doors {
            exclusive: true,
            ..doors(name, kind)
        };
        plays(
            scenario(vec![rule], vec![exclusive]),
            lists,
            &[("m1@people.test", "Meeting")],
            &[],
        );
    }
}

#[test]
fn a_whole_group_of_people_who_are_not_entitled_leaves_once_it_is_approved() {
    for (name, kind) in [("front", "kisi"), ("back", "salto-ks")] {
        let rule = Rule {
            doors: name,
            ..booked(Audience::Everyone)
        };
        let known = ["m1", "m2", "m3"].map(|id| member(id, None));
        let exclusive = Doors {
            exclusive: true,
            ..doors(name, kind)
        };
        let inside = ["m1@people.test", "m2@people.test", "m3@people.test"];
        plays(
            scenario(vec![rule], vec![exclusive]),
            json!({ "members": known }),
            &inside.map(|email| (email, "Meeting")),
            &[],
        );
    }
}

#[test]
fn a_person_seen_at_two_door_systems_at_once_is_taken_out_of_both() {
    let rules = vec![
        booked(Audience::Everyone),
        Rule {
            doors: "back",
            ..booked(Audience::Everyone)
        },
    ];
    let both = [("front", "kisi"), ("back", "salto-ks")].map(|(name, kind)| Doors {
        exclusive: true,
        ..doors(name, kind)
    });
    let lists = json!({ "members": [member("m1", None)] });
    plays(
        scenario(rules, both.to_vec()),
        lists,
        &[("m1@people.test", "Meeting")],
        &[],
    );
}

#[test]
fn two_profiles_with_one_address_are_one_member_from_the_start() {
    let mut other = member("m2", Some("c0"));
    other["email"] = json!("m1@people.test");
    let membership = json!({ "_id": "s1", "plan": "p0", "company": "c0", "member": null, "location": "l0",
        "status": "approved", "startDate": "2026-01-01T00:00:00.000Z", "endDate": null });
    let booking = booking("2026-06-10T09:00:00Z", "2026-06-10T10:00:00Z");
    let lists = json!({ "members": [member("m1", None), other], "memberships": [membership], "bookings": [booking] });
    plays(
        scenario(
            vec![booked(Audience::NonMembers)],
            vec![doors("front", "kisi")],
        ),
        lists,
        &[],
        &[],
    );
}

#[test]
fn a_member_who_was_removed_has_no_booking_any_more() {
    let lists = json!({ "members": [member("m1", None)], "bookings": [booking(NINE, "2026-06-10T10:00:00Z")] });
    let removed = json!({ "remove": { "members": ["m1"] } });
    told(
        scenario(
            vec![booked(Audience::Everyone)],
            vec![doors("front", "kisi")],
        ),
        lists,
        &removed,
    );
}

#[test]
fn dice_of_nought_are_plain() {
    let mut dice = Dice(0);
    assert_eq!(
        (dice.of(5), dice.rarely(3), dice.any(&["plain", "odd"])),
        (0, false, "plain")
    );
}
