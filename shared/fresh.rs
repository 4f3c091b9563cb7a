//! Something that was read from outside and is good for a while, so that who asks for it again costs no call.

use std::future::Future;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::error::Result;

/// How long what is known stays good. A new site or a new secret is in force after this at the latest.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(60);

/// When it was read, and what.
type Read<T> = (Timestamp, Arc<T>);

/// What was read, shared by whoever asks.
pub struct Fresh<T>(Arc<Mutex<Option<Read<T>>>>);

impl<T> Clone for Fresh<T> {
    fn clone(&self) -> Self {
        Fresh(self.0.clone())
    }
}

impl<T> Default for Fresh<T> {
    fn default() -> Self {
        Fresh(Arc::default())
    }
}

impl<T> Fresh<T> {
    /// What is known, read anew where that was too long ago. Who asks meanwhile waits for the one reading.
    ///
    /// # Errors
    /// Those of `read`; the next one who asks tries again.
    pub async fn get<F>(&self, now: Timestamp, read: impl FnOnce() -> F) -> Result<Arc<T>>
    where
        F: Future<Output = Result<T>>,
    {
        let mut known = self.0.lock().await;
        if let Some((since, value)) = known.as_ref()
            && now.duration_since(*since) < GOOD_FOR
        {
            return Ok(value.clone());
        }
        let value = Arc::new(read().await?);
        *known = Some((now, value.clone()));
        Ok(value)
    }
}
