//! How long to wait before what AWS left undone of a batch is sent again: longer each time, and never two callers alike
//! ("exponential backoff and jitter", AWS Builders' Library).

use std::time::Duration;

use uuid::Uuid;

use crate::time::SharedTime;

/// The longest first pause; it doubles with each try.
const FIRST: Duration = Duration::from_millis(50);
/// The longest pause of all.
const LONGEST: Duration = Duration::from_secs(1);
/// How often in a row something is sent again of which nothing was done.
const TRIES: u32 = 8;

/// The pauses of one batch. In all they take at most four seconds without any progress.
pub struct BackOff<'a> {
    time: &'a SharedTime,
    tried: u32,
}

impl<'a> BackOff<'a> {
    /// Nothing was tried yet.
    pub fn new(time: &'a SharedTime) -> Self {
        BackOff { time, tried: 0 }
    }

    /// Waits before what is left is sent again. Returns `false`, without waiting, where it was sent often enough: of
    /// `sent` items, `left` were left undone each time.
    pub async fn may_send_again(&mut self, sent: usize, left: usize) -> bool {
        self.tried = if left < sent { 1 } else { self.tried + 1 };
        if self.tried > TRIES {
            return false;
        }
        self.time.pass(longest(self.tried).mul_f64(chance())).await;
        true
    }
}

/// The longest pause before the try of this number.
fn longest(tried: u32) -> Duration {
    FIRST.saturating_mul(1_u32.checked_shl(tried.saturating_sub(1)).unwrap_or(u32::MAX)).min(LONGEST)
}

/// Anything from 0 to 1, each as likely.
fn chance() -> f64 {
    let [first, second, ..] = Uuid::new_v4().into_bytes();
    f64::from(u16::from_be_bytes([first, second])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stay_below_a_second() {
        let millis: Vec<u128> = (1..=TRIES).map(|tried| longest(tried).as_millis()).collect();
        assert_eq!(millis, [50, 100, 200, 400, 800, 1000, 1000, 1000]);
        assert_eq!(longest(u32::MAX), LONGEST);
        assert!((0..100).map(|_| chance()).all(|chance| (0.0..=1.0).contains(&chance)));
    }
}
