//! Cached values by key. A value is fresh for a minute, and is then read again. If its source
//! fails, the value is used for up to a quarter of an hour. A failure concerns only its own key.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use doorstep_core::model::error::{Error, Result};

/// How long a value is fresh. A new site or a new secret takes effect within this time.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(60);
/// How long a value is used while its source fails.
const USED_FOR: SignedDuration = SignedDuration::from_mins(15);
/// How long a source is not read again for a key after a failure.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// Number of keys from which values that are not fresh are dropped.
const MOST_KEYS: usize = 20_000;

/// A cache of values by key. Clones share it.
pub struct Cached<T>(Arc<Mutex<HashMap<String, Slot<T>>>>);

/// One key's value. While one caller reads it, other callers wait.
type Slot<T> = Arc<tokio::sync::Mutex<CacheState<T>>>;

struct CacheState<T> {
    value: Option<(Timestamp, Arc<T>)>,
    failed: Option<(Timestamp, Error)>,
}

impl<T> Clone for Cached<T> {
    fn clone(&self) -> Self {
        Cached(self.0.clone())
    }
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Cached(Arc::default())
    }
}

impl<T> CacheState<T> {
    fn within(&self, span: SignedDuration, now: Timestamp) -> Option<Arc<T>> {
        self.value
            .as_ref()
            .filter(|(since, _)| now.duration_since(*since) < span)
            .map(|(_, value)| value.clone())
    }

    fn failed_lately(&self, now: Timestamp) -> Option<&Error> {
        self.failed
            .as_ref()
            .filter(|(at, _)| now.duration_since(*at) < PAUSE)
            .map(|(_, error)| error)
    }
}

impl<T> Cached<T> {
    /// Returns the value of `key` if it is fresh and no caller is reading it.
    pub fn good(&self, key: &str, now: Timestamp) -> Option<Arc<T>> {
        let slot = self.slots().get(key).cloned()?;
        let held = slot.try_lock().ok()?;
        held.within(GOOD_FOR, now)
    }

    /// Returns the value of `key`, and reads it if it is not fresh. An older value is used if the
    /// read fails.
    ///
    /// # Errors
    /// The error of `read` if no value is usable. For five seconds after a failure, returns that
    /// error without calling `read`.
    pub async fn get<F>(
        &self,
        key: &str,
        now: Timestamp,
        read: impl FnOnce() -> F,
    ) -> Result<Arc<T>>
    where
        F: Future<Output = Result<T>>,
    {
        let slot = self.slot(key, now);
        let mut held = slot.lock().await;
        if let Some(good) = held.within(GOOD_FOR, now) {
            return Ok(good);
        }
        let error = match held.failed_lately(now) {
            Some(error) => error.clone(),
            None => match read().await {
                Ok(value) => {
                    let value = Arc::new(value);
                    *held = CacheState {
                        value: Some((now, value.clone())),
                        failed: None,
                    };
                    return Ok(value);
                }
                Err(error) => {
                    held.failed = Some((now, error.clone()));
                    error
                }
            },
        };
        held.within(USED_FOR, now).ok_or(error)
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<String, Slot<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, key: &str, now: Timestamp) -> Slot<T> {
        let mut slots = self.slots();
        if let Some(slot) = slots.get(key) {
            return slot.clone();
        }
        if slots.len() >= MOST_KEYS {
            // A locked slot is being read.
            slots.retain(|_, slot| {
                slot.try_lock()
                    .is_ok_and(|held| held.within(GOOD_FOR, now).is_some())
            });
        }
        let held = CacheState {
            value: None,
            failed: None,
        };
        slots
            .entry(key.to_owned())
            .or_insert_with(|| Arc::new(tokio::sync::Mutex::new(held)))
            .clone()
    }
}

#[cfg(test)]
mod tests;
