//! The run's clock: a standing one, which moves on request, or the machine's own. Only this module
//! waits in real time.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::locked::locked;
use doorstep_vendors::time::Time;

/// A clock that is standing or running.
pub struct Clock {
    standing: Mutex<Option<Timestamp>>,
}

impl Clock {
    /// Creates a clock that stays at `at` until it is moved.
    pub fn standing(at: Timestamp) -> Self {
        Clock {
            standing: Mutex::new(Some(at)),
        }
    }

    /// Creates the machine's own clock.
    pub fn running() -> Self {
        Clock {
            standing: Mutex::new(None),
        }
    }

    /// Returns whether it is a standing clock.
    pub fn is_standing(&self) -> bool {
        locked(&self.standing).is_some()
    }

    /// Moves a standing clock forward to `at`. It never moves back, and a running clock is
    /// unaffected.
    pub(crate) fn forward(&self, at: Timestamp) {
        if let Some(now) = locked(&self.standing).as_mut() {
            *now = at.max(*now);
        }
    }

    /// Makes the clock run from now on.
    pub(crate) fn release(&self) {
        *locked(&self.standing) = None;
    }

    /// Waits for `at` in real time, one minute at most, because the machine's clock may be set
    /// meanwhile.
    pub(crate) async fn until(&self, at: Timestamp) {
        let left = Duration::try_from(self.now().duration_until(at)).unwrap_or_default();
        tokio::time::sleep(left.min(Duration::from_secs(60))).await;
    }
}

#[async_trait]
impl Time for Clock {
    fn now(&self) -> Timestamp {
        locked(&self.standing).unwrap_or_else(Timestamp::now)
    }

    async fn pass(&self, span: Duration) {
        if self.is_standing() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(span).await;
        }
    }
}
