//! Who there would be once everybody was settled: the people we know, with their profiles as these are now, and those
//! whom nobody settled yet. Pure; it makes nobody.
//!
//! Profiles with one exact address are one person; see `settle::identity`, which does the same for those who are due.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::facts::Known;
use crate::fact::{FactId, Profile};
use crate::person::{Person, email_key};

/// Somebody as they would be.
pub struct Somebody<'a> {
    /// As we know them; `None` for a newcomer.
    pub known: Option<&'a Person>,
    /// As they would be.
    pub person: Cow<'a, Person>,
    /// Their profiles that nobody settled yet.
    pub joined: Vec<FactId>,
    /// One of their profiles has another address than we know.
    pub moved: bool,
}

/// Everybody: those with profiles first, since they take over the accounts of those who have none left.
pub fn everybody<'a>(people: &'a [Person], known: &Known) -> Vec<Somebody<'a>> {
    let mut crowd = Crowd::default();
    let mut owned: HashSet<&FactId> = HashSet::new();
    let mut leaving: Vec<(FactId, Option<String>)> = Vec::new();
    let addresses: HashSet<&str> = people.iter().filter_map(|person| person.email.as_deref()).collect();
    for person in people {
        owned.extend(&person.profiles);
        let mut somebody =
            Somebody { known: Some(person), person: Cow::Borrowed(person), joined: Vec::new(), moved: false };
        leaving.extend(somebody.leave(known, &addresses));
        crowd.add(somebody);
    }
    let new = known.profiles().filter(|(name, _)| !owned.contains(name));
    let mut new: Vec<_> = new.map(|(name, profile)| (name.clone(), address(profile))).collect();
    new.sort();
    for (name, email) in leaving.into_iter().chain(new) {
        crowd.join(name, email);
    }
    crowd.everybody.sort_by_key(|somebody| somebody.person.profiles.is_empty());
    crowd.everybody
}

fn address(profile: &Profile) -> Option<String> {
    profile.email.as_deref().and_then(email_key)
}

impl Somebody<'_> {
    /// Takes a changed address over, where it is the only profile's and nobody has it; else the profile goes to whoever
    /// has it, and is given here.
    fn leave(&mut self, known: &Known, addresses: &HashSet<&str>) -> Vec<(FactId, Option<String>)> {
        let address = |name: &FactId| known.profile(name).and_then(address);
        let away = |name: &&FactId| address(name).is_some_and(|email| Some(&email) != self.person.email.as_ref());
        let moved: Vec<FactId> = self.person.profiles.iter().filter(away).cloned().collect();
        self.moved = !moved.is_empty();
        let mut leaving = Vec::new();
        for name in moved {
            let email = address(&name);
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

/// Everybody so far, and where each address is.
#[derive(Default)]
struct Crowd<'a> {
    everybody: Vec<Somebody<'a>>,
    by_email: HashMap<String, usize>,
}

impl<'a> Crowd<'a> {
    fn add(&mut self, somebody: Somebody<'a>) {
        let place = self.everybody.len();
        self.by_email.extend(somebody.person.email.clone().map(|email| (email, place)));
        self.everybody.push(somebody);
    }

    /// A profile joins whoever has its address, or is somebody new.
    fn join(&mut self, name: FactId, email: Option<String>) {
        let owner = email.as_ref().and_then(|email| self.by_email.get(email)).copied();
        if let Some(somebody) = owner.and_then(|place| self.everybody.get_mut(place)) {
            somebody.person.to_mut().profiles.insert(name.clone());
            somebody.joined.push(name);
            return;
        }
        let mut person = Person::new(String::new(), email);
        person.profiles.insert(name.clone());
        self.add(Somebody { known: None, person: Cow::Owned(person), joined: vec![name], moved: false });
    }
}
