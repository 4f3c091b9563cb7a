//! Finds the person whom a question names.

use super::ExplainQuery;
use super::past;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::email::email_key;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{FactId, Kind, What};
use doorstep_core::model::ids::{PersonId, SiteId};
use doorstep_core::model::person::Person;
use doorstep_core::model::record::FactRecord;

/// Finds the person of the question.
pub(super) async fn find(
    environment: &Environment,
    site: &SiteId,
    wanted: &ExplainQuery,
) -> Result<Option<Person>> {
    let store = &environment.store;
    match (&wanted.email, &wanted.person, &wanted.profile) {
        (Some(email), None, None) => {
            let key = email_key(email).ok_or_else(|| Error::invalid("not an e-mail address"))?;
            match store.id_of_email(site, &key).await? {
                Some(id) => store.person(site, &id).await,
                None => unsettled(environment, site, &key).await,
            }
        }
        (None, Some(id), None) => store.person(site, id).await,
        (None, None, Some(profile)) => of_profile(environment, site, profile).await,
        _ => Err(Error::invalid(
            "name the person: one of email, person and profile",
        )),
    }
}

async fn of_profile(
    environment: &Environment,
    site: &SiteId,
    profile: &str,
) -> Result<Option<Person>> {
    let wrong = || Error::invalid("write a profile as member:ID or visitor:ID");
    let (kind, id) = profile.split_once([':', ' ']).ok_or_else(wrong)?;
    let kind = past::kind_of(kind)
        .filter(|kind| matches!(kind, Kind::Member | Kind::Visitor))
        .ok_or_else(wrong)?;
    let name = FactId::new(kind, id);
    if let Some(id) = environment.store.id_of_profile(site, &name).await? {
        return environment.store.person(site, &id).await;
    }
    let known = environment.store.fact(site, &name).await?;
    Ok(known.map(|record| without_person(vec![record], None)))
}

/// Finds a person by the profiles' addresses. A person to whom nothing was ever opened is not
/// stored, although the platform has a profile. Only then are all profiles read.
async fn unsettled(
    environment: &Environment,
    site: &SiteId,
    email: &str,
) -> Result<Option<Person>> {
    let mut found = Vec::new();
    for kind in Kind::PROFILES {
        let profiles = environment.store.facts_of(site, kind).await?;
        let theirs = |record: &FactRecord| match &record.fact.what {
            What::Member(profile) | What::Visitor(profile) => {
                !record.gone
                    && profile.email.as_deref().and_then(email_key).as_deref() == Some(email)
            }
            _ => false,
        };
        found.extend(profiles.into_iter().filter(theirs));
    }
    Ok((!found.is_empty()).then(|| without_person(found, Some(email.to_owned()))))
}

fn without_person(profiles: Vec<FactRecord>, email: Option<String>) -> Person {
    let address = |record: &FactRecord| match &record.fact.what {
        What::Member(profile) | What::Visitor(profile) => {
            profile.email.as_deref().and_then(email_key)
        }
        _ => None,
    };
    let email = email.or_else(|| profiles.iter().find_map(address));
    let names = profiles.iter().map(|record| record.fact.name());
    Person {
        profiles: names.collect(),
        ..Person::new(PersonId::default(), email)
    }
}
