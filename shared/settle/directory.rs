//! Accounts at the doors as one round finds them: each asked for by itself, until so many were that the list of all is
//! shorter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::doors::{Account, AccountId, ReadDoors};
use crate::error::Result;
use crate::person::email_key;

/// After so many looks at one door system the list of all its accounts is asked for.
const MANY: usize = 50;

/// What one round knows of accounts.
#[derive(Default)]
pub struct Directory {
    /// Accounts that somebody was linked to in this round: the table does not know of them yet.
    taken: BTreeSet<(String, AccountId)>,
    looks: BTreeMap<String, usize>,
    /// `None` where the list could not be read.
    rosters: BTreeMap<String, Option<Roster>>,
}

/// Every account of one door system.
struct Roster {
    by_id: HashMap<AccountId, Account>,
    by_email: HashMap<String, Vec<AccountId>>,
}

impl Roster {
    fn of(accounts: Vec<Account>) -> Self {
        let mut by_email: HashMap<String, Vec<AccountId>> = HashMap::new();
        for account in &accounts {
            if let Some(email) = account.email.as_deref().and_then(email_key) {
                by_email.entry(email).or_default().push(account.id.clone());
            }
        }
        Roster { by_id: accounts.into_iter().map(|account| (account.id.clone(), account)).collect(), by_email }
    }
}

impl Directory {
    /// Whether somebody was linked to it in this round.
    pub fn is_taken(&self, doors: &str, id: &AccountId) -> bool {
        self.taken.contains(&(doors.to_owned(), id.clone()))
    }

    /// Somebody is linked to it.
    pub fn take(&mut self, doors: &str, id: &AccountId) {
        self.taken.insert((doors.to_owned(), id.clone()));
    }

    /// The account as it is now; `None` where it is gone. What is missing from a list is asked for: one bad page must
    /// not make anybody a second account.
    pub async fn account(&mut self, doors: &str, reader: &dyn ReadDoors, known: &Account) -> Result<Option<Account>> {
        let listed = self.roster(doors, reader).await.and_then(|roster| roster.by_id.get(&known.id)).cloned();
        if listed.is_some() { Ok(listed) } else { reader.account(known).await }
    }

    /// Accounts with this address, in compared form.
    pub async fn of_address(&mut self, doors: &str, reader: &dyn ReadDoors, email: &str) -> Result<Vec<Account>> {
        if let Some(roster) = self.roster(doors, reader).await {
            let ids = roster.by_email.get(email).into_iter().flatten();
            return Ok(ids.filter_map(|id| roster.by_id.get(id)).cloned().collect());
        }
        let same = |account: &Account| account.email.as_deref().and_then(email_key).as_deref() == Some(email);
        Ok(reader.find(email).await?.into_iter().filter(same).collect())
    }

    async fn roster(&mut self, doors: &str, reader: &dyn ReadDoors) -> Option<&Roster> {
        let looks = self.looks.entry(doors.to_owned()).or_default();
        *looks += 1;
        if *looks <= MANY {
            return None;
        }
        if !self.rosters.contains_key(doors) {
            let roster = reader.accounts().await.ok().map(Roster::of);
            self.rosters.insert(doors.to_owned(), roster);
        }
        self.rosters.get(doors)?.as_ref()
    }
}
