//! The suspension of guests' accounts between two visits, which frees their seats: pure.
//!
//! A guest's later visits may be weeks ahead. If a door system counts seats and the site file
//! suspends guests, the account is suspended when a visit is over and the next one is further ahead
//! than `SHORTEST_PAUSE`. It is resumed `HEAD_START` before the next window, so that a missing seat
//! shows before the guest stands at the door.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::budgets::guest_seats::{HEAD_START, SHORTEST_PAUSE};
use crate::decide::doors_context::DoorsContext;
use crate::decide::entitlement::Desired;
use crate::model::ids::DoorsName;
use crate::model::minute::Minute;
use crate::model::person::Person;
use crate::site::WithoutAccess;

/// Returns whether this person's account at this door system gives its seat back between visits.
pub fn gives_seat_back(person: &Person, doors_context: &DoorsContext) -> bool {
    doors_context.capabilities.counts_seats
        && person.is_guest()
        && doors_context.config.guest_accounts == WithoutAccess::Suspend
}

/// Returns whether no window at this door system is open, or opens soon.
pub fn is_between_visits(desired: &Desired, doors: &DoorsName, now: Timestamp) -> bool {
    !opens_within(desired, doors, now, SHORTEST_PAUSE)
}

/// Returns whether a window at this door system opens so soon that a suspended account is resumed.
pub fn is_about_to_come(desired: &Desired, doors: &DoorsName, now: Timestamp) -> bool {
    opens_within(desired, doors, now, HEAD_START)
}

/// Returns when the first of this person's accounts is to be resumed for a later visit; `None` if
/// none is suspended until then.
pub fn resume_at(
    person: &Person,
    desired: &Desired,
    contexts: &BTreeMap<DoorsName, DoorsContext>,
    now: Timestamp,
) -> Option<Timestamp> {
    let resting = person.accounts.keys().filter_map(|doors| {
        let rests = contexts
            .get(doors)
            .is_some_and(|doors_context| gives_seat_back(person, doors_context));
        let next = windows(desired, doors)
            .map(|(from, _)| from)
            .filter(|&from| from > now)
            .min();
        let next = next.filter(|_| rests && is_between_visits(desired, doors, now))?;
        next.checked_sub(HEAD_START)
            .ok()
            .map(|at| Minute::of(at).start())
            .filter(|&at| at > now)
    });
    resting.min()
}

/// Returns whether a window at this door system is open, or begins within `span`.
fn opens_within(
    desired: &Desired,
    doors: &DoorsName,
    now: Timestamp,
    span: SignedDuration,
) -> bool {
    let soon = now.saturating_add(span).unwrap_or(Timestamp::MAX);
    windows(desired, doors)
        .any(|(from, until)| from <= soon && until.is_none_or(|until| now < until))
}

fn windows(
    desired: &Desired,
    doors: &DoorsName,
) -> impl Iterator<Item = (Timestamp, Option<Timestamp>)> {
    let here = desired.iter().filter(move |(at, _)| at.doors == *doors);
    here.flat_map(|(_, intervals)| intervals)
        .map(|interval| (interval.window.from, interval.window.until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::entitlement::OpenInterval;
    use crate::model::account::{GroupId, GroupRef};
    use crate::model::reasons::Reasons;
    use crate::model::window::Window;

    fn at(text: &str) -> Timestamp {
        format!("2026-03-{text}:00Z").parse().expect("an instant")
    }

    fn visits() -> Desired {
        let visit = |from: &str, until: &str| OpenInterval {
            window: Window::new(at(from), Some(at(until))).expect("a window"),
            because: Reasons::default(),
        };
        let all = vec![
            visit("02T09:45", "02T11:15"),
            visit("02T11:40", "02T12:00"),
            visit("20T09:45", "20T11:15"),
        ];
        Desired::from([(
            GroupRef::new(&DoorsName::from("main"), &GroupId("g".into())),
            all,
        )])
    }

    #[test]
    fn a_pause_is_long_enough_or_it_is_none() {
        let between = |now: &str| is_between_visits(&visits(), &DoorsName::from("main"), at(now));
        assert!(!between("02T10:00"), "a visit");
        assert!(!between("02T11:15"), "25 minutes until the next one");
        assert!(between("02T12:00") && between("19T12:00"));
        assert!(!between("20T09:20"));
        assert!(is_between_visits(
            &visits(),
            &DoorsName::from("other"),
            at("02T10:00")
        ));
        assert!(
            is_about_to_come(&visits(), &DoorsName::from("main"), at("20T09:40"))
                && !is_about_to_come(&visits(), &DoorsName::from("main"), at("20T09:39"))
        );
    }
}
