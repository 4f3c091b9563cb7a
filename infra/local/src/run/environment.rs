//! Execution environments: what one function's process keeps between two calls, and the HTTP seam
//! that watches it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use super::crash::{Crash, CrashStep};
use super::faults::RunFaults;
use super::work::Work;
use crate::function_role::FunctionRole;
use crate::locked::locked;
use crate::network::Network;
use doorstep_cloud::environment::{Environment, Settings};
use doorstep_vendors::http::{Http, NoAnswer, Request};
use doorstep_vendors::time::{SharedTime, Time};

/// How many environments of one function stay warm.
const WARM: usize = 16;

/// The process of one function. It serves one call at a time, and keeps its caches until it
/// crashes.
pub(super) struct FunctionEnvironment {
    role: FunctionRole,
    age: u64,
    pub(super) environment: Environment,
    /// The work of the present call.
    work: Arc<Work>,
    /// Notified when the process crashes.
    pub(super) crashed: Arc<Notify>,
}

impl FunctionEnvironment {
    /// Begins a call of the function with the time limit `limit`.
    pub(super) fn begin(&self, limit: Duration) {
        let now = self.environment.time.now();
        let limit = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
        self.environment
            .begin(now.saturating_add(limit).unwrap_or(now));
    }
}

/// All idle environments.
pub(super) struct Pool {
    world: Network,
    settings: Settings,
    time: SharedTime,
    crash: Arc<Crash>,
    faults: Arc<RunFaults>,
    idle: Mutex<Vec<FunctionEnvironment>>,
    age: AtomicU64,
}

impl Pool {
    pub(super) fn new(
        world: Network,
        settings: Settings,
        time: SharedTime,
        crash: Arc<Crash>,
        faults: Arc<RunFaults>,
    ) -> Self {
        Pool {
            world,
            settings,
            time,
            crash,
            faults,
            idle: Mutex::new(Vec::new()),
            age: AtomicU64::new(0),
        }
    }

    /// Returns an environment that is not watched.
    pub(super) fn operator(&self) -> Environment {
        let world = self.world.clone();
        let http = Http::new(tower::service_fn(move |request| {
            world.clone().send(request)
        }));
        Environment::new(self.settings.clone(), http, self.time.clone())
    }

    /// Returns a warm environment, or a new one.
    pub(super) fn take(&self, role: FunctionRole) -> FunctionEnvironment {
        let mut idle = locked(&self.idle);
        let warm = idle
            .iter()
            .rposition(|environment| environment.role == role)
            .map(|at| idle.swap_remove(at));
        drop(idle);
        let environment = warm.unwrap_or_else(|| self.fresh(role));
        environment.work.begin();
        environment
    }

    /// Discards every environment. Busy ones are discarded when they are given back.
    pub(super) fn renew(&self) {
        self.age.fetch_add(1, Ordering::SeqCst);
        locked(&self.idle).clear();
    }

    /// Keeps an environment after its call, unless there are enough.
    pub(super) fn give_back(&self, environment: FunctionEnvironment) {
        let mut idle = locked(&self.idle);
        let fresh = environment.age == self.age.load(Ordering::SeqCst);
        if fresh
            && idle
                .iter()
                .filter(|other| other.role == environment.role)
                .count()
                < WARM
        {
            idle.push(environment);
        }
    }

    fn fresh(&self, role: FunctionRole) -> FunctionEnvironment {
        let crashed = Arc::new(Notify::new());
        let age = self.age.load(Ordering::SeqCst);
        let work = Arc::new(Work::default());
        let http_client = ObservedHttp {
            role,
            world: self.world.clone(),
            crash: self.crash.clone(),
            faults: self.faults.clone(),
        };
        let http = watched(http_client, work.clone(), crashed.clone());
        let clock = FunctionClock {
            clock: self.time.clone(),
            faults: self.faults.clone(),
            work: work.clone(),
            role,
        };
        let time = Arc::new(clock);
        let environment = Environment {
            ids: self.faults.ids(),
            ..Environment::new(self.settings.clone(), http, time)
        };
        FunctionEnvironment {
            role,
            age,
            environment,
            work,
            crashed,
        }
    }
}

/// The clock of one environment. It differs from the run's clock by a skew, and advances with
/// everything that the function does and that takes time.
struct FunctionClock {
    clock: SharedTime,
    faults: Arc<RunFaults>,
    work: Arc<Work>,
    role: FunctionRole,
}

#[async_trait]
impl Time for FunctionClock {
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        now.saturating_add(self.faults.ahead(self.role, &self.work))
            .unwrap_or(now)
    }

    async fn pass(&self, span: Duration) {
        if self.faults.waits_count() {
            self.faults.wait(&self.work, span).await;
        }
        self.clock.pass(span).await;
    }
}

/// The parts that watch and steer the HTTP calls of one environment.
#[derive(Clone)]
struct ObservedHttp {
    role: FunctionRole,
    world: Network,
    crash: Arc<Crash>,
    faults: Arc<RunFaults>,
}

/// Returns the HTTP client of one environment. At a call, or after a step, at which the function is
/// to crash, it never answers. The caller of the function is notified and drops the function's
/// future.
fn watched(http_client: ObservedHttp, work: Arc<Work>, crashed: Arc<Notify>) -> Http {
    Http::new(tower::service_fn(move |request: Request| {
        let (
            ObservedHttp {
                role,
                world,
                crash,
                faults,
            },
            crashed,
        ) = (http_client.clone(), crashed.clone());
        work.calls();
        let cost = faults.cost(&request);
        faults.note_change(&request, faults.worked(&work));
        let work = work.clone();
        async move {
            faults.alternate().await;
            faults.wait(&work, cost.takes).await;
            let step = crash
                .is_armed()
                .then(|| CrashStep::of(role, &request))
                .flatten();
            let death = faults.calls(role, &request);
            if death == Some(false) {
                crashed.notify_one();
                std::future::pending::<()>().await;
            }
            if !cost.answers {
                return Err(NoAnswer::Late);
            }
            let answer = world.send_as(role, request).await?;
            if death.is_some()
                || step.is_some_and(|step| answer.status().is_success() && crash.strikes(step))
            {
                crashed.notify_one();
                std::future::pending::<()>().await;
            }
            Ok(answer)
        }
    }))
}
