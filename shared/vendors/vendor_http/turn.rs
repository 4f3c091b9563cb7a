//! The rate gates: one for each set of credentials. A gate orders the calls to a vendor and closes
//! with its health.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::health::Health;

/// The gate before a vendor. It holds when the next request may leave, and whether any request may
/// leave.
///
/// A request holds the gate until its last answer. Requests therefore leave one at a time, and a
/// pause asked of one request delays all of them. Clients that share a rate limit share a gate.
#[derive(Clone, Default)]
pub struct RateGate {
    next: Arc<Mutex<Timestamp>>,
    health: Arc<std::sync::Mutex<Health>>,
}

impl RateGate {
    /// Decides whether no call would be made at `now`: the vendor asked for a pause, or hung,
    /// throttled or failed in this run.
    pub fn is_closed(&self, now: Timestamp) -> bool {
        self.health().refuses(None, now).is_some()
    }

    /// Waits for the gate. The guard holds the instant at which the next request may leave.
    pub(super) async fn wait(&self) -> tokio::sync::MutexGuard<'_, Timestamp> {
        self.next.lock().await
    }

    /// Returns a gate with a rate of its own that is closed when this one is closed.
    pub(super) fn with_its_own_pace(&self) -> RateGate {
        RateGate {
            health: self.health.clone(),
            ..RateGate::default()
        }
    }

    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The gates of one function, keyed by what counts against one rate limit.
#[derive(Clone, Default)]
pub struct RateGates(Arc<std::sync::Mutex<GateTable>>);

#[derive(Default)]
struct GateTable {
    turns: HashMap<String, RateGate>,
    /// The length of the present run, if there is one.
    run: Option<Duration>,
}

impl RateGates {
    /// Returns the gate named `name`. Creates it on the first call.
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

    /// Begins a run of the length `time`. Opens the vendors that the last run closed.
    pub fn begin(&self, time: Duration) {
        let mut known = self.known();
        known.run = Some(time);
        known
            .turns
            .values()
            .for_each(|turn| turn.health().begin(time));
    }

    fn known(&self) -> MutexGuard<'_, GateTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
