//! Facts × rules → entitlements. Pure: no client, no clock, no randomness; `now` is an argument.
//!
//! It does not know what anybody holds at a door, and it does not know doors at all beyond the ids of their groups.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decide::cards::{Number, same_number};
use crate::model::account::GroupId;
use crate::model::fact::{Fact, FactId, Holder, Kind, Membership, Profile, What};
use crate::model::window::{Window, union};
use crate::site::catalogue::Catalogue;
use crate::site::resolve::{Ids, Resolved};
use crate::site::{Selector, Site};

mod because;
mod book;
mod bookings;
pub mod days;
mod memberships;
mod passes;

pub use because::Reasons;
pub use book::RuleIndex;

/// How far ahead recurring bookings and opening hours are worked out.
pub const HORIZON: SignedDuration = SignedDuration::from_hours(60 * 24);
/// How far back: an occurrence that began long ago may still run.
const HINDSIGHT: SignedDuration = SignedDuration::from_hours(2 * 24);

/// That somebody may be in a group for a while, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entitlement {
    /// Door system.
    pub doors: String,
    /// Group.
    pub group: GroupId,
    /// When, already widened by the rule's minutes.
    pub window: Window,
    /// The facts behind it.
    pub because: Vec<FactId>,
    /// Number of the rule in the site file, counted from one.
    pub rule: usize,
    /// Line of that rule in the site file.
    pub line: usize,
}

/// The rules, and what the names in them stand for.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// The site file.
    pub site: &'a Site,
    /// Its names, resolved.
    pub resolved: &'a Resolved,
    /// The platform's locations, floors, resources and plans.
    pub catalogue: &'a Catalogue,
}

/// Everything that the platform says of one person: their profiles, and the facts about these and their teams.
#[derive(Debug, Clone, Default)]
pub struct PersonFacts {
    /// Live facts by name, profiles and teams among them. Shared, for a team's facts are everybody's in it.
    pub facts: BTreeMap<FactId, Arc<Fact>>,
    /// Which of the profiles are this person.
    pub profiles: Vec<FactId>,
    /// What was known before changes that only full reads told of, with when the latest of these was read.
    pub vouched: BTreeMap<FactId, Before>,
}

/// What was known of a thing before a change that only full reads told of.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// What was known.
    pub fact: Arc<Fact>,
    /// When the read began that told otherwise.
    pub until: Timestamp,
    /// That read lost half of what was known, and is believed only because it was repeated.
    pub doubted: bool,
}

impl PersonFacts {
    /// The same person by what was known before changes that only full reads told of.
    pub fn as_vouched(&self) -> PersonFacts {
        let mut before = PersonFacts { vouched: BTreeMap::new(), ..self.clone() };
        before.facts.extend(self.vouched.iter().map(|(name, before)| (name.clone(), before.fact.clone())));
        before
    }

    /// The profiles as members for whom anything opens at all.
    fn members(&self) -> impl Iterator<Item = (&str, &Profile)> {
        self.profiles.iter().filter_map(|name| match &self.facts.get(name)?.what {
            What::Member(profile) if profile.active => Some((name.id.as_str(), profile)),
            _ => None,
        })
    }

    /// The profiles as guests.
    fn guests(&self) -> impl Iterator<Item = &str> {
        let live = |name: &&FactId| name.kind == Kind::Visitor && self.facts.contains_key(*name);
        self.profiles.iter().filter(live).map(|name| name.id.as_str())
    }

    /// Whether what this team has reaches its people. One that nobody knows more of is as good as any.
    fn is_active(&self, team: &str) -> bool {
        match self.facts.get(&FactId::new(Kind::Team, team)).map(|fact| &fact.what) {
            Some(What::Team(team)) => team.active,
            _ => true,
        }
    }

    /// The profile through which a fact about `holder` reaches this person.
    fn reached(&self, holder: &Holder) -> Option<&Profile> {
        match holder {
            Holder::Member(id) => self.members().find(|(member, _)| member == id).map(|(_, profile)| profile),
            Holder::Team(id) if !self.is_active(id) => None,
            Holder::Team(id) => self
                .members()
                .find(|(_, profile)| profile.shares_team && profile.teams.contains(id))
                .map(|(_, profile)| profile),
            Holder::Visitor(_) => None,
        }
    }

    /// The numbers of this person's cards, each once, those of the first profile first.
    pub fn cards(&self) -> Vec<Number> {
        let mut numbers: Vec<Number> = Vec::new();
        for (id, profile) in self.members() {
            for number in &profile.cards {
                let new = Number { number: number.clone(), of: FactId::new(Kind::Member, id) };
                if !numbers.iter().any(|known| same_number(&known.number, number)) {
                    numbers.push(new);
                }
            }
        }
        numbers
    }

    /// The name that door systems shall know this person by, and that of a member before that of a guest.
    pub fn name(&self) -> Option<&str> {
        let profiles = || self.profiles.iter().filter_map(|name| Some(&self.facts.get(name)?.what));
        let member = profiles().find_map(|what| match what {
            What::Member(profile) => Some(profile.name.as_str()),
            _ => None,
        });
        member.or_else(|| {
            profiles().find_map(|what| match what {
                What::Visitor(profile) => Some(profile.name.as_str()),
                _ => None,
            })
        })
    }
}

/// What a person may open, and what is wrong with the facts about them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Derived {
    /// In the order of the rules.
    pub entitlements: Vec<Entitlement>,
    /// Records that open nothing although they should.
    pub problems: Vec<String>,
}

/// Works out everything that one person may open, as seen at `now`.
pub fn derive(rules: Rules<'_>, dossier: &PersonFacts, now: Timestamp) -> Derived {
    derive_by(&RuleIndex::of(rules), dossier, now)
}

/// The same for one of many people, by rules that were sorted once.
pub fn derive_by(book: &RuleIndex<'_>, dossier: &PersonFacts, now: Timestamp) -> Derived {
    let rules = book.rules;
    let mut bench = RuleEvaluator::new(rules, dossier, now);
    for place in book.places(&bench) {
        let (Some(rule), Some(resolved)) = (rules.site.rules.get(place), rules.resolved.rules.get(place)) else {
            continue;
        };
        let asked = Asked { place, rule, resolved };
        match rule.selector {
            Selector::Plan => bench.plan(asked),
            Selector::Location | Selector::Floor | Selector::Assignable => bench.assigned(asked),
            Selector::Resource => bench.booked(asked),
            Selector::Pass => bench.passes(asked),
        }
    }
    bench.derived.problems.sort();
    bench.derived.problems.dedup();
    bench.derived
}

/// One rule, with what its names stand for.
#[derive(Clone, Copy)]
struct Asked<'a> {
    place: usize,
    rule: &'a crate::site::Rule,
    resolved: &'a crate::site::resolve::ResolvedRule,
}

/// Where one person's facts are laid beside the rules.
struct RuleEvaluator<'a> {
    rules: Rules<'a>,
    dossier: &'a PersonFacts,
    now: Timestamp,
    /// Approved memberships that reach this person, each with the profile it reaches.
    memberships: Rc<[(&'a Fact, &'a Membership, &'a Profile)]>,
    derived: Derived,
}

impl<'a> RuleEvaluator<'a> {
    fn new(rules: Rules<'a>, dossier: &'a PersonFacts, now: Timestamp) -> Self {
        let approved = dossier.facts.values().filter_map(|fact| match &fact.what {
            What::Membership(membership) if membership.approved => Some((fact.as_ref(), membership)),
            _ => None,
        });
        let reaching = approved
            .filter_map(|(fact, membership)| Some((fact, membership, dossier.reached(membership.holder.as_ref()?)?)));
        RuleEvaluator { rules, dossier, now, memberships: reaching.collect(), derived: Derived::default() }
    }

    /// Whether a fact of this location counts, for the site and for the rule.
    fn in_place(&self, asked: Asked<'_>, location: Option<&str>) -> bool {
        let chosen = match &self.rules.resolved.locations {
            None => true,
            Some(chosen) => location.is_some_and(|location| chosen.contains(location)),
        };
        chosen && asked.resolved.at.as_ref().is_none_or(|at| holds(at, location))
    }

    /// Writes down that `window` is open under a rule, cut to the rule's hours.
    fn open(&mut self, asked: Asked<'_>, window: Window, location: Option<&str>, because: &[FactId]) {
        let windows = match &asked.rule.hours {
            None => vec![window],
            Some(hours) => {
                let zone = self.rules.catalogue.zone_of(location, &self.rules.site.timezone);
                days::within_hours(hours, &zone, window, self.now)
            }
        };
        for window in windows {
            for group in &asked.resolved.groups {
                self.derived.entitlements.push(Entitlement {
                    doors: asked.rule.doors.clone(),
                    group: group.clone(),
                    window,
                    because: because.to_vec(),
                    rule: asked.place + 1,
                    line: asked.rule.line,
                });
            }
        }
    }

    fn problem(&mut self, about: &FactId, what: &str) {
        self.derived.problems.push(format!("{about} {what}"));
    }
}

fn holds(ids: &Ids, id: Option<&str>) -> bool {
    match ids {
        Ids::Any => true,
        Ids::Of(ids) => id.is_some_and(|id| ids.contains(id)),
    }
}

/// One unbroken stretch in which a group is open to somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenInterval {
    /// From when until when.
    pub window: Window,
    /// Why.
    pub because: Reasons,
}

/// Entitlements to one group, merged: overlapping and back-to-back windows are one stretch.
pub type Desired = BTreeMap<(String, GroupId), Vec<OpenInterval>>;

/// Adds up entitlements: a group is open while any rule opens it.
pub fn desired(entitlements: &[Entitlement]) -> Desired {
    let mut groups: BTreeMap<(String, GroupId), Vec<&Entitlement>> = BTreeMap::new();
    for entitlement in entitlements {
        groups.entry((entitlement.doors.clone(), entitlement.group.clone())).or_default().push(entitlement);
    }
    let merge = |parts: Vec<&Entitlement>| {
        let windows: Vec<Window> = parts.iter().map(|part| part.window).collect();
        let behind = |places: Vec<usize>| places.iter().filter_map(|&place| parts.get(place).copied()).collect();
        let stretches = union(&windows).into_iter();
        stretches.map(|(window, places)| OpenInterval { window, because: behind(places) }).collect()
    };
    groups.into_iter().map(|(group, parts)| (group, merge(parts))).collect()
}

/// The stretch of a group that is open at `now`.
pub fn open_at<'a>(desired: &'a Desired, at: &(String, GroupId), now: Timestamp) -> Option<&'a OpenInterval> {
    desired.get(at)?.iter().find(|stretch| stretch.window.holds(now))
}

/// The first instant after `now` at which anything opens or closes.
pub fn next_boundary(desired: &Desired, now: Timestamp) -> Option<Timestamp> {
    let edges = desired.values().flatten().flat_map(|stretch| [Some(stretch.window.from), stretch.window.until]);
    edges.flatten().filter(|&edge| edge > now).min()
}

#[cfg(test)]
mod tests;
