//! When a failed call to AWS is sent again: as the SDKs' standard mode does, with the numbers of
//! [`budgets::aws`](doorstep_core::budgets::aws). Left out of that mode is its budget over many
//! calls, because the end of the invocation bounds them all.

use std::time::Duration;

use super::CallFailure;
use doorstep_core::budgets::aws::{FIRST_PAUSE, LONGEST_PAUSE, TRIES};
use doorstep_vendors::backoff::chance;

/// The tries of one call.
#[derive(Default)]
pub(super) struct Tries {
    failed: u32,
}

impl Tries {
    /// Returns the pause before the next try after a failure; `None` if there is none.
    pub(super) fn pause_after(&mut self, failure: &CallFailure) -> Option<Duration> {
        self.failed += 1;
        let again = self.failed < TRIES && failure.is_retryable();
        again.then(|| longest(self.failed).mul_f64(chance()))
    }
}

/// Returns the upper bound of the pause after so many failed tries.
fn longest(failed: u32) -> Duration {
    let doubled = 1_u32
        .checked_shl(failed.saturating_sub(1))
        .unwrap_or(u32::MAX);
    FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_two_seconds() {
        let millis: Vec<u128> = (1..=7).map(|failed| longest(failed).as_millis()).collect();
        assert_eq!(millis, [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(longest(u32::MAX), LONGEST_PAUSE);
    }
}
