//! Values that were read from outside, by key. Each is good for a minute, so that who asks again costs no call, and
//! outlives a failure of its source for a quarter of an hour. One key's trouble is never another's.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use doorstep_core::model::error::{Error, Result};

/// How long a value is good. A new site or a new secret is in force after this at the latest.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(60);
/// How long a value is used while it cannot be read anew.
const USED_FOR: SignedDuration = SignedDuration::from_mins(15);
/// How long a source that failed is not asked again for the same key.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// Above so many keys, those whose values are not good any more are dropped.
const MOST_KEYS: usize = 20_000;

/// Values by key, shared by its clones.
pub struct Cached<T>(Arc<Mutex<HashMap<String, Slot<T>>>>);

/// One key's value. Who asks while it is read waits for the one reading.
type Slot<T> = Arc<tokio::sync::Mutex<Held<T>>>;

struct Held<T> {
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

impl<T> Held<T> {
    fn within(&self, span: SignedDuration, now: Timestamp) -> Option<Arc<T>> {
        self.value.as_ref().filter(|(since, _)| now.duration_since(*since) < span).map(|(_, value)| value.clone())
    }

    fn failed_lately(&self, now: Timestamp) -> Option<&Error> {
        self.failed.as_ref().filter(|(at, _)| now.duration_since(*at) < PAUSE).map(|(_, error)| error)
    }
}

impl<T> Cached<T> {
    /// Returns the value of `key` where it is good and nobody is reading it.
    pub fn good(&self, key: &str, now: Timestamp) -> Option<Arc<T>> {
        let slot = self.slots().get(key).cloned()?;
        let held = slot.try_lock().ok()?;
        held.within(GOOD_FOR, now)
    }

    /// Returns the value of `key`, read anew where it is not good any more. A value that cannot be read anew is used for
    /// another while.
    ///
    /// # Errors
    /// The error of `read` where no value can be used. Within five seconds of a failure it is returned again, and `read`
    /// is not called.
    pub async fn get<F>(&self, key: &str, now: Timestamp, read: impl FnOnce() -> F) -> Result<Arc<T>>
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
                    *held = Held { value: Some((now, value.clone())), failed: None };
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
            // A slot that is locked is being read.
            slots.retain(|_, slot| slot.try_lock().is_ok_and(|held| held.within(GOOD_FOR, now).is_some()));
        }
        let held = Held { value: None, failed: None };
        slots.entry(key.to_owned()).or_insert_with(|| Arc::new(tokio::sync::Mutex::new(held))).clone()
    }
}

#[cfg(test)]
mod tests;
