//! The one place that says whether something may be taken away at once. Whatever takes something from a person passes
//! through [`doubt_of`], which names it, and [`Evidence::sureness`], which says where the news of it came from. Settle
//! does only what is planned or was released; reconcile hands everything else to the guard. Pure.
//!
//! News is *confirmed* or not by how it came to be known ([`Source::confirms`]):
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
//! *Before* is what a person could open by confirmed facts and by the former site files. Then:
//!
//! ```text
//! taken away                           planned                                            otherwise
//! a membership of ours                 a recorded end passed, or shut before              inferred
//! a membership that is not ours        never                                              inferred
//! a card of ours                       not their number before, or no access before at    inferred
//!                                      these doors, now or later
//! an account (suspended, deleted)      no access before at these doors, now or later      inferred
//! the person of a profile (joined to   the address is confirmed                           inferred, as one set with
//! another one, parted from others)                                                        everything that follows
//! an older line beside ours            always: what is open, and until when, stays        -
//! a line whose end is moved earlier    always: its end is recorded before it passes       -
//! ```

use jiff::Timestamp;

use super::UnconfirmedChange;
use super::former::{Baseline, Certainty};
use crate::decide::action::Action;
use crate::decide::cards::{Change, recorded, same_number};
use crate::decide::entitlement::{Desired, PersonFacts, Rules};
use crate::model::account::{AccountId, GroupId};
use crate::model::person::Person;
use crate::model::record::Source;

/// What a move takes away at one door system.
enum Removal<'a> {
    /// A membership.
    Membership { group: &'a GroupId, account: &'a AccountId, foreign: bool },
    /// A card of ours.
    Card(&'a Change),
    /// The use of an account.
    Account,
}

/// What a move takes away. A new kind of move must decide here.
fn removal(step: &Action) -> Option<Removal<'_>> {
    match step {
        Action::Revoke { group, row, foreign, .. } => {
            Some(Removal::Membership { group, account: &row.account, foreign: *foreign })
        }
        Action::Untag(change) => Some(Removal::Card(change)),
        Action::Suspend | Action::Delete => Some(Removal::Account),
        // What is open, and until when, stays.
        Action::Tidy { .. } => None,
        // The end at the door system is the recorded end: it passes later, and is planned then.
        Action::Grant { .. } => None,
        Action::Create | Action::Resume | Action::Rename(_) | Action::Tag(_) => None,
    }
}

/// Names what a move takes from a person, for the guard; `None` where it takes nothing.
pub fn doubt_of(person: &Person, doors: &str, step: &Action) -> Option<UnconfirmedChange> {
    let doors = doors.to_owned();
    let linked = || Some(person.accounts.get(&doors)?.account.id.clone());
    match removal(step)? {
        Removal::Membership { group, account, .. } => {
            Some(UnconfirmedChange::Leaves { doors, group: group.clone(), account: account.clone() })
        }
        Removal::Card(change) => {
            let (account, card) = (linked()?, change.card.id.clone());
            Some(UnconfirmedChange::Card { doors, account, card })
        }
        Removal::Account => Some(UnconfirmedChange::Rests { account: linked()?, doors }),
    }
}

/// How the number of a card that is taken away reads for a human.
pub fn tag_of(step: &Action) -> Option<String> {
    match removal(step)? {
        Removal::Card(change) => Some(recorded(&change.number)),
        Removal::Membership { .. } | Removal::Account => None,
    }
}

/// Whether a membership that is taken away was never ours.
pub fn is_foreign(step: &Action) -> bool {
    matches!(removal(step), Some(Removal::Membership { foreign: true, .. }))
}

/// What one person is judged by, now and before.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The former site files and catalogue.
    pub former: &'a Baseline,
    /// The rules in force.
    pub rules: Rules<'a>,
    /// The facts.
    pub dossier: &'a PersonFacts,
    /// What follows from them.
    pub desired: &'a Desired,
    /// The person, with what is ours.
    pub person: &'a Person,
    /// The instant for which it is judged.
    pub now: Timestamp,
}

impl Evidence<'_> {
    /// Says how sure it is that a move is to be made; see the table of this module. A move that takes nothing is planned.
    pub fn sureness(self, doors: &str, step: &Action) -> Certainty {
        match removal(step) {
            None => Certainty::Planned,
            Some(Removal::Membership { foreign: true, .. }) => Certainty::Inferred,
            Some(Removal::Membership { group, .. }) => self.of_membership(doors, group),
            Some(Removal::Card(change)) => self.of_card(doors, change),
            Some(Removal::Account) => self.of_account(doors),
        }
    }

    fn of_membership(self, doors: &str, group: &GroupId) -> Certainty {
        let Some(since) = self.former.changed(self.dossier) else { return Certainty::Planned };
        let at = (doors.to_owned(), group.clone());
        if self.is_over(&at, since) {
            return Certainty::Planned;
        }
        let before = self.former.before(self.rules, self.dossier, self.now);
        let open = before.iter().any(|one| one.doors == at.0 && one.group == at.1 && one.window.holds(self.now));
        let claimed = self.person.claim(doors, group).map(|claim| claim.since);
        self.former.graded(self.dossier, open, claimed)
    }

    fn of_card(self, doors: &str, change: &Change) -> Certainty {
        let Some(since) = self.former.changed(self.dossier) else { return Certainty::Planned };
        let numbers = self.dossier.as_vouched().cards();
        let theirs = numbers.iter().any(|number| same_number(&number.number, &change.number));
        let linked = self.person.accounts.get(doors);
        let ours = linked.and_then(|linked| linked.cards.iter().find(|card| same_number(&card.number, &change.number)));
        let kept = theirs && (self.person.claims_at(doors) || self.had_access(doors, since));
        self.former.graded(self.dossier, kept, ours.map(|ours| ours.since))
    }

    fn of_account(self, doors: &str) -> Certainty {
        let Some(since) = self.former.changed(self.dossier) else { return Certainty::Planned };
        self.former.graded(self.dossier, self.had_access(doors, since), None)
    }

    /// Whether anything at these doors was open before, or still to come. A group whose recorded end passed is over.
    fn had_access(self, doors: &str, since: Timestamp) -> bool {
        let before = self.former.before(self.rules, self.dossier, self.now);
        before.into_iter().any(|one| {
            let here = one.doors == doors && one.window.until.is_none_or(|until| until > self.now);
            here && !self.is_over(&(one.doors, one.group), since)
        })
    }

    /// Whether a recorded end of this group passed: it was known before it came, whatever told of it.
    fn is_over(self, at: &(String, GroupId), since: Timestamp) -> bool {
        let mut stretches = self.desired.get(at).into_iter().flatten();
        stretches.any(|stretch| stretch.window.until.is_some_and(|until| since < until && until <= self.now))
    }
}

impl Source {
    /// Whether what became known so is confirmed; see the table of this module. What is not is inferred.
    pub fn confirms(&self) -> bool {
        match self {
            Source::Delivery(_) | Source::Look => true,
            Source::Read | Source::Doubted | Source::Missing => false,
        }
    }
}
