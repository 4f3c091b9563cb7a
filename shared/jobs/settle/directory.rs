//! The accounts at the door systems as one run finds them: fetched one by one, or in a full list if
//! that takes fewer calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;

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
}

/// An account that is about to be fetched.
pub enum Sought {
    /// A linked account, by id.
    Linked(Arc<Account>),
    /// The accounts with an address.
    Address(String),
}

impl Sought {
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
    }

    /// Fetches one account. After a failure, the person who needs the account fetches it again and
    /// gets the error.
    async fn fetch_ahead(&mut self, reader: &dyn ReadDoors, sought: &Sought) -> Result<()> {
        if self.listed(reader).await {
            return Ok(());
        }
        self.refetches += 1;
        match sought {
            Sought::Linked(account) if self.by_id.contains_key(&account.id) => {}
            Sought::Linked(account) => reader
                .account(account)
                .await?
                .into_iter()
                .for_each(|found| self.note(found)),
            Sought::Address(email) => {
                reader
                    .find(email)
                    .await?
                    .into_iter()
                    .for_each(|found| self.note(found));
                self.sought.insert(email.clone());
            }
        }
        Ok(())
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
        self.by_doors
            .values_mut()
            .for_each(|known| known.sought.clear());
    }

    /// Fetches accounts before they are needed, all door systems concurrently.
    pub async fn fetch_ahead<'a>(
        &mut self,
        wanted: impl Iterator<Item = (&'a DoorsName, &'a dyn ReadDoors, Vec<Sought>)>,
    ) {
        let mut each = Vec::new();
        for (doors, reader, sought) in wanted {
            let mut known = self.by_doors.remove(doors).unwrap_or_default();
            each.push(async move {
                for sought in &sought {
                    if known.fetch_ahead(reader, sought).await.is_err() {
                        break;
                    }
                }
                (doors.clone(), known)
            });
        }
        self.by_doors.extend(join_all(each).await);
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
