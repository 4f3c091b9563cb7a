//! What applies to one person at one door system, from what the table has. Pure.

use crate::known_site::KnownSite;
use doorstep_cloud::store::observed::ForeignAccount;
use doorstep_core::decide::guard::{Hold, UnconfirmedChange};
use doorstep_core::model::account::{AccountId, GroupId, Standing};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::linked::Linked;
use doorstep_core::model::person::Person;
use doorstep_core::model::problem::{DoorsProblem, Problem};

/// What applies to one person at one door system.
pub(crate) struct PersonAtDoors<'a> {
    known: &'a KnownSite,
    doors: &'a DoorsName,
    linked: Option<&'a Linked>,
    /// Why the account opens nothing although it exists.
    pub suspended: Option<String>,
    /// The person's problem there, except problems of cards.
    pub problem: Option<String>,
    /// Whether the account is protected, so that it is never revoked.
    pub protected: bool,
    /// The hold in which the new account waits.
    pub held_account: Option<&'a Hold>,
}

impl<'a> PersonAtDoors<'a> {
    /// Returns what applies.
    pub(crate) fn of(known: &'a KnownSite, person: &'a Person, doors: &'a DoorsName) -> Self {
        let linked = person.accounts.get(doors).map(AsRef::as_ref);
        let here = |problem: &&Problem| problem.is_at(doors) && !problem.is_about_card();
        let problem = person.problems.iter().find(here);
        PersonAtDoors {
            suspended: linked.and_then(suspended),
            problem: problem.map(ToString::to_string),
            protected: linked.is_some_and(|linked| protects(known, doors, linked)),
            held_account: held_account(known, person, doors),
            known,
            doors,
            linked,
        }
    }

    /// Returns whether this is about a door system.
    pub(crate) fn is_at(&self, doors: &DoorsName) -> bool {
        self.doors == doors
    }

    /// Returns the account.
    pub(crate) fn account(&self) -> Option<&'a AccountId> {
        self.linked.map(|linked| &linked.account.id)
    }

    /// Returns the membership of the person in a group that a hand added, as the last reconcile saw.
    pub(crate) fn by_hand(&self, group: &GroupId) -> Option<&'a ForeignAccount> {
        let last = self.known.last_read.as_ref()?;
        last.by_hand(self.doors, group, self.account()?)
    }

    /// Returns the hold in which the removal from a group waits. `claimed` is the account of the
    /// claim.
    pub(crate) fn held_removal(
        &self,
        group: &GroupId,
        claimed: Option<&AccountId>,
    ) -> Option<&'a Hold> {
        if self.known.held.is_empty() {
            return None;
        }
        let leaves = |account: &AccountId| UnconfirmedChange::Leaves {
            doors: self.doors.clone(),
            group: group.clone(),
            account: account.clone(),
        };
        let mut accounts = self.account().into_iter().chain(claimed);
        accounts.find_map(|account| self.known.held.get(&leaves(account)))
    }
}

fn suspended(linked: &Linked) -> Option<String> {
    let problem = match (linked.account.standing, linked.suspended) {
        (Standing::Active, _) => return None,
        (Standing::Suspended, true) => DoorsProblem::NoSeat,
        (Standing::Suspended, false) => DoorsProblem::Suspended,
    };
    Some(problem.to_string())
}

fn protects(known: &KnownSite, doors: &DoorsName, linked: &Linked) -> bool {
    let listed = |email: &str| {
        let config = known.site.doors.get(doors);
        config.is_some_and(|config| config.protects(email))
    };
    let read = known.doors.get(doors);
    read.is_some_and(|read| read.protected.contains(&linked.account.id))
        || linked.account.email.as_deref().is_some_and(listed)
}

fn held_account<'a>(known: &'a KnownSite, person: &Person, doors: &DoorsName) -> Option<&'a Hold> {
    if known.held.is_empty() {
        return None;
    }
    person.profiles.iter().find_map(|profile| {
        known.held.get(&UnconfirmedChange::Made {
            doors: doors.clone(),
            profile: profile.clone(),
        })
    })
}
