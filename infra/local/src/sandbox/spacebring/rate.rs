//! The rate limit: ten calls a second `[D]`, counted by the run's clock.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// Most calls in one second. `[D]`
const MOST: usize = 10;

/// The times of the last calls.
#[derive(Default)]
pub struct Rate(VecDeque<Timestamp>);

impl Rate {
    /// Counts a call, and returns whether it is within the limit.
    pub fn admits(&mut self, now: Timestamp) -> bool {
        let is_old = |at: &Timestamp| now.duration_since(*at) >= SignedDuration::from_secs(1);
        while self.0.front().is_some_and(is_old) {
            self.0.pop_front();
        }
        let admits = self.0.len() < MOST;
        if admits {
            self.0.push_back(now);
        }
        admits
    }
}
