//! Who is in which team, and whose passes a team shares.
//!
//! A team that shares its passes shares those of its paying member; with `TransferCreditsToPayingMember`, or without a
//! paying member, those of all its people. `[D]` Contracts are each coworker's own.

use serde_json::Value;

use super::calls::Calls;
use super::entity::TEAM;
use super::list;
use crate::error::{Error, Result};
use crate::fact::{Holder, Id};
use crate::platform::fields::Record;

/// One team.
pub(super) struct Roster {
    id: Id,
    pub(super) people: Vec<Id>,
    payer: Option<Id>,
    shares: bool,
    pools: bool,
}

impl Roster {
    fn of(team: &Value) -> Option<Roster> {
        let record = Record::of(team)?;
        Some(Roster {
            id: record.id("Id")?,
            people: record.references("TeamMembers"),
            payer: record.reference("PayingMemberId"),
            shares: record.flag("ShareTimePasses"),
            pools: record.flag("TransferCreditsToPayingMember"),
        })
    }

    fn shares_passes_of(&self, coworker: &str) -> bool {
        let theirs = self.payer.as_deref().is_none_or(|payer| payer == coworker) || self.pools;
        self.shares && theirs && self.people.iter().any(|one| one == coworker)
    }
}

/// One team, asked for by its id, for lists leave its people out. `[D]`
pub(super) async fn one(calls: &Calls, id: &str) -> Result<Option<Roster>> {
    Ok(calls.one(&TEAM, id).await?.as_ref().and_then(Roster::of))
}

/// These teams. One that is not there any more has nobody in it.
pub(super) async fn these(calls: &Calls, ids: &[Id]) -> Result<Vec<Roster>> {
    let mut all = Vec::new();
    for id in ids {
        all.extend(one(calls, id).await?);
    }
    Ok(all)
}

/// Every team.
pub(super) async fn all(calls: &Calls) -> Result<Vec<Roster>> {
    let ids = list::all(calls, &TEAM, &[], list::id).await?;
    let mut all = Vec::new();
    for id in ids {
        let roster = one(calls, &id).await?;
        all.push(roster.ok_or_else(|| Error::later("a team of Nexudus' list cannot be read by its id"))?);
    }
    Ok(all)
}

/// The teams that somebody is in.
pub(super) fn of(rosters: &[Roster], coworker: &str) -> Vec<Id> {
    let theirs = rosters.iter().filter(|roster| roster.people.iter().any(|one| one == coworker));
    theirs.map(|roster| roster.id.clone()).collect()
}

/// Who holds a pass of this coworker.
pub(super) fn holders(rosters: &[Roster], coworker: Option<&str>) -> Vec<Holder> {
    let Some(coworker) = coworker else { return Vec::new() };
    let shared = rosters.iter().filter(|roster| roster.shares_passes_of(coworker));
    let shared = shared.map(|roster| Holder::Team(roster.id.clone()));
    std::iter::once(Holder::Member(coworker.into())).chain(shared).collect()
}
