//! The spans that records tell, the bars of many people, and the length of a day.

use jiff::Timestamp;

use super::AskedDay;
use super::bars::Bars;
use super::shape::{BarPerson, BarState, DayBasis};
use super::stays::{Stay, stays};
use crate::preview::diff::ShownPerson;
use doorstep_core::model::account::{AccountId, GroupId, GroupRef};
use doorstep_core::model::audit::{AuditAction, AuditEntry, Head, Record};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::window::Window;
use doorstep_core::site::Site;

mod states;

fn at(text: &str) -> Timestamp {
    let seconds = if text.len() == 5 { ":00" } else { "" };
    format!("2026-03-02T{text}{seconds}Z").parse().unwrap()
}

/// A record of the group that happened at the first instant and was due at the second.
fn record(what: AuditAction, happened: &str, due: &str) -> Record {
    let (doors, group) = (DoorsName::from("main"), GroupId("5".into()));
    let entry = AuditEntry::new(what, &doors, &AccountId("7".into()), "booking b");
    let entry = AuditEntry {
        due: Some(at(due)),
        delay: Some("main: away".to_owned()),
        ..entry.in_group(&group)
    };
    let (site, person) = (SiteId::from("s"), PersonId::from("p"));
    Head::default()
        .record(&site, &person, at(happened), entry)
        .0
}

fn granted(happened: &str, due: &str) -> Record {
    record(AuditAction::Granted, happened, due)
}

fn revoked(happened: &str, due: &str) -> Record {
    record(AuditAction::Revoked, happened, due)
}

fn claim(since: &str, until: Option<&str>) -> Claim {
    Claim {
        doors: "main".into(),
        group: GroupId("5".into()),
        since: at(since),
        until: until.map(at),
        ..Claim::default()
    }
}

#[test]
fn a_grant_that_only_changes_an_end_begins_nothing() {
    let moves = [
        granted("10:00", "10:00"),
        granted("10:30", "10:30"),
        revoked("11:30", "11:30"),
        granted("12:00", "12:00"),
    ];
    let moves: Vec<&Record> = moves.iter().collect();
    let spans = |moves: &[&Record], claim: Option<&Claim>| {
        let all = stays(moves, claim, at("13:00"));
        let span = |stay: &Stay<'_>| (stay.from, stay.until, stay.goes_on);
        all.iter().map(span).collect::<Vec<_>>()
    };
    let now = claim("12:00", None);
    let wanted = [
        (Some(at("10:00")), Some(at("11:30")), false),
        (Some(at("12:00")), None, true),
    ];
    assert_eq!(spans(&moves, Some(&now)), wanted);
    let old = claim("07:00", None);
    assert_eq!(
        spans(&moves[1..2], Some(&old)),
        [(Some(at("07:00")), None, true)],
        "the claim is older than the record"
    );
    assert_eq!(
        spans(&moves[2..3], None),
        [(None, Some(at("11:30")), false)],
        "a removed person was a member"
    );
    assert_eq!(spans(&[], Some(&old)), [(Some(at("07:00")), None, true)]);
    assert_eq!(
        spans(&moves[..1], None),
        [(Some(at("10:00")), None, false)],
        "removed by hand"
    );
}

#[test]
fn people_with_the_same_window_and_state_are_one_bar() {
    let day = Window {
        from: at("00:00"),
        until: Some(at("23:59")),
    };
    let mut bars = Bars::of(day);
    let group = GroupRef::new(&"main".into(), &GroupId("5".into()));
    let add = |bars: &mut Bars, name: &str, from: &str, until: Option<&str>| {
        let who = ShownPerson {
            name: name.to_owned(),
            ..ShownPerson::default()
        };
        let window = Window {
            from: from.parse().unwrap(),
            until: until.map(at),
        };
        let person = BarPerson {
            who: who.into(),
            window,
            reasons: Vec::new(),
            record: None,
            opened: None,
            closed: None,
            note: None,
        };
        bars.add(&group, BarState::Open, person);
    };
    for number in (0..1000).rev() {
        let since = format!("2026-0{}-01T00:00:00Z", number % 2 + 1);
        add(&mut bars, &format!("{number:04}"), &since, None);
    }
    add(&mut bars, "Eve", "2026-03-02T10:00:00Z", Some("11:00"));
    add(&mut bars, "Bob", "2026-03-01T10:00:00Z", Some("00:00"));
    let joined = bars.joined();
    let bars = &joined[&group];
    let told: Vec<(Timestamp, Timestamp, usize)> = bars
        .iter()
        .map(|bar| (bar.from, bar.until, bar.people.len()))
        .collect();
    let wanted = [
        (at("00:00"), at("23:59"), 1000),
        (at("10:00"), at("11:00"), 1),
    ];
    assert_eq!(told, wanted, "a window beside the day is left out");
    let names = bars[0].people.iter().map(|one| one.who.name.as_str());
    assert!(names.is_sorted());
}

#[test]
fn a_day_is_a_local_day_and_says_what_is_known_of_it() {
    let text = include_str!("../../../../infra/sites/riverside.toml");
    let site = Site::parse(text).expect("a site file");
    let now = "2026-03-30T00:30:00+01:00".parse().expect("an instant");
    let asked = |date: Option<&str>| {
        let date = date.map(|date| date.parse().expect("a day"));
        let asked = AskedDay::of(&site, date, now).expect("a day");
        let hours = asked.until.duration_since(asked.from);
        (asked.date.to_string(), hours.as_hours(), asked.basis)
    };
    let told = |date: &str, hours: i64, basis| (date.to_owned(), hours, basis);
    assert_eq!(asked(None), told("2026-03-30", 24, DayBasis::Facts));
    let days = [
        told("2026-03-29", 23, DayBasis::Facts),
        told("2026-03-26", 24, DayBasis::Records),
        told("2025-10-26", 25, DayBasis::Records),
        told("2026-05-28", 24, DayBasis::Facts),
        told("2026-05-29", 24, DayBasis::Incomplete),
    ];
    for day in days {
        assert_eq!(asked(Some(&day.0)), day);
    }
    let nowhere = AskedDay::of(&site, Some(jiff::civil::Date::MAX), now);
    assert!(nowhere.is_err());
}
