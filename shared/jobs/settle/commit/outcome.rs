//! The outcome of one person's round, and the minute of the next try: pure.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::settle::failure::Failure;
use doorstep_core::budgets::rounds::{LONGEST_BACK_OFF, LONGEST_PAUSE, RETRIES_EACH_MINUTE};
use doorstep_core::decide::action::Action;
use doorstep_core::decide::doors_context::DoorsContext;
use doorstep_core::decide::person::PersonDecision;
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::minute::Minute;
use doorstep_core::model::person::Person;
use doorstep_core::site::WithoutAccess;

/// The outcome of one person's round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundOutcome {
    /// Nothing is left to do.
    Settled,
    /// The applied actions may require another round.
    Again,
    /// The rest of the work belongs to another phase.
    Left,
    /// Something failed.
    Failed,
    /// It failed too often. The person is due at a later minute.
    GaveUp,
}

/// The course of one person's round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundResult {
    /// Nothing failed. The applied actions may require another round.
    Done {
        /// They do require one.
        more: bool,
    },
    /// Something failed, and another round retries it.
    Failed,
    /// Something failed, and no other round of this run retries it.
    FailedForGood {
        /// The shortest pause that vendors requested; `None` unless every failure came with one.
        asked: Option<Duration>,
    },
}

/// Returns the shortest pause that vendors requested; `None` unless every failure came with one.
pub fn earliest_pause(failures: &[Failure]) -> Option<Duration> {
    let pauses = failures.iter().map(|failure| match failure.error {
        Error::Retry { after, .. } => after,
        Error::Permanent(_) | Error::Invalid(_) | Error::Held(_) => None,
    });
    pauses.collect::<Option<Vec<Duration>>>()?.into_iter().min()
}

/// Returns the outcome of a round, and sets when a person who failed too often is retried.
pub fn conclude(person: &mut Person, result: RoundResult, now: Timestamp) -> RoundOutcome {
    match result {
        RoundResult::Done { more } => {
            person.failures = 0;
            if more {
                RoundOutcome::Again
            } else {
                RoundOutcome::Settled
            }
        }
        RoundResult::Failed => RoundOutcome::Failed,
        RoundResult::FailedForGood { asked } => {
            person.failures += 1;
            let retry = match asked
                .and_then(|asked| SignedDuration::try_from(asked.min(LONGEST_PAUSE)).ok())
            {
                Some(asked) => Minute::not_before(now.saturating_add(asked).unwrap_or(now)),
                None => Minute::of(now).later(back_off(person.failures)),
            };
            let retry = retry.max(Minute::of(now).later(1)).start();
            person.next = Some(person.next.map_or(retry, |next| next.min(retry)));
            RoundOutcome::GaveUp
        }
    }
}

/// Returns whether the applied actions require another round. After a person left the last group,
/// Doorstep takes back the cards, and may then suspend or delete the account. A claim with older
/// members needs another round until the last of them is gone.
pub fn needs_aftercare(
    decision: &PersonDecision,
    person: &Person,
    systems: &BTreeMap<DoorsName, DoorsContext>,
) -> bool {
    decision.actions().any(|(doors, step)| match step {
        Action::Revoke { group, .. } => {
            let keeps = systems
                .get(doors)
                .is_none_or(|system| system.without_access(person) == WithoutAccess::Keep);
            !keeps || person.has_cards_at(doors) || person.claim(doors, group).is_some()
        }
        Action::Tidy { .. } | Action::Untag(_) => true,
        _ => false,
    })
}

/// Returns the minutes until a person is retried after this many failures.
fn back_off(failures: u32) -> i64 {
    (1 << failures.saturating_sub(RETRIES_EACH_MINUTE).min(16)).min(LONGEST_BACK_OFF)
}
