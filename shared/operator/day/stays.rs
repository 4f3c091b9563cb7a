//! What really was: the spans in which a person was in a group, by the audit records and the
//! present claims. Pure.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use doorstep_core::model::account::GroupRef;
use doorstep_core::model::audit::{AuditAction, Record};
use doorstep_core::model::claim::Claim;
use doorstep_core::model::ids::PersonId;
use doorstep_core::model::window::Window;

/// How much earlier than its audit record a claim may begin: both are of one evaluation.
const ONE_EVALUATION: SignedDuration = SignedDuration::from_mins(5);

/// One span in which a person was in a group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stay<'r> {
    /// When it began; `None` if that was before every record that was read.
    pub from: Option<Timestamp>,
    /// The record of its begin.
    pub opened: Option<&'r Record>,
    /// When it ended; `None` while it goes on, and where no record says when.
    pub until: Option<Timestamp>,
    /// The record of its end.
    pub closed: Option<&'r Record>,
    /// Whether it goes on: Doorstep has a claim.
    pub goes_on: bool,
}

impl Stay<'_> {
    /// Returns whether it overlaps a window.
    pub fn overlaps(&self, window: &Window) -> bool {
        let begins = window.until.is_none_or(|until| self.from < Some(until));
        begins && self.until.is_none_or(|until| until > window.from)
    }
}

/// The records of one person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PersonRecords<'r> {
    /// The grants and revokes of each group.
    pub moves: BTreeMap<GroupRef, Vec<&'r Record>>,
    /// What the door systems refused.
    pub refused: Vec<&'r Record>,
}

/// Returns the records of each person.
pub fn by_person(records: &[Record]) -> BTreeMap<&PersonId, PersonRecords<'_>> {
    let mut people: BTreeMap<&PersonId, PersonRecords<'_>> = BTreeMap::new();
    for record in records {
        let action = &record.action;
        match (action.what, &action.group) {
            (AuditAction::Granted | AuditAction::Revoked, Some(group)) => {
                let at = GroupRef::new(&action.doors, group);
                let person = people.entry(&record.person).or_default();
                person.moves.entry(at).or_default().push(record);
            }
            (AuditAction::Refused, _) => {
                people
                    .entry(&record.person)
                    .or_default()
                    .refused
                    .push(record);
            }
            _ => {}
        }
    }
    people
}

/// Returns the spans in which a person was in one group, by the records about it and the present
/// claim. A grant to a person who is in already only changes the end, and begins nothing.
pub fn stays<'r>(moves: &[&'r Record], claim: Option<&Claim>, now: Timestamp) -> Vec<Stay<'r>> {
    let (mut all, mut open) = (Vec::new(), before(moves, claim));
    for record in moves {
        match (record.action.what, open) {
            (AuditAction::Granted, None) => {
                open = Some(Stay {
                    from: Some(record.at),
                    opened: Some(record),
                    ..Stay::default()
                });
            }
            (AuditAction::Granted, Some(_)) => {}
            _ => {
                all.push(Stay {
                    until: Some(record.at),
                    closed: Some(record),
                    ..open.take().unwrap_or_default()
                });
            }
        }
    }
    let claimed = |claim: &Claim| Stay {
        from: Some(claim.since),
        ..Stay::default()
    };
    if let Some(last) = open.or_else(|| claim.map(claimed)) {
        // The door system ends some memberships by itself.
        let ended = claim.and_then(|claim| claim.until.filter(|until| *until <= now));
        all.push(Stay {
            until: ended,
            goes_on: claim.is_some() && ended.is_none(),
            ..last
        });
    }
    all
}

/// Returns the span that began before the first record, if the claim shows that.
fn before<'r>(moves: &[&'r Record], claim: Option<&Claim>) -> Option<Stay<'r>> {
    let (first, claim) = (moves.first()?, claim?);
    let began = claim.since.checked_add(ONE_EVALUATION).ok()?;
    let is_new_end = first.action.what == AuditAction::Granted && began < first.at;
    is_new_end.then_some(Stay {
        from: Some(claim.since),
        ..Stay::default()
    })
}
