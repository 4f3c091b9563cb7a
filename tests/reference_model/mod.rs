//! The reference model: who may be in which group at one instant, written directly from the page of
//! the site file.
//!
//! It has no windows, unions or boundaries, and uses no code of Doorstep. For one instant, it asks
//! for each person and each rule whether the rule admits the person. Time zones come from another
//! library than Doorstep's, so that their errors do not coincide.

mod booking;
mod calendar;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use calendar::{Minute, at_local, date_at, instant, local_midnight};
pub use rules::{Audience, Closed, OpeningHours, Rule, Selector, Site};

/// A person, a door system and one of its groups. The person is an address, or a name if there is
/// no address.
pub type Entry = (String, String, String);

/// Profiles at the platform with one address.
#[derive(Default)]
struct Person<'w> {
    members: Vec<&'w Value>,
    visitors: Vec<&'w Value>,
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
                    && self.is_named(names, "plans", text(membership, "plan"))
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
            Selector::Pass => list(self.world, "passes")
                .iter()
                .any(|pass| self.passed(rule, pass, person)),
        }
    }

    fn memberships(&self) -> impl Iterator<Item = &Value> {
        list(self.world, "memberships")
            .iter()
            .filter(|membership| text(membership, "status") == Some("approved"))
    }

    /// Returns whether a membership or pass is this person's, by name or through the company.
    fn reaches(&self, thing: &Value, person: &Person<'_>) -> bool {
        person
            .members
            .iter()
            .any(|member| match text(thing, "member") {
                Some(id) => self.is_or_follows(member, id),
                None => {
                    let out = matches!(
                        text(member, "status"),
                        Some("former" | "lead" | "not_approved")
                    );
                    text(thing, "company").is_some()
                        && text(thing, "company") == text(member, "company")
                        && !out
                }
            })
    }

    /// Returns whether this member is the one with this id, or shares that one's identity.
    fn is_or_follows(&self, member: &Value, id: &str) -> bool {
        let master =
            by_id(self.world, "members", Some(id)).filter(|master| !flag(master, "inactive"));
        text(member, "_id") == Some(id) || text(member, "master") == Some(id) && master.is_some()
    }

    /// Returns whether the local day of `at` is one of the membership's.
    fn runs(&self, membership: &Value, at: Minute) -> bool {
        let zone = self.zone(text(membership, "location"));
        calendar::is_among_days(membership, "startDate", "endDate", date_at(zone, at))
    }

    fn assigned(&self, rule: &Rule, assignment: &Value, person: &Person<'_>) -> bool {
        let membership = self
            .memberships()
            .find(|one| text(one, "_id") == text(assignment, "membership"));
        let Some(membership) = membership.filter(|one| self.reaches(one, person)) else {
            return false;
        };
        let Some(resource) = by_id(self.world, "resources", text(assignment, "resource")) else {
            return false;
        };
        let right = match &rule.selector {
            Selector::Location(names) => {
                self.is_named(names, "locations", text(resource, "location"))
            }
            Selector::Floor(names) => self.is_named(names, "floors", text(resource, "floor")),
            Selector::Assignable(names) => self.is_named(names, "resources", text(resource, "_id")),
            _ => false,
        };
        let zone = self.zone(text(membership, "location"));
        right
            && self.is_here(rule, text(membership, "location"))
            && self.runs(membership, self.at)
            && calendar::is_among_days(assignment, "startDate", "endDate", date_at(zone, self.at))
    }

    fn passed(&self, rule: &Rule, pass: &Value, person: &Person<'_>) -> bool {
        if !self.reaches(pass, person) {
            return false;
        }
        let holder = match text(pass, "member") {
            Some(id) => by_id(self.world, "members", Some(id)),
            None => by_id(self.world, "companies", text(pass, "company")),
        };
        let location = holder.and_then(|holder| text(holder, "location"));
        let zone = self.zone(location);
        let today = date_at(zone, self.at);
        let unused =
            pass["usedCount"].as_f64().unwrap_or(0.0) < pass["count"].as_f64().unwrap_or(1.0);
        let checked_in = list(self.world, "checkins").iter().any(|checkin| {
            let mine = person
                .members
                .iter()
                .any(|member| text(member, "_id") == text(checkin, "member"));
            mine && text(checkin, "start").map(|start| date_at(zone, instant(start))) == Some(today)
        });
        self.is_here(rule, location)
            && calendar::is_among_days(pass, "validFrom", "validTo", today)
            && (unused && !self.site.on_the_day || checked_in)
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
