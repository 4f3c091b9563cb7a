//! The people of a team.

use std::collections::HashMap;

use serde_json::Value;

use crate::platform::fields::JsonRecord;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Holder, Id};

/// One team and its members.
#[derive(Debug, Clone)]
pub(super) struct TeamMembers {
    pub(super) id: Id,
    pub(super) people: Vec<Id>,
    pub(super) payer: Option<Id>,
    pub(super) shares: bool,
    pub(super) pools: bool,
}

impl TeamMembers {
    /// Returns the team in a record; `None` if the record does not list the members. Such a record
    /// says nothing about who is in the team. Lists leave the members out. `[D]`
    pub(super) fn of(team: &Value) -> Option<TeamMembers> {
        let record = JsonRecord::of(team)?;
        record
            .value("TeamMembers")
            .filter(|people| people.is_array())?;
        let team_members = TeamMembers {
            id: record.id("Id")?,
            people: record.references("TeamMembers"),
            payer: record.reference("PayingMemberId"),
            shares: record.flag("ShareTimePasses"),
            pools: record.flag("TransferCreditsToPayingMember"),
        };
        record.malformed().is_none().then_some(team_members)
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
        self.people
            .iter()
            .filter(|coworker| self.may_share_of(coworker))
            .cloned()
            .collect()
    }
}

/// Teams that were read so far, by id.
pub(super) type TeamMembersById = HashMap<Id, Result<Option<TeamMembers>>>;

/// Returns the teams of a person.
pub(super) fn of(team_members_lists: &[TeamMembers], coworker: &str) -> Vec<Id> {
    let theirs = team_members_lists
        .iter()
        .filter(|team_members| team_members.people.iter().any(|one| one == coworker));
    theirs.map(|team_members| team_members.id.clone()).collect()
}

/// Returns the holders of a pass of this coworker.
pub(super) fn holders(team_members_lists: &[TeamMembers], coworker: Option<&str>) -> Vec<Holder> {
    let Some(coworker) = coworker else {
        return Vec::new();
    };
    let shared = team_members_lists
        .iter()
        .filter(|team_members| team_members.shares_passes_of(coworker));
    let shared = shared.map(|team_members| Holder::Team(team_members.id.clone()));
    std::iter::once(Holder::Member(coworker.into()))
        .chain(shared)
        .collect()
}
