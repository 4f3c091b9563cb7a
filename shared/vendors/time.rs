//! Where `now` comes from before it becomes an argument, and the only place that ever waits.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// The clock on the wall. On one machine it may stand still, and then waiting takes no time.
#[async_trait]
pub trait Time: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
    /// Lets `span` pass, for rate limits and back-off.
    async fn pass(&self, span: Duration);
}

/// A [`Time`] that can be handed around.
pub type SharedTime = Arc<dyn Time>;

/// The machine's own clock.
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
