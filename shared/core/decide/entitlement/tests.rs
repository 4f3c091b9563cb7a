//! Tests of how several teams, a pause and an inactive profile change what opens.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::model::fact::{Booking, Kind, Pause, Plan, Resource, Team};
use crate::site::resolve::resolve;

const NOW: &str = "2026-03-10T12:00:00Z";

fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn site() -> Site {
    let text = r#"
        site = "s"
        timezone = "Europe/London"
        mode = "grant-only"
        [platform]
        kind = "officernd"
        organization = "o"
        secret = "s/officernd"
        [doors.main]
        kind = "kisi"
        secret = "s/kisi"
        [[rule]]
        plan = "*"
        opens = ["g"]
        [[rule]]
        resource = "*"
        opens = ["h"]
        before = "0m"
        after = "0m"
    "#;
    Site::parse(text).expect("a site file")
}

fn profile(teams: &[&str], active: bool) -> What {
    let teams = teams.iter().map(|&team| team.into()).collect();
    let (name, email, location, cards) = ("Ada".into(), None, None, Vec::new());
    What::Member(Profile {
        name,
        email,
        teams,
        location,
        shares_team: true,
        active,
        cards,
    })
}

fn team(active: bool) -> What {
    What::Team(Team {
        name: "Acme".into(),
        location: None,
        active,
    })
}

fn membership(holder: Holder, pauses: Vec<Pause>) -> What {
    What::Membership(Membership {
        items: Vec::new(),
        plan: Some("p".into()),
        holder: Some(holder),
        location: None,
        from: Some("2026-03-01".parse().expect("a day")),
        until: Some("2026-03-20".parse().expect("a day")),
        approved: true,
        unpaid_since: None,
        assignments: Vec::new(),
        pauses,
        awaits_next: false,
    })
}

fn booking_of(teams: &[&str]) -> What {
    What::Booking(Box::new(Booking {
        resource: Some("r".into()),
        location: None,
        booker: None,
        members: Vec::new(),
        visitors: Vec::new(),
        teams: teams.iter().map(|&team| team.into()).collect(),
        start: instant("2026-03-11T10:00:00Z"),
        end: instant("2026-03-11T11:00:00Z"),
        timezone: None,
        series: None,
        alias: None,
        cancelled: false,
        tentative: false,
        unpaid: false,
    }))
}

/// Returns the windows that open for the member `m` with these other facts.
fn opens(facts: Vec<(&str, What)>) -> Vec<(String, String, String)> {
    opens_by(&site(), facts)
}

/// The same by the rules of this site.
fn opens_by(site: &Site, facts: Vec<(&str, What)>) -> Vec<(String, String, String)> {
    let fact = |(id, what): (&str, What)| Fact {
        id: id.into(),
        what,
        changed: None,
    };
    let more = [
        (
            "p",
            What::Plan(Plan {
                name: "P".into(),
                location: None,
            }),
        ),
        (
            "r",
            What::Resource(Resource {
                parent: None,
                name: "R".into(),
                location: None,
                floor: None,
            }),
        ),
    ];
    let facts: Vec<Fact> = facts.into_iter().chain(more).map(fact).collect();
    let catalogue = Catalogue::of(&facts);
    let group = |id: &str| crate::model::account::Group {
        id: GroupId(id.into()),
        name: id.into(),
        problem: None,
    };
    let groups = BTreeMap::from([("main".into(), vec![group("g"), group("h")])]);
    let resolved = resolve(site, &catalogue, &groups, None);
    let person_facts = PersonFacts {
        facts: facts
            .into_iter()
            .map(|fact| (fact.name(), Arc::new(fact)))
            .collect(),
        profiles: vec![FactId::new(Kind::Member, "m")],
        ..PersonFacts::default()
    };
    let derived = derive(
        Rules {
            site,
            resolved: &resolved,
            catalogue: &catalogue,
        },
        &person_facts,
        instant(NOW),
    );
    let said = |one: &Entitlement| {
        let until = one
            .window
            .until
            .map_or_else(String::new, |until| until.to_string());
        (one.group.0.clone(), one.window.from.to_string(), until)
    };
    derived.entitlements.iter().map(said).collect()
}

fn open(group: &str, from: &str, until: &str) -> (String, String, String) {
    (group.into(), from.into(), until.into())
}

#[test]
fn a_pause_is_cut_out_of_a_membership() {
    let day = |text: &str| text.parse().expect("a day");
    let own = || Holder::Member("m".into());
    let paused = |pauses| {
        opens(vec![
            ("m", profile(&[], true)),
            ("s", membership(own(), pauses)),
        ])
    };
    let whole = [open("g", "2026-03-01T00:00:00Z", "2026-03-21T00:00:00Z")];
    assert_eq!(paused(vec![]), whole);
    assert_eq!(
        paused(vec![Pause {
            id: None,
            from: day("2026-03-05"),
            until: Some(day("2026-03-06"))
        }]),
        [
            open("g", "2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z"),
            open("g", "2026-03-07T00:00:00Z", "2026-03-21T00:00:00Z"),
        ]
    );
    assert_eq!(
        paused(vec![Pause {
            id: None,
            from: day("2026-03-05"),
            until: None
        }]),
        [open("g", "2026-03-01T00:00:00Z", "2026-03-05T00:00:00Z")]
    );
    assert_eq!(
        paused(vec![Pause {
            id: None,
            from: day("2026-02-01"),
            until: Some(day("2026-04-01"))
        }]),
        []
    );
    assert_eq!(
        paused(vec![Pause {
            id: None,
            from: day("2026-03-06"),
            until: Some(day("2026-03-05"))
        }]),
        whole,
        "no pause"
    );
}

#[test]
fn a_team_shares_memberships_and_bookings_while_it_is_active() {
    let team_of = |active, teams: &[&str]| {
        let shared = membership(Holder::Team("t".into()), Vec::new());
        opens(vec![
            ("m", profile(teams, true)),
            ("t", team(active)),
            ("s", shared),
            ("b", booking_of(&["t"])),
        ])
    };
    let all = [
        open("g", "2026-03-01T00:00:00Z", "2026-03-21T00:00:00Z"),
        open("h", "2026-03-11T10:00:00Z", "2026-03-11T11:00:00Z"),
    ];
    assert_eq!(team_of(true, &["x", "t"]), all, "one of several teams");
    assert_eq!(team_of(false, &["t"]), []);
    assert_eq!(team_of(true, &["x"]), []);
}

#[test]
fn nothing_opens_for_who_is_not_active() {
    let shared = membership(Holder::Team("t".into()), Vec::new());
    let own = membership(Holder::Member("m".into()), Vec::new());
    let facts = vec![
        ("m", profile(&["t"], false)),
        ("t", team(true)),
        ("s", shared),
        ("o", own),
        ("b", booking_of(&["t"])),
    ];
    assert_eq!(opens(facts), []);
}

#[test]
fn v3_an_overdue_invoice_closes_when_its_days_are_over_and_is_no_recorded_end() {
    let whole = open("g", "2026-03-01T00:00:00Z", "2026-03-21T00:00:00Z");
    let owed = |due: &str, approved: bool| {
        let What::Membership(membership) = membership(Holder::Member("m".into()), Vec::new())
        else {
            unreachable!()
        };
        What::Membership(Membership {
            unpaid_since: Some(due.parse().expect("a day")),
            approved,
            ..membership
        })
    };
    use MemberUnpaid::{Grace, Open, Wait};
    for (says, due, is_open) in [
        (None, "2026-01-01", true),
        (Some(Open), "2026-01-01", true),
        (Some(Wait), "2026-03-10", false),
        (Some(Wait), "2026-03-11", true),
        (Some(Grace(14)), "2026-02-24", false),
        (Some(Grace(14)), "2026-02-25", true),
        (Some(Grace(u32::MAX)), "2026-01-01", true),
    ] {
        let site = Site {
            members_unpaid: says,
            ..site()
        };
        let facts = vec![("m", profile(&[], true)), ("s", owed(due, true))];
        let expected: &[_] = if is_open {
            std::slice::from_ref(&whole)
        } else {
            &[]
        };
        assert_eq!(opens_by(&site, facts), expected, "{says:?} {due}");
    }
    // A membership that the platform does not let run has a last day.
    let site = Site {
        members_unpaid: Some(Grace(14)),
        ..site()
    };
    let facts = vec![("m", profile(&[], true)), ("s", owed("2026-03-01", false))];
    let grace = open("g", "2026-03-01T00:00:00Z", "2026-03-15T00:00:00Z");
    assert_eq!(opens_by(&site, facts), [grace]);
}
