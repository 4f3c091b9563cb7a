//! Who there would be once everybody was settled: the people we know, with their profiles as these are now, and those
//! whom nobody settled yet. Pure; it makes nobody.
//!
//! Profiles with one exact address are one person; see `settle::identity`, which does the same for those who are due.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};
use std::ops::Deref;

use super::facts::Known;
use crate::fact::{FactId, Profile};
use crate::person::{Person, compared_email, email_key};

/// Somebody as they would be.
pub struct Somebody<'a> {
    /// As we know them; `None` for a newcomer.
    pub known: Option<&'a Person>,
    /// As they would be.
    pub person: Likeness<'a>,
    /// Their profiles that nobody settled yet.
    pub joined: Vec<FactId>,
    /// One of their profiles has another address than we know.
    pub moved: bool,
}

/// A person in mind. Nearly everybody is as we know them, and is not copied.
pub enum Likeness<'a> {
    /// As we know them.
    Known(&'a Person),
    /// Otherwise.
    Other(Box<Person>),
}

impl Likeness<'_> {
    /// To be changed in mind.
    pub fn to_mut(&mut self) -> &mut Person {
        match self {
            Likeness::Other(person) => person,
            Likeness::Known(person) => {
                let copy = Box::new(person.clone());
                *self = Likeness::Other(copy);
                self.to_mut()
            }
        }
    }
}

impl Deref for Likeness<'_> {
    type Target = Person;

    fn deref(&self) -> &Person {
        match self {
            Likeness::Known(person) => person,
            Likeness::Other(person) => person,
        }
    }
}

/// Everybody: those with profiles first, since they take over the accounts of those who have none left.
pub fn everybody<'a>(people: &'a [Person], known: &Known) -> Vec<Somebody<'a>> {
    let mut everybody = Vec::with_capacity(people.len());
    let mut owned: HashSet<&FactId> = HashSet::with_capacity(people.len());
    let mut leaving: Vec<(FactId, Option<String>)> = Vec::new();
    let addresses = LazyCell::new(|| people.iter().filter_map(|person| person.email.as_deref()).collect());
    for person in people {
        owned.extend(person.profiles.iter());
        let mut somebody =
            Somebody { known: Some(person), person: Likeness::Known(person), joined: Vec::new(), moved: false };
        leaving.extend(somebody.leave(known, &addresses));
        everybody.push(somebody);
    }
    let new = known.profiles().filter(|(name, _)| !owned.contains(name));
    let mut new: Vec<_> = new.map(|(name, profile)| (name, profile.email.as_deref().and_then(email_key))).collect();
    new.sort();
    join(&mut everybody, leaving.into_iter().chain(new));
    everybody.sort_by_key(|somebody| somebody.person.profiles.is_empty());
    everybody
}

fn address(profile: &Profile) -> Option<Cow<'_, str>> {
    profile.email.as_deref().and_then(compared_email)
}

impl Somebody<'_> {
    /// Takes a changed address over, where it is the only profile's and nobody has it; else the profile goes to whoever
    /// has it, and is given here.
    fn leave<'p, F>(
        &mut self,
        known: &Known,
        addresses: &LazyCell<HashSet<&'p str>, F>,
    ) -> Vec<(FactId, Option<String>)>
    where
        F: FnOnce() -> HashSet<&'p str>,
    {
        let address = |name: &FactId| known.profile(name).and_then(address);
        let away = |name: &&FactId| address(name).is_some_and(|email| Some(&*email) != self.person.email.as_deref());
        let moved: Vec<FactId> = self.person.profiles.iter().filter(away).cloned().collect();
        self.moved = !moved.is_empty();
        let mut leaving = Vec::new();
        for name in moved {
            let email = address(&name).map(Cow::into_owned);
            let alone = self.person.profiles.len() == 1;
            if alone && email.as_deref().is_some_and(|email| !addresses.contains(email)) {
                self.person.to_mut().email = email;
                continue;
            }
            let person = self.person.to_mut();
            person.profiles.remove(&name);
            if alone {
                person.email = None;
            }
            leaving.push((name, email));
        }
        leaving
    }
}

/// Profiles join whoever has their address, or are somebody new.
fn join(everybody: &mut Vec<Somebody<'_>>, profiles: impl Iterator<Item = (FactId, Option<String>)>) {
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
        let person = Likeness::Other(Box::new(person));
        everybody.push(Somebody { known: None, person, joined: vec![name], moved: false });
    }
}
