//! The clock. `now` comes from here before it becomes an argument, and every wait happens here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// A clock. On one machine it may be frozen, and then a wait takes no time.
#[async_trait]
pub trait Time: Send + Sync {
    /// Returns the present instant.
    fn now(&self) -> Timestamp;
    /// Waits for `span`, for rate limits and back-off.
    async fn pass(&self, span: Duration);
}

/// A shared [`Time`].
pub type SharedTime = Arc<dyn Time>;

/// The system clock.
pub struct WallClock;

#[async_trait]
impl Time for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}
