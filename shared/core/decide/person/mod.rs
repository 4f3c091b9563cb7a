//! Decides what one person needs at every door system: desired × actual × claimed → actions. Pure.
//! The decision can be printed, judged and withheld before anything of it is applied. Settle,
//! reconcile and preview share it.
//!
//! At each door system the groups are decided first, by the table of [`crate::decide::group`]. What
//! the account needs follows from the changes in its groups. Cards come last, by the table of
//! [`crate::decide::cards`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::decide::cards::{CardBook, Number};
use crate::decide::doors_context::DoorsContext;
use crate::decide::entitlement::Desired;
use crate::model::account::{GroupId, GroupRef};
use crate::model::actual_groups::ActualGroups;
use crate::model::ids::DoorsName;
use crate::model::linked::Linked;
use crate::model::other_sites::OtherSites;
use crate::model::person::Person;
use crate::site::Mode;

mod account;
mod cards;
mod decision;
mod groups;

pub use cards::desired_cards;
pub use decision::{DoorsDecision, PersonDecision};

/// The inputs of one person's decision.
#[derive(Clone, Copy)]
pub struct PersonView<'a> {
    /// The claimed state: the person with accounts, claims and cards, as stored.
    pub person: &'a Person,
    /// The desired state.
    pub desired: DesiredState<'a>,
    /// The actual state.
    pub actual: ActualState<'a>,
    /// The groups to compare.
    pub scope: CompareScope<'a>,
    /// What is the same for everyone.
    pub context: DecisionContext<'a>,
}

/// What follows for one person from the facts and the rules.
#[derive(Clone, Copy)]
pub struct DesiredState<'a> {
    /// The windows of access to each group.
    pub access: &'a Desired,
    /// The person's name at the platform.
    pub name: Option<&'a str>,
    /// The person's card numbers at the platform.
    pub cards: &'a [Number],
}

/// What was read of the door systems, and of other sites that share them.
#[derive(Clone, Copy)]
pub struct ActualState<'a> {
    /// The members of the groups. A group that could not be read is absent, and no action is
    /// decided for it.
    pub groups: &'a ActualGroups,
    /// The cards.
    pub cards: ActualCards<'a>,
    /// What other sites of the stack claim at these door systems.
    pub others: &'a OtherSites,
}

/// The cards that were read.
#[derive(Clone, Copy)]
pub struct ActualCards<'a> {
    /// The cards of each door system, as far as they were read.
    pub books: &'a BTreeMap<DoorsName, CardBook>,
    /// Door systems whose cards were read as far as they concern the person. No card is decided at
    /// the others.
    pub read: &'a BTreeSet<DoorsName>,
}

impl<'a> ActualCards<'a> {
    /// Returns the cards of a door system, if they were read as far as they concern the person.
    fn at(self, doors: &DoorsName) -> Option<&'a CardBook> {
        self.books.get(doors).filter(|_| self.read.contains(doors))
    }
}

/// What an evaluation compares.
#[derive(Clone, Copy)]
pub struct CompareScope<'a> {
    /// The groups that concern the person; see [`concerned`].
    pub groups: &'a BTreeSet<GroupRef>,
    /// Groups that are taken over now, even if they were taken over before.
    pub adopt: &'a BTreeSet<GroupRef>,
    /// Door systems whose cards are taken over now, even if they were taken over before.
    pub adopt_cards: &'a BTreeSet<DoorsName>,
}

/// What is the same for everyone who is decided at one instant.
#[derive(Clone, Copy)]
pub struct DecisionContext<'a> {
    /// The context of each door system.
    pub doors: &'a BTreeMap<DoorsName, DoorsContext>,
    /// The mode of the site, which limits what may change.
    pub mode: Mode,
    /// The platform has been unreadable for too long, so nothing new may be opened.
    pub stale: bool,
    /// The instant of the decision.
    pub now: Timestamp,
}

/// Returns the groups that concern a person: groups that are open now, claimed groups, groups of
/// intents, and `more`.
pub fn concerned<'a>(
    person: &Person,
    desired: &Desired,
    now: Timestamp,
    more: impl IntoIterator<Item = &'a GroupRef>,
) -> BTreeSet<GroupRef> {
    let open = desired
        .iter()
        .filter(|(_, intervals)| intervals.iter().any(|interval| interval.window.holds(now)));
    let open = open.map(|(at, _)| (&at.doors, &at.group));
    let claimed = person
        .claims
        .iter()
        .map(|claim| (&claim.doors, &claim.group));
    let begun = person
        .intents
        .iter()
        .filter_map(|intent| Some((&intent.doors, intent.group.as_ref()?)));
    let more = more.into_iter().map(|at| (&at.doors, &at.group));
    // The sources mostly name the same group, so duplicates go before anything is cloned.
    let all: BTreeSet<(&DoorsName, &GroupId)> =
        open.chain(claimed).chain(begun).chain(more).collect();
    all.into_iter()
        .map(|(doors, group)| GroupRef::new(doors, group))
        .collect()
}

/// Decides for one person, one door system after another.
pub fn decide_person(view: PersonView<'_>) -> PersonDecision {
    let each = view.context.doors.iter().map(|(doors, context)| {
        let linked = view.person.accounts.get(doors).map(|linked| &**linked);
        (
            doors.clone(),
            AtDoors {
                view,
                doors,
                context,
                linked,
            }
            .decide(),
        )
    });
    PersonDecision {
        by_doors: each
            .filter(|(_, decision)| *decision != DoorsDecision::default())
            .collect(),
    }
}

/// One person at one door system.
#[derive(Clone, Copy)]
struct AtDoors<'a> {
    view: PersonView<'a>,
    doors: &'a DoorsName,
    context: &'a DoorsContext,
    /// The person's account there.
    linked: Option<&'a Linked>,
}

impl<'a> AtDoors<'a> {
    fn decide(self) -> DoorsDecision {
        let mut decision = DoorsDecision::default();
        for at in self.groups() {
            if let Some(members) = self.view.actual.groups.get(at) {
                self.decide_group(at, members, &mut decision);
            }
        }
        let account = self.account_actions(&decision.actions);
        decision.actions.splice(0..0, account);
        if let Some(book) = self.view.actual.cards.at(self.doors) {
            self.decide_cards(book, &mut decision);
        }
        decision
    }

    /// Iterates over the groups of this door system that are compared.
    fn groups(self) -> impl Iterator<Item = &'a GroupRef> {
        self.view
            .scope
            .groups
            .iter()
            .filter(move |at| at.doors == *self.doors)
    }
}

#[cfg(test)]
mod tests;
