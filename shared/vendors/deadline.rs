//! The deadline of one invocation, and the time limit of each call until then.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::time::{SharedTime, Time};
use doorstep_core::budgets::deadline::{
    AWS_ANSWER, HAND_BACK, LONGEST_ANSWER, MOST_OWN, OWN_PERCENT, RESERVE,
};

/// The deadline of the present invocation. Clones share one deadline.
///
/// A process handles one invocation at a time. Its clients are therefore built once and read the
/// time left from here. Without an invocation there is no deadline.
#[derive(Debug, Clone, Default)]
pub struct Deadline(Arc<Mutex<Option<DeadlineInstants>>>);

/// The instants at which the kinds of work end, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DeadlineInstants {
    vendors: Timestamp,
    work: Timestamp,
    own: Timestamp,
    answer: Duration,
}

impl DeadlineInstants {
    /// Divides an invocation that begins at `now` and that Lambda ends at `limit`.
    fn of(now: Timestamp, limit: Timestamp) -> DeadlineInstants {
        let total = until(now, limit);
        let own = before(limit, RESERVE.min(total / 5));
        let kept = (total * OWN_PERCENT / 100).min(MOST_OWN);
        DeadlineInstants {
            vendors: before(own, kept),
            work: before(own, HAND_BACK.min(kept / 2)),
            own,
            answer: (total / 6).min(LONGEST_ANSWER),
        }
    }
}

impl Deadline {
    /// Begins an invocation that Lambda ends at `limit`.
    pub fn begin(&self, now: Timestamp, limit: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(DeadlineInstants::of(now, limit));
    }

    fn ends(&self) -> Option<DeadlineInstants> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the time left for work that calls vendors; `None` without a deadline.
    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        self.ends().map(|ends| until(now, ends.vendors))
    }

    /// Returns the time left for all work. Messages that are unfinished then return to the queue.
    pub fn left_for_work(&self, now: Timestamp) -> Option<Duration> {
        self.ends().map(|ends| until(now, ends.work))
    }

    /// Returns how long a vendor may take to answer a request that leaves now.
    pub fn vendor_answer(&self, now: Timestamp) -> Duration {
        self.ends().map_or(LONGEST_ANSWER, |ends| {
            until(now, ends.vendors).min(ends.answer)
        })
    }

    /// Returns how long AWS may take to answer a request that leaves now.
    pub fn aws_answer(&self, now: Timestamp) -> Duration {
        self.ends()
            .map_or(AWS_ANSWER, |ends| until(now, ends.own).min(AWS_ANSWER))
    }
}

fn until(now: Timestamp, end: Timestamp) -> Duration {
    Duration::try_from(now.duration_until(end)).unwrap_or(Duration::ZERO)
}

fn before(end: Timestamp, span: Duration) -> Timestamp {
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::ZERO);
    end.saturating_sub(span).unwrap_or(Timestamp::MIN)
}

/// A clock whose waits end at the deadline of the invocation.
pub struct Bounded {
    time: SharedTime,
    deadline: Deadline,
}

impl Bounded {
    /// Wraps `time` so that waits end at `deadline` at the latest.
    pub fn new(time: SharedTime, deadline: Deadline) -> Self {
        Bounded { time, deadline }
    }
}

#[async_trait]
impl Time for Bounded {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    async fn pass(&self, span: Duration) {
        let left = self.deadline.left(self.now()).unwrap_or(span);
        self.time.pass(span.min(left)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_minute_is_divided_so_that_the_function_answers_before_its_limit() {
        let deadline = Deadline::default();
        assert_eq!(
            (deadline.left(at(0)), deadline.vendor_answer(at(0))),
            (None, LONGEST_ANSWER)
        );
        deadline.begin(at(0), at(60));
        let secs = Duration::from_secs;
        assert_eq!(deadline.left(at(0)), Some(secs(45)));
        assert_eq!(deadline.left_for_work(at(0)), Some(secs(51)));
        assert_eq!(deadline.vendor_answer(at(0)), secs(10));
        assert_eq!(
            deadline.vendor_answer(at(41)),
            secs(4),
            "no call outlasts the invocation"
        );
        assert_eq!(deadline.aws_answer(at(50)), secs(4));
        assert_eq!(
            (deadline.left(at(46)), deadline.aws_answer(at(54))),
            (Some(secs(0)), secs(0))
        );
        deadline.begin(at(100), at(1_000));
        assert_eq!(deadline.left(at(100)), Some(secs(834)));
        assert_eq!(deadline.vendor_answer(at(100)), LONGEST_ANSWER);
    }
}
