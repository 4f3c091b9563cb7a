//! The needs that concern people: what vendors refuse them, and what hands changed. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::shape::{Need, NeedGroup, NeedKind, NeedTarget};
use super::state::SiteState;
use crate::preview::diff::ShownPerson;
use doorstep_cloud::store::observed::{ForeignAccount, ObservedDoors, RemovedMembership};
use doorstep_core::model::account::{GroupId, GroupRef};
use doorstep_core::model::ids::{DoorsName, PersonId};
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::Problem;

/// The most people that one need names.
const MOST_NAMED: usize = 20;

/// People of one need, while they are found.
#[derive(Default)]
struct Concerned {
    people: Vec<ShownPerson>,
    since: Option<Timestamp>,
}

impl Concerned {
    fn add(&mut self, who: ShownPerson, since: Option<Timestamp>) {
        self.people.push(who);
        self.since = match (self.since, since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    /// Returns the need with these people. A need of one person leads to that person, unless a
    /// screen shows all of them.
    fn of(mut self, need: Need) -> Need {
        self.people.sort();
        let more = self.people.len().saturating_sub(MOST_NAMED);
        self.people.truncate(MOST_NAMED);
        let person = match self.people.as_slice() {
            [only] => only.person.clone(),
            _ => None,
        };
        let (target, command) = match person {
            Some(id) if need.target == NeedTarget::None => {
                (NeedTarget::Person(id.clone()), explain(&need, &id))
            }
            _ => (need.target.clone(), need.command.clone()),
        };
        Need {
            whom: self.people,
            since: self.since,
            more,
            target,
            command,
            ..need
        }
    }
}

/// Returns the words of the command that explains a person's access.
fn explain(need: &Need, id: &PersonId) -> Vec<String> {
    let site = need.site.iter().map(ToString::to_string);
    let words = ["explain".to_owned()].into_iter().chain(site);
    words
        .chain(["--person".to_owned(), id.to_string()])
        .collect()
}

/// Returns the needs of people with problems. People with the same problems are one need, so that a
/// door system that is down is one line.
pub(super) fn of_people(state: &SiteState) -> Vec<Need> {
    let mut groups: BTreeMap<String, (Vec<Problem>, Concerned)> = BTreeMap::new();
    for person in &state.people {
        let problems: Vec<Problem> = person.problems.iter().filter(is_theirs).cloned().collect();
        if problems.is_empty() {
            continue;
        }
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let same = groups.entry(texts.join("\n"));
        let (_, concerned) = same.or_insert_with(|| (problems, Concerned::default()));
        concerned.add(shown(person), person.waiting);
    }
    let each = groups.into_values().map(|(problems, concerned)| {
        let kind = NeedKind::People { problems };
        let advice = "do what the problem says. Doorstep tries again by itself";
        concerned.of(state.need(kind, advice, NeedTarget::None, "doctor"))
    });
    each.collect()
}

/// Returns whether a problem is one that its person alone has. A platform that is not read is a need
/// of the site, and new accounts that wait to be counted are counted by the next reconcile.
fn is_theirs(problem: &&Problem) -> bool {
    !matches!(problem, Problem::PlatformUnread) && !problem.is_counted()
}

/// Returns the needs of what hands changed at the doors, one for each group.
pub(super) fn of_hands(state: &SiteState) -> Vec<Need> {
    let people: BTreeMap<&PersonId, &Person> = state
        .people
        .iter()
        .map(|person| (&person.id, person))
        .collect();
    let each = state.observed_doors().flat_map(|(doors, observed)| {
        let hands = Hands {
            state,
            people: &people,
            doors,
        };
        [hands.removed(observed), hands.added(observed)].concat()
    });
    each.collect()
}

struct Hands<'a> {
    state: &'a SiteState,
    people: &'a BTreeMap<&'a PersonId, &'a Person>,
    doors: &'a DoorsName,
}

impl Hands<'_> {
    /// Returns the needs of removed memberships. A person who has no claim any more is left out.
    fn removed(&self, observed: &ObservedDoors) -> Vec<Need> {
        let still = |removed: &&RemovedMembership| {
            let person = self.people.get(&removed.person);
            let claim = person.and_then(|person| person.claim(self.doors, &removed.group));
            claim.is_some_and(|claim| claim.account == removed.account)
        };
        let mut groups: BTreeMap<&GroupId, Concerned> = BTreeMap::new();
        for removed in observed.removed.iter().filter(still) {
            let Some(person) = self.people.get(&removed.person) else {
                continue;
            };
            let concerned = groups.entry(&removed.group).or_default();
            concerned.add(shown(person), Some(removed.since));
        }
        let each = groups.into_iter().map(|(group, concerned)| {
            let kind = NeedKind::RemovedByHand {
                group: self.group(group),
            };
            let advice =
                "Doorstep adds them again: end the booking or membership if they are to stay out";
            concerned.of(self.state.need(kind, advice, NeedTarget::Groups, "drift"))
        });
        each.collect()
    }

    /// Returns the needs of accounts that a hand added. One that belongs to Doorstep by now is left
    /// out.
    fn added(&self, observed: &ObservedDoors) -> Vec<Need> {
        let still = |foreign: &&ForeignAccount| {
            let person = foreign.person.as_ref().and_then(|id| self.people.get(id));
            let claim = person.and_then(|person| person.claim(self.doors, &foreign.group));
            claim.is_none_or(|claim| claim.account != foreign.account)
        };
        let mut groups: BTreeMap<(&GroupId, bool), Concerned> = BTreeMap::new();
        for foreign in observed.foreign.iter().filter(still) {
            let concerned = groups.entry((&foreign.group, foreign.goes)).or_default();
            concerned.add(shown_account(foreign), Some(foreign.since));
        }
        let each = groups.into_iter().map(|((group, goes), concerned)| {
            let group = self.group(group);
            let advice = match goes {
                true => {
                    "Doorstep removes them: give them a booking or membership if they are to stay"
                }
                false => "remove them at the door system, or give them a booking or membership",
            };
            let kind = NeedKind::AddedByHand { group, goes };
            concerned.of(self.state.need(kind, advice, NeedTarget::Groups, "drift"))
        });
        each.collect()
    }

    fn group(&self, group: &GroupId) -> NeedGroup {
        let at = GroupRef::new(self.doors, group);
        NeedGroup {
            doors: self.doors.clone(),
            group: group.clone(),
            group_name: self.state.groups.get(&at).cloned(),
        }
    }
}

/// Returns a person as the operator sees them. The name is the one of an account; without one it is
/// empty.
pub(super) fn shown(person: &Person) -> ShownPerson {
    let account = person.accounts.values().next();
    let called = person
        .accounts
        .values()
        .find_map(|linked| linked.account.called());
    ShownPerson {
        name: called.unwrap_or_default(),
        email: person.email.clone(),
        person: Some(person.id.clone()),
        account: account.map(|linked| linked.account.id.clone()),
    }
}

fn shown_account(foreign: &ForeignAccount) -> ShownPerson {
    let name = foreign.name.clone().or_else(|| foreign.email.clone());
    ShownPerson {
        name: name.unwrap_or_else(|| foreign.account.to_string()),
        email: foreign.email.clone(),
        person: foreign.person.clone(),
        account: Some(foreign.account.clone()),
    }
}
