//! One person laid open: who they are, everything the platform says of them, and at which versions it said so.

use std::collections::{BTreeMap, BTreeSet};

use crate::entitlement::Dossier;
use crate::error::{Error, Result};
use crate::fact::{Fact, FactId, Holder, Kind, What};
use crate::outside::Outside;
use crate::person::Person;

/// One person laid open.
pub struct Case {
    /// Who.
    pub person: Person,
    /// What the platform says.
    pub dossier: Dossier,
    /// The versions of everybody it was derived from: the person's profiles, and their teams.
    pub versions: Vec<(Holder, u64)>,
}

/// Lays a person open. Versions are read before the facts that they guard.
pub async fn open(outside: &Outside, site: &str, id: &str) -> Result<Case> {
    let person = outside.ledger.person(site, id).await?;
    let person = person.ok_or_else(|| Error::report("a due item names nobody"))?;
    let (dossier, versions) = dossier_of(outside, site, &person.profiles.iter().cloned().collect::<Vec<_>>()).await?;
    Ok(Case { person, dossier, versions })
}

/// Everything that the platform says of these profiles, with the versions of whom it is about.
async fn dossier_of(outside: &Outside, site: &str, profiles: &[FactId]) -> Result<(Dossier, Vec<(Holder, u64)>)> {
    let ledger = &outside.ledger;
    let mut versions = Vec::new();
    let mut wanted: Vec<FactId> = profiles.to_vec();
    for profile in profiles {
        let holder = match profile.kind {
            Kind::Visitor => Holder::Visitor(profile.id.clone()),
            _ => Holder::Member(profile.id.clone()),
        };
        let (held, version) = ledger.holdings(site, &holder).await?;
        wanted.extend(held);
        versions.push((holder, version));
    }
    let mut facts = live(outside, site, &wanted).await?;
    let teams: BTreeSet<String> = facts.values().filter_map(team).collect();
    for team in teams.into_iter().map(Holder::Team) {
        let (mut wanted, version) = ledger.holdings(site, &team).await?;
        wanted.push(team.profile());
        facts.extend(live(outside, site, &wanted).await?);
        versions.push((team, version));
    }
    Ok((Dossier { facts, profiles: profiles.to_vec() }, versions))
}

fn team(fact: &Fact) -> Option<String> {
    match &fact.what {
        What::Member(profile) => profile.team.clone(),
        _ => None,
    }
}

async fn live(outside: &Outside, site: &str, names: &[FactId]) -> Result<BTreeMap<FactId, Fact>> {
    let records = outside.ledger.facts(site, names).await?;
    Ok(records.into_iter().filter(|record| !record.gone).map(|record| (record.fact.name(), record.fact)).collect())
}
