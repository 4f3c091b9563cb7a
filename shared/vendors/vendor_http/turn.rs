//! Whose turn it is to call a vendor, and whether it is called at all: one for each set of credentials.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::health::Health;

/// When the next request to a vendor may leave, and whether any may. Held from a request until its last answer: that is
/// what makes them one at a time, and what makes a pause asked of one request hold for all. Clients that share a limit
/// share a turn.
#[derive(Clone, Default)]
pub struct RateGate {
    next: Arc<Mutex<Timestamp>>,
    health: Arc<std::sync::Mutex<Health>>,
}

impl RateGate {
    /// Whether no call would be made at `now`: the vendor asked for a pause, or hung, throttled or failed in this run.
    pub fn is_closed(&self, now: Timestamp) -> bool {
        self.health().refuses(None, now).is_some()
    }

    /// Waits for the turn. Holds when the next request may leave.
    pub(super) async fn wait(&self) -> tokio::sync::MutexGuard<'_, Timestamp> {
        self.next.lock().await
    }

    /// A turn of its own that is closed when this one is.
    pub(super) fn with_its_own_pace(&self) -> RateGate {
        RateGate { health: self.health.clone(), ..RateGate::default() }
    }

    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turns of one function, by what counts against one limit.
#[derive(Clone, Default)]
pub struct RateGates(Arc<std::sync::Mutex<Known>>);

#[derive(Default)]
struct Known {
    turns: HashMap<String, RateGate>,
    /// How much time the present run has, where there is a run.
    run: Option<Duration>,
}

impl RateGates {
    /// The turn that goes by `name`.
    pub fn of(&self, name: &str) -> RateGate {
        let mut known = self.known();
        if let Some(turn) = known.turns.get(name) {
            return turn.clone();
        }
        let turn = RateGate::default();
        if let Some(time) = known.run {
            turn.health().begin(time);
        }
        known.turns.insert(name.to_owned(), turn.clone());
        turn
    }

    /// Begins a run that has so much time: vendors that were closed for the run before are asked again.
    pub fn begin(&self, time: Duration) {
        let mut known = self.known();
        known.run = Some(time);
        known.turns.values().for_each(|turn| turn.health().begin(time));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
