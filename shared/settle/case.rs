//! One person laid open: who they are, everything the platform says of them, and at which versions it said so.

use std::collections::BTreeMap;

use crate::entitlement::Dossier;
use crate::error::{Error, Result};
use crate::fact::{FactId, Holder, Kind, What};
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
pub async fn dossier_of(outside: &Outside, site: &str, profiles: &[FactId]) -> Result<(Dossier, Vec<(Holder, u64)>)> {
    let ledger = &outside.ledger;
    let mut facts = BTreeMap::new();
    let mut versions = Vec::new();
    let mut wanted: Vec<FactId> = profiles.to_vec();
    for profile in profiles {
        let (holder, kinds): (Holder, &[Kind]) = match profile.kind {
            Kind::Visitor => (Holder::Visitor(profile.id.clone()), &[Kind::Booking]),
            _ => {
                let kinds = &[Kind::Membership, Kind::Booking, Kind::Pass, Kind::Checkin];
                (Holder::Member(profile.id.clone()), kinds)
            }
        };
        versions.push((holder.clone(), ledger.holder_version(site, &holder).await?));
        wanted.extend(ledger.holdings(site, &holder, kinds).await?);
    }
    for record in ledger.facts(site, &wanted).await?.into_iter().filter(|record| !record.gone) {
        facts.insert(record.fact.name(), record.fact);
    }
    let mut teams: Vec<String> = facts
        .values()
        .filter_map(|fact| match &fact.what {
            What::Member(profile) => profile.team.clone(),
            _ => None,
        })
        .collect();
    teams.sort();
    teams.dedup();
    for team in teams {
        let holder = Holder::Team(team);
        versions.push((holder.clone(), ledger.holder_version(site, &holder).await?));
        let mut wanted = ledger.holdings(site, &holder, &[Kind::Membership, Kind::Pass]).await?;
        wanted.push(holder.profile());
        for record in ledger.facts(site, &wanted).await?.into_iter().filter(|record| !record.gone) {
            facts.insert(record.fact.name(), record.fact);
        }
    }
    Ok((Dossier { facts, profiles: profiles.to_vec() }, versions))
}
