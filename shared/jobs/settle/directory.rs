//! The accounts at the door systems as one run finds them: fetched one by one, or in a full list if
//! that takes fewer calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};
use futures_util::{StreamExt, stream};

use super::site_context::SiteContext;
use doorstep_core::budgets::vendor_http::AT_ONCE;
use doorstep_core::model::account::{Account, AccountId};
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;
use doorstep_vendors::doors::ReadDoors;

/// Most single fetches that take fewer calls than a full list whose length is unknown.
const FEW: usize = 50;
/// Accounts on one page of a list.
const PAGE: usize = 100;

/// What one run knows about accounts.
#[derive(Default)]
pub struct AccountDirectory {
    /// Accounts that were linked to a person in this round. The table does not contain these links
    /// yet.
    taken: BTreeSet<(DoorsName, AccountId)>,
    by_doors: BTreeMap<DoorsName, DoorsAccounts>,
}

/// What is known about the accounts of one door system.
#[derive(Default)]
struct DoorsAccounts {
    /// The number of single fetches so far.
    refetches: usize,
    list: AccountListState,
    by_id: HashMap<AccountId, Account>,
    by_email: HashMap<String, BTreeSet<AccountId>>,
    /// Addresses that were fetched ahead in this round.
    sought: BTreeSet<String>,
    /// Accounts that were fetched ahead in this round, by id.
    fetched: BTreeSet<AccountId>,
}

/// The accounts that are about to be fetched, by door system.
pub type SoughtByDoors = BTreeMap<DoorsName, Vec<Sought>>;

/// An account that is about to be fetched.
pub enum Sought {
    /// A linked account, by id.
    Linked(Arc<Account>),
    /// The accounts with an address.
    Address(String),
}

impl Sought {
    fn fetched(self, reader: &dyn ReadDoors) -> BoxFuture<'_, (Sought, Result<Vec<Account>>)> {
        Box::pin(async move {
            let found = match &self {
                Sought::Linked(account) => reader.account(account).await.map(Vec::from_iter),
                Sought::Address(email) => reader.find(email).await,
            };
            (self, found)
        })
    }

    /// Returns what must be fetched to find the account of `person` at `doors`; `None` if that is
    /// not known ahead.
    pub fn of(person: &Person, doors: &DoorsName) -> Option<Sought> {
        match person.accounts.get(doors) {
            Some(linked) => Some(Sought::Linked(linked.account.clone())),
            None => person.email.clone().map(Sought::Address),
        }
    }
}

/// The state of the full list of a door system's accounts.
#[derive(Default, PartialEq, Eq)]
enum AccountListState {
    /// Single fetches take fewer calls.
    #[default]
    NotWanted,
    /// The list is read when the next account is needed.
    Wanted,
    /// The list was read.
    Read,
    /// The list could not be read.
    Unreadable,
}

impl DoorsAccounts {
    fn note(&mut self, account: Account) {
        if let Some(email) = account.email.as_deref().and_then(email_key) {
            self.by_email
                .entry(email)
                .or_default()
                .insert(account.id.clone());
        }
        self.by_id.insert(account.id.clone(), account);
    }

    fn forget(&mut self, id: &AccountId) {
        // An address whose account is gone finds nothing: `of_address` looks at the account itself.
        self.by_id.remove(id);
        self.fetched.remove(id);
    }

    /// Fetches accounts side by side. After a failure, the people who need the remaining accounts
    /// fetch them again and get the error.
    async fn fetch_ahead(&mut self, reader: &dyn ReadDoors, sought: Vec<Sought>) {
        if self.listed(reader).await {
            return;
        }
        let unknown = |sought: &Sought| match sought {
            Sought::Linked(account) => !self.by_id.contains_key(&account.id),
            Sought::Address(email) => !self.sought.contains(email),
        };
        let sought: Vec<Sought> = sought.into_iter().filter(unknown).collect();
        let fetches: Vec<_> = sought.into_iter().map(|one| one.fetched(reader)).collect();
        let mut fetches = stream::iter(fetches).buffered(AT_ONCE);
        while let Some((sought, found)) = fetches.next().await {
            self.refetches += 1;
            let Ok(found) = found else { return };
            found.into_iter().for_each(|found| self.note(found));
            match sought {
                Sought::Linked(account) => drop(self.fetched.insert(account.id.clone())),
                Sought::Address(email) => drop(self.sought.insert(email)),
            }
        }
    }

    fn of_address(&self, email: &str) -> Vec<Account> {
        let ids = self.by_email.get(email).into_iter().flatten();
        let accounts = ids.filter_map(|id| self.by_id.get(id));
        accounts
            .filter(|account| has_address(account, email))
            .cloned()
            .collect()
    }

    async fn listed(&mut self, reader: &dyn ReadDoors) -> bool {
        if self.list == AccountListState::Wanted {
            self.list = AccountListState::Unreadable;
            if let Ok(accounts) = reader.accounts().await {
                accounts.into_iter().for_each(|account| self.note(account));
                self.list = AccountListState::Read;
            }
        }
        self.list == AccountListState::Read
    }
}

impl AccountDirectory {
    /// Begins a round with other people. The table contains the links of the previous round by now.
    pub fn begin_round(&mut self) {
        self.taken.clear();
        self.by_doors.values_mut().for_each(|known| {
            known.sought.clear();
            known.fetched.clear();
        });
    }

    /// Fetches accounts before they are needed, all door systems concurrently.
    pub async fn fetch_ahead(&mut self, context: &SiteContext, sought: SoughtByDoors) {
        let mut each = Vec::new();
        for (doors, sought) in sought {
            let Some(reader) = context.readers.get(&doors) else {
                continue;
            };
            let mut known = self.by_doors.remove(&doors).unwrap_or_default();
            each.push(async move {
                if !sought.is_empty() {
                    known.fetch_ahead(reader.as_ref(), sought).await;
                }
                (doors, known)
            });
        }
        self.by_doors.extend(join_all(each).await);
    }

    /// Returns whether the account in `sought` was fetched ahead in this round.
    pub fn has(&self, doors: &DoorsName, sought: &Sought) -> bool {
        let Some(known) = self.by_doors.get(doors) else {
            return false;
        };
        match sought {
            Sought::Linked(account) => {
                known.by_id.contains_key(&account.id) || known.fetched.contains(&account.id)
            }
            Sought::Address(email) => known.sought.contains(email),
        }
    }

    /// Announces `refetches` fetches at a door system that had `all` accounts when they were last
    /// counted. Requests the full list, once a run, if that takes fewer calls.
    pub fn expect(&mut self, doors: &DoorsName, refetches: usize, all: Option<usize>) {
        let known = self.by_doors.entry(doors.to_owned()).or_default();
        let few = all.map_or(FEW, |all| all / PAGE + 1);
        if known.list == AccountListState::NotWanted && known.refetches + refetches > few {
            known.list = AccountListState::Wanted;
        }
    }

    /// Returns whether the account was linked to a person in this round.
    pub fn is_taken(&self, doors: &DoorsName, id: &AccountId) -> bool {
        self.taken.contains(&(doors.clone(), id.clone()))
    }

    /// Records that the account was linked to a person.
    pub fn take(&mut self, doors: &DoorsName, id: &AccountId) {
        self.taken.insert((doors.clone(), id.clone()));
    }

    /// Records an account that was just created or changed.
    pub fn note(&mut self, doors: &DoorsName, account: &Account) {
        self.by_doors
            .entry(doors.to_owned())
            .or_default()
            .note(account.clone());
    }

    /// Discards an account that was just changed or deleted. Its state is unknown.
    pub fn forget(&mut self, doors: &DoorsName, id: &AccountId) {
        self.by_doors
            .entry(doors.to_owned())
            .or_default()
            .forget(id);
    }

    /// Returns the account as it is now; `None` if it is gone. An account that a list lacks is
    /// fetched by id: one bad page must not create a second account for anyone.
    pub async fn account(
        &mut self,
        doors: &DoorsName,
        reader: &dyn ReadDoors,
        account: &Account,
    ) -> Result<Option<Account>> {
        let known = self.by_doors.entry(doors.to_owned()).or_default();
        known.listed(reader).await;
        if let Some(seen) = known.by_id.get(&account.id) {
            return Ok(Some(seen.clone()));
        }
        if known.fetched.contains(&account.id) {
            return Ok(None);
        }
        known.refetches += 1;
        let found = reader.account(account).await?;
        found.iter().for_each(|found| known.note(found.clone()));
        Ok(found)
    }

    /// Returns the accounts with this address, in normalised form. If none is found, the door
    /// system's writer searches again right before it creates one.
    pub async fn of_address(
        &mut self,
        doors: &DoorsName,
        reader: &dyn ReadDoors,
        email: &str,
    ) -> Result<Vec<Account>> {
        let known = self.by_doors.entry(doors.to_owned()).or_default();
        if known.listed(reader).await || known.sought.contains(email) {
            return Ok(known.of_address(email));
        }
        known.refetches += 1;
        let found = reader.find(email).await?;
        let found: Vec<Account> = found
            .into_iter()
            .filter(|account| has_address(account, email))
            .collect();
        found.iter().for_each(|found| known.note(found.clone()));
        Ok(found)
    }
}

fn has_address(account: &Account, email: &str) -> bool {
    account.email.as_deref().and_then(email_key).as_deref() == Some(email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_read_where_it_takes_fewer_calls_than_single_fetches() {
        let wanted = |refetches: &[usize], all: Option<usize>| {
            let mut directory = AccountDirectory::default();
            for refetches in refetches {
                directory.expect(&DoorsName::from("main"), *refetches, all);
                let known = directory
                    .by_doors
                    .get_mut("main")
                    .expect("it was asked about");
                known.refetches += refetches;
            }
            directory.by_doors["main"].list == AccountListState::Wanted
        };
        assert!(!wanted(&[1], Some(5)) && wanted(&[2], Some(5)));
        assert!(!wanted(&[21], Some(2_002)) && wanted(&[22], Some(2_002)));
        assert!(
            !wanted(&[50], None) && wanted(&[51], None),
            "no count exists"
        );
        assert!(wanted(&[10, 12], Some(2_002)), "looks add up in a run");
    }
}
