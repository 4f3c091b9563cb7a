//! One person laid open: who they are, everything the platform says of them, and at which versions it said so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::try_join_all;

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
pub async fn dossier_of(outside: &Outside, site: &str, profiles: &[FactId]) -> Result<(Dossier, Vec<(Holder, u64)>)> {
    let own = |profile: &FactId| match profile.kind {
        Kind::Visitor => Holder::Visitor(profile.id.clone()),
        _ => Holder::Member(profile.id.clone()),
    };
    let mut known = laid_open(outside, site, profiles.iter().map(own).collect(), profiles.to_vec()).await?;
    let teams: BTreeSet<String> = known.0.values().flat_map(|fact| teams(fact).iter().cloned()).collect();
    let teams: Vec<Holder> = teams.into_iter().map(Holder::Team).collect();
    let (facts, versions) =
        laid_open(outside, site, teams.clone(), teams.iter().map(Holder::profile).collect()).await?;
    known.0.extend(facts);
    known.1.extend(versions);
    Ok((Dossier { facts: known.0, profiles: profiles.to_vec() }, known.1))
}

type LaidOpen = (BTreeMap<FactId, Arc<Fact>>, Vec<(Holder, u64)>);

/// Live facts about these holders, `more` facts, and the holders' versions.
async fn laid_open(outside: &Outside, site: &str, holders: Vec<Holder>, more: Vec<FactId>) -> Result<LaidOpen> {
    let holdings = holders.iter().map(|holder| outside.ledger.holdings(site, holder));
    let (mut wanted, mut versions) = (more, Vec::new());
    for (holder, (held, version)) in holders.iter().zip(try_join_all(holdings).await?) {
        wanted.extend(held);
        versions.push((holder.clone(), version));
    }
    Ok((live(outside, site, &wanted).await?, versions))
}

fn teams(fact: &Fact) -> &[String] {
    match &fact.what {
        What::Member(profile) => &profile.teams,
        _ => &[],
    }
}

async fn live(outside: &Outside, site: &str, names: &[FactId]) -> Result<BTreeMap<FactId, Arc<Fact>>> {
    let records = outside.ledger.facts(site, names).await?;
    Ok(records.into_iter().filter(|record| !record.gone).map(|record| (record.fact.name(), record.fact)).collect())
}
