//! Who there would be once everybody was settled: the people we know, with their profiles as these are now, and those
//! whom nobody settled yet. Pure; it makes nobody.
//!
//! Profiles with one exact address are one person; see `settle::identity`, which does the same for those who are due.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::ops::Deref;

use super::facts::FactIndex;
use doorstep_core::model::fact::{FactId, Profile};
use doorstep_core::model::person::{Person, compared_email, email_key};

/// Somebody as they would be.
pub struct ProjectedPerson<'a> {
    /// As we know them; `None` for a newcomer.
    pub known: Option<&'a Person>,
    /// As they would be.
    pub person: PersonCow<'a>,
    /// Their profiles that nobody settled yet.
    pub joined: Vec<FactId>,
    /// One of their profiles has another address than we know.
    pub moved: bool,
}

/// A person in mind. Nearly everybody is as we know them, and is not copied.
pub enum PersonCow<'a> {
    /// As we know them.
    FactIndex(&'a Person),
    /// Otherwise.
    Other(Box<Person>),
}

impl PersonCow<'_> {
    /// To be changed in mind.
    pub fn to_mut(&mut self) -> &mut Person {
        match self {
            PersonCow::Other(person) => person,
            PersonCow::FactIndex(person) => {
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
            PersonCow::FactIndex(person) => person,
            PersonCow::Other(person) => person,
        }
    }
}

/// By which addresses profiles are somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addresses {
    /// What is confirmed: settle goes by these.
    Confirmed,
    /// What was read, confirmed or not: what would be, once it was released.
    Read,
}

impl Addresses {
    /// The address of a profile of `person`. What they go by already needs nobody's word.
    fn of(self, known: &FactIndex, name: &FactId, person: &Person) -> Option<String> {
        let read = known.profile(name).and_then(address).map(Cow::into_owned);
        match self {
            Addresses::Confirmed if read != person.email => {
                known.confirmed_profile(name).and_then(address).map(Cow::into_owned)
            }
            _ => read,
        }
    }
}

/// Everybody: those with profiles first, since they take over the accounts of those who have none left.
pub fn everybody<'a>(people: &'a [Person], known: &FactIndex) -> Vec<ProjectedPerson<'a>> {
    everybody_by(Addresses::Confirmed, people, known)
}

/// The same by these addresses.
pub fn everybody_by<'a>(by: Addresses, people: &'a [Person], known: &FactIndex) -> Vec<ProjectedPerson<'a>> {
    let mut everybody = Vec::with_capacity(people.len());
    let mut owned: HashSet<&FactId> = HashSet::with_capacity(people.len());
    let mut leaving: Vec<(FactId, Option<String>)> = Vec::new();
    let mut addresses = Taken::of(people);
    for person in people {
        owned.extend(person.profiles.iter());
        let mut somebody = ProjectedPerson {
            known: Some(person),
            person: PersonCow::FactIndex(person),
            joined: Vec::new(),
            moved: false,
        };
        leaving.extend(somebody.leave(by, known, &mut addresses));
        everybody.push(somebody);
    }
    let new = known.profiles().filter(|(name, _)| !owned.contains(name) && !known.is_set_aside(name));
    let mut new: Vec<_> = new.map(|(name, profile)| (name, profile.email.as_deref().and_then(email_key))).collect();
    new.sort();
    join(&mut everybody, leaving.into_iter().chain(new));
    everybody.sort_by_key(|somebody| somebody.person.profiles.is_empty());
    everybody
}

fn address(profile: &Profile) -> Option<Cow<'_, str>> {
    profile.email.as_deref().and_then(compared_email)
}

impl ProjectedPerson<'_> {
    /// Takes a changed address over, where it is the only profile's and nobody has it; else the profile goes to whoever
    /// has it, and is given here. Where all of several part, the person with the account is whose address it has. Who has
    /// no profile left keeps the address: a profile that comes back to it is theirs.
    fn leave(&mut self, by: Addresses, known: &FactIndex, taken: &mut Taken<'_>) -> Vec<(FactId, Option<String>)> {
        let moved: Vec<(FactId, String)> = match &self.person {
            PersonCow::FactIndex(person) if person.profiles.iter().all(|name| stays(known, name, person)) => Vec::new(),
            person => {
                let address = |name: &FactId| Some((name.clone(), by.of(known, name, person)?));
                let addresses = person.profiles.iter().filter_map(address);
                addresses.filter(|(_, email)| Some(email) != person.email.as_ref()).collect()
            }
        };
        self.moved = !moved.is_empty();
        let all = moved.len() == self.person.profiles.len();
        let home = |(_, email): &&(FactId, String)| all && self.person.has_account_of(email) && taken.take(email);
        let home = moved.iter().find(home).map(|(name, _)| name.clone());
        let mut leaving = Vec::new();
        for (name, email) in moved {
            let alone = self.person.profiles.len() == 1;
            if home.as_ref() == Some(&name) || home.is_none() && alone && taken.take(&email) {
                self.person.to_mut().email = Some(email);
                continue;
            }
            self.person.to_mut().profiles.remove(&name);
            leaving.push((name, Some(email)));
        }
        leaving
    }
}

/// Whether a profile is as it was: so is nearly everybody's, and nothing is copied.
fn stays(known: &FactIndex, name: &FactId, person: &Person) -> bool {
    let read = known.profile(name).and_then(address);
    read.is_none_or(|read| Some(&*read) == person.email.as_deref())
}

/// Addresses that somebody has, or is about to have.
struct Taken<'a> {
    people: &'a [Person],
    known: OnceCell<HashSet<&'a str>>,
    new: HashSet<String>,
}

impl<'a> Taken<'a> {
    fn of(people: &'a [Person]) -> Self {
        Taken { people, known: OnceCell::new(), new: HashSet::new() }
    }

    /// Takes an address, unless somebody has it.
    fn take(&mut self, email: &str) -> bool {
        let of_all = || self.people.iter().filter_map(|person| person.email.as_deref()).collect();
        !self.known.get_or_init(of_all).contains(email) && self.new.insert(email.to_owned())
    }
}

/// Profiles join whoever has their address, or are somebody new.
fn join(everybody: &mut Vec<ProjectedPerson<'_>>, profiles: impl Iterator<Item = (FactId, Option<String>)>) {
    let mut profiles = profiles.peekable();
    // Mostly there are none, and then nobody needs to know where each address is.
    if profiles.peek().is_none() {
        return;
    }
    let addresses = everybody.iter().enumerate();
    let mut by_email: HashMap<String, usize> =
        addresses.filter_map(|(place, somebody)| Some((somebody.person.email.clone()?, place))).collect();
    for (name, email) in profiles {
        let owner = email.as_ref().and_then(|email| by_email.get(email)).copied();
        if let Some(somebody) = owner.and_then(|place| everybody.get_mut(place)) {
            somebody.person.to_mut().profiles.insert(name.clone());
            somebody.joined.push(name);
            continue;
        }
        by_email.extend(email.clone().map(|email| (email, everybody.len())));
        let mut person = Person::new(String::new(), email);
        person.profiles.insert(name.clone());
        let person = PersonCow::Other(Box::new(person));
        everybody.push(ProjectedPerson { known: None, person, joined: vec![name], moved: false });
    }
}
