//! Derives entitlements from facts and rules. Pure: it has no client, no clock and no randomness.
//! `now` is an argument.
//!
//! This module does not know which groups an account is in. It knows door systems only by name, and
//! groups only by id.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decide::cards::{Number, same_number};
use crate::model::account::{GroupId, GroupRef};
use crate::model::fact::{Fact, FactId, Holder, Kind, Membership, Profile, What};
use crate::model::ids::DoorsName;
use crate::model::problem::Problem;
use crate::model::reasons::{ClosedReason, Reason, Reasons};
use crate::model::window::{Window, union};
use crate::site::catalogue::Catalogue;
use crate::site::resolve::{IdSelection, Resolved};
use crate::site::{MemberUnpaid, Selector, Site};

mod book;
mod bookings;
mod closed;
pub mod days;
mod memberships;
mod passes;
mod visits;

pub use book::RuleIndex;

/// How far ahead recurring bookings and opening hours are expanded.
pub const HORIZON: SignedDuration = SignedDuration::from_hours(60 * 24);
/// How far back they are expanded: an occurrence that began earlier may still run.
const HINDSIGHT: SignedDuration = SignedDuration::from_hours(2 * 24);

/// The right of a person to be in a group for a window, with the reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entitlement {
    /// Door system.
    pub doors: DoorsName,
    /// Group.
    pub group: GroupId,
    /// The window, already widened by the minutes of the rule.
    pub window: Window,
    /// The facts behind the entitlement.
    pub because: Vec<FactId>,
    /// Number of the rule in the site file, counted from one.
    pub rule: usize,
    /// Line of that rule in the site file.
    pub line: usize,
}

impl Entitlement {
    /// Returns its reason.
    pub fn reason(&self) -> Reason {
        Reason {
            facts: self.because.clone(),
            rule: self.rule,
            line: self.line,
        }
    }
}

/// The rules of a site, with their names resolved.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// The site file.
    pub site: &'a Site,
    /// The ids of the names in the site file.
    pub resolved: &'a Resolved,
    /// The platform's locations, floors, resources and plans.
    pub catalogue: &'a Catalogue,
}

/// Everything that the platform says of one person: the profiles, and the facts about them and
/// their teams.
#[derive(Debug, Clone, Default)]
pub struct PersonFacts {
    /// Live facts by name, profiles and teams among them. Shared, because a team's facts belong to
    /// everyone in it.
    pub facts: BTreeMap<FactId, Arc<Fact>>,
    /// The profiles that belong to this person.
    pub profiles: Vec<FactId>,
    /// The last confirmed content of facts with an unconfirmed change.
    pub confirmed: BTreeMap<FactId, Before>,
}

/// The last confirmed content of a thing, before an unconfirmed change.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// The last confirmed content.
    pub fact: Arc<Fact>,
    /// When the read began that showed the change.
    pub until: Timestamp,
    /// Whether that read lost half of what was known, and is accepted only because it was repeated.
    pub unconfirmed: bool,
}

impl PersonFacts {
    /// Returns the person's facts by their last confirmed content.
    pub fn as_confirmed(&self) -> PersonFacts {
        let mut before = PersonFacts {
            confirmed: BTreeMap::new(),
            ..self.clone()
        };
        before.facts.extend(
            self.confirmed
                .iter()
                .map(|(name, before)| (name.clone(), before.fact.clone())),
        );
        before
    }

    /// Returns the member profiles that may have access at all.
    fn members(&self) -> impl Iterator<Item = (&str, &Profile)> {
        self.profiles
            .iter()
            .filter_map(|name| match &self.facts.get(name)?.what {
                What::Member(profile) if profile.active => Some((name.id.as_str(), profile)),
                _ => None,
            })
    }

    /// Returns the ids of the guest profiles.
    fn guests(&self) -> impl Iterator<Item = &str> {
        let live = |name: &&FactId| name.kind == Kind::Visitor && self.facts.contains_key(*name);
        self.profiles
            .iter()
            .filter(live)
            .map(|name| name.id.as_str())
    }

    /// Returns whether a team's memberships, bookings and passes count for its people. A team
    /// without a stored fact counts.
    fn is_active(&self, team: &str) -> bool {
        match self
            .facts
            .get(&FactId::new(Kind::Team, team))
            .map(|fact| &fact.what)
        {
            Some(What::Team(team)) => team.active,
            _ => true,
        }
    }

    /// Returns the profile through which a fact about `holder` concerns this person.
    fn reached(&self, holder: &Holder) -> Option<&Profile> {
        match holder {
            Holder::Member(id) => self
                .members()
                .find(|(member, _)| member == id)
                .map(|(_, profile)| profile),
            Holder::Team(id) if !self.is_active(id) => None,
            Holder::Team(id) => self
                .members()
                .find(|(_, profile)| profile.shares_team && profile.teams.contains(id))
                .map(|(_, profile)| profile),
            Holder::Visitor(_) => None,
        }
    }

    /// Returns the numbers of the person's cards, each once, those of the first profile first.
    pub fn cards(&self) -> Vec<Number> {
        let mut numbers: Vec<Number> = Vec::new();
        for (id, profile) in self.members() {
            for number in &profile.cards {
                let new = Number {
                    number: number.clone(),
                    of: FactId::new(Kind::Member, id),
                };
                if !numbers
                    .iter()
                    .any(|known| same_number(&known.number, number))
                {
                    numbers.push(new);
                }
            }
        }
        numbers
    }

    /// Returns the name for the person's account at door systems. A member's name comes before a
    /// guest's.
    pub fn name(&self) -> Option<&str> {
        let profiles = || {
            self.profiles
                .iter()
                .filter_map(|name| Some(&self.facts.get(name)?.what))
        };
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

/// The entitlements of a person, and problems with the facts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Derived {
    /// The entitlements, in the order of the rules.
    pub entitlements: Vec<Entitlement>,
    /// Facts that open nothing although they should.
    pub problems: Vec<Problem>,
    /// What would be open if the site were not closed.
    pub closed: Vec<ClosedEntitlement>,
}

/// An entitlement that a closure takes away.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedEntitlement {
    /// The entitlement, in the closed window.
    pub entitlement: Entitlement,
    /// The closure.
    pub closed: ClosedReason,
}

/// Derives all entitlements of one person, as seen at `now`.
pub fn derive(rules: Rules<'_>, person_facts: &PersonFacts, now: Timestamp) -> Derived {
    derive_by(&RuleIndex::of(rules), person_facts, now)
}

/// Derives the same for one of many people, with rules that were indexed once.
pub fn derive_by(book: &RuleIndex<'_>, person_facts: &PersonFacts, now: Timestamp) -> Derived {
    let rules = book.rules;
    let mut bench = RuleEvaluator::new(rules, person_facts, now);
    for place in book.places(&bench) {
        let (Some(rule), Some(resolved)) =
            (rules.site.rules.get(place), rules.resolved.rules.get(place))
        else {
            continue;
        };
        let asked = IndexedRule {
            place,
            rule,
            resolved,
        };
        match rule.selector {
            Selector::Plan => bench.plan(asked),
            Selector::Location | Selector::Floor | Selector::Assignable => bench.assigned(asked),
            Selector::Resource => bench.booked(asked),
            Selector::Visitor => bench.visited(asked),
            Selector::Pass => bench.passes(asked),
        }
    }
    let Derived {
        entitlements,
        problems,
        closed,
    } = bench.derived;
    Derived {
        entitlements,
        problems: Problem::in_order(problems),
        closed,
    }
}

/// One rule, with its names resolved.
#[derive(Clone, Copy)]
struct IndexedRule<'a> {
    place: usize,
    rule: &'a crate::site::Rule,
    resolved: &'a crate::site::resolve::ResolvedRule,
}

impl IndexedRule<'_> {
    /// Returns the entitlements of the rule for one window.
    fn entitlements(self, window: Window, because: &[FactId]) -> impl Iterator<Item = Entitlement> {
        self.resolved.groups.iter().map(move |group| Entitlement {
            doors: self.rule.doors.clone(),
            group: group.clone(),
            window,
            because: because.to_vec(),
            rule: self.place + 1,
            line: self.rule.line,
        })
    }
}

/// Evaluates the rules of a site for one person. Each rule adds entitlements or problems to
/// `derived`.
struct RuleEvaluator<'a> {
    rules: Rules<'a>,
    person_facts: &'a PersonFacts,
    now: Timestamp,
    /// Memberships that count and concern this person, each with the profile through which it does.
    memberships: Rc<[(&'a Fact, &'a Membership, &'a Profile)]>,
    derived: Derived,
}

impl<'a> RuleEvaluator<'a> {
    fn new(rules: Rules<'a>, person_facts: &'a PersonFacts, now: Timestamp) -> Self {
        let approved = person_facts
            .facts
            .values()
            .filter_map(|fact| match &fact.what {
                What::Membership(membership) if counts(membership, rules.site) => {
                    Some((fact.as_ref(), membership))
                }
                _ => None,
            });
        let reaching = approved.filter_map(|(fact, membership)| {
            Some((
                fact,
                membership,
                person_facts.reached(membership.holder.as_ref()?)?,
            ))
        });
        RuleEvaluator {
            rules,
            person_facts,
            now,
            memberships: reaching.collect(),
            derived: Derived::default(),
        }
    }

    /// Returns whether a fact at this location counts, for the site and for the rule.
    fn in_place(&self, asked: IndexedRule<'_>, location: Option<&str>) -> bool {
        let chosen = match &self.rules.resolved.locations {
            None => true,
            Some(chosen) => location.is_some_and(|location| chosen.contains(location)),
        };
        chosen
            && asked
                .resolved
                .at
                .as_ref()
                .is_none_or(|at| holds(at, location))
    }

    /// Adds entitlements for `window` under a rule, cut to the rule's hours and without the closed
    /// days.
    fn open(
        &mut self,
        asked: IndexedRule<'_>,
        window: Window,
        location: Option<&str>,
        because: &[FactId],
    ) {
        let zone = self.zone(location);
        let windows = match &asked.rule.hours {
            None => vec![window],
            Some(hours) => days::within_hours(hours, &zone, window, self.now),
        };
        for window in windows {
            let (open, closed) = self.but_for_closures(asked, window, location);
            for window in open {
                let entitlements = asked.entitlements(window, because);
                self.derived.entitlements.extend(entitlements);
            }
            for (window, closed) in closed {
                let entitlements = asked.entitlements(window, because);
                let entitlements = entitlements.map(|entitlement| ClosedEntitlement {
                    entitlement,
                    closed,
                });
                self.derived.closed.extend(entitlements);
            }
        }
    }

    fn problem(&mut self, fact: &FactId, why: &str) {
        self.derived.problems.push(Problem::Fact {
            fact: fact.clone(),
            why: why.to_owned(),
        });
    }
}

/// Returns whether a membership counts. Where the platform says that it is not paid, the site file
/// decides; without a word there, the status of the membership does. A membership with an overdue
/// invoice counts until the site file's days are over.
fn counts(membership: &Membership, site: &Site) -> bool {
    match (membership.unpaid_since, site.members_unpaid) {
        (None, _) | (_, None) => membership.approved,
        (Some(_), Some(MemberUnpaid::Open | MemberUnpaid::Grace(_))) => true,
        (Some(_), Some(MemberUnpaid::Wait)) => membership.approved,
    }
}

fn holds(ids: &IdSelection, id: Option<&str>) -> bool {
    match ids {
        IdSelection::Any => true,
        IdSelection::Of(ids) => id.is_some_and(|id| ids.contains(id)),
    }
}

/// An unbroken window in which a group is open to a person, with the reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenInterval {
    /// The window.
    pub window: Window,
    /// The reasons.
    pub because: Reasons,
}

/// The desired state: for each group the merged windows. Windows that overlap or follow each other
/// directly are one interval.
pub type Desired = BTreeMap<GroupRef, Vec<OpenInterval>>;

/// Merges entitlements into the desired state. A group is open while any rule opens it.
pub fn desired(entitlements: &[Entitlement]) -> Desired {
    let mut groups: BTreeMap<GroupRef, Vec<&Entitlement>> = BTreeMap::new();
    for entitlement in entitlements {
        groups
            .entry(GroupRef::new(&entitlement.doors, &entitlement.group))
            .or_default()
            .push(entitlement);
    }
    let merge = |parts: Vec<&Entitlement>| {
        let windows: Vec<Window> = parts.iter().map(|part| part.window).collect();
        let behind = |places: Vec<usize>| {
            let parts = places.iter().filter_map(|&place| parts.get(place).copied());
            parts.map(Entitlement::reason).collect()
        };
        let intervals = union(&windows).into_iter();
        intervals
            .map(|(window, places)| OpenInterval {
                window,
                because: behind(places),
            })
            .collect()
    };
    groups
        .into_iter()
        .map(|(group, parts)| (group, merge(parts)))
        .collect()
}

/// Returns the interval of a group that is open at `now`.
pub fn open_at<'a>(
    desired: &'a Desired,
    at: &GroupRef,
    now: Timestamp,
) -> Option<&'a OpenInterval> {
    desired
        .get(at)?
        .iter()
        .find(|interval| interval.window.holds(now))
}

/// Returns whether any interval at this door system is open or still to come.
pub fn is_awaited(desired: &Desired, doors: &DoorsName, now: Timestamp) -> bool {
    let here = desired.iter().filter(|(at, _)| at.doors == *doors);
    here.flat_map(|(_, intervals)| intervals)
        .any(|interval| interval.window.until.is_none_or(|until| until > now))
}

/// Returns whether any interval at any door system is open or still to come.
pub fn is_awaited_anywhere(desired: &Desired, now: Timestamp) -> bool {
    desired
        .values()
        .flatten()
        .any(|interval| interval.window.until.is_none_or(|until| until > now))
}

/// Returns the first instant after `now` at which an interval begins or ends.
pub fn next_boundary(desired: &Desired, now: Timestamp) -> Option<Timestamp> {
    let edges = desired
        .values()
        .flatten()
        .flat_map(|interval| [Some(interval.window.from), interval.window.until]);
    edges.flatten().filter(|&edge| edge > now).min()
}

#[cfg(test)]
mod rows;
#[cfg(test)]
mod tests;
