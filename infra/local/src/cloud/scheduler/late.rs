//! The precision of Scheduler: a schedule fires within 60 seconds of its instant, and at least
//! once.
//!
//! The delay and the number of times follow from a seed and the schedule's name, so that two equal
//! runs are equal.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

use super::Schedule;

/// The longest delay of a schedule, in seconds.
const LATEST: u64 = 59;
/// One of this many schedules fires twice.
const ONE_TWICE_IN: u64 = 4;
/// How much later it fires again, in seconds: within the five minutes of the queue's deduplication,
/// and after them.
const AGAIN: [i64; 3] = [2, 40, 320];

/// The delays of schedules.
#[derive(Default)]
pub(super) struct ScheduleDelays {
    seed: Option<u64>,
    /// The second firings, by their instant.
    again: BTreeMap<(Timestamp, String), Schedule>,
}

impl ScheduleDelays {
    /// Sets the seed. Without a seed every schedule fires once, at its instant.
    pub(super) fn follow(&mut self, seed: Option<u64>) {
        self.seed = seed;
    }

    /// Returns when a schedule fires.
    pub(super) fn fires(&self, schedule: &Schedule) -> Timestamp {
        let late = self.chance(schedule, "late").map_or(0, |chance| {
            i64::try_from(chance % (LATEST + 1)).unwrap_or(0)
        });
        later(schedule.at, late)
    }

    /// Records that a schedule fired for the first time.
    pub(super) fn fired(&mut self, schedule: &Schedule, now: Timestamp) {
        let Some(chance) = self
            .chance(schedule, "twice")
            .filter(|chance| chance.is_multiple_of(ONE_TWICE_IN))
        else {
            return;
        };
        let pauses = u64::try_from(AGAIN.len()).unwrap_or(1);
        let pause = usize::try_from(chance / ONE_TWICE_IN % pauses)
            .ok()
            .and_then(|at| AGAIN.get(at));
        self.again.insert(
            (
                later(now, pause.copied().unwrap_or_default()),
                schedule.name.clone(),
            ),
            schedule.clone(),
        );
    }

    /// Returns the instant of the next second firing.
    pub(super) fn next_again(&self) -> Option<Timestamp> {
        self.again.keys().next().map(|(at, _)| *at)
    }

    /// Takes the schedules that fire a second time by `now`.
    pub(super) fn take_again(&mut self, now: Timestamp) -> Vec<Schedule> {
        let mut due = Vec::new();
        while let Some(first) = self
            .again
            .first_entry()
            .filter(|first| first.key().0 <= now)
        {
            due.push(first.remove());
        }
        due
    }

    fn chance(&self, schedule: &Schedule, of: &str) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        (self.seed?, of, &schedule.name).hash(&mut hasher);
        Some(hasher.finish())
    }
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(at)
}
