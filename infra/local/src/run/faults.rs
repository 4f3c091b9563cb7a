//! What tests may do to the functions besides crashing them after a step: crash them at any call,
//! skew their clocks, and make their ids deterministic. Counts their calls.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use jiff::SignedDuration;

use super::invoke::limit;
use super::work::{WaitEnd, Work};
use crate::function_role::FunctionRole;
use crate::locked::locked;
use doorstep_cloud::ids::IdSource;
use doorstep_vendors::http::{Request, time_limit};

/// How long a function waits for an answer if the request does not say.
const IMPATIENCE: Duration = Duration::from_secs(20);

/// The call at which a function crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrashAtCall {
    /// The number of the call, counted from one over all functions that run from now on.
    pub call: u32,
    /// Whether the call is carried out and only its answer is lost. Otherwise it is never sent.
    pub carried_out: bool,
    /// How many functions crash like that, each at its own such call.
    pub times: u32,
}

/// How many seconds the clocks of the functions are ahead of the run's clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skew {
    /// Of receive and entries.
    pub receive: i64,
    /// Of settle.
    pub settle: i64,
    /// Of reconcile.
    pub reconcile: i64,
}

/// The calls of the functions so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Called {
    /// The number of calls.
    pub calls: u64,
    /// A digest of the calls in their order. Two runs with the same calls have the same digest.
    pub digest: u64,
}

/// How long a vendor takes for an answer, by the clock of the calling function. No real time
/// passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slowness {
    /// The answer takes this long.
    Takes(Duration),
    /// The answer never comes. The function gives up at its timeout.
    Hangs,
}

/// The time that a vendor call costs the calling function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) takes: Duration,
    pub(super) answers: bool,
}

#[derive(Default)]
pub(crate) struct RunFaults {
    death: Mutex<Option<(CrashAtCall, u32)>>,
    skew: [AtomicI64; 3],
    /// The next id; 0 means random ids.
    next_id: AtomicU64,
    called: Mutex<Called>,
    /// How long a call takes by the clock of the calling function, in milliseconds.
    pace: AtomicI64,
    /// The longest run time of a function since the last read, in milliseconds.
    worked: AtomicI64,
    /// The slowness of each vendor, by the last part of its sandbox's host.
    slow: Mutex<BTreeMap<String, Slowness>>,
    /// Whether waiting takes time by the clock of the waiting function.
    waits_count: AtomicBool,
    /// A counter that makes each wait unique.
    waits: AtomicU64,
    /// How long a function had worked when it last changed something at each vendor.
    changed: Mutex<BTreeMap<String, SignedDuration>>,
    /// Whether failed messages return after their pause.
    messages_wait: AtomicBool,
    /// How many batches settle serves in two functions at once from now on.
    doubles: AtomicU64,
    /// Whether two functions work at once. Each call then lets the other function go on.
    is_double: AtomicBool,
    /// The shortest time that any function had left; `None` if none ran.
    spare: Mutex<Option<SignedDuration>>,
}

impl RunFaults {
    pub(crate) fn crash_at_call(&self, death: Option<CrashAtCall>) {
        *locked(&self.death) = death
            .filter(|death| death.times > 0 && death.call > 0)
            .map(|death| (death, death.call));
    }

    pub(crate) fn set_skew(&self, skew: Skew) {
        for (clock, seconds) in self
            .skew
            .iter()
            .zip([skew.receive, skew.settle, skew.reconcile])
        {
            clock.store(seconds, Ordering::SeqCst);
        }
    }

    pub(crate) fn set_pace(&self, pace: SignedDuration) {
        self.pace.store(
            i64::try_from(pace.as_millis()).unwrap_or(0),
            Ordering::SeqCst,
        );
    }

    pub(crate) fn set_slow(&self, vendor: &str, slowness: Option<Slowness>) {
        let mut slow = locked(&self.slow);
        slow.remove(vendor);
        slow.extend(slowness.map(|slowness| (vendor.to_owned(), slowness)));
    }

    pub(crate) fn let_waits_count(&self, count: bool) {
        self.waits_count.store(count, Ordering::SeqCst);
    }

    pub(super) fn waits_count(&self) -> bool {
        self.waits_count.load(Ordering::SeqCst)
    }

    pub(crate) fn let_messages_wait(&self, wait: bool) {
        self.messages_wait.store(wait, Ordering::SeqCst);
    }

    pub(super) fn messages_wait(&self) -> bool {
        self.messages_wait.load(Ordering::SeqCst)
    }

    pub(crate) fn double_settles(&self, times: u32) {
        self.doubles.store(times.into(), Ordering::SeqCst);
    }

    /// Returns whether the next batch is served twice, and uses up one of the times.
    pub(super) fn is_double(&self) -> bool {
        let less = |times: u64| times.checked_sub(1);
        self.doubles
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            .is_ok()
    }

    pub(super) fn let_both_work(&self, both: bool) {
        self.is_double.store(both, Ordering::SeqCst);
    }

    /// Lets the other function go on for a few of its calls, if two work at once.
    pub(super) async fn alternate(&self) {
        if !self.is_double.load(Ordering::SeqCst) {
            return;
        }
        // Spread by the number of calls, so that two equal runs are equal.
        let calls = self.called().calls.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for _ in 0..(calls >> 61) {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn take_changed(&self) -> BTreeMap<String, SignedDuration> {
        std::mem::take(&mut *locked(&self.changed))
    }

    /// Returns what a request costs in addition to the pace of all calls.
    pub(super) fn cost(&self, request: &Request) -> Cost {
        let slowness = vendor(request).and_then(|vendor| locked(&self.slow).get(vendor).copied());
        let patience = time_limit(request).unwrap_or(IMPATIENCE);
        match slowness {
            Some(Slowness::Takes(takes)) if takes < patience => Cost {
                takes,
                answers: true,
            },
            Some(Slowness::Takes(_) | Slowness::Hangs) => Cost {
                takes: patience,
                answers: false,
            },
            None => Cost {
                takes: Duration::ZERO,
                answers: true,
            },
        }
    }

    /// Records that a function which had worked this long sends a change to a vendor.
    pub(super) fn note_change(&self, request: &Request, worked: SignedDuration) {
        let is_change =
            *request.method() != Method::GET && !request.uri().path().ends_with("/token");
        if let Some(vendor) = vendor(request).filter(|_| is_change) {
            locked(&self.changed).insert(vendor.to_owned(), worked);
        }
    }

    pub(crate) fn take_worked(&self) -> SignedDuration {
        SignedDuration::from_millis(self.worked.swap(0, Ordering::SeqCst))
    }

    pub(crate) fn take_spare(&self) -> Option<SignedDuration> {
        locked(&self.spare).take()
    }

    /// Returns how far the clock of a function with this work is ahead.
    pub(super) fn ahead(&self, role: FunctionRole, work: &Work) -> SignedDuration {
        let worked = self.worked(work);
        let left = SignedDuration::try_from(limit::of(role))
            .unwrap_or_default()
            .saturating_sub(worked);
        let mut spare = locked(&self.spare);
        *spare = Some(spare.map_or(left, |spare| spare.min(left)));
        drop(spare);
        SignedDuration::from_millis(self.skew_of(role).saturating_mul(1000)).saturating_add(worked)
    }

    /// Returns how long a function has worked by its own clock.
    pub(super) fn worked(&self, work: &Work) -> SignedDuration {
        let worked = work.milliseconds(self.pace.load(Ordering::SeqCst));
        self.worked.fetch_max(worked, Ordering::SeqCst);
        SignedDuration::from_millis(worked)
    }

    /// Lets `span` pass by a function's clock. Concurrent waits of one function end in the order of
    /// their instants, each when no other part has work to do.
    pub(super) async fn wait(&self, work: &Work, span: Duration) {
        if span.is_zero() {
            return;
        }
        let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::ZERO);
        let at = self.worked(work).saturating_add(span);
        let me = WaitEnd {
            at,
            number: self.waits.fetch_add(1, Ordering::SeqCst),
        };
        work.wait_until(me).await;
        work.waits(me.at.saturating_sub(self.worked(work)));
    }

    fn skew_of(&self, role: FunctionRole) -> i64 {
        let [receive, settle, reconcile] = &self.skew;
        let clock = match role {
            FunctionRole::Receive | FunctionRole::Entries => receive,
            FunctionRole::Settle => settle,
            FunctionRole::Reconcile => reconcile,
        };
        clock.load(Ordering::SeqCst)
    }

    pub(crate) fn count_ids(&self) {
        self.next_id.store(1, Ordering::SeqCst);
    }

    pub(crate) fn called(&self) -> Called {
        *locked(&self.called)
    }

    /// Counts a call that is about to be made. Returns the crash that it causes, if any, as whether
    /// the call is carried out.
    pub(super) fn calls(&self, role: FunctionRole, request: &Request) -> Option<bool> {
        self.note(role, request);
        let mut armed = locked(&self.death);
        let (death, left) = armed.as_mut()?;
        *left = left.saturating_sub(1);
        if *left > 0 {
            return None;
        }
        let carried_out = death.carried_out;
        death.times -= 1;
        *left = death.call;
        if death.times == 0 {
            *armed = None;
        }
        Some(carried_out)
    }

    fn note(&self, role: FunctionRole, request: &Request) {
        let mut called = locked(&self.called);
        let mut hasher = DefaultHasher::new();
        let target = request
            .headers()
            .get("x-amz-target")
            .map(|target| target.as_bytes());
        (
            called.digest,
            role as u8,
            request.method().as_str(),
            request.uri().to_string(),
            target,
        )
            .hash(&mut hasher);
        called.digest = hasher.finish();
        called.calls += 1;
    }

    /// Returns the source of the functions' ids.
    pub(super) fn ids(self: &Arc<Self>) -> IdSource {
        let (faults, chance) = (self.clone(), IdSource::default());
        IdSource::from_fn(move || {
            let counted = |next: u64| (next > 0).then_some(next + 1);
            match faults
                .next_id
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, counted)
            {
                // The multiplication spreads the ids, so that the order of creation is not the
                // order of lists.
                Ok(number) => format!(
                    "{:016x}{number:016x}",
                    number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
                )
                .into(),
                Err(_) => chance.next(),
            }
        })
    }
}

/// Returns the sandbox vendor that a request goes to.
fn vendor(request: &Request) -> Option<&str> {
    let host = request
        .uri()
        .host()
        .filter(|_| request.uri().scheme_str() == Some("sandbox"))?;
    host.rsplit('.').next()
}
