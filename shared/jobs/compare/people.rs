//! Projects the people as they would be after settle has served all of them: the stored people with
//! their current profiles, and new people. Pure. It creates no one.
//!
//! The rules are in [`doorstep_core::decide::identity`]. Settle applies them to the people who are
//! due.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::ops::Deref;

use super::facts::FactIndex;
use doorstep_core::decide::identity::{ProfileAddress, TakesAddress, address_of, takes_address};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::{DoorsName, PersonId};
use doorstep_core::model::person::Person;

/// A person as settle would leave them.
pub struct ProjectedPerson<'a> {
    /// The stored person; `None` for a new one.
    pub stored: Option<&'a Person>,
    /// The projected person.
    pub person: PersonCow<'a>,
    /// Profiles that settle has not assigned yet.
    pub joined: Vec<FactId>,
    /// Whether a profile has another address than the stored one.
    pub moved: bool,
}

/// A projected person. Almost all people equal the stored person and are not copied.
pub enum PersonCow<'a> {
    /// The stored person.
    Stored(&'a Person),
    /// A changed copy.
    Other(Box<Person>),
}

impl PersonCow<'_> {
    /// Returns the person for changes, and copies it first if needed.
    pub fn to_mut(&mut self) -> &mut Person {
        match self {
            PersonCow::Other(person) => person,
            PersonCow::Stored(person) => {
                let copy = Box::new(person.clone());
                *self = PersonCow::Other(copy);
                self.to_mut()
            }
        }
    }
}

impl Deref for PersonCow<'_> {
    type Target = Person;

    fn deref(&self) -> &Person {
        match self {
            PersonCow::Stored(person) => person,
            PersonCow::Other(person) => person,
        }
    }
}

/// Which addresses assign profiles to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressSource {
    /// Confirmed addresses, as settle uses them.
    Confirmed,
    /// Addresses as they were read: the result once the guard releases the changes.
    Read,
}

impl AddressSource {
    fn of(self, facts: &FactIndex, name: &FactId, person: &Person) -> Option<String> {
        let profile = facts.profile(name)?;
        let address = ProfileAddress::of(profile, facts.confirmed_profile(name));
        match self {
            AddressSource::Confirmed => address.counted_for(person),
            AddressSource::Read => address.read,
        }
    }
}

/// All people as settle would leave them. Those with profiles come first, because they take over
/// the accounts of people without profiles.
pub struct Projection<'a> {
    /// The people.
    pub people: Vec<ProjectedPerson<'a>>,
    /// The owner of each account. Built when it is first needed, which is rare.
    pub(super) owners: Option<Owners>,
}

/// The indexes of people, by door system and account.
pub(super) type Owners = HashMap<DoorsName, HashMap<AccountId, usize>>;

impl<'a> Projection<'a> {
    /// Projects all people by these addresses.
    pub fn of(by: AddressSource, people: &'a [Person], facts: &FactIndex) -> Self {
        let mut projected = Vec::with_capacity(people.len());
        let mut owned: HashSet<&FactId> = HashSet::with_capacity(people.len());
        let mut leaving: Vec<(FactId, Option<String>)> = Vec::new();
        let mut addresses = Taken::of(people);
        for stored in people {
            owned.extend(stored.profiles.iter());
            let person = PersonCow::Stored(stored);
            let mut one = ProjectedPerson {
                stored: Some(stored),
                person,
                joined: Vec::new(),
                moved: false,
            };
            leaving.extend(one.leave(by, facts, &mut addresses));
            projected.push(one);
        }
        let new = facts
            .profiles()
            .filter(|(name, _)| !owned.contains(name) && !facts.is_set_aside(name));
        let mut new: Vec<_> = new
            .map(|(name, profile)| (name, address_of(profile).map(Cow::into_owned)))
            .collect();
        new.sort();
        join(&mut projected, leaving.into_iter().chain(new));
        projected.sort_by_key(|one| one.person.profiles.is_empty());
        Projection {
            people: projected,
            owners: None,
        }
    }
}

impl ProjectedPerson<'_> {
    /// Applies changed addresses. Returns the profiles that leave the person, each with its
    /// address.
    fn leave(
        &mut self,
        by: AddressSource,
        facts: &FactIndex,
        taken: &mut Taken<'_>,
    ) -> Vec<(FactId, Option<String>)> {
        let moved: Vec<(FactId, String)> = match &self.person {
            PersonCow::Stored(person)
                if person
                    .profiles
                    .iter()
                    .all(|name| stays(facts, name, person)) =>
            {
                Vec::new()
            }
            person => {
                let address = |name: &FactId| Some((name.clone(), by.of(facts, name, person)?));
                let addresses = person.profiles.iter().filter_map(address);
                addresses
                    .filter(|(_, email)| Some(email) != person.email.as_ref())
                    .collect()
            }
        };
        self.moved = !moved.is_empty();
        let mut all_left = moved.len() == self.person.profiles.len();
        let mut leaving = Vec::new();
        for (name, email) in moved {
            let takes = match takes_address(&self.person, &email) {
                TakesAddress::IfFree => taken.take(&email),
                TakesAddress::IfFreeAndLeft => all_left && taken.take(&email),
                TakesAddress::Never => false,
            };
            if takes {
                all_left = false;
                self.person.to_mut().email = Some(email);
            } else {
                self.person.to_mut().profiles.remove(&name);
                leaving.push((name, Some(email)));
            }
        }
        leaving
    }
}

/// Returns whether the address of a profile is unchanged. That is the usual case, and it copies
/// nothing.
fn stays(facts: &FactIndex, name: &FactId, person: &Person) -> bool {
    let read = facts.profile(name).and_then(address_of);
    read.is_none_or(|read| Some(&*read) == person.email.as_deref())
}

/// Addresses that a person has, or is about to get.
struct Taken<'a> {
    people: &'a [Person],
    known: OnceCell<HashSet<&'a str>>,
    new: HashSet<String>,
}

impl<'a> Taken<'a> {
    fn of(people: &'a [Person]) -> Self {
        Taken {
            people,
            known: OnceCell::new(),
            new: HashSet::new(),
        }
    }

    /// Reserves an address. Returns `false` if a person has it.
    fn take(&mut self, email: &str) -> bool {
        let of_all = || {
            self.people
                .iter()
                .filter_map(|person| person.email.as_deref())
                .collect()
        };
        !self.known.get_or_init(of_all).contains(email) && self.new.insert(email.to_owned())
    }
}

/// Assigns each profile to the person with its address, or to a new person.
fn join(
    people: &mut Vec<ProjectedPerson<'_>>,
    profiles: impl Iterator<Item = (FactId, Option<String>)>,
) {
    let mut profiles = profiles.peekable();
    // Usually no profile is new. Then the index of addresses is not built.
    if profiles.peek().is_none() {
        return;
    }
    let addresses = people.iter().enumerate();
    let mut by_email: HashMap<String, usize> = addresses
        .filter_map(|(place, one)| Some((one.person.email.clone()?, place)))
        .collect();
    for (name, email) in profiles {
        let owner = email
            .as_ref()
            .and_then(|email| by_email.get(email))
            .copied();
        if let Some(owner) = owner.and_then(|place| people.get_mut(place)) {
            owner.person.to_mut().profiles.insert(name.clone());
            owner.joined.push(name);
            continue;
        }
        by_email.extend(email.clone().map(|email| (email, people.len())));
        let mut person = Person::new(PersonId::default(), email);
        person.profiles.insert(name.clone());
        let person = PersonCow::Other(Box::new(person));
        people.push(ProjectedPerson {
            stored: None,
            person,
            joined: vec![name],
            moved: false,
        });
    }
}
