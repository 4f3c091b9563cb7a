//! The rate gates: one for each set of credentials. A gate orders the calls to a vendor and closes
//! with its health.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use doorstep_core::budgets::vendor_http::AT_ONCE;
use jiff::Timestamp;
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use super::departures::{Departures, later};
use super::health::Health;

/// The gate before a vendor. It holds when the next request may leave, and whether any request may
/// leave.
///
/// Requests leave in the order in which they came, within the rate limit, and at most [`AT_ONCE`]
/// of them wait for their answers. A pause asked of one request delays all of them. After a 429,
/// requests leave one at a time until the run ends. Clients that share a rate limit share a gate.
#[derive(Clone, Default)]
pub struct RateGate {
    departures: Arc<Mutex<Departures>>,
    paused: Arc<std::sync::Mutex<Option<Timestamp>>>,
    flights: Flights,
    health: Arc<std::sync::Mutex<Health>>,
}

/// The places of the requests that wait for their answers.
#[derive(Clone)]
struct Flights(Arc<Semaphore>);

impl Default for Flights {
    fn default() -> Self {
        Flights(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl RateGate {
    /// Decides whether no call would be made at `now`: the vendor asked for a pause, or hung,
    /// throttled or failed in this run.
    pub fn is_closed(&self, now: Timestamp) -> bool {
        self.health().refuses(None, now).is_some()
    }

    /// Waits for a place among the requests in flight. `None` only for a gate that is torn down.
    pub(super) async fn flight(&self) -> Option<SemaphorePermit<'_>> {
        self.flights.0.acquire().await.ok()
    }

    /// Waits until every earlier request has left.
    pub(super) async fn departures(&self) -> tokio::sync::MutexGuard<'_, Departures> {
        self.departures.lock().await
    }

    /// Lets no request leave before `now` and `pause`.
    pub(super) fn pause(&self, now: Timestamp, pause: Duration) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        *paused = (*paused).max(Some(later(now, pause)));
    }

    /// Returns the end of the last pause.
    pub(super) fn paused(&self) -> Option<Timestamp> {
        *self.paused.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The other callers that share a vendor's rate limit with this one, and that this process does not
/// see.
#[async_trait]
pub trait OtherCallers: Send + Sync {
    /// Returns whether none of them calls the vendor from now on, for at least as long as
    /// [`doorstep_core::budgets::vendor_http::ALONE_FOR`] and one window of the limit. The answer is
    /// no if that is not certain.
    async fn are_silent(&self) -> bool;
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
