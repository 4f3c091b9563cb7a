//! The time that one function spends, by its own clock: calls, slow answers and waits.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::SignedDuration;

use crate::locked::locked;

/// After this many polls of its waiting parts, the other parts of a function are assumed to have no
/// work.
const IDLE: u64 = 200;

/// The time-consuming work of the present call of one function.
#[derive(Default)]
pub(super) struct Work {
    calls: AtomicU64,
    /// Milliseconds spent waiting for slow vendors, and in its own pauses if these count.
    waited: AtomicI64,
    /// When the waiting parts of the function continue, by its clock.
    waiting: Mutex<BTreeSet<WaitEnd>>,
    /// How often all parts were found waiting since one of them last did something.
    idle: AtomicU64,
}

/// The end of one wait, by the clock of its function. Waits that end at the same instant end in the
/// order of their beginning.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WaitEnd {
    /// The instant, counted from the begin of the call.
    pub(super) at: SignedDuration,
    /// A number that no other wait has.
    pub(super) number: u64,
}

/// A waiting part of a function. The wait ends when this is dropped.
struct WaitGuard<'a> {
    work: &'a Work,
    me: WaitEnd,
}

impl<'a> WaitGuard<'a> {
    fn begin(work: &'a Work, me: WaitEnd) -> Self {
        locked(&work.waiting).insert(me);
        work.acts();
        WaitGuard { work, me }
    }
}

impl Drop for WaitGuard<'_> {
    fn drop(&mut self) {
        locked(&self.work.waiting).remove(&self.me);
        self.work.acts();
    }
}

impl Work {
    /// Begins a call.
    pub(super) fn begin(&self) {
        self.calls.store(0, Ordering::SeqCst);
        self.waited.store(0, Ordering::SeqCst);
        locked(&self.waiting).clear();
    }

    fn acts(&self) {
        self.idle.store(0, Ordering::SeqCst);
    }

    pub(super) fn calls(&self) {
        self.acts();
        self.calls.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn waits(&self, span: SignedDuration) {
        self.waited.fetch_add(
            i64::try_from(span.as_millis()).unwrap_or(0).max(0),
            Ordering::SeqCst,
        );
    }

    /// Returns how long the function has worked, in milliseconds, if each call takes `pace`
    /// milliseconds.
    pub(super) fn milliseconds(&self, pace: i64) -> i64 {
        let calls = i64::try_from(self.calls.load(Ordering::SeqCst)).unwrap_or(i64::MAX);
        pace.saturating_mul(calls)
            .saturating_add(self.waited.load(Ordering::SeqCst))
    }

    /// Waits until this wait is the first to end, and no other part of the function has work to do.
    pub(super) async fn wait_until(&self, me: WaitEnd) {
        let _waiting = WaitGuard::begin(self, me);
        while self.idle.fetch_add(1, Ordering::SeqCst) < IDLE
            || locked(&self.waiting).first() != Some(&me)
        {
            tokio::task::yield_now().await;
        }
    }
}
