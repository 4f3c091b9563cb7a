//! The end of one invocation, and how long each call may take until then.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::time::{SharedTime, Time};

/// Time that the function keeps to itself at the end of its limit: it answers before Lambda ends it.
const RESERVE: Duration = Duration::from_secs(6);
/// Time kept for the table and the queue after the last call to a vendor, as a share of the limit, and at most so much.
const OWN_PERCENT: u32 = 15;
const MOST_OWN: Duration = Duration::from_secs(60);
/// The last part of that, kept for giving messages back to the queue.
const HAND_BACK: Duration = Duration::from_secs(3);
/// Longest wait for one answer of a vendor: a sixth of the limit, and at most so much.
const LONGEST_ANSWER: Duration = Duration::from_secs(20);
/// Longest wait for one answer of AWS. The SDKs try again.
const AWS_ANSWER: Duration = Duration::from_secs(8);

/// The deadline of the invocation that a process works on. Clones are the same one. A process works on one invocation at
/// a time, so its clients are built once and read from here how much time is left. Without an invocation there is no end.
#[derive(Debug, Clone, Default)]
pub struct Deadline(Arc<Mutex<Option<Ends>>>);

/// The instants at which kinds of work end, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends {
    vendors: Timestamp,
    work: Timestamp,
    own: Timestamp,
    answer: Duration,
}

impl Ends {
    /// Of an invocation that begins at `now` and is ended by Lambda at `limit`.
    fn of(now: Timestamp, limit: Timestamp) -> Ends {
        let total = until(now, limit);
        let own = before(limit, RESERVE.min(total / 5));
        let kept = (total * OWN_PERCENT / 100).min(MOST_OWN);
        Ends {
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
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Ends::of(now, limit));
    }

    fn ends(&self) -> Option<Ends> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time left for work that calls vendors; `None` where there is no end.
    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        self.ends().map(|ends| until(now, ends.vendors))
    }

    /// Time left for all work: what is not done then is given back to the queue.
    pub fn left_for_work(&self, now: Timestamp) -> Option<Duration> {
        self.ends().map(|ends| until(now, ends.work))
    }

    /// How long an answer of a vendor to a request that leaves now may take.
    pub fn vendor_answer(&self, now: Timestamp) -> Duration {
        self.ends().map_or(LONGEST_ANSWER, |ends| until(now, ends.vendors).min(ends.answer))
    }

    /// The same for an answer of AWS.
    pub fn aws_answer(&self, now: Timestamp) -> Duration {
        self.ends().map_or(AWS_ANSWER, |ends| until(now, ends.own).min(AWS_ANSWER))
    }
}

fn until(now: Timestamp, end: Timestamp) -> Duration {
    Duration::try_from(now.duration_until(end)).unwrap_or(Duration::ZERO)
}

fn before(end: Timestamp, span: Duration) -> Timestamp {
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::ZERO);
    end.saturating_sub(span).unwrap_or(Timestamp::MIN)
}

/// A clock on which no wait outlasts the invocation.
pub struct Bounded {
    time: SharedTime,
    deadline: Deadline,
}

impl Bounded {
    /// `time`, with waits that end at `deadline` at the latest.
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
        assert_eq!((deadline.left(at(0)), deadline.vendor_answer(at(0))), (None, LONGEST_ANSWER));
        deadline.begin(at(0), at(60));
        let secs = Duration::from_secs;
        assert_eq!(deadline.left(at(0)), Some(secs(45)));
        assert_eq!(deadline.left_for_work(at(0)), Some(secs(51)));
        assert_eq!(deadline.vendor_answer(at(0)), secs(10));
        assert_eq!(deadline.vendor_answer(at(41)), secs(4), "no call outlasts the invocation");
        assert_eq!(deadline.aws_answer(at(50)), secs(4));
        assert_eq!((deadline.left(at(46)), deadline.aws_answer(at(54))), (Some(secs(0)), secs(0)));
        deadline.begin(at(100), at(1_000));
        assert_eq!(deadline.left(at(100)), Some(secs(834)));
        assert_eq!(deadline.vendor_answer(at(100)), LONGEST_ANSWER);
    }
}
