//! A rate limit: some calls a second, counted by the run's clock.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// The times of the last calls, and how many of them one second may hold.
pub struct Rate {
    most: usize,
    calls: VecDeque<Timestamp>,
}

impl Rate {
    /// Returns a limit of `most` calls a second.
    pub fn new(most: usize) -> Rate {
        Rate {
            most,
            calls: VecDeque::new(),
        }
    }

    /// Counts a call, and returns whether it is within the limit.
    pub fn admits(&mut self, now: Timestamp) -> bool {
        let is_old = |at: &Timestamp| now.duration_since(*at) >= SignedDuration::from_secs(1);
        while self.calls.front().is_some_and(is_old) {
            self.calls.pop_front();
        }
        let admits = self.calls.len() < self.most;
        if admits {
            self.calls.push_back(now);
        }
        admits
    }
}
