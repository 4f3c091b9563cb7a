//! Desired × held × claims → what must change at one group for one account. Pure: it reads nothing and writes nothing.
//!
//! ```text
//! wanted  claimed  our line      another line   verdict
//! yes     yes      as wanted     any            nothing
//! yes     yes      earlier end   any            grant, replacing ours
//! yes     yes      later end     any            grant, replacing ours; nothing where ends only move later
//! yes     yes      none          covers it      release (somebody gave it by hand)
//! yes     yes      none          does not       grant (somebody took it away by hand)
//! yes     no       –             covers it      adopt while the group is being taken over, else nothing
//! yes     no       –             does not       grant
//! no      yes      any           any            revoke ours; of a protected account, release
//! no      yes      none          any            release
//! no      no       –             any            foreign: nothing, or revoke where the group is ours alone
//! ```
//!
//! Where another site of the stack claims the account's membership, too (*shared*), the line serves both:
//!
//! ```text
//! wanted  claimed  line                          verdict
//! yes     yes      ours, shared, covers it       nothing, whatever its end
//! yes     yes      another, shared, covers it    adopt
//! yes     no       shared, covers it             adopt
//! yes     any      shared, does not cover it     grant, replacing it by one that serves both
//! no      yes      ours, shared                  release: the site that claims it last revokes
//! no      no       shared                        not foreign: nothing
//! ```

use jiff::Timestamp;

use crate::decide::entitlement::OpenInterval;
use crate::model::account::GroupMember;
use crate::model::person::Claim;

/// What one account holds in one group, and on what terms.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The account's lines in the group.
    pub rows: &'a [GroupMember],
    /// The door system ends membership by itself, so our lines carry the end of their window.
    pub ends_by_itself: bool,
    /// Never revoked.
    pub protected: bool,
    /// Whoever is not entitled is removed, whoever put them there.
    pub exclusive: bool,
    /// The group is being taken over: entitled people already in it become ours.
    pub taken_over: bool,
    /// Which way the end of our line may move.
    pub ends: Ends,
    /// The ends of the memberships that other sites of the stack claim for this account in this group.
    pub elsewhere: &'a [Option<Timestamp>],
}

impl Held<'_> {
    fn alike(&self, until: Option<Timestamp>, row: &GroupMember) -> bool {
        !self.ends_by_itself || until == row.until
    }

    /// Whether another site's claim rests on a line of this end.
    fn is_shared(&self, row: &GroupMember) -> bool {
        self.elsewhere.iter().any(|until| self.alike(*until, row))
    }

    /// Whether other sites' claims need this very line: there are not more lines of its end than they claim.
    fn is_needed_elsewhere(&self, row: &GroupMember) -> bool {
        let claims = self.elsewhere.iter().filter(|until| self.alike(**until, row)).count();
        let lines = self.rows.iter().filter(|other| self.alike(row.until, other)).count();
        claims > 0 && lines <= claims
    }
}

/// Which way the end of a membership may move at a door system that ends it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// It follows the window.
    Follow,
    /// It only moves later: an earlier end would take access away. Holds in mode `grant-only` and for protected people.
    LaterOnly,
}

impl Ends {
    /// Whether a line that ends at `old` may give way to one that ends at `new`. `None` has no end.
    pub fn allow(self, old: Option<Timestamp>, new: Option<Timestamp>) -> bool {
        self == Ends::Follow || !ends_later(old, new)
    }
}

/// Whether a line until `one` lasts longer than a line until `other`.
fn ends_later(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    match (one, other) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(one), Some(other)) => one > other,
    }
}

/// What must change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupDecision {
    /// All is as it should be, or not ours to change.
    Nothing,
    /// Put the account in.
    Grant {
        /// The end to give at the door system.
        until: Option<Timestamp>,
        /// Lines that the new one takes the place of.
        replaces: Vec<GroupMember>,
    },
    /// Take this line out.
    Revoke {
        /// The line.
        row: GroupMember,
        /// It was never ours.
        foreign: bool,
    },
    /// Write down that what is held is ours. Nothing changes at the door.
    Adopt {
        /// The end that the line has.
        until: Option<Timestamp>,
    },
    /// Forget that it was ours. Nothing changes at the door.
    Release,
}

/// The line that a claim speaks of: the one with the end that we gave it.
pub fn our_line(rows: &[GroupMember], until: Option<Timestamp>, ends_by_itself: bool) -> Option<&GroupMember> {
    rows.iter().rev().find(|row| !ends_by_itself || row.until == until)
}

/// Whether a line opens at `now`.
pub fn is_valid(row: &GroupMember, now: Timestamp) -> bool {
    row.from.is_none_or(|from| from <= now) && row.until.is_none_or(|until| now < until)
}

/// Decides; see the table above.
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

/// The end that a line of ours carries.
fn end_at_doors(stretch: &OpenInterval, held: Held<'_>) -> Option<Timestamp> {
    stretch.window.until.filter(|_| held.ends_by_itself)
}

/// A line that opens now and does not end before the stretch does: one that another site claims before all others.
fn covering<'a>(stretch: &OpenInterval, held: Held<'a>, now: Timestamp) -> Option<&'a GroupMember> {
    let mut rows = held.rows.iter().filter(|row| covers(row, stretch, now));
    let first = rows.clone().next();
    rows.find(|row| held.is_shared(row)).or(first)
}

fn covers(row: &GroupMember, stretch: &OpenInterval, now: Timestamp) -> bool {
    is_valid(row, now) && !ends_later(stretch.window.until, row.until)
}

/// Lines that a new one takes the place of. Lines that are over open nothing, but a door system may refuse a second one
/// beside them; one that another site claims ends sooner, and the new one serves both.
fn replaced(held: Held<'_>, now: Timestamp) -> Vec<GroupMember> {
    let goes = |row: &&GroupMember| row.until.is_some_and(|until| until <= now) || held.is_shared(row);
    held.rows.iter().filter(goes).cloned().collect()
}

#[cfg(test)]
mod tests;
