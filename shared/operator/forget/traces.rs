//! Finds everything in the table about a person.

use std::collections::BTreeSet;

use super::ForgetQuery;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::observed::{ForeignAccount, RemovedMembership, StoredObserved};
use doorstep_cloud::store::people::People;
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Fact, FactId, Kind, What};
use doorstep_core::model::ids::{DoorsName, PersonId};
use doorstep_core::model::person::Person;
use doorstep_core::model::record::FactRecord;
use doorstep_core::site::Site;

/// Everything in the table about a person.
pub(super) struct PersonTraces {
    /// The e-mail address, in its normalized form.
    pub(super) email: Option<String>,
    /// The people with this address, or with an account that has it.
    pub(super) people: Vec<Person>,
    /// Their profiles at the platform.
    pub(super) profiles: BTreeSet<FactId>,
    /// The facts of these profiles, gone or not.
    pub(super) facts: Vec<FactRecord>,
    /// Teams with the person's name: a company of one person, or a member that is a team.
    pub(super) teams: Vec<FactRecord>,
    /// What the last reconcile observed at the doors, of the person and of others.
    pub(super) observed: StoredObserved,
    /// The number of people with unreadable items. Each may be the same person under another
    /// address.
    pub(super) unreadable: usize,
}

impl PersonTraces {
    /// Returns the memberships that a hand gave the person, each with its door system.
    pub(super) fn foreign(&self) -> impl Iterator<Item = (&DoorsName, &ForeignAccount)> {
        let observed = self.observed.observed.iter();
        let all = observed.flat_map(|observed| &observed.doors);
        all.flat_map(|(doors, here)| here.foreign.iter().map(move |one| (doors, one)))
            .filter(|(doors, one)| self.is_theirs(doors, one))
    }

    /// Returns whether the account of a foreign membership is the person's.
    pub(super) fn is_theirs(&self, doors: &DoorsName, foreign: &ForeignAccount) -> bool {
        let address = foreign.email.as_deref().and_then(email_key);
        let is_linked = |person: &Person| {
            let linked = person.accounts.get(doors);
            linked.is_some_and(|linked| linked.account.id == foreign.account)
                || foreign.person.as_ref() == Some(&person.id)
        };
        address.is_some() && address == self.email || self.people.iter().any(is_linked)
    }

    /// Returns whether a removed membership was the person's.
    pub(super) fn was_theirs(&self, removed: &RemovedMembership) -> bool {
        self.people.iter().any(|person| person.id == removed.person)
    }
}

pub(super) async fn find(
    environment: &Environment,
    site: &Site,
    wanted: &ForgetQuery,
) -> Result<Option<PersonTraces>> {
    let People {
        known: all_people,
        unreadable,
    } = environment.store.all_people(&site.id).await?;
    let email = match (&wanted.email, &wanted.person) {
        (Some(email), None) => {
            Some(email_key(email).ok_or_else(|| Error::invalid("not an e-mail address"))?)
        }
        (None, Some(id)) => match all_people.iter().find(|person| person.id == *id) {
            Some(person) => person.email.clone(),
            None if unreadable.contains(id) => {
                return Err(unreadable_person(environment, site, id).await);
            }
            None => return Ok(None),
        },
        _ => return Err(Error::invalid("write either email or person")),
    };
    let known_by =
        |address: Option<&str>| address.is_some() && address.and_then(email_key) == email;
    let meant = |person: &Person| {
        let accounts = || {
            person
                .accounts
                .values()
                .any(|linked| known_by(linked.account.email.as_deref()))
        };
        wanted.person.as_ref() == Some(&person.id)
            || known_by(person.email.as_deref())
            || accounts()
    };
    if let Some(email) = &email
        && let Some(id) = environment
            .store
            .id_of_email(&site.id, email)
            .await?
            .filter(|id| unreadable.contains(id))
    {
        return Err(unreadable_person(environment, site, &id).await);
    }
    let people: Vec<Person> = all_people.into_iter().filter(meant).collect();
    let mut profiles: BTreeSet<FactId> = people
        .iter()
        .flat_map(|person| person.profiles.iter().cloned())
        .collect();
    let mut facts = Vec::new();
    for kind in Kind::PROFILES {
        let theirs = |record: &FactRecord| {
            let mut said = std::iter::once(&record.fact).chain(&record.confirmed);
            profiles.contains(&record.fact.name()) || said.any(|fact| known_by(email_of(fact)))
        };
        facts.extend(
            environment
                .store
                .facts_of(&site.id, kind)
                .await?
                .into_iter()
                .filter(theirs),
        );
    }
    profiles.extend(facts.iter().map(|record| record.fact.name()));
    let teams = teams(environment, site, &people, &facts).await?;
    let traces = PersonTraces {
        email,
        people,
        profiles,
        facts,
        teams,
        observed: environment.store.observed(&site.id).await?,
        unreadable: unreadable.len(),
    };
    let nothing =
        traces.people.is_empty() && traces.profiles.is_empty() && traces.foreign().next().is_none();
    Ok((!nothing).then_some(traces))
}

/// Returns the error for a person with an unreadable item: it holds what must be erased, and the
/// pointers to the person are unknown.
async fn unreadable_person(environment: &Environment, site: &Site, id: &PersonId) -> Error {
    let why = environment.store.person(&site.id, id).await.err();
    let why = why.map_or_else(
        || "the item can be read again".to_owned(),
        |error| error.why().to_owned(),
    );
    Error::invalid(format!(
        "{why}; restore the item from a backup of the table, or delete it there, and forget again"
    ))
}

pub(super) fn email_of(fact: &Fact) -> Option<&str> {
    match &fact.what {
        What::Member(profile) | What::Visitor(profile) => profile.email.as_deref(),
        _ => None,
    }
}

pub(super) fn name_of(fact: &Fact) -> Option<String> {
    let name = match &fact.what {
        What::Member(profile) | What::Visitor(profile) => profile.name.as_str(),
        What::Team(team) => team.name.as_str(),
        _ => return None,
    };
    Some(name.trim().to_lowercase()).filter(|name| !name.is_empty())
}

/// Returns the current and the confirmed content of a record.
pub(super) fn said(record: &FactRecord) -> impl Iterator<Item = &Fact> {
    std::iter::once(&record.fact)
        .chain(&record.confirmed)
        .map(AsRef::as_ref)
}

async fn teams(
    environment: &Environment,
    site: &Site,
    people: &[Person],
    facts: &[FactRecord],
) -> Result<Vec<FactRecord>> {
    let mut names: BTreeSet<String> = facts.iter().flat_map(said).filter_map(name_of).collect();
    let accounts = people.iter().flat_map(|person| person.accounts.values());
    names.extend(
        accounts
            .map(|linked| linked.account.name.trim().to_lowercase())
            .filter(|name| !name.is_empty()),
    );
    let teams = environment.store.facts_of(&site.id, Kind::Team).await?;
    let alike = |record: &FactRecord| {
        said(record)
            .filter_map(name_of)
            .any(|name| names.contains(&name))
    };
    Ok(teams.into_iter().filter(alike).collect())
}
