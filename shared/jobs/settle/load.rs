//! One person with all facts about that person, and the versions at which the facts were read.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::site_context::SiteContext;
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::entitlement::PersonFacts;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Fact, FactId, Holder, Id, What};
use doorstep_core::model::ids::{PersonId, SiteId};
use doorstep_core::model::person::Person;

/// How many people, or holders of one person, are loaded concurrently.
pub const AT_ONCE: usize = 16;

/// One person, as loaded for an evaluation.
pub struct PersonState {
    /// The person.
    pub person: Person,
    /// The facts about the person.
    pub facts: PersonFacts,
    /// The versions of every holder that the facts come from: the person's profiles, and their
    /// teams.
    pub versions: Vec<(Holder, u64)>,
}

/// Loads the people with these ids, with all their facts.
pub async fn load(context: &SiteContext, ids: &[PersonId]) -> Result<Vec<PersonState>> {
    let site = &context.site.id;
    let people = stream::iter(ids.to_vec())
        .map(|id| async move { load_one(&context.environment, site, &id).await });
    let people: Vec<Option<PersonState>> = people.buffered(AT_ONCE).try_collect().await?;
    Ok(people.into_iter().flatten().collect())
}

/// Loads a person with all facts. Returns `None` for an id without a person, and if an item of the
/// person or of a fact cannot be read: a decision from the rest alone may revoke access. Versions
/// are read before the facts that they guard.
async fn load_one(
    environment: &Environment,
    site: &SiteId,
    id: &PersonId,
) -> Result<Option<PersonState>> {
    match read(environment, site, id).await {
        Err(Error::Permanent(why)) => {
            tracing::error!(
                site = site.as_str(),
                person = id.as_str(),
                why,
                "a person cannot be read; skipping this person"
            );
            Ok(None)
        }
        read => read,
    }
}

async fn read(
    environment: &Environment,
    site: &SiteId,
    id: &PersonId,
) -> Result<Option<PersonState>> {
    let Some(person) = environment.store.person(site, id).await? else {
        return Ok(None);
    };
    let (facts, versions) = load_facts(
        environment,
        site,
        &person.profiles.iter().cloned().collect::<Vec<_>>(),
    )
    .await?;
    Ok(Some(PersonState {
        person,
        facts,
        versions,
    }))
}

/// Loads all facts about these profiles, with the versions of their holders.
pub async fn load_facts(
    environment: &Environment,
    site: &SiteId,
    profiles: &[FactId],
) -> Result<(PersonFacts, Vec<(Holder, u64)>)> {
    let (mut facts, mut versions) = (
        PersonFacts {
            profiles: profiles.to_vec(),
            ..PersonFacts::default()
        },
        Vec::new(),
    );
    let holders = profiles.iter().map(Holder::of_profile).collect();
    versions.extend(add_holdings(environment, site, holders, &mut facts).await?);
    let before = facts.confirmed.values().map(|before| &before.fact);
    let teams: BTreeSet<Id> = facts
        .facts
        .values()
        .chain(before)
        .flat_map(|fact| teams(fact).to_vec())
        .collect();
    let teams = teams.into_iter().map(Holder::Team).collect();
    versions.extend(add_holdings(environment, site, teams, &mut facts).await?);
    Ok((facts, versions))
}

/// Adds the facts about these holders, and the facts that describe them. Returns the versions of
/// the holders.
async fn add_holdings(
    environment: &Environment,
    site: &SiteId,
    holders: Vec<Holder>,
    facts: &mut PersonFacts,
) -> Result<Vec<(Holder, u64)>> {
    let mut holdings = Vec::with_capacity(holders.len());
    // A guest may have hundreds of profiles.
    for part in holders.chunks(AT_ONCE) {
        holdings.extend(
            try_join_all(
                part.iter()
                    .map(|holder| environment.store.holdings(site, holder)),
            )
            .await?,
        );
    }
    let mut wanted: Vec<FactId> = holders.iter().map(Holder::profile).collect();
    let mut versions = Vec::with_capacity(holders.len());
    for (holder, (held, version)) in holders.into_iter().zip(holdings) {
        wanted.extend(held);
        versions.push((holder, version));
    }
    for record in environment.store.facts(site, &wanted).await? {
        facts.add(&record);
    }
    Ok(versions)
}

fn teams(fact: &Fact) -> &[Id] {
    match &fact.what {
        What::Member(profile) => &profile.teams,
        _ => &[],
    }
}
