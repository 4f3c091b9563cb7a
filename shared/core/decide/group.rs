//! Decides for one account and one group: desired access × actual members × claim → what must
//! change. Pure: it reads nothing and writes nothing. Our member is the group member on which the
//! claim rests.
//!
//! ```text
//! desired  claimed  our member     another member  decision
//! yes      yes      as desired     any             nothing
//! yes      yes      earlier end    any             grant, replacing ours
//! yes      yes      later end      any             grant, replacing ours; nothing where ends only move later
//! yes      yes      none           covers it       disown (given by hand)
//! yes      yes      none           does not        grant (taken away by hand)
//! yes      no       –              covers it       adopt while the group is being taken over, else nothing
//! yes      no       –              does not        grant
//! no       yes      any            any             revoke ours; of a protected account, disown
//! no       yes      none           any             disown
//! no       no       –              any             foreign: nothing, or revoke where the group is exclusive
//! ```
//!
//! Another site of the stack may claim a membership of the account, too. Such a member is *shared*
//! and serves both sites:
//!
//! ```text
//! desired  claimed  group member                  decision
//! yes      yes      ours, shared, covers it       nothing, whatever its end
//! yes      yes      another, shared, covers it    adopt
//! yes      no       shared, covers it             adopt
//! yes      any      shared, does not cover it     grant, replacing it by one that serves both
//! no       yes      ours, shared                  disown: the last site that claims it revokes
//! no       no       shared                        not foreign: nothing
//! ```

use jiff::Timestamp;

use crate::decide::entitlement::OpenInterval;
use crate::model::account::GroupMember;
use crate::model::claim::Claim;

/// The actual state of one account in one group, and the terms that apply to it.
#[derive(Debug, Clone, Copy)]
pub struct ActualMembership<'a> {
    /// The account's entries in the group's member list.
    pub members: &'a [GroupMember],
    /// The door system ends memberships by itself, so Doorstep's members carry the end of their
    /// window.
    pub ends_by_itself: bool,
    /// The account is protected: it is never revoked.
    pub protected: bool,
    /// The group is exclusive: an account that is not entitled is removed, even if it was added by
    /// hand.
    pub exclusive: bool,
    /// The group is being taken over: Doorstep adopts entitled people who are in it already.
    pub taken_over: bool,
    /// The direction in which the end of a claimed membership may move.
    pub ends: EndDirection,
    /// The ends of the memberships that other sites of the stack claim for this account in this
    /// group.
    pub elsewhere: &'a [Option<Timestamp>],
}

impl ActualMembership<'_> {
    fn has_end_of(&self, until: Option<Timestamp>, member: &GroupMember) -> bool {
        !self.ends_by_itself || until == member.until
    }

    /// Returns whether another site's claim rests on a member with this end.
    fn is_shared(&self, member: &GroupMember) -> bool {
        self.elsewhere
            .iter()
            .any(|until| self.has_end_of(*until, member))
    }

    /// Returns whether other sites' claims need this member: the group has at most as many members
    /// with this end as they claim.
    fn is_needed_elsewhere(&self, member: &GroupMember) -> bool {
        let claims = self
            .elsewhere
            .iter()
            .filter(|until| self.has_end_of(**until, member))
            .count();
        let alike = self
            .members
            .iter()
            .filter(|other| self.has_end_of(member.until, other))
            .count();
        claims > 0 && alike <= claims
    }
}

/// The direction in which an end may move, at a door system that ends memberships by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndDirection {
    /// The end follows the window.
    Follow,
    /// The end only moves later, because an earlier end would take access away. Applies in mode
    /// `grant-only` and to protected people.
    LaterOnly,
}

impl EndDirection {
    /// Returns whether a member that ends at `new` may replace one that ends at `old`. `None` has
    /// no end.
    pub fn allow(self, old: Option<Timestamp>, new: Option<Timestamp>) -> bool {
        self == EndDirection::Follow || !ends_later(old, new)
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
        member: GroupMember,
        /// Whether the membership never belonged to Doorstep.
        foreign: bool,
    },
    /// Store a claim on an existing membership. Nothing changes at the door.
    Adopt {
        /// The end of the existing member.
        until: Option<Timestamp>,
    },
    /// Drop the claim. Nothing changes at the door.
    Disown,
}

/// Returns the member on which a claim rests: the one with the end that Doorstep set.
pub fn our_member(
    members: &[GroupMember],
    until: Option<Timestamp>,
    ends_by_itself: bool,
) -> Option<&GroupMember> {
    members
        .iter()
        .rev()
        .find(|member| !ends_by_itself || member.until == until)
}

/// Returns whether a member opens anything at `now`.
pub fn is_valid(member: &GroupMember, now: Timestamp) -> bool {
    member.from.is_none_or(|from| from <= now) && member.until.is_none_or(|until| now < until)
}

/// Decides what must change, by the tables at the top of this module.
pub fn decide_group(
    desired: Option<&OpenInterval>,
    claim: Option<&Claim>,
    actual: ActualMembership<'_>,
    now: Timestamp,
) -> GroupDecision {
    let ours =
        claim.and_then(|claim| our_member(actual.members, claim.until, actual.ends_by_itself));
    match (desired, claim) {
        (Some(interval), Some(_)) => claimed(interval, ours, actual, now),
        (Some(interval), None) => unclaimed(interval, actual, now),
        (None, Some(_)) => match ours {
            Some(member) if actual.is_needed_elsewhere(member) => GroupDecision::Disown,
            Some(member) if !actual.protected => GroupDecision::Revoke {
                member: member.clone(),
                foreign: false,
            },
            _ => GroupDecision::Disown,
        },
        (None, None) => match actual
            .members
            .iter()
            .find(|member| !actual.is_needed_elsewhere(member))
        {
            Some(member) if actual.exclusive && !actual.protected => GroupDecision::Revoke {
                member: member.clone(),
                foreign: true,
            },
            _ => GroupDecision::Nothing,
        },
    }
}

fn claimed(
    interval: &OpenInterval,
    ours: Option<&GroupMember>,
    actual: ActualMembership<'_>,
    now: Timestamp,
) -> GroupDecision {
    let end = end_at_doors(interval, actual);
    match ours {
        Some(member)
            if is_valid(member, now)
                && (member.until == end || !actual.ends.allow(member.until, end)) =>
        {
            GroupDecision::Nothing
        }
        Some(member) if actual.is_needed_elsewhere(member) && covers(member, interval, now) => {
            GroupDecision::Nothing
        }
        Some(member) => GroupDecision::Grant {
            until: end,
            replaces: vec![member.clone()],
        },
        None => match covering(interval, actual, now) {
            Some(member) if actual.is_shared(member) => GroupDecision::Adopt {
                until: member.until,
            },
            Some(_) => GroupDecision::Disown,
            None => GroupDecision::Grant {
                until: end,
                replaces: replaced(actual, now),
            },
        },
    }
}

fn unclaimed(
    interval: &OpenInterval,
    actual: ActualMembership<'_>,
    now: Timestamp,
) -> GroupDecision {
    match covering(interval, actual, now) {
        Some(member) if actual.taken_over || actual.is_shared(member) => GroupDecision::Adopt {
            until: member.until,
        },
        Some(_) => GroupDecision::Nothing,
        None => GroupDecision::Grant {
            until: end_at_doors(interval, actual),
            replaces: replaced(actual, now),
        },
    }
}

/// Returns the end that Doorstep sets at the door system.
fn end_at_doors(interval: &OpenInterval, actual: ActualMembership<'_>) -> Option<Timestamp> {
    interval.window.until.filter(|_| actual.ends_by_itself)
}

/// Returns a member that opens now and does not end before the interval. One that another site
/// claims comes first.
fn covering<'a>(
    interval: &OpenInterval,
    actual: ActualMembership<'a>,
    now: Timestamp,
) -> Option<&'a GroupMember> {
    let mut members = actual
        .members
        .iter()
        .filter(|member| covers(member, interval, now));
    let first = members.clone().next();
    members.find(|member| actual.is_shared(member)).or(first)
}

fn covers(member: &GroupMember, interval: &OpenInterval, now: Timestamp) -> bool {
    is_valid(member, now) && !ends_later(interval.window.until, member.until)
}

/// Returns the members that a new one replaces. An expired member opens nothing, but a door system
/// may refuse a second one beside it. A member that another site claims ends sooner, and the new
/// one serves both sites.
fn replaced(actual: ActualMembership<'_>, now: Timestamp) -> Vec<GroupMember> {
    let goes = |member: &&GroupMember| {
        member.until.is_some_and(|until| until <= now) || actual.is_shared(member)
    };
    actual.members.iter().filter(goes).cloned().collect()
}

#[cfg(test)]
mod tests;
