//! Decides for one account and one group: desired access × actual members × claim → what must change. Pure: it reads
//! nothing and writes nothing. Our member is the group member on which the claim rests.
//!
//! ```text
//! desired  claimed  our member     another member  decision
//! yes      yes      as desired     any             nothing
//! yes      yes      earlier end    any             grant, replacing ours
//! yes      yes      later end      any             grant, replacing ours; nothing where ends only move later
//! yes      yes      none           covers it       release (given by hand)
//! yes      yes      none           does not        grant (taken away by hand)
//! yes      no       –              covers it       adopt while the group is being taken over, else nothing
//! yes      no       –              does not        grant
//! no       yes      any            any             revoke ours; of a protected account, release
//! no       yes      none           any             release
//! no       no       –              any             foreign: nothing, or revoke where the group is exclusive
//! ```
//!
//! Another site of the stack may claim a membership of the account, too. Such a member is *shared* and serves both
//! sites:
//!
//! ```text
//! desired  claimed  group member                  decision
//! yes      yes      ours, shared, covers it       nothing, whatever its end
//! yes      yes      another, shared, covers it    adopt
//! yes      no       shared, covers it             adopt
//! yes      any      shared, does not cover it     grant, replacing it by one that serves both
//! no       yes      ours, shared                  release: the last site that claims it revokes
//! no       no       shared                        not foreign: nothing
//! ```

use jiff::Timestamp;

use crate::decide::entitlement::OpenInterval;
use crate::model::account::GroupMember;
use crate::model::person::Claim;

/// The actual state of one account in one group, and the terms that apply to it.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The account's entries in the group's member list.
    pub rows: &'a [GroupMember],
    /// The door system ends memberships by itself, so Doorstep's members carry the end of their window.
    pub ends_by_itself: bool,
    /// The account is protected: it is never revoked.
    pub protected: bool,
    /// The group is exclusive: an account that is not entitled is removed, even if it was added by hand.
    pub exclusive: bool,
    /// The group is being taken over: Doorstep adopts entitled people who are in it already.
    pub taken_over: bool,
    /// The direction in which the end of a claimed membership may move.
    pub ends: Ends,
    /// The ends of the memberships that other sites of the stack claim for this account in this group.
    pub elsewhere: &'a [Option<Timestamp>],
}

impl Held<'_> {
    fn alike(&self, until: Option<Timestamp>, row: &GroupMember) -> bool {
        !self.ends_by_itself || until == row.until
    }

    /// Returns whether another site's claim rests on a member with this end.
    fn is_shared(&self, row: &GroupMember) -> bool {
        self.elsewhere.iter().any(|until| self.alike(*until, row))
    }

    /// Returns whether other sites' claims need this member: the group has at most as many members with this end as
    /// they claim.
    fn is_needed_elsewhere(&self, row: &GroupMember) -> bool {
        let claims = self.elsewhere.iter().filter(|until| self.alike(**until, row)).count();
        let lines = self.rows.iter().filter(|other| self.alike(row.until, other)).count();
        claims > 0 && lines <= claims
    }
}

/// The direction in which an end may move, at a door system that ends memberships by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// The end follows the window.
    Follow,
    /// The end only moves later, because an earlier end would take access away. Applies in mode `grant-only` and to
    /// protected people.
    LaterOnly,
}

impl Ends {
    /// Returns whether a member that ends at `new` may replace one that ends at `old`. `None` has no end.
    pub fn allow(self, old: Option<Timestamp>, new: Option<Timestamp>) -> bool {
        self == Ends::Follow || !ends_later(old, new)
    }
}

/// Returns whether a member until `one` lasts longer than a member until `other`.
fn ends_later(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    match (one, other) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(one), Some(other)) => one > other,
    }
}

/// The decision for one account in one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupDecision {
    /// Nothing changes: all is as desired, or Doorstep may not change it.
    Nothing,
    /// Put the account into the group.
    Grant {
        /// The end to set at the door system.
        until: Option<Timestamp>,
        /// Group members that the new one replaces.
        replaces: Vec<GroupMember>,
    },
    /// Remove this group member.
    Revoke {
        /// The group member.
        row: GroupMember,
        /// Whether the membership never belonged to Doorstep.
        foreign: bool,
    },
    /// Store a claim on an existing membership. Nothing changes at the door.
    Adopt {
        /// The end of the existing member.
        until: Option<Timestamp>,
    },
    /// Drop the claim. Nothing changes at the door.
    Release,
}

/// Returns the member on which a claim rests: the one with the end that Doorstep set.
pub fn our_line(rows: &[GroupMember], until: Option<Timestamp>, ends_by_itself: bool) -> Option<&GroupMember> {
    rows.iter().rev().find(|row| !ends_by_itself || row.until == until)
}

/// Returns whether a member opens anything at `now`.
pub fn is_valid(row: &GroupMember, now: Timestamp) -> bool {
    row.from.is_none_or(|from| from <= now) && row.until.is_none_or(|until| now < until)
}

/// Decides what must change, by the tables at the top of this module.
pub fn judge(wanted: Option<&OpenInterval>, claim: Option<&Claim>, held: Held<'_>, now: Timestamp) -> GroupDecision {
    let ours = claim.and_then(|claim| our_line(held.rows, claim.until, held.ends_by_itself));
    match (wanted, claim) {
        (Some(stretch), Some(_)) => claimed(stretch, ours, held, now),
        (Some(stretch), None) => unclaimed(stretch, held, now),
        (None, Some(_)) => match ours {
            Some(row) if held.is_needed_elsewhere(row) => GroupDecision::Release,
            Some(row) if !held.protected => GroupDecision::Revoke { row: row.clone(), foreign: false },
            _ => GroupDecision::Release,
        },
        (None, None) => match held.rows.iter().find(|row| !held.is_needed_elsewhere(row)) {
            Some(row) if held.exclusive && !held.protected => GroupDecision::Revoke { row: row.clone(), foreign: true },
            _ => GroupDecision::Nothing,
        },
    }
}

fn claimed(stretch: &OpenInterval, ours: Option<&GroupMember>, held: Held<'_>, now: Timestamp) -> GroupDecision {
    let end = end_at_doors(stretch, held);
    match ours {
        Some(row) if is_valid(row, now) && (row.until == end || !held.ends.allow(row.until, end)) => {
            GroupDecision::Nothing
        }
        Some(row) if held.is_needed_elsewhere(row) && covers(row, stretch, now) => GroupDecision::Nothing,
        Some(row) => GroupDecision::Grant { until: end, replaces: vec![row.clone()] },
        None => match covering(stretch, held, now) {
            Some(row) if held.is_shared(row) => GroupDecision::Adopt { until: row.until },
            Some(_) => GroupDecision::Release,
            None => GroupDecision::Grant { until: end, replaces: replaced(held, now) },
        },
    }
}

fn unclaimed(stretch: &OpenInterval, held: Held<'_>, now: Timestamp) -> GroupDecision {
    match covering(stretch, held, now) {
        Some(row) if held.taken_over || held.is_shared(row) => GroupDecision::Adopt { until: row.until },
        Some(_) => GroupDecision::Nothing,
        None => GroupDecision::Grant { until: end_at_doors(stretch, held), replaces: replaced(held, now) },
    }
}

/// Returns the end that Doorstep sets at the door system.
fn end_at_doors(stretch: &OpenInterval, held: Held<'_>) -> Option<Timestamp> {
    stretch.window.until.filter(|_| held.ends_by_itself)
}

/// Returns a member that opens now and does not end before the interval. One that another site claims comes first.
fn covering<'a>(stretch: &OpenInterval, held: Held<'a>, now: Timestamp) -> Option<&'a GroupMember> {
    let mut rows = held.rows.iter().filter(|row| covers(row, stretch, now));
    let first = rows.clone().next();
    rows.find(|row| held.is_shared(row)).or(first)
}

fn covers(row: &GroupMember, stretch: &OpenInterval, now: Timestamp) -> bool {
    is_valid(row, now) && !ends_later(stretch.window.until, row.until)
}

/// Returns the members that a new one replaces. An expired member opens nothing, but a door system may refuse a
/// second one beside it. A member that another site claims ends sooner, and the new one serves both sites.
fn replaced(held: Held<'_>, now: Timestamp) -> Vec<GroupMember> {
    let goes = |row: &&GroupMember| row.until.is_some_and(|until| until <= now) || held.is_shared(row);
    held.rows.iter().filter(goes).cloned().collect()
}

#[cfg(test)]
mod tests;
