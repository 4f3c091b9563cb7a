//! The people of a team.

use std::collections::HashMap;

use serde_json::Value;

use crate::platform::fields::Record;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Holder, Id};

/// One team and its members.
#[derive(Debug, Clone)]
pub(super) struct Roster {
    pub(super) id: Id,
    pub(super) people: Vec<Id>,
    pub(super) payer: Option<Id>,
    pub(super) shares: bool,
    pub(super) pools: bool,
}

impl Roster {
    /// Returns the team in a record; `None` if the record does not list the members. Such a record says nothing about
    /// who is in the team. Lists leave the members out. `[D]`
    pub(super) fn of(team: &Value) -> Option<Roster> {
        let record = Record::of(team)?;
        record.value("TeamMembers").filter(|people| people.is_array())?;
        let roster = Roster {
            id: record.id("Id")?,
            people: record.references("TeamMembers"),
            payer: record.reference("PayingMemberId"),
            shares: record.flag("ShareTimePasses"),
            pools: record.flag("TransferCreditsToPayingMember"),
        };
        record.malformed().is_none().then_some(roster)
    }

    /// Returns whether the team shares the passes of this member.
    pub(super) fn shares_passes_of(&self, coworker: &str) -> bool {
        self.shares && self.may_share_of(coworker)
    }

    /// Returns whether the team would share the passes of this member, if it shared passes.
    fn may_share_of(&self, coworker: &str) -> bool {
        let theirs = self.payer.as_deref().is_none_or(|payer| payer == coworker) || self.pools;
        theirs && self.people.iter().any(|one| one == coworker)
    }

    /// Returns the members whose passes the team shares while it shares passes.
    pub(super) fn owners(&self) -> Vec<Id> {
        self.people.iter().filter(|coworker| self.may_share_of(coworker)).cloned().collect()
    }
}

/// Teams that were read so far, by id.
pub(super) type Rosters = HashMap<Id, Result<Option<Roster>>>;

/// Returns the teams of a person.
pub(super) fn of(rosters: &[Roster], coworker: &str) -> Vec<Id> {
    let theirs = rosters.iter().filter(|roster| roster.people.iter().any(|one| one == coworker));
    theirs.map(|roster| roster.id.clone()).collect()
}

/// Returns the holders of a pass of this coworker.
pub(super) fn holders(rosters: &[Roster], coworker: Option<&str>) -> Vec<Holder> {
    let Some(coworker) = coworker else { return Vec::new() };
    let shared = rosters.iter().filter(|roster| roster.shares_passes_of(coworker));
    let shared = shared.map(|roster| Holder::Team(roster.id.clone()));
    std::iter::once(Holder::Member(coworker.into())).chain(shared).collect()
}
