//! The people of one site, and which of them a text may mean.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join3;

use super::wanted::{Closeness, Wanted};
use super::{FoundPerson, MatchedBy};
use doorstep_cloud::environment::Environment;
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{FactId, Kind, Profile, What};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::linked::Linked;
use doorstep_core::model::person::Person;
use doorstep_core::model::record::FactRecord;

/// The people and the profiles of one site.
pub(super) struct KnownPeople {
    people: Vec<Person>,
    profiles: BTreeMap<FactId, FactRecord>,
}

/// Loads the people and the profiles of a site.
pub(super) async fn at_site(environment: &Environment, site: &SiteId) -> Result<KnownPeople> {
    let store = &environment.store;
    let (people, members, visitors) = try_join3(
        store.all_people(site),
        store.facts_of(site, Kind::Member),
        store.facts_of(site, Kind::Visitor),
    )
    .await?;
    let live = members.into_iter().chain(visitors);
    let live = live.filter(|record| !record.gone);
    Ok(KnownPeople {
        people: people.known,
        profiles: live.map(|record| (record.fact.name(), record)).collect(),
    })
}

impl KnownPeople {
    /// Returns everyone whom the text may mean.
    pub(super) fn matching(&self, site: &SiteId, wanted: &Wanted) -> Vec<(Closeness, FoundPerson)> {
        let settled: BTreeSet<&FactId> = self
            .people
            .iter()
            .flat_map(|person| person.profiles.iter())
            .collect();
        let stored = self.people.iter();
        let stored = stored.map(|person| Candidate {
            person: Some(person),
            profiles: person
                .profiles
                .iter()
                .filter_map(|name| self.profile(name))
                .collect(),
        });
        let others = self.profiles.keys().filter(|name| !settled.contains(name));
        let others = others.filter_map(|name| self.profile(name));
        let others = by_address(others.collect());
        stored
            .chain(others)
            .filter_map(|candidate| candidate.matched(site, wanted))
            .collect()
    }

    fn profile<'k>(&'k self, name: &'k FactId) -> Option<NamedProfile<'k>> {
        match &self.profiles.get(name)?.fact.what {
            What::Member(profile) | What::Visitor(profile) => Some(NamedProfile { name, profile }),
            _ => None,
        }
    }
}

/// A profile with its name.
#[derive(Clone, Copy)]
struct NamedProfile<'k> {
    name: &'k FactId,
    profile: &'k Profile,
}

/// Returns the profiles that no person has, those of one address together.
fn by_address(profiles: Vec<NamedProfile<'_>>) -> Vec<Candidate<'_>> {
    let mut together: BTreeMap<Result<String, &FactId>, Vec<NamedProfile<'_>>> = BTreeMap::new();
    for one in profiles {
        let address = one.profile.email.as_deref().and_then(email_key);
        together
            .entry(address.ok_or(one.name))
            .or_default()
            .push(one);
    }
    let candidates = together.into_values();
    candidates
        .map(|profiles| Candidate {
            person: None,
            profiles,
        })
        .collect()
}

/// A person whom the text may mean.
struct Candidate<'k> {
    person: Option<&'k Person>,
    profiles: Vec<NamedProfile<'k>>,
}

impl Candidate<'_> {
    fn matched(&self, site: &SiteId, wanted: &Wanted) -> Option<(Closeness, FoundPerson)> {
        let (closeness, by) = self.closeness(wanted)?;
        let person = self.person;
        let address = || {
            self.profiles
                .iter()
                .find_map(|one| one.profile.email.clone())
        };
        let first = person.and_then(|person| person.profiles.first().cloned());
        let found = FoundPerson {
            site: site.clone(),
            id: person.map(|person| person.id.clone()),
            profile: first.or_else(|| Some(self.profiles.first()?.name.clone())),
            name: self.names().next().map(str::to_owned),
            email: person
                .and_then(|person| person.email.clone())
                .or_else(address),
            by,
        };
        Some((closeness, found))
    }

    fn closeness(&self, wanted: &Wanted) -> Option<(Closeness, MatchedBy)> {
        let is_id = self.ids(wanted);
        let is_card = self.cards().any(|number| wanted.is_end_of_card(number));
        let exact = |is: bool, by| is.then_some((Closeness::Whole, by));
        let names = self.names().filter_map(|name| wanted.part_of(name)).min();
        let emails = self
            .emails()
            .filter_map(|email| wanted.part_of(email))
            .min();
        let each = [
            names.map(|closeness| (closeness, MatchedBy::Name)),
            emails.map(|closeness| (closeness, MatchedBy::Email)),
            exact(is_id, MatchedBy::Id),
            exact(is_card, MatchedBy::Card),
        ];
        each.into_iter().flatten().min()
    }

    fn accounts(&self) -> impl Iterator<Item = &Linked> {
        let people = self.person.into_iter();
        people.flat_map(|person| person.accounts.values().map(AsRef::as_ref))
    }

    fn ids(&self, wanted: &Wanted) -> bool {
        let person = self.person.is_some_and(|person| {
            wanted.is_id(&person.id) || person.profiles.iter().any(|name| wanted.is_profile(name))
        });
        let profile = |one: &NamedProfile<'_>| wanted.is_profile(one.name);
        person
            || self.profiles.iter().any(profile)
            || self
                .accounts()
                .any(|linked| wanted.is_id(&linked.account.id.0))
    }

    /// Iterates over the names, those at the platform first.
    fn names(&self) -> impl Iterator<Item = &str> {
        let profiles = self.profiles.iter().map(|one| one.profile.name.as_str());
        let accounts = self.accounts().map(|linked| linked.account.name.as_str());
        profiles.chain(accounts).filter(|name| !name.is_empty())
    }

    fn emails(&self) -> impl Iterator<Item = &str> {
        let own = self.person.and_then(|person| person.email.as_deref());
        let profiles = self.profiles.iter();
        let profiles = profiles.filter_map(|one| one.profile.email.as_deref());
        let accounts = self.accounts();
        let accounts = accounts.filter_map(|linked| linked.account.email.as_deref());
        own.into_iter().chain(profiles).chain(accounts)
    }

    fn cards(&self) -> impl Iterator<Item = &str> {
        let known = self.profiles.iter().flat_map(|one| &one.profile.cards);
        let assigned = self.accounts().flat_map(|linked| &linked.cards);
        let assigned = assigned.map(|card| card.number.as_str());
        known.map(String::as_str).chain(assigned)
    }
}
