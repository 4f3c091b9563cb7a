//! Decides whether something may be taken away at once. Every action that takes something from a
//! person passes through this module: [`change_of`] names the removal, and
//! [`RemovalEvidence::certainty`] grades it. Settle applies only removals that are planned or
//! released. Reconcile passes all others to the guard. Pure.
//!
//! A change is *confirmed* or not by its source ([`Source::confirms`]):
//!
//! ```text
//! signed, recent delivery about the thing, which was then read                  confirmed
//! signed, recent delivery that the thing was removed, and its id is not known   confirmed
//! asked for by its id because of a hint, and found                              confirmed
//! asked for by its id because of a hint, and not found; no removal was signed   not confirmed
//! a full read, a pushed snapshot                                                not confirmed
//! a new site file, or one that leaves grant-only                                not confirmed: the former files count
//! ```
//!
//! *Before* means the access that follows from confirmed facts and from the former site files.
//! Then:
//!
//! ```text
//! taken away                           planned                                            otherwise
//! a claimed membership                 a recorded end passed, or no access before         inferred
//! a membership that is not claimed     never                                              inferred
//! a card that Doorstep assigned        not their number before, or no access before at    inferred
//!                                      these doors, now or later
//! an account (suspended, deleted)      no access before at these doors, now or later      inferred
//! the person of a profile (joined to   the address is confirmed                           inferred, as one set with
//! another one, parted from others)                                                        everything that follows
//! an older member beside ours          always: the access and its end stay the same       -
//! a member whose end is moved earlier  always: its end is recorded before it passes       -
//! ```

use jiff::Timestamp;

use super::UnconfirmedChange;
use super::baseline::{Baseline, Certainty};
use crate::decide::action::Action;
use crate::decide::cards::{CardChange, recorded, same_number};
use crate::decide::entitlement::{Desired, PersonFacts, Rules};
use crate::model::account::{AccountId, GroupId, GroupRef};
use crate::model::ids::DoorsName;
use crate::model::person::Person;
use crate::model::record::Source;

/// What an action takes away at one door system.
enum Removal<'a> {
    /// A group membership.
    Membership {
        group: &'a GroupId,
        account: &'a AccountId,
        foreign: bool,
    },
    /// A card that Doorstep assigned.
    Card(&'a CardChange),
    /// The use of an account.
    Account,
}

/// Returns what an action takes away. The match is exhaustive, so that a new kind of action must
/// decide here.
fn removal(step: &Action) -> Option<Removal<'_>> {
    match step {
        Action::Revoke {
            group,
            row,
            because,
        } => Some(Removal::Membership {
            group,
            account: &row.account,
            foreign: because.is_foreign(),
        }),
        Action::Untag(change) => Some(Removal::Card(change)),
        Action::Suspend | Action::Delete => Some(Removal::Account),
        // The access and its end stay the same.
        Action::Tidy { .. } => None,
        // The end at the door system is the recorded end. It passes later, and is planned then.
        Action::Grant { .. } => None,
        Action::Create | Action::Resume | Action::Rename(_) | Action::Tag(_) => None,
    }
}

/// Returns the removal that an action makes, in the form that the guard stores. Returns `None` if
/// the action takes nothing away.
pub fn change_of(person: &Person, doors: &DoorsName, step: &Action) -> Option<UnconfirmedChange> {
    let doors = doors.to_owned();
    let linked = || Some(person.accounts.get(&doors)?.account.id.clone());
    match removal(step)? {
        Removal::Membership { group, account, .. } => Some(UnconfirmedChange::Leaves {
            doors,
            group: group.clone(),
            account: account.clone(),
        }),
        Removal::Card(change) => {
            let (account, card) = (linked()?, change.card.id.clone());
            Some(UnconfirmedChange::Card {
                doors,
                account,
                card,
            })
        }
        Removal::Account => Some(UnconfirmedChange::Rests {
            account: linked()?,
            doors,
        }),
    }
}

/// Returns the number of a card that is taken away, in the form that the operator may see.
pub fn tag_of(step: &Action) -> Option<String> {
    match removal(step)? {
        Removal::Card(change) => Some(recorded(&change.number)),
        Removal::Membership { .. } | Removal::Account => None,
    }
}

/// Returns whether an action removes a membership that never belonged to Doorstep.
pub fn is_foreign(step: &Action) -> bool {
    matches!(
        removal(step),
        Some(Removal::Membership { foreign: true, .. })
    )
}

/// The facts, rules and former state by which the removals of one person are graded.
#[derive(Clone, Copy)]
pub struct RemovalEvidence<'a> {
    /// The former site files and catalogue.
    pub baseline: &'a Baseline,
    /// The rules in force.
    pub rules: Rules<'a>,
    /// The facts about the person.
    pub person_facts: &'a PersonFacts,
    /// The access that follows from the facts.
    pub desired: &'a Desired,
    /// The person, with claims, intents and cards.
    pub person: &'a Person,
    /// The instant of the evaluation.
    pub now: Timestamp,
}

impl RemovalEvidence<'_> {
    /// Grades an action by the table of this module. An action that takes nothing away is planned.
    pub fn certainty(self, doors: &DoorsName, step: &Action) -> Certainty {
        match removal(step) {
            None => Certainty::Planned,
            Some(Removal::Membership { foreign: true, .. }) => Certainty::Inferred,
            Some(Removal::Membership { group, .. }) => self.of_membership(doors, group),
            Some(Removal::Card(change)) => self.of_card(doors, change),
            Some(Removal::Account) => self.of_account(doors),
        }
    }

    fn of_membership(self, doors: &DoorsName, group: &GroupId) -> Certainty {
        let Some(since) = self.baseline.changed(self.person_facts) else {
            return Certainty::Planned;
        };
        let at = GroupRef::new(doors, group);
        if self.is_over(&at, since) {
            return Certainty::Planned;
        }
        let before = self
            .baseline
            .before(self.rules, self.person_facts, self.now);
        let open = before.iter().any(|one| {
            one.doors == at.doors && one.group == at.group && one.window.holds(self.now)
        });
        let claimed = self.person.claim(doors, group).map(|claim| claim.since);
        self.baseline.graded(self.person_facts, open, claimed)
    }

    fn of_card(self, doors: &DoorsName, change: &CardChange) -> Certainty {
        let Some(since) = self.baseline.changed(self.person_facts) else {
            return Certainty::Planned;
        };
        let numbers = self.person_facts.as_confirmed().cards();
        let theirs = numbers
            .iter()
            .any(|number| same_number(&number.number, &change.number));
        let linked = self.person.accounts.get(doors);
        let ours = linked.and_then(|linked| {
            linked
                .cards
                .iter()
                .find(|card| same_number(&card.number, &change.number))
        });
        let kept = theirs && (self.person.claims_at(doors) || self.had_access(doors, since));
        self.baseline
            .graded(self.person_facts, kept, ours.map(|ours| ours.since))
    }

    fn of_account(self, doors: &DoorsName) -> Certainty {
        let Some(since) = self.baseline.changed(self.person_facts) else {
            return Certainty::Planned;
        };
        self.baseline
            .graded(self.person_facts, self.had_access(doors, since), None)
    }

    /// Returns whether the person had access at this door system before, now or later. A group
    /// whose recorded end passed does not count.
    fn had_access(self, doors: &DoorsName, since: Timestamp) -> bool {
        let before = self
            .baseline
            .before(self.rules, self.person_facts, self.now);
        before.into_iter().any(|one| {
            let here = one.doors == *doors && one.window.until.is_none_or(|until| until > self.now);
            here && !self.is_over(
                &GroupRef {
                    doors: one.doors,
                    group: one.group,
                },
                since,
            )
        })
    }

    /// Returns whether a recorded end of this group passed. The end counts only if it was known
    /// before it came.
    fn is_over(self, at: &GroupRef, since: Timestamp) -> bool {
        let mut intervals = self.desired.get(at).into_iter().flatten();
        intervals.any(|interval| {
            interval
                .window
                .until
                .is_some_and(|until| since < until && until <= self.now)
        })
    }
}

impl Source {
    /// Returns whether a change from this source is confirmed; see the table of this module. Any
    /// other change is inferred.
    pub fn confirms(&self) -> bool {
        match self {
            Source::Delivery(_) | Source::Refetch => true,
            Source::Read | Source::Unconfirmed | Source::Missing => false,
        }
    }
}

#[cfg(test)]
mod tests;
