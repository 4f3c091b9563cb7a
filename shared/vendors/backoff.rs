//! The back-off before Doorstep sends the unprocessed items of an AWS batch again. Pauses grow, and
//! are random, so that two callers differ ("exponential backoff and jitter", AWS Builders'
//! Library).

use std::time::Duration;

use uuid::Uuid;

use crate::time::SharedTime;
use doorstep_core::budgets::conflict::{FIRST, LONGEST, TRIES};

/// The pauses of one batch. Without any progress they take 4.55 seconds in all, at most.
pub struct BackOff<'a> {
    time: &'a SharedTime,
    tried: u32,
}

impl<'a> BackOff<'a> {
    /// Returns the state before the first try.
    pub fn new(time: &'a SharedTime) -> Self {
        BackOff { time, tried: 0 }
    }

    /// Waits before the rest of a batch is sent again. `left` of the `sent` items were not
    /// processed. Returns `false` without waiting after `TRIES` tries without progress.
    pub async fn may_send_again(&mut self, sent: usize, left: usize) -> bool {
        self.tried = if left < sent { 1 } else { self.tried + 1 };
        if self.tried > TRIES {
            return false;
        }
        self.time.pass(pause(self.tried, FIRST, LONGEST)).await;
        true
    }
}

/// Returns a random pause after `tried` tries. Its upper bound is `first` after one, doubles with
/// each further one, and is never above `most`.
pub fn pause(tried: u32, first: Duration, most: Duration) -> Duration {
    longest(tried, first, most).mul_f64(chance())
}

fn longest(tried: u32, first: Duration, most: Duration) -> Duration {
    let doubled = 1_u32
        .checked_shl(tried.saturating_sub(1))
        .unwrap_or(u32::MAX);
    first.saturating_mul(doubled).min(most)
}

/// Returns a random number from 0 to 1, uniformly distributed.
fn chance() -> f64 {
    let [first, second, ..] = Uuid::new_v4().into_bytes();
    f64::from(u16::from_be_bytes([first, second])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorstep_core::budgets::aws;

    #[test]
    fn pauses_double_and_stay_below_a_second() {
        let millis: Vec<u128> = (1..=TRIES)
            .map(|tried| longest(tried, FIRST, LONGEST).as_millis())
            .collect();
        assert_eq!(millis, [50, 100, 200, 400, 800, 1000, 1000, 1000]);
        assert_eq!(longest(u32::MAX, FIRST, LONGEST), LONGEST);
        assert!(
            (0..100)
                .map(|_| chance())
                .all(|chance| (0.0..=1.0).contains(&chance))
        );
    }

    #[test]
    fn pauses_of_calls_to_aws_double_up_to_two_seconds() {
        let (first, most) = (aws::FIRST_PAUSE, aws::LONGEST_PAUSE);
        let millis: Vec<u128> = (1..=7)
            .map(|failed| longest(failed, first, most).as_millis())
            .collect();
        assert_eq!(millis, [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(longest(u32::MAX, first, most), most);
    }
}
