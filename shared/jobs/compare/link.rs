//! Links accounts to projected people, in memory only. The rules are in
//! [`doorstep_core::decide::identity`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::accounts::AccountIndex;
use super::people::{Owners, Projection};
use doorstep_core::decide::identity::{AccountConflict, Acquisition, acquire, choose_account};
use doorstep_core::model::account::{Account, AccountId};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::linked::Linked;
use doorstep_core::model::person::Person;

/// A projected person whose accounts are sought.
#[derive(Clone, Copy)]
pub struct Seeker<'a> {
    /// The person's index in the projection.
    pub place: usize,
    /// The name for the link.
    pub name: &'a str,
    /// Door systems at which the person needs an account.
    pub needs: &'a BTreeSet<DoorsName>,
}

/// What became of a person's accounts.
#[derive(Default)]
pub struct LinkOutcome {
    /// Door systems at which an account of the person was found.
    pub found: BTreeSet<DoorsName>,
    /// Door systems at which the person's account is ambiguous. The person gets no access there.
    pub conflicts: BTreeMap<DoorsName, AccountConflict>,
}

impl Projection<'_> {
    /// Links the person's account at each of these door systems where the person needs one, or
    /// where an account with the person's address is in a group. A link to an account that is gone
    /// is dropped.
    pub fn link_accounts<'d>(
        &mut self,
        seeker: Seeker<'_>,
        directory: &AccountIndex<'_>,
        doors: impl Iterator<Item = &'d DoorsName>,
    ) -> LinkOutcome {
        let mut links = LinkOutcome::default();
        for doors in doors {
            let is_needed = seeker.needs.contains(doors);
            let one = self
                .people
                .get_mut(seeker.place)
                .filter(|one| !one.person.profiles.is_empty());
            let Some(one) = one else { break };
            if let Some(link) = one.person.accounts.get(doors) {
                if !is_needed || directory.has(doors, link) {
                    continue;
                }
                one.person.to_mut().accounts.remove(doors);
            }
            let candidates = directory.of_address(doors, &one.person);
            let is_inside = candidates
                .iter()
                .any(|account| !directory.groups(doors, &account.id).is_empty());
            if !is_inside && !is_needed {
                continue;
            }
            match self.link(seeker, doors, candidates) {
                Ok(true) => drop(links.found.insert(doors.clone())),
                Ok(false) => {}
                Err(conflict) => drop(links.conflicts.insert(doors.clone(), conflict)),
            }
        }
        links
    }

    /// Links the account of the person's address, unless another person owns it. An owner without
    /// profiles hands the account over. Returns whether an account was linked.
    fn link(
        &mut self,
        seeker: Seeker<'_>,
        doors: &DoorsName,
        candidates: &[&Arc<Account>],
    ) -> Result<bool, AccountConflict> {
        let Some(heir) = self.people.get(seeker.place) else {
            return Ok(false);
        };
        let candidates = candidates.iter().copied().cloned().collect();
        let Some(account) = choose_account(&heir.person, candidates)? else {
            return Ok(false);
        };
        let id = account.id.clone();
        let owner = self
            .owner(doors, &id)
            .filter(|owner| *owner != seeker.place);
        let owner = owner
            .and_then(|owner| self.people.get_mut(owner))
            .map(|owner| &mut owner.person);
        let mut given = Person::default();
        if let (Acquisition::Inherit, Some(owner)) = (
            acquire(owner.as_deref().map(|owner| &**owner), doors)?,
            owner,
        ) {
            owner.to_mut().hand_over(doors, &mut given);
        }
        if let Some(heir) = self.people.get_mut(seeker.place) {
            if !given.accounts.contains_key(doors) {
                given
                    .accounts
                    .insert(doors.to_owned(), Linked::new(account, seeker.name, false));
            }
            given.hand_over(doors, heir.person.to_mut());
        }
        self.owners()
            .entry(doors.clone())
            .or_default()
            .insert(id, seeker.place);
        Ok(true)
    }

    /// Returns whether a person owns this account.
    pub fn has_owner(&mut self, doors: &DoorsName, account: &AccountId) -> bool {
        self.owner(doors, account).is_some()
    }

    fn owner(&mut self, doors: &DoorsName, account: &AccountId) -> Option<usize> {
        self.owners().get(doors)?.get(account).copied()
    }

    fn owners(&mut self) -> &mut Owners {
        let people = &self.people;
        self.owners.get_or_insert_with(|| {
            let mut owners = Owners::new();
            for (place, one) in people.iter().enumerate() {
                for (doors, linked) in &one.person.accounts {
                    owners
                        .entry(doors.clone())
                        .or_default()
                        .insert(linked.account.id.clone(), place);
                }
            }
            owners
        })
    }
}
