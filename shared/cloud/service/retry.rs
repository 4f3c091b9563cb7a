//! When a failed call to AWS is sent again: as the SDKs' standard mode does, with the numbers of
//! [`budgets::aws`](doorstep_core::budgets::aws). Left out of that mode is its budget over many
//! calls, because the end of the invocation bounds them all.

use std::time::Duration;

use super::CallFailure;
use doorstep_core::budgets::aws::{FIRST_PAUSE, LONGEST_PAUSE, TRIES};
use doorstep_vendors::backoff::pause;

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
        again.then(|| pause(self.failed, FIRST_PAUSE, LONGEST_PAUSE))
    }
}
