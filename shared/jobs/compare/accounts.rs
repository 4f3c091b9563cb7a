//! The accounts of all door systems, by id and by address, with the groups that they are in.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::doors::DoorsSnapshot;
use super::people::PersonCow;
use doorstep_core::model::account::{Account, AccountId, GroupRef, Standing};
use doorstep_core::model::email::compared_email;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::linked::Linked;
use doorstep_core::model::person::Person;

/// Every account at every door system, with the groups that it is in.
pub struct AccountIndex<'a> {
    snapshot: &'a DoorsSnapshot,
    /// Built when a person without an account first needs one, which is rare.
    by_email: OnceCell<BTreeMap<&'a DoorsName, AccountsByAddress<'a>>>,
    by_id: BTreeMap<&'a DoorsName, HashMap<&'a AccountId, AccountState<'a>>>,
}

/// The accounts of each address.
type AccountsByAddress<'a> = HashMap<Cow<'a, str>, Vec<&'a Arc<Account>>>;

/// The state of one account.
#[derive(Default)]
struct AccountState<'a> {
    /// `None` if the list of all accounts lacks it.
    account: Option<&'a Arc<Account>>,
    /// The groups that have the account as a member.
    groups: Vec<&'a GroupRef>,
}

impl<'a> AccountIndex<'a> {
    /// Builds the directory of a snapshot.
    pub fn of(snapshot: &'a DoorsSnapshot) -> Self {
        let mut by_id: BTreeMap<&DoorsName, HashMap<&AccountId, AccountState<'_>>> =
            BTreeMap::new();
        for (doors, accounts) in &snapshot.accounts {
            let entry = |account| AccountState {
                account: Some(account),
                groups: Vec::new(),
            };
            by_id.insert(
                doors,
                accounts
                    .iter()
                    .map(|account| (&account.id, entry(account)))
                    .collect(),
            );
        }
        for (group, rows) in &snapshot.members {
            let here = by_id.entry(&group.doors).or_default();
            for row in rows {
                let groups = &mut here.entry(&row.account).or_default().groups;
                groups.reserve_exact(1);
                groups.push(group);
            }
        }
        AccountIndex {
            snapshot,
            by_email: OnceCell::new(),
            by_id,
        }
    }

    fn entry(&self, doors: &DoorsName, id: &AccountId) -> Option<&AccountState<'a>> {
        self.by_id.get(doors)?.get(id)
    }

    fn by_email(&self) -> &BTreeMap<&'a DoorsName, AccountsByAddress<'a>> {
        self.by_email.get_or_init(|| {
            let mut by_email: BTreeMap<&DoorsName, AccountsByAddress<'_>> = BTreeMap::new();
            for (doors, accounts) in &self.snapshot.accounts {
                let here = by_email.entry(doors).or_default();
                for account in accounts.iter() {
                    if let Some(email) = account.email.as_deref().and_then(compared_email) {
                        here.entry(email).or_default().push(account);
                    }
                }
            }
            by_email
        })
    }

    /// Returns one account. Returns `None` also if the list of all accounts lacks it.
    pub fn account(&self, doors: &DoorsName, id: &AccountId) -> Option<&'a Arc<Account>> {
        self.entry(doors, id)?.account
    }

    fn is_other(&self, doors: &DoorsName, linked: &Linked) -> bool {
        self.account(doors, &linked.account.id)
            .is_some_and(|account| {
                *account != linked.account
                    || linked.suspended && account.standing != Standing::Suspended
            })
    }

    /// Returns the groups that have the account as a member.
    pub fn groups(&self, doors: &DoorsName, id: &AccountId) -> &[&'a GroupRef] {
        self.entry(doors, id)
            .map_or(&[], |entry| entry.groups.as_slice())
    }

    /// Returns the groups that have any account of the person as a member.
    pub fn groups_of(&self, person: &Person) -> impl Iterator<Item = &'a GroupRef> {
        let accounts = person.accounts.iter();
        accounts
            .flat_map(|(doors, linked)| self.groups(doors, &linked.account.id))
            .copied()
    }

    /// Returns the accounts with this person's address.
    pub fn of_address(&self, doors: &DoorsName, person: &Person) -> &[&'a Arc<Account>] {
        let here = self.by_email().get(doors).zip(person.email.as_deref());
        here.and_then(|(here, email)| here.get(email))
            .map_or(&[], Vec::as_slice)
    }

    /// Returns whether the account exists. An account at a door system whose accounts could not be
    /// read counts as existing.
    pub fn has(&self, doors: &DoorsName, linked: &Linked) -> bool {
        self.snapshot
            .accounts
            .get(doors)
            .is_none_or(|accounts| accounts.get(&linked.account.id).is_some())
    }

    /// Copies the current state of the person's accounts into the person. Almost all people are
    /// unchanged and are not copied.
    pub fn refresh_all(&self, person: &mut PersonCow<'_>) {
        let others = person
            .accounts
            .iter()
            .filter(|(doors, linked)| self.is_other(doors, linked));
        for doors in others.map(|(doors, _)| doors.clone()).collect::<Vec<_>>() {
            if let Some(linked) = person.to_mut().accounts.get_mut(&doors)
                && let Some(account) = self.account(&doors, &linked.account.id)
            {
                linked.refresh(Arc::clone(account), None);
            }
        }
    }
}
