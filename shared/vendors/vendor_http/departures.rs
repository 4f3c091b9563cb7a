//! When the next request may leave: a token bucket that never exceeds a vendor's rate limit. Pure.
//!
//! A bucket that is refilled all the time lets twice its size go within one second: what it holds,
//! and what is refilled meanwhile. This one gives a token back only when the vendor's own window is
//! over for the request that took it. Any window, wherever the vendor begins to count it, therefore
//! holds at most as many requests as the limit says.

use std::collections::VecDeque;
use std::time::Duration;

use doorstep_core::budgets::vendor_http::LONGEST_PAUSE;
use jiff::{SignedDuration, Timestamp};

/// A rate limit: at most `calls` requests leave within any `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    calls: usize,
    per: Duration,
}

impl RateLimit {
    /// The limit of a vendor that names none.
    pub const NONE: RateLimit = RateLimit::new(1, Duration::ZERO);

    /// Returns a limit of `calls` requests, at least one, within any `per`.
    pub const fn new(calls: usize, per: Duration) -> RateLimit {
        let calls = if calls == 0 { 1 } else { calls };
        RateLimit { calls, per }
    }

    /// Returns the most requests within any `span`.
    #[cfg(test)]
    pub(crate) fn most_within(self, span: Duration) -> u128 {
        let windows = (span.as_millis() - 1) / self.per.as_millis().max(1) + 1;
        windows * self.calls as u128
    }

    /// Returns the same rate without a burst: one request at a time.
    pub(super) fn without_burst(self) -> RateLimit {
        let parts = u32::try_from(self.calls).unwrap_or(u32::MAX).max(1);
        RateLimit::new(1, self.per / parts)
    }
}

/// The latest departures through one gate.
#[derive(Debug, Default)]
pub(super) struct Departures {
    /// Instants, oldest first.
    latest: VecDeque<Timestamp>,
    /// Until when the whole limit may be used, as far as it was asked.
    pub(super) whole: WholeLimit,
}

/// Whether the whole limit may be used, and until when that answer counts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct WholeLimit {
    pub(super) free: bool,
    pub(super) until: Option<Timestamp>,
}

impl WholeLimit {
    /// Returns the answer if it still counts at `now`. An instant that lies further ahead than
    /// `longest` is of a clock that was set back.
    pub(super) fn at(self, now: Timestamp, longest: Duration) -> Option<bool> {
        let left = until(now, self.until?);
        (!left.is_zero() && left <= longest).then_some(self.free)
    }
}

impl Departures {
    /// Returns how long a request must wait at `now`. It is never longer than the window, because
    /// the clock may have been set back.
    pub(super) fn wait(&self, limit: RateLimit, now: Timestamp) -> Duration {
        let Some(oldest) = self.latest.len().checked_sub(limit.calls) else {
            return Duration::ZERO;
        };
        let free = self.latest.get(oldest).map(|at| later(*at, limit.per));
        free.map_or(Duration::ZERO, |free| until(now, free).min(limit.per))
    }

    /// Records a departure. As many are kept as any limit of this gate counts.
    pub(super) fn depart(&mut self, now: Timestamp, limit: RateLimit) {
        self.latest.push_back(now);
        while self.latest.len() > limit.calls {
            self.latest.pop_front();
        }
    }
}

/// Returns how long a pause that was asked for still lasts. A clock that was set back prolongs no
/// pause.
pub(super) fn pause_left(now: Timestamp, end: Option<Timestamp>) -> Duration {
    end.map_or(Duration::ZERO, |end| until(now, end).min(LONGEST_PAUSE))
}

/// Returns the instant `span` after `at`.
pub(super) fn later(at: Timestamp, span: Duration) -> Timestamp {
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::ZERO);
    at.saturating_add(span).unwrap_or(at)
}

fn until(now: Timestamp, end: Timestamp) -> Duration {
    Duration::try_from(now.duration_until(end)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: RateLimit = RateLimit::new(5, Duration::from_millis(1_000));

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).unwrap()
    }

    fn ms(span: u64) -> Duration {
        Duration::from_millis(span)
    }

    /// Returns when each of `count` requests leaves that are all ready at `ready`.
    fn leave(departures: &mut Departures, ready: i64, count: usize) -> Vec<i64> {
        let mut now = at(ready);
        (0..count)
            .map(|_| {
                now = later(now, departures.wait(LIMIT, now));
                departures.depart(now, LIMIT);
                now.as_millisecond()
            })
            .collect()
    }

    #[test]
    fn five_leave_at_once_and_the_sixth_when_the_window_of_the_first_is_over() {
        let mut departures = Departures::default();
        assert_eq!(
            leave(&mut departures, 0, 11),
            [0, 0, 0, 0, 0, 1_000, 1_000, 1_000, 1_000, 1_000, 2_000]
        );
    }

    #[test]
    fn no_window_holds_more_than_the_limit_wherever_it_begins() {
        for gap in [0, 37, 150, 199, 200, 201, 430] {
            let mut departures = Departures::default();
            let mut all = Vec::new();
            for n in 0..40 {
                let ready = all.last().copied().unwrap_or(0) + if n % 7 == 0 { 0 } else { gap };
                all.extend(leave(&mut departures, ready, 1));
            }
            for from in &all {
                let within = all.iter().filter(|at| (*from..from + 1_000).contains(*at));
                assert!(within.count() <= 5, "gap {gap}: {all:?}");
            }
        }
    }

    #[test]
    fn without_a_burst_requests_keep_the_same_rate_one_at_a_time() {
        let calm = LIMIT.without_burst();
        assert_eq!(calm, RateLimit::new(1, ms(200)));
        let mut departures = Departures::default();
        departures.depart(at(0), LIMIT);
        assert_eq!(departures.wait(calm, at(50)), ms(150));
        assert_eq!(departures.wait(LIMIT, at(50)), ms(0));
    }

    #[test]
    fn a_clock_that_was_set_back_costs_one_window_at_most() {
        let mut departures = Departures::default();
        leave(&mut departures, 3_600_000, 5);
        assert_eq!(departures.wait(LIMIT, at(0)), ms(1_000));
        assert_eq!(pause_left(at(0), Some(at(3_600_000))), LONGEST_PAUSE);
        let whole = WholeLimit {
            free: true,
            until: Some(at(3_600_000)),
        };
        assert_eq!(whole.at(at(0), ms(1_000)), None);
    }
}
