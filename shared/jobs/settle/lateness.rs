//! The instant at which each change was due, beside the instant at which it happened: pure. A
//! change is due at the edge of its window or when it was requested, whichever is later: a booking
//! made at 9:20 for 9:00 cannot open earlier.

use jiff::{SignedDuration, Timestamp};

use super::evaluate::Evaluation;
use super::failure::Failure;
use super::person_work::PersonWork;
use doorstep_core::decide::entitlement::{Desired, open_at};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::audit::{AuditAction, AuditEntry};

/// The delay from which an audit entry records what caused it.
const LATE: SignedDuration = SignedDuration::from_secs(30);

/// Adds to each audit entry the instant at which the change was due. For a late change it also adds
/// the problems that delayed it. `at` is the instant of the change.
pub fn stamp(actions: &mut [AuditEntry], evaluation: &Evaluation, at: Timestamp) {
    for action in actions {
        action.due =
            edge(action, &evaluation.desired, at).map(|edge| edge.max(evaluation.asked).min(at));
        action.delay = action
            .due
            .filter(|due| at.duration_since(*due) > LATE)
            .and_then(|_| {
                // Card numbers appear in problems and never in audit entries.
                let problems = &evaluation.state.person.problems;
                let mut problems = problems.iter().filter(|problem| !problem.is_about_card());
                problems
                    .find(|problem| problem.is_at(&action.doors))
                    .map(ToString::to_string)
            });
    }
}

/// Returns the start of the window that opened, or the end of the last window that closed. A window
/// that the facts no longer contain ended long ago.
fn edge(action: &AuditEntry, desired: &Desired, at: Timestamp) -> Option<Timestamp> {
    let at_group = GroupRef::new(&action.doors, action.group.as_ref()?);
    match action.what {
        AuditAction::Granted => {
            let interval = open_at(desired, &at_group, at);
            Some(interval.map_or(Timestamp::MIN, |interval| interval.window.from))
        }
        AuditAction::Revoked => {
            let intervals = desired.get(&at_group);
            let ended = intervals
                .into_iter()
                .flatten()
                .filter_map(|interval| interval.window.until);
            Some(
                ended
                    .filter(|until| *until <= at)
                    .max()
                    .unwrap_or(Timestamp::MIN),
            )
        }
        _ => None,
    }
}

/// Returns whether anything failed that keeps the person waiting at a door.
pub fn waits(work: &PersonWork) -> bool {
    work.failures.iter().any(Failure::keeps_waiting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::decide::entitlement::OpenInterval;
    use doorstep_core::model::account::{AccountId, GroupId};
    use doorstep_core::model::ids::DoorsName;
    use doorstep_core::model::reasons::Reasons;
    use doorstep_core::model::window::Window;

    #[test]
    fn a_change_is_due_at_the_edge_that_it_is_about() {
        let at = |text: &str| -> Timestamp {
            format!("2026-03-02T{text}:00Z")
                .parse()
                .expect("an instant")
        };
        let interval = |from: &str, until: Option<&str>| OpenInterval {
            window: Window {
                from: at(from),
                until: until.map(at),
            },
            because: Reasons::default(),
        };
        let group = GroupId("5".into());
        let windows = vec![
            interval("07:00", Some("08:00")),
            interval("09:00", Some("10:00")),
            interval("12:00", None),
        ];
        let desired = Desired::from([(GroupRef::new(&DoorsName::from("main"), &group), windows)]);
        let edge = |what: AuditAction, now: &str| {
            let action =
                AuditEntry::new(what, &DoorsName::from("main"), &AccountId("7".into()), "b")
                    .in_group(&group);
            super::edge(&action, &desired, at(now))
        };
        assert_eq!(edge(AuditAction::Granted, "09:00"), Some(at("09:00")));
        assert_eq!(edge(AuditAction::Granted, "13:30"), Some(at("12:00")));
        assert_eq!(
            edge(AuditAction::Granted, "11:00"),
            Some(Timestamp::MIN),
            "it is closed by now"
        );
        assert_eq!(edge(AuditAction::Revoked, "08:00"), Some(at("08:00")));
        assert_eq!(edge(AuditAction::Revoked, "11:00"), Some(at("10:00")));
        assert_eq!(
            edge(AuditAction::Revoked, "06:00"),
            Some(Timestamp::MIN),
            "nothing ended"
        );
        assert_eq!(edge(AuditAction::Refused, "09:00"), None);
        let action = AuditEntry::new(
            AuditAction::Granted,
            &DoorsName::from("main"),
            &AccountId("7".into()),
            "b",
        );
        assert_eq!(super::edge(&action, &desired, at("09:00")), None);
    }
}
