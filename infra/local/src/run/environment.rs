//! Execution environments: what one function's process keeps between two calls, and the seam that watches it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use super::crash::{Crash, Step};
use super::levers::{Levers, Work};
use crate::locked::locked;
use crate::world::World;
use doorstep_cloud::environment::{Environment, Settings};
use doorstep_vendors::http::{Http, NoAnswer, Request};
use doorstep_vendors::time::{SharedTime, Time};

/// How many environments of one function are kept warm.
const WARM: usize = 16;

/// Whose environment it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Receive,
    Entries,
    Settle,
    Reconcile,
}

impl Role {
    /// The logical id of its function in the template.
    pub(crate) fn logical_id(self) -> &'static str {
        match self {
            Role::Receive => "Receive",
            Role::Entries => "Entries",
            Role::Settle => "Settle",
            Role::Reconcile => "Reconcile",
        }
    }
}

/// One function's process: it serves one call at a time, and remembers until it dies.
pub(super) struct FunctionEnvironment {
    role: Role,
    age: u64,
    pub(super) environment: Environment,
    /// What the present run of the function did.
    work: Arc<Work>,
    /// Told when the process was shot.
    pub(super) died: Arc<Notify>,
}

impl FunctionEnvironment {
    /// Begins a call of the function, which is ended after `limit`.
    pub(super) fn begin(&self, limit: Duration) {
        let now = self.environment.time.now();
        let limit = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
        self.environment.begin(now.saturating_add(limit).unwrap_or(now));
    }
}

/// Every environment that waits for work.
pub(super) struct Pool {
    world: World,
    settings: Settings,
    time: SharedTime,
    crash: Arc<Crash>,
    levers: Arc<Levers>,
    idle: Mutex<Vec<FunctionEnvironment>>,
    age: AtomicU64,
}

impl Pool {
    pub(super) fn new(
        world: World,
        settings: Settings,
        time: SharedTime,
        crash: Arc<Crash>,
        levers: Arc<Levers>,
    ) -> Self {
        Pool { world, settings, time, crash, levers, idle: Mutex::new(Vec::new()), age: AtomicU64::new(0) }
    }

    /// A way out that nobody watches.
    pub(super) fn operator(&self) -> Environment {
        let world = self.world.clone();
        let http = Http::new(tower::service_fn(move |request| world.clone().send(request)));
        Environment::new(self.settings.clone(), http, self.time.clone())
    }

    /// A warm environment, or a new one.
    pub(super) fn take(&self, role: Role) -> FunctionEnvironment {
        let mut idle = locked(&self.idle);
        let warm = idle.iter().rposition(|environment| environment.role == role).map(|at| idle.swap_remove(at));
        drop(idle);
        let environment = warm.unwrap_or_else(|| self.fresh(role));
        environment.work.begin();
        environment
    }

    /// Forgets every environment; those at work when they are given back.
    pub(super) fn renew(&self) {
        self.age.fetch_add(1, Ordering::SeqCst);
        locked(&self.idle).clear();
    }

    /// Keeps an environment that has done its work, unless there are enough.
    pub(super) fn give_back(&self, environment: FunctionEnvironment) {
        let mut idle = locked(&self.idle);
        let fresh = environment.age == self.age.load(Ordering::SeqCst);
        if fresh && idle.iter().filter(|other| other.role == environment.role).count() < WARM {
            idle.push(environment);
        }
    }

    fn fresh(&self, role: Role) -> FunctionEnvironment {
        let died = Arc::new(Notify::new());
        let age = self.age.load(Ordering::SeqCst);
        let work = Arc::new(Work::default());
        let seam = Seam { role, world: self.world.clone(), crash: self.crash.clone(), levers: self.levers.clone() };
        let http = watched(seam, work.clone(), died.clone());
        let clock = FunctionClock { clock: self.time.clone(), levers: self.levers.clone(), work: work.clone(), role };
        let time = Arc::new(clock);
        let environment = Environment { ids: self.levers.ids(), ..Environment::new(self.settings.clone(), http, time) };
        FunctionEnvironment { role, age, environment, work, died }
    }
}

/// The clock of one environment: ahead of the run's own or behind it, and further with everything that the function did
/// which takes time.
struct FunctionClock {
    clock: SharedTime,
    levers: Arc<Levers>,
    work: Arc<Work>,
    role: Role,
}

#[async_trait]
impl Time for FunctionClock {
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        now.saturating_add(self.levers.ahead(self.role, &self.work)).unwrap_or(now)
    }

    async fn pass(&self, span: Duration) {
        if self.levers.waits_count() {
            self.levers.wait(&self.work, span).await;
        }
        self.clock.pass(span).await;
    }
}

/// What the calls of one environment pass.
#[derive(Clone)]
struct Seam {
    role: Role,
    world: World,
    crash: Arc<Crash>,
    levers: Arc<Levers>,
}

/// The way out of one environment. After a step, or at a call, at which the function shall die it never answers: whoever
/// runs the function hears of it and drops the function's future.
fn watched(seam: Seam, work: Arc<Work>, died: Arc<Notify>) -> Http {
    Http::new(tower::service_fn(move |request: Request| {
        let (Seam { role, world, crash, levers }, died) = (seam.clone(), died.clone());
        work.calls();
        let cost = levers.cost(&request);
        levers.note_change(&request, levers.worked(&work));
        let work = work.clone();
        async move {
            levers.wait(&work, cost.takes).await;
            let step = Step::of(role, &request);
            let death = levers.calls(role, &request);
            if death == Some(false) {
                died.notify_one();
                std::future::pending::<()>().await;
            }
            if !cost.answers {
                return Err(NoAnswer::Late);
            }
            let answer = world.send_as(role, request).await?;
            if death.is_some() || step.is_some_and(|step| answer.status().is_success() && crash.strikes(step)) {
                died.notify_one();
                std::future::pending::<()>().await;
            }
            Ok(answer)
        }
    }))
}
