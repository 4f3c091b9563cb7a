//! What a test may do to the functions beside shooting them after a step: let them die at any call, set their clocks
//! wrong, and take chance out of the ids that they give. Counts what they call.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Method;
use jiff::SignedDuration;

use super::environment::Role;
use super::invoke::limit;
use crate::locked::locked;
use doorstep_cloud::ids::Ids;
use doorstep_vendors::http::{Request, time_limit};

/// How long a function waits for an answer that says nothing of that itself.
const IMPATIENCE: Duration = Duration::from_secs(20);

/// So often the parts of a function that wait are asked before none of the others has anything to do.
const IDLE: u64 = 200;

/// At which call a function dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Death {
    /// Counted from one over all functions that run from now on.
    pub call: u32,
    /// The call was carried out, and only its answer is lost; otherwise it was never sent.
    pub carried_out: bool,
    /// How many functions die like that, each at its own such call.
    pub times: u32,
}

/// By how many seconds the clocks of the functions are ahead of the clock on the wall.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skew {
    /// Of those that take deliveries.
    pub receive: i64,
    /// Of settle.
    pub settle: i64,
    /// Of reconcile.
    pub reconcile: i64,
}

/// What the functions called so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Called {
    /// How many calls.
    pub calls: u64,
    /// What they were, in their order: two runs that called the same have the same.
    pub digest: u64,
}

/// How long a vendor takes over an answer, by the clock of the function that asks. Nobody waits for it in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slowness {
    /// So long, and then it answers.
    Takes(Duration),
    /// For ever: the function gives up when it will wait no longer.
    Hangs,
}

/// What a call to a vendor costs the function that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) takes: Duration,
    pub(super) answers: bool,
}

/// What the present run of one function did that takes time.
#[derive(Default)]
pub(super) struct Work {
    calls: AtomicU64,
    /// Milliseconds that it waited for slow vendors, and for its own pauses where these count.
    waited: AtomicI64,
    /// When the parts of the function that wait go on, by its clock.
    waiting: Mutex<BTreeSet<(SignedDuration, u64)>>,
    /// How often all parts were found waiting since one of them did something.
    idle: AtomicU64,
}

/// A part of a function that waits, until it is dropped.
struct Waiting<'a> {
    work: &'a Work,
    me: (SignedDuration, u64),
}

impl<'a> Waiting<'a> {
    fn begin(work: &'a Work, me: (SignedDuration, u64)) -> Self {
        locked(&work.waiting).insert(me);
        work.acts();
        Waiting { work, me }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        locked(&self.work.waiting).remove(&self.me);
        self.work.acts();
    }
}

impl Work {
    /// A run begins.
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

    fn waits(&self, span: SignedDuration) {
        self.waited.fetch_add(i64::try_from(span.as_millis()).unwrap_or(0).max(0), Ordering::SeqCst);
    }
}

#[derive(Default)]
pub(crate) struct Levers {
    death: Mutex<Option<(Death, u32)>>,
    skew: [AtomicI64; 3],
    /// The next id; 0: by chance.
    next_id: AtomicU64,
    called: Mutex<Called>,
    /// How long a call takes by the clock of the function that makes it, in milliseconds.
    pace: AtomicI64,
    /// The longest that a function worked since this was last asked, in milliseconds.
    worked: AtomicI64,
    /// How slow each vendor is, by the last part of its sandbox's host.
    slow: Mutex<BTreeMap<String, Slowness>>,
    /// Waiting takes time by the clock of the function that waits.
    waits_count: AtomicBool,
    /// Tells one wait from another.
    waits: AtomicU64,
    /// How long a function had worked when it last changed something at each vendor.
    changed: Mutex<BTreeMap<String, SignedDuration>>,
    /// The least time that was left to any function; `None` where none ran.
    spare: Mutex<Option<SignedDuration>>,
}

impl Levers {
    pub(crate) fn die(&self, death: Option<Death>) {
        *locked(&self.death) = death.filter(|death| death.times > 0 && death.call > 0).map(|death| (death, death.call));
    }

    pub(crate) fn set_skew(&self, skew: Skew) {
        for (clock, seconds) in self.skew.iter().zip([skew.receive, skew.settle, skew.reconcile]) {
            clock.store(seconds, Ordering::SeqCst);
        }
    }

    pub(crate) fn set_pace(&self, pace: SignedDuration) {
        self.pace.store(i64::try_from(pace.as_millis()).unwrap_or(0), Ordering::SeqCst);
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

    pub(crate) fn take_changed(&self) -> BTreeMap<String, SignedDuration> {
        std::mem::take(&mut *locked(&self.changed))
    }

    /// What a request costs beyond the pace of all calls.
    pub(super) fn cost(&self, request: &Request) -> Cost {
        let slowness = vendor(request).and_then(|vendor| locked(&self.slow).get(vendor).copied());
        let patience = time_limit(request).unwrap_or(IMPATIENCE);
        match slowness {
            Some(Slowness::Takes(takes)) if takes < patience => Cost { takes, answers: true },
            Some(Slowness::Takes(_) | Slowness::Hangs) => Cost { takes: patience, answers: false },
            None => Cost { takes: Duration::ZERO, answers: true },
        }
    }

    /// Notes that a function which had worked so long sends a change to a vendor.
    pub(super) fn note_change(&self, request: &Request, worked: SignedDuration) {
        let is_change = *request.method() != Method::GET && !request.uri().path().ends_with("/token");
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

    /// How far the clock of a function is ahead that has worked like that.
    pub(super) fn ahead(&self, role: Role, work: &Work) -> SignedDuration {
        let worked = self.worked(work);
        let left = SignedDuration::try_from(limit::of(role)).unwrap_or_default().saturating_sub(worked);
        let mut spare = locked(&self.spare);
        *spare = Some(spare.map_or(left, |spare| spare.min(left)));
        drop(spare);
        SignedDuration::from_millis(self.skew_of(role).saturating_mul(1000)).saturating_add(worked)
    }

    /// How long a function has worked by its own clock.
    pub(super) fn worked(&self, work: &Work) -> SignedDuration {
        let calls = i64::try_from(work.calls.load(Ordering::SeqCst)).unwrap_or(i64::MAX);
        let waited = work.waited.load(Ordering::SeqCst);
        let worked = self.pace.load(Ordering::SeqCst).saturating_mul(calls).saturating_add(waited);
        self.worked.fetch_max(worked, Ordering::SeqCst);
        SignedDuration::from_millis(worked)
    }

    /// Lets `span` pass by a function's clock. The parts of a function that wait beside each other go on in the order in
    /// which their waits end, each when no other part has anything to do.
    pub(super) async fn wait(&self, work: &Work, span: Duration) {
        if span.is_zero() {
            return;
        }
        let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::ZERO);
        let me = (self.worked(work).saturating_add(span), self.waits.fetch_add(1, Ordering::SeqCst));
        let waiting = Waiting::begin(work, me);
        while work.idle.fetch_add(1, Ordering::SeqCst) < IDLE || locked(&work.waiting).first() != Some(&me) {
            tokio::task::yield_now().await;
        }
        drop(waiting);
        work.waits(me.0.saturating_sub(self.worked(work)));
    }

    fn skew_of(&self, role: Role) -> i64 {
        let [receive, settle, reconcile] = &self.skew;
        let clock = match role {
            Role::Receive | Role::Entries => receive,
            Role::Settle => settle,
            Role::Reconcile => reconcile,
        };
        clock.load(Ordering::SeqCst)
    }

    pub(crate) fn count_ids(&self) {
        self.next_id.store(1, Ordering::SeqCst);
    }

    pub(crate) fn called(&self) -> Called {
        *locked(&self.called)
    }

    /// Counts a call that is about to be made. The death that it brings, if any: whether it is carried out.
    pub(super) fn calls(&self, role: Role, request: &Request) -> Option<bool> {
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

    fn note(&self, role: Role, request: &Request) {
        let mut called = locked(&self.called);
        let mut hasher = DefaultHasher::new();
        let target = request.headers().get("x-amz-target").map(|target| target.as_bytes());
        (called.digest, role as u8, request.method().as_str(), request.uri().to_string(), target).hash(&mut hasher);
        called.digest = hasher.finish();
        called.calls += 1;
    }

    /// Where the functions' ids come from.
    pub(super) fn ids(self: &Arc<Self>) -> Ids {
        let (levers, chance) = (self.clone(), Ids::default());
        Ids::from_fn(move || {
            let counted = |next: u64| (next > 0).then_some(next + 1);
            match levers.next_id.fetch_update(Ordering::SeqCst, Ordering::SeqCst, counted) {
                // Spread, so that whoever came first is not first in every list.
                Ok(number) => format!("{:016x}{number:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                Err(_) => chance.next(),
            }
        })
    }
}

/// The sandbox vendor that a request goes to.
fn vendor(request: &Request) -> Option<&str> {
    let host = request.uri().host().filter(|_| request.uri().scheme_str() == Some("sandbox"))?;
    host.rsplit('.').next()
}
