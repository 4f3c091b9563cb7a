//! Accounts at the doors as one run finds them: each asked for by itself, or all of them in a list where that is shorter.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;

use doorstep_core::model::account::{Account, AccountId};
use doorstep_core::model::error::Result;
use doorstep_core::model::person::{Person, email_key};
use doorstep_vendors::doors::ReadDoors;

/// So many looks at single accounts are fewer calls than the list of all, where nobody knows how long that is.
const FEW: usize = 50;
/// So many accounts come in one page of a list.
const PAGE: usize = 100;

/// What one run knows of accounts.
#[derive(Default)]
pub struct Directory {
    /// Accounts that somebody was linked to in this round: the table does not know of them yet.
    taken: BTreeSet<(String, AccountId)>,
    by_doors: BTreeMap<String, Known>,
}

/// What is known of the accounts of one door system.
#[derive(Default)]
struct Known {
    /// How many looks at single accounts there were.
    looks: usize,
    list: List,
    by_id: HashMap<AccountId, Account>,
    by_email: HashMap<String, BTreeSet<AccountId>>,
    /// Addresses that were looked for ahead in this round.
    sought: BTreeSet<String>,
}

/// An account that is about to be looked at.
pub enum Sought {
    /// The one that is linked.
    Linked(Arc<Account>),
    /// Those of an address.
    Address(String),
}

impl Sought {
    /// The account that is to be looked at of `person` at `doors`, where it can be told ahead.
    pub fn of(person: &Person, doors: &str) -> Option<Sought> {
        match person.accounts.get(doors) {
            Some(linked) => Some(Sought::Linked(linked.account.clone())),
            None => person.email.clone().map(Sought::Address),
        }
    }
}

/// How the list of all accounts of a door system stands.
#[derive(Default, PartialEq, Eq)]
enum List {
    /// Looks at single accounts are fewer calls.
    #[default]
    NotWanted,
    /// It is read when the next account is looked for.
    Wanted,
    /// It was read.
    Read,
    /// It could not be.
    Unreadable,
}

impl Known {
    fn note(&mut self, account: Account) {
        if let Some(email) = account.email.as_deref().and_then(email_key) {
            self.by_email.entry(email).or_default().insert(account.id.clone());
        }
        self.by_id.insert(account.id.clone(), account);
    }

    fn forget(&mut self, id: &AccountId) {
        self.by_id.remove(id);
        self.by_email.values_mut().for_each(|ids| ids.retain(|known| known != id));
    }

    /// Looks at one account. What fails is asked for again by whoever needs it, and fails there.
    async fn look_ahead(&mut self, reader: &dyn ReadDoors, sought: &Sought) -> Result<()> {
        if self.listed(reader).await {
            return Ok(());
        }
        self.looks += 1;
        match sought {
            Sought::Linked(account) if self.by_id.contains_key(&account.id) => {}
            Sought::Linked(account) => reader.account(account).await?.into_iter().for_each(|found| self.note(found)),
            Sought::Address(email) => {
                reader.find(email).await?.into_iter().for_each(|found| self.note(found));
                self.sought.insert(email.clone());
            }
        }
        Ok(())
    }

    fn of_address(&self, email: &str) -> Vec<Account> {
        let ids = self.by_email.get(email).into_iter().flatten();
        let accounts = ids.filter_map(|id| self.by_id.get(id));
        accounts.filter(|account| has_address(account, email)).cloned().collect()
    }

    async fn listed(&mut self, reader: &dyn ReadDoors) -> bool {
        if self.list == List::Wanted {
            self.list = List::Unreadable;
            if let Ok(accounts) = reader.accounts().await {
                accounts.into_iter().for_each(|account| self.note(account));
                self.list = List::Read;
            }
        }
        self.list == List::Read
    }
}

impl Directory {
    /// Somebody else is served: what was linked before stands in the table by now.
    pub fn begin_round(&mut self) {
        self.taken.clear();
        self.by_doors.values_mut().for_each(|known| known.sought.clear());
    }

    /// Looks at accounts before they are needed, each door system beside the others.
    pub async fn look_ahead<'a>(&mut self, wanted: impl Iterator<Item = (&'a String, &'a dyn ReadDoors, Vec<Sought>)>) {
        let mut each = Vec::new();
        for (doors, reader, sought) in wanted {
            let mut known = self.by_doors.remove(doors).unwrap_or_default();
            each.push(async move {
                for sought in &sought {
                    if known.look_ahead(reader, sought).await.is_err() {
                        break;
                    }
                }
                (doors.clone(), known)
            });
        }
        self.by_doors.extend(join_all(each).await);
    }

    /// So many accounts of a door system are about to be looked at, which had so many in all when they were last
    /// counted: the list of all is read where that takes fewer calls, once.
    pub fn expect(&mut self, doors: &str, looks: usize, all: Option<usize>) {
        let known = self.by_doors.entry(doors.to_owned()).or_default();
        let few = all.map_or(FEW, |all| all / PAGE + 1);
        if known.list == List::NotWanted && known.looks + looks > few {
            known.list = List::Wanted;
        }
    }

    /// Whether somebody was linked to it in this round.
    pub fn is_taken(&self, doors: &str, id: &AccountId) -> bool {
        self.taken.contains(&(doors.to_owned(), id.clone()))
    }

    /// Somebody is linked to it.
    pub fn take(&mut self, doors: &str, id: &AccountId) {
        self.taken.insert((doors.to_owned(), id.clone()));
    }

    /// An account is now as we have just made it, or changed it.
    pub fn note(&mut self, doors: &str, account: &Account) {
        self.by_doors.entry(doors.to_owned()).or_default().note(account.clone());
    }

    /// We have just changed or deleted an account, and nobody knows how it is now.
    pub fn forget(&mut self, doors: &str, id: &AccountId) {
        self.by_doors.entry(doors.to_owned()).or_default().forget(id);
    }

    /// The account as it is now; `None` where it is gone. What is missing from a list is asked for: one bad page must
    /// not make anybody a second account.
    pub async fn account(&mut self, doors: &str, reader: &dyn ReadDoors, account: &Account) -> Result<Option<Account>> {
        let known = self.by_doors.entry(doors.to_owned()).or_default();
        known.listed(reader).await;
        if let Some(seen) = known.by_id.get(&account.id) {
            return Ok(Some(seen.clone()));
        }
        known.looks += 1;
        let found = reader.account(account).await?;
        found.iter().for_each(|found| known.note(found.clone()));
        Ok(found)
    }

    /// Accounts with this address, in compared form. Whoever makes one because there is none looks again right before.
    pub async fn of_address(&mut self, doors: &str, reader: &dyn ReadDoors, email: &str) -> Result<Vec<Account>> {
        let known = self.by_doors.entry(doors.to_owned()).or_default();
        if known.listed(reader).await || known.sought.contains(email) {
            return Ok(known.of_address(email));
        }
        known.looks += 1;
        let found = reader.find(email).await?;
        let found: Vec<Account> = found.into_iter().filter(|account| has_address(account, email)).collect();
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
    fn the_list_is_read_where_it_takes_fewer_calls_than_single_looks() {
        let wanted = |looks: &[usize], all: Option<usize>| {
            let mut directory = Directory::default();
            for looks in looks {
                directory.expect("main", *looks, all);
                let known = directory.by_doors.get_mut("main").expect("it was asked about");
                known.looks += looks;
            }
            directory.by_doors["main"].list == List::Wanted
        };
        assert!(!wanted(&[1], Some(5)) && wanted(&[2], Some(5)));
        assert!(!wanted(&[21], Some(2_002)) && wanted(&[22], Some(2_002)));
        assert!(!wanted(&[50], None) && wanted(&[51], None), "nobody counted");
        assert!(wanted(&[10, 12], Some(2_002)), "looks add up in a run");
    }
}
