//! The circuit breaker for one vendor and one set of credentials. It decides whether a call is made
//! and retried. Pure.
//!
//! A vendor that hangs, throttles or fails is closed for the rest of the run. It then costs other
//! vendors, people and sites only some seconds. The people who need it stay due. A pause that the
//! vendor asked for continues in later runs. Without a run, as in the operator's command, only such
//! pauses apply.

use doorstep_core::budgets::vendor_http::{
    FAILED_READS, FAILED_WRITES, FIRST_PAUSE, LONGEST_CLOSED, LONGEST_PAUSE, SLOW, SLOW_PART,
    TRIES_AGAIN,
};
use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The identity of a call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CallIdentity {
    /// Method and address.
    pub line: String,
    /// Whether the call changes nothing.
    pub safe: bool,
}

/// The outcome of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// An answer about the request itself.
    Answered,
    /// The vendor answered that it is in trouble, or the connection broke. It may have named a
    /// pause.
    Trouble(Option<Duration>),
    /// The vendor refused to process the request (429). It may have named a pause.
    Throttled(Option<Duration>),
    /// No answer came in time.
    Late,
    /// The run had no time left to send it.
    OutOfTime,
}

/// One try of a call.
#[derive(Debug, Clone)]
pub struct Try<'a> {
    /// The number of earlier tries.
    pub before: u32,
    /// The instant at which it ended.
    pub now: Timestamp,
    /// The duration.
    pub took: Duration,
    /// The text for an error: the status of the answer, or why no answer came.
    pub why: &'a str,
}

/// The action after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryDecision {
    /// Return the answer.
    Done,
    /// Send the call again after this pause.
    Repeat(Duration),
    /// Give up, with the pause that the vendor asked for, if any.
    GiveUp(Option<Duration>),
}

/// The reason why a call is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// What failed earlier.
    pub why: String,
    /// The rest of the pause that the vendor asked for, if any.
    pub after: Option<Duration>,
}

/// The state of one circuit breaker.
#[derive(Debug, Clone, Default)]
pub struct Health {
    paused: Option<(Timestamp, String)>,
    /// The vendor throttled a call since the last run began.
    throttled: bool,
    run: Option<Run>,
}

/// The observations of one run.
#[derive(Debug, Clone, Default)]
struct Run {
    /// Why the vendor is closed, if it is.
    closed: Option<String>,
    /// Reads that failed after all their tries since the last successful read.
    failed_in_a_row: usize,
    /// Every read that failed after all its tries, with the reason. It is not sent again in this
    /// run.
    failed: HashMap<CallIdentity, String>,
    failed_writes: u32,
    /// How much time slow answers may still take in this run.
    patience: Duration,
}

impl Run {
    fn close(&mut self, why: &str) {
        self.closed.get_or_insert_with(|| why.to_owned());
    }
}

impl Health {
    /// Begins a run of the length `time`. Opens a vendor that the last run closed.
    pub fn begin(&mut self, time: Duration) {
        self.throttled = false;
        self.run = Some(Run {
            patience: time / SLOW_PART,
            ..Run::default()
        });
    }

    /// Returns why a call is not made at `now`, or `None` if it may be made.
    pub fn refuses(&self, call: Option<&CallIdentity>, now: Timestamp) -> Option<Closed> {
        if let Some((until, why)) = &self.paused
            && let Ok(left) = Duration::try_from(now.duration_until(*until))
            && !left.is_zero()
        {
            return Some(Closed {
                why: why.clone(),
                after: Some(left),
            });
        }
        let run = self.run.as_ref()?;
        let why = run.closed.as_ref().or_else(|| run.failed.get(call?))?;
        Some(Closed {
            why: why.clone(),
            after: None,
        })
    }

    /// Returns whether the vendor throttled a call since the last run began.
    pub fn is_throttled(&self) -> bool {
        self.throttled
    }

    /// Records the outcome of a try. Returns what to do next.
    pub fn heard(&mut self, call: &CallIdentity, tried: Tried, one: &Try<'_>) -> RetryDecision {
        self.throttled |= matches!(tried, Tried::Throttled(_));
        if let Some(run) = &mut self.run {
            run.patience = run.patience.saturating_sub(one.took.saturating_sub(SLOW));
            match tried {
                Tried::Late => run.close(one.why),
                _ if run.patience.is_zero() => run.close("the vendor answers too slowly"),
                _ => {}
            }
        }
        let (asked, repeats) = match tried {
            Tried::Answered => {
                self.answered(call);
                return RetryDecision::Done;
            }
            Tried::Late | Tried::OutOfTime => return RetryDecision::GiveUp(None),
            Tried::Trouble(asked) => (asked, call.safe),
            Tried::Throttled(asked) => (asked, true),
        };
        if let Some(pause) = asked.filter(|pause| *pause > LONGEST_PAUSE) {
            self.pause(pause, one);
            return RetryDecision::GiveUp(asked);
        }
        if repeats && one.before < TRIES_AGAIN && !self.is_closed() {
            return RetryDecision::Repeat(asked.unwrap_or(FIRST_PAUSE * (1 << one.before)));
        }
        self.failed(call, tried, one.why);
        RetryDecision::GiveUp(asked)
    }

    fn is_closed(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.closed.is_some())
    }

    fn answered(&mut self, call: &CallIdentity) {
        let Some(run) = &mut self.run else { return };
        if call.safe {
            run.failed_in_a_row = 0;
        } else {
            run.failed_writes = 0;
        }
    }

    fn failed(&mut self, call: &CallIdentity, tried: Tried, why: &str) {
        let Some(run) = &mut self.run else { return };
        if call.safe {
            run.failed_in_a_row +=
                usize::from(run.failed.insert(call.clone(), why.to_owned()).is_none());
        } else {
            run.failed_writes += 1;
        }
        let throttled = matches!(tried, Tried::Throttled(_));
        if throttled || run.failed_in_a_row >= FAILED_READS || run.failed_writes >= FAILED_WRITES {
            run.close(why);
        }
    }

    fn pause(&mut self, pause: Duration, one: &Try<'_>) {
        let pause = SignedDuration::try_from(pause.min(LONGEST_CLOSED)).unwrap_or_default();
        let until = one.now.saturating_add(pause).unwrap_or(one.now);
        if self.paused.as_ref().is_none_or(|(known, _)| *known < until) {
            self.paused = Some((until, one.why.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: Duration = Duration::from_secs(45);
    const WHY: &str = "V answered 503";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn read(line: &str) -> CallIdentity {
        CallIdentity {
            line: line.to_owned(),
            safe: true,
        }
    }

    fn write(line: &str) -> CallIdentity {
        CallIdentity {
            line: line.to_owned(),
            safe: false,
        }
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn for_this_run() -> Option<Closed> {
        Some(Closed {
            why: WHY.to_owned(),
            after: None,
        })
    }

    fn paused(left: Duration) -> Option<Closed> {
        Some(Closed {
            why: WHY.to_owned(),
            after: Some(left),
        })
    }

    fn begun() -> Health {
        let mut health = Health::default();
        health.begin(RUN);
        health
    }

    fn tried(health: &mut Health, call: &CallIdentity, tried: Tried, tries: u32) -> RetryDecision {
        health.heard(
            call,
            tried,
            &Try {
                before: tries,
                now: at(0),
                took: Duration::ZERO,
                why: WHY,
            },
        )
    }

    /// Lets a read fail with all its tries.
    fn fails(health: &mut Health, call: &CallIdentity) {
        for tries in 0..TRIES_AGAIN {
            assert!(
                matches!(
                    tried(health, call, Tried::Trouble(None), tries),
                    RetryDecision::Repeat(_)
                ),
                "{tries}"
            );
        }
        assert_eq!(
            tried(health, call, Tried::Trouble(None), TRIES_AGAIN),
            RetryDecision::GiveUp(None)
        );
    }

    fn slowly(health: &mut Health, took: Duration) {
        health.heard(
            &read("a"),
            Tried::Answered,
            &Try {
                before: 0,
                now: at(0),
                took,
                why: "",
            },
        );
    }

    #[test]
    fn one_hang_closes_a_vendor_for_the_run_and_no_longer() {
        let mut health = begun();
        assert_eq!(
            tried(&mut health, &read("a"), Tried::Late, 0),
            RetryDecision::GiveUp(None)
        );
        assert_eq!(health.refuses(Some(&write("b")), at(0)), for_this_run());
        health.begin(RUN);
        assert_eq!(health.refuses(Some(&write("b")), at(0)), None);
    }

    #[test]
    fn a_read_that_fails_is_not_tried_again_and_a_second_one_closes_the_vendor() {
        let mut health = begun();
        fails(&mut health, &read("a"));
        assert_eq!(health.refuses(Some(&read("a")), at(0)), for_this_run());
        assert_eq!(
            health.refuses(Some(&read("b")), at(0)),
            None,
            "it may be this one thing alone"
        );
        assert_eq!(
            tried(&mut health, &read("b"), Tried::Answered, 0),
            RetryDecision::Done
        );
        fails(&mut health, &read("c"));
        assert_eq!(
            health.refuses(None, at(0)),
            None,
            "a read between them was answered"
        );
        fails(&mut health, &read("d"));
        assert_eq!(health.refuses(None, at(0)), for_this_run());
    }

    #[test]
    fn a_change_that_failed_is_never_repeated_and_many_close_the_vendor() {
        let mut health = begun();
        for n in 0..FAILED_WRITES {
            assert_eq!(health.refuses(None, at(0)), None, "{n}");
            assert_eq!(
                tried(&mut health, &write("a"), Tried::Trouble(None), 0),
                RetryDecision::GiveUp(None)
            );
            tried(&mut health, &read("b"), Tried::Answered, 0);
        }
        assert_eq!(health.refuses(None, at(0)), for_this_run());
    }

    #[test]
    fn a_pause_that_was_asked_for_outlives_the_run_whatever_its_length() {
        for asked in [9, 90, 3600] {
            let mut health = begun();
            let next = tried(
                &mut health,
                &write("a"),
                Tried::Throttled(Some(secs(asked))),
                0,
            );
            assert_eq!(next, RetryDecision::GiveUp(Some(secs(asked))));
            health.begin(RUN);
            assert_eq!(health.refuses(None, at(1)), paused(secs(asked - 1)));
            assert_eq!(
                health.refuses(None, at(i64::try_from(asked).unwrap())),
                None
            );
        }
        let mut health = begun();
        tried(
            &mut health,
            &read("a"),
            Tried::Trouble(Some(Duration::MAX)),
            0,
        );
        assert_eq!(health.refuses(None, at(0)), paused(LONGEST_CLOSED));
    }

    #[test]
    fn a_short_pause_is_waited_for_three_times() {
        let mut health = begun();
        let throttled = Tried::Throttled(Some(secs(2)));
        for tries in 0..TRIES_AGAIN {
            assert_eq!(
                tried(&mut health, &write("a"), throttled, tries),
                RetryDecision::Repeat(secs(2))
            );
        }
        assert_eq!(
            tried(&mut health, &write("a"), throttled, TRIES_AGAIN),
            RetryDecision::GiveUp(Some(secs(2)))
        );
        assert_eq!(health.refuses(None, at(0)), for_this_run());
    }

    #[test]
    fn a_vendor_that_takes_its_time_with_every_answer_is_closed_before_it_takes_the_run() {
        let mut health = begun();
        let mut took = Duration::ZERO;
        while health.refuses(None, at(0)).is_none() {
            slowly(&mut health, secs(9));
            took += secs(9);
        }
        assert_eq!(took, secs(18));
        for _ in 0..100 {
            let mut health = begun();
            slowly(&mut health, secs(2));
            assert_eq!(health.refuses(None, at(0)), None);
        }
    }

    #[test]
    fn without_a_run_a_vendor_is_asked_again_as_long_as_it_asks_for_no_pause() {
        let mut health = Health::default();
        for _ in 0..3 {
            fails(&mut health, &read("a"));
            tried(&mut health, &read("b"), Tried::Late, 0);
        }
        assert_eq!(health.refuses(Some(&read("a")), at(0)), None);
    }
}
