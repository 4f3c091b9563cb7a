//! Which account would be whose: found the way settle finds it, by our link, our mark or an exact address, and linked
//! in mind alone.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::Group;
use super::doors::Seen;
use crate::doors::{Account, AccountId, Standing};
use crate::error::Result;
use crate::person::{Linked, Person, email_key};
use crate::settle::{taken_already, the_one};

use super::people::Somebody;

/// Every account at every door system, found by its address, with the groups that it is in.
pub struct Directory<'a> {
    seen: &'a Seen,
    by_email: BTreeMap<&'a str, HashMap<String, Vec<&'a Account>>>,
    lines: BTreeMap<&'a str, HashMap<&'a AccountId, Vec<Group>>>,
}

impl<'a> Directory<'a> {
    /// The accounts that were seen.
    pub fn of(seen: &'a Seen) -> Self {
        let mut by_email: BTreeMap<&str, HashMap<String, Vec<&Account>>> = BTreeMap::new();
        for (doors, accounts) in &seen.accounts {
            let here = by_email.entry(doors).or_default();
            for account in accounts.values() {
                if let Some(email) = account.email.as_deref().and_then(email_key) {
                    here.entry(email).or_default().push(account);
                }
            }
        }
        let mut lines: BTreeMap<&str, HashMap<&AccountId, Vec<Group>>> = BTreeMap::new();
        for (group, rows) in &seen.held {
            let here = lines.entry(&group.0).or_default();
            for row in rows {
                here.entry(&row.account).or_default().push(group.clone());
            }
        }
        Directory { seen, by_email, lines }
    }

    /// One account; `None` too where it is missing from the list of all.
    pub fn account(&self, doors: &str, id: &AccountId) -> Option<&'a Account> {
        self.seen.accounts.get(doors)?.get(id)
    }

    fn is_other(&self, doors: &str, linked: &Linked) -> bool {
        self.account(doors, &linked.account.id).is_some_and(|account| {
            *account != linked.account || linked.suspended && account.standing != Standing::Suspended
        })
    }

    /// The groups in which an account has a line.
    pub fn groups(&self, doors: &str, id: &AccountId) -> &[Group] {
        self.lines.get(doors).and_then(|here| here.get(id)).map_or(&[], Vec::as_slice)
    }

    /// The groups in which any account of theirs has a line.
    pub fn groups_of(&self, person: &Person) -> Vec<Group> {
        let accounts = person.accounts.iter();
        accounts.flat_map(|(doors, linked)| self.groups(doors, &linked.account.id)).cloned().collect()
    }

    /// The accounts with this person's address.
    pub fn of_address(&self, doors: &str, person: &Person) -> &[&'a Account] {
        let here = self.by_email.get(doors).zip(person.email.as_ref());
        here.and_then(|(here, email)| here.get(email)).map_or(&[], Vec::as_slice)
    }

    /// Whether the account is there, as far as anybody knows.
    pub fn has(&self, doors: &str, linked: &Linked) -> bool {
        self.seen.accounts.get(doors).is_none_or(|accounts| accounts.contains_key(&linked.account.id))
    }

    /// Takes over what is seen of the person's accounts. Nearly everybody's is as it was, and is not copied.
    pub fn refresh_all(&self, person: &mut Cow<'_, Person>) {
        let others = person.accounts.iter().filter(|(doors, linked)| self.is_other(doors, linked));
        for doors in others.map(|(doors, _)| doors.clone()).collect::<Vec<_>>() {
            if let Some(linked) = person.to_mut().accounts.get_mut(&doors)
                && let Some(account) = self.account(&doors, &linked.account.id)
            {
                linked.account = account.clone();
                linked.suspended &= account.standing == Standing::Suspended;
            }
        }
    }
}

/// Who has which account, by their place among everybody.
pub struct Owners(BTreeMap<String, HashMap<AccountId, usize>>);

impl Owners {
    /// As it is known.
    pub fn of(everybody: &[Somebody<'_>]) -> Self {
        let mut owners = Owners(BTreeMap::new());
        for (place, somebody) in everybody.iter().enumerate() {
            for (doors, linked) in &somebody.person.accounts {
                owners.put(doors, &linked.account.id, place);
            }
        }
        owners
    }

    fn put(&mut self, doors: &str, id: &AccountId, place: usize) {
        match self.0.get_mut(doors) {
            Some(here) => drop(here.insert(id.clone(), place)),
            None => drop(self.0.insert(doors.to_owned(), HashMap::from([(id.clone(), place)]))),
        }
    }

    fn of_account(&self, doors: &str, id: &AccountId) -> Option<usize> {
        self.0.get(doors)?.get(id).copied()
    }

    /// Whether anybody has this account.
    pub fn has(&self, doors: &str, id: &AccountId) -> bool {
        self.of_account(doors, id).is_some()
    }

    /// Links the account of the person's address, unless it is somebody else's. Whoever has it and has no profile any
    /// more hands it over. Whether there is one.
    ///
    /// # Errors
    /// [`crate::error::Error::Report`] where several could be meant, or it is somebody else's.
    pub fn link(
        &mut self,
        everybody: &mut [Somebody<'_>],
        place: usize,
        doors: &str,
        name: &str,
        candidates: &[&Account],
    ) -> Result<bool> {
        let Some(heir) = everybody.get(place) else { return Ok(false) };
        let candidates = candidates.iter().map(|account| (*account).clone()).collect();
        let Some(account) = the_one(&heir.person, candidates)? else { return Ok(false) };
        let owner = self.of_account(doors, &account.id).filter(|owner| *owner != place);
        let id = account.id.clone();
        let owner = owner.and_then(|owner| everybody.get_mut(owner)).map(|owner| owner.person.to_mut());
        let mut given = Person::default();
        match owner {
            Some(owner) if !owner.profiles.is_empty() => return Err(taken_already()),
            Some(owner) => owner.hand_over(doors, &mut given),
            None => {}
        }
        if let Some(heir) = everybody.get_mut(place) {
            given.accounts.entry(doors.to_owned()).or_insert_with(|| Linked::new(account, name, false));
            given.hand_over(doors, heir.person.to_mut());
        }
        self.put(doors, &id, place);
        Ok(true)
    }
}
