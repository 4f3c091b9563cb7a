//! The reference model: who may be in which group at one instant, written directly from the page of
//! the site file.
//!
//! It has no windows, unions or boundaries, and uses no code of Doorstep. For one instant, it asks
//! for each person and each rule whether the rule admits the person. Time zones come from another
//! library than Doorstep's, so that their errors do not coincide.

mod booking;
mod calendar;
mod membership;
mod rules;
mod visit;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use calendar::{Minute, at_local, date_at, instant, local_midnight};
pub use rules::{Audience, Closed, OpeningHours, Rule, Selector, Site, Unpaid};

/// A person, a door system and one of its groups. The person is an address, or a name if there is
/// no address.
pub type Entry = (String, String, String);

/// Profiles at the platform with one address.
#[derive(Default)]
struct Person<'w> {
    members: Vec<&'w Value>,
    visitors: Vec<&'w Value>,
    /// Visits, each of which has its visitor in it.
    visits: Vec<&'w Value>,
}

/// One instant of one world.
struct WorldAt<'w> {
    world: &'w Value,
    site: &'w Site,
    at: Minute,
}

/// Returns everyone who may be in a group at `at`.
pub fn may_be_in(world: &Value, site: &Site, at: Minute) -> BTreeSet<Entry> {
    let world_at = WorldAt { world, site, at };
    let mut open = BTreeSet::new();
    for (who, person) in people(world) {
        for rule in &site.rules {
            if world_at.lets_in(rule, &person) {
                for group in &rule.opens {
                    open.insert((who.clone(), rule.doors.to_owned(), (*group).to_owned()));
                }
            }
        }
    }
    open
}

fn people(world: &Value) -> BTreeMap<String, Person<'_>> {
    let mut people: BTreeMap<String, Person<'_>> = BTreeMap::new();
    for member in list(world, "members")
        .iter()
        .filter(|member| !flag(member, "inactive"))
    {
        people.entry(who(member)).or_default().members.push(member);
    }
    for visitor in list(world, "visitors") {
        people
            .entry(who(visitor))
            .or_default()
            .visitors
            .push(visitor);
    }
    for visit in list(world, "visits") {
        people.entry(who(visit)).or_default().visits.push(visit);
    }
    people
}

/// Returns what identifies a person at the platform and at the doors.
pub fn who(person: &Value) -> String {
    text(person, "email")
        .or_else(|| text(person, "name"))
        .unwrap_or_default()
        .to_lowercase()
}

pub fn list<'w>(world: &'w Value, name: &str) -> &'w [Value] {
    world[name].as_array().map_or(&[], Vec::as_slice)
}

pub fn text<'w>(thing: &'w Value, field: &str) -> Option<&'w str> {
    thing[field].as_str()
}

fn flag(thing: &Value, field: &str) -> bool {
    thing[field].as_bool() == Some(true)
}

fn by_id<'w>(world: &'w Value, name: &str, id: Option<&str>) -> Option<&'w Value> {
    list(world, name)
        .iter()
        .find(|thing| id.is_some() && text(thing, "_id") == id)
}

impl WorldAt<'_> {
    fn lets_in(&self, rule: &Rule, person: &Person<'_>) -> bool {
        match &rule.selector {
            Selector::Plan(names) => self.memberships().any(|membership| {
                self.reaches(membership, person)
                    && self.has_plan(membership, names)
                    && self.is_here(rule, text(membership, "location"))
                    && self.runs(membership, self.at)
            }),
            Selector::Location(_) | Selector::Floor(_) | Selector::Assignable(_) => {
                list(self.world, "assignments")
                    .iter()
                    .any(|assignment| self.assigned(rule, assignment, person))
            }
            Selector::Resource(names) => list(self.world, "bookings").iter().any(|booking| {
                self.is_named(names, "resources", text(booking, "resource"))
                    && self.booked(rule, booking, person)
            }),
            Selector::Visitor(names) => self.is_visitor(rule, names, person),
            Selector::Pass => list(self.world, "passes")
                .iter()
                .any(|pass| self.passed(rule, pass, person)),
        }
    }

    /// Returns whether a fact of this location counts, and the rule's hours are open there.
    fn is_here(&self, rule: &Rule, location: Option<&str>) -> bool {
        let chosen = self.site.locations.is_empty()
            || self.is_named(&self.site.locations, "locations", location);
        let at = rule
            .at
            .is_none_or(|name| self.is_named(&[name], "locations", location));
        let clock = calendar::wall_clock(self.zone(location), self.at);
        chosen
            && at
            && !self.is_closed(rule, location)
            && (rule.hours.is_empty() || rule.hours.iter().any(|attempt| attempt.is_open(clock)))
    }

    /// Returns whether the local day of `at` is closed for the rule at this location.
    fn is_closed(&self, rule: &Rule, location: Option<&str>) -> bool {
        let number = self
            .site
            .rules
            .iter()
            .position(|one| std::ptr::eq(one, rule));
        let today = date_at(self.zone(location), self.at);
        let closes = |closed: &Closed| {
            let concerns = closed.rule.is_none_or(|one| number == Some(one - 1));
            let here = closed
                .at
                .is_none_or(|name| self.is_named(&[name], "locations", location));
            concerns && here && closed.has(today)
        };
        !rule.open_when_closed && self.site.closed.iter().any(closes)
    }

    fn is_named(&self, names: &[&str], kind: &str, id: Option<&str>) -> bool {
        let name = by_id(self.world, kind, id).and_then(|thing| text(thing, "name"));
        names
            .iter()
            .any(|wanted| *wanted == "*" && id.is_some() || name == Some(*wanted))
    }

    fn zone(&self, location: Option<&str>) -> &str {
        let own = by_id(self.world, "locations", location)
            .and_then(|location| text(location, "timezone"));
        own.unwrap_or(self.site.timezone)
    }
}
