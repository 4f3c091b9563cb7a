//! Finds the account of each person the way settle does: by our link, our mark or an exact address. It links accounts
//! in memory only.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Group;
use super::doors::DoorsSnapshot;
use super::people::{PersonCow, ProjectedPerson};
use doorstep_core::decide::identity::{AccountConflict, Acquisition, acquire, choose_account};
use doorstep_core::model::account::{Account, AccountId, Standing};
use doorstep_core::model::person::{Linked, Person, compared_email};

/// Every account at every door system, with the groups that it is in.
pub struct Directory<'a> {
    seen: &'a DoorsSnapshot,
    /// Built when a person without an account first needs one, which is rare.
    by_email: OnceCell<BTreeMap<&'a str, Addresses<'a>>>,
    by_id: BTreeMap<&'a str, HashMap<&'a AccountId, Entry<'a>>>,
}

/// The accounts of each address.
type Addresses<'a> = HashMap<Cow<'a, str>, Vec<&'a Arc<Account>>>;

/// The state of one account.
#[derive(Default)]
struct Entry<'a> {
    /// `None` if the list of all accounts lacks it.
    account: Option<&'a Arc<Account>>,
    /// The groups that have the account as a member.
    groups: Vec<&'a Group>,
}

impl<'a> Directory<'a> {
    /// Builds the directory of a snapshot.
    pub fn of(seen: &'a DoorsSnapshot) -> Self {
        let mut by_id: BTreeMap<&str, HashMap<&AccountId, Entry<'_>>> = BTreeMap::new();
        for (doors, accounts) in &seen.accounts {
            let entry = |account| Entry { account: Some(account), groups: Vec::new() };
            by_id.insert(doors, accounts.iter().map(|account| (&account.id, entry(account))).collect());
        }
        for (group, rows) in &seen.held {
            let here = by_id.entry(&group.0).or_default();
            for row in rows {
                let groups = &mut here.entry(&row.account).or_default().groups;
                groups.reserve_exact(1);
                groups.push(group);
            }
        }
        Directory { seen, by_email: OnceCell::new(), by_id }
    }

    fn entry(&self, doors: &str, id: &AccountId) -> Option<&Entry<'a>> {
        self.by_id.get(doors)?.get(id)
    }

    fn by_email(&self) -> &BTreeMap<&'a str, Addresses<'a>> {
        self.by_email.get_or_init(|| {
            let mut by_email: BTreeMap<&str, Addresses<'_>> = BTreeMap::new();
            for (doors, accounts) in &self.seen.accounts {
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
    pub fn account(&self, doors: &str, id: &AccountId) -> Option<&'a Arc<Account>> {
        self.entry(doors, id)?.account
    }

    fn is_other(&self, doors: &str, linked: &Linked) -> bool {
        self.account(doors, &linked.account.id).is_some_and(|account| {
            *account != linked.account || linked.suspended && account.standing != Standing::Suspended
        })
    }

    /// Returns the groups that have the account as a member.
    pub fn groups(&self, doors: &str, id: &AccountId) -> &[&'a Group] {
        self.entry(doors, id).map_or(&[], |entry| entry.groups.as_slice())
    }

    /// Returns the groups that have any account of the person as a member.
    pub fn groups_of(&self, person: &Person) -> impl Iterator<Item = &'a Group> {
        let accounts = person.accounts.iter();
        accounts.flat_map(|(doors, linked)| self.groups(doors, &linked.account.id)).copied()
    }

    /// Returns the accounts with this person's address.
    pub fn of_address(&self, doors: &str, person: &Person) -> &[&'a Arc<Account>] {
        let here = self.by_email().get(doors).zip(person.email.as_deref());
        here.and_then(|(here, email)| here.get(email)).map_or(&[], Vec::as_slice)
    }

    /// Returns whether the account exists. An account at a door system whose accounts could not be read counts as
    /// existing.
    pub fn has(&self, doors: &str, linked: &Linked) -> bool {
        self.seen.accounts.get(doors).is_none_or(|accounts| accounts.get(&linked.account.id).is_some())
    }

    /// Copies the current state of the person's accounts into the person. Almost all people are unchanged and are not
    /// copied.
    pub fn refresh_all(&self, person: &mut PersonCow<'_>) {
        let others = person.accounts.iter().filter(|(doors, linked)| self.is_other(doors, linked));
        for doors in others.map(|(doors, _)| doors.clone()).collect::<Vec<_>>() {
            if let Some(linked) = person.to_mut().accounts.get_mut(&doors)
                && let Some(account) = self.account(&doors, &linked.account.id)
            {
                linked.refresh(Arc::clone(account), None);
            }
        }
    }
}

/// The owner of each account, as an index into the list of people. Built on the first request, which is rare.
#[derive(Default)]
pub struct Owners(Option<Places>);

/// Indexes of people by door system and account.
type Places = HashMap<String, HashMap<AccountId, usize>>;

impl Owners {
    fn places(&mut self, everybody: &[ProjectedPerson<'_>]) -> &mut Places {
        self.0.get_or_insert_with(|| {
            let mut places = Places::new();
            for (place, somebody) in everybody.iter().enumerate() {
                for (doors, linked) in &somebody.person.accounts {
                    places.entry(doors.clone()).or_default().insert(linked.account.id.clone(), place);
                }
            }
            places
        })
    }

    fn of_account(&mut self, everybody: &[ProjectedPerson<'_>], doors: &str, id: &AccountId) -> Option<usize> {
        self.places(everybody).get(doors)?.get(id).copied()
    }

    /// Returns whether a person owns this account.
    pub fn has(&mut self, everybody: &[ProjectedPerson<'_>], doors: &str, id: &AccountId) -> bool {
        self.of_account(everybody, doors, id).is_some()
    }

    /// Links the account of the person's address, unless another person owns it. An owner without profiles hands the
    /// account over. Returns whether an account was linked.
    ///
    /// # Errors
    /// [`AccountConflict`] if several accounts fit, or if another person with profiles owns it.
    pub fn link(
        &mut self,
        everybody: &mut [ProjectedPerson<'_>],
        place: usize,
        doors: &str,
        name: &str,
        candidates: &[&Arc<Account>],
    ) -> Result<bool, AccountConflict> {
        let Some(heir) = everybody.get(place) else { return Ok(false) };
        let candidates = candidates.iter().copied().cloned().collect();
        let Some(account) = choose_account(&heir.person, candidates)? else { return Ok(false) };
        let owner = self.of_account(everybody, doors, &account.id).filter(|owner| *owner != place);
        let id = account.id.clone();
        let owner = owner.and_then(|owner| everybody.get_mut(owner)).map(|owner| &mut owner.person);
        let mut given = Person::default();
        if let (Acquisition::Inherit, Some(owner)) = (acquire(owner.as_deref().map(|owner| &**owner), doors)?, owner) {
            owner.to_mut().hand_over(doors, &mut given);
        }
        if let Some(heir) = everybody.get_mut(place) {
            if !given.accounts.contains_key(doors) {
                given.accounts.insert(doors.to_owned(), Linked::new(account, name, false));
            }
            given.hand_over(doors, heir.person.to_mut());
        }
        self.places(everybody).entry(doors.to_owned()).or_default().insert(id, place);
        Ok(true)
    }
}
