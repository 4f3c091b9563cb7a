//! Execution environments: what one function's process keeps between two calls, and the seam that watches it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use doorstep::http::{Http, Request};
use doorstep::outside::{Outside, Settings};
use doorstep::time::SharedTime;
use tokio::sync::Notify;

use super::crash::{Crash, Step};
use crate::locked::locked;
use crate::world::World;

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

/// One function's process: it serves one call at a time, and remembers until it dies.
pub(super) struct Environment {
    role: Role,
    age: u64,
    pub(super) outside: Outside,
    /// Told when the process was shot.
    pub(super) died: Arc<Notify>,
}

/// Every environment that waits for work.
pub(super) struct Pool {
    world: World,
    settings: Settings,
    time: SharedTime,
    crash: Arc<Crash>,
    idle: Mutex<Vec<Environment>>,
    age: AtomicU64,
}

impl Pool {
    pub(super) fn new(world: World, settings: Settings, time: SharedTime, crash: Arc<Crash>) -> Self {
        Pool { world, settings, time, crash, idle: Mutex::new(Vec::new()), age: AtomicU64::new(0) }
    }

    /// A way out that nobody watches.
    pub(super) fn operator(&self) -> Outside {
        let world = self.world.clone();
        let http = Http::new(tower::service_fn(move |request| world.clone().send(request)));
        Outside::new(self.settings.clone(), http, self.time.clone())
    }

    /// A warm environment, or a new one.
    pub(super) fn take(&self, role: Role) -> Environment {
        let mut idle = locked(&self.idle);
        let warm = idle.iter().rposition(|environment| environment.role == role).map(|at| idle.swap_remove(at));
        drop(idle);
        warm.unwrap_or_else(|| self.fresh(role))
    }

    /// Forgets every environment; those at work when they are given back.
    pub(super) fn renew(&self) {
        self.age.fetch_add(1, Ordering::SeqCst);
        locked(&self.idle).clear();
    }

    /// Keeps an environment that has done its work, unless there are enough.
    pub(super) fn give_back(&self, environment: Environment) {
        let mut idle = locked(&self.idle);
        let fresh = environment.age == self.age.load(Ordering::SeqCst);
        if fresh && idle.iter().filter(|other| other.role == environment.role).count() < WARM {
            idle.push(environment);
        }
    }

    fn fresh(&self, role: Role) -> Environment {
        let died = Arc::new(Notify::new());
        let age = self.age.load(Ordering::SeqCst);
        let http = watched(role, self.world.clone(), self.crash.clone(), died.clone());
        Environment { role, age, outside: Outside::new(self.settings.clone(), http, self.time.clone()), died }
    }
}

/// The way out of one environment. After a step at which the function shall die it never answers: whoever runs the
/// function hears of it and drops the function's future.
fn watched(role: Role, world: World, crash: Arc<Crash>, died: Arc<Notify>) -> Http {
    Http::new(tower::service_fn(move |request: Request| {
        let (world, crash, died) = (world.clone(), crash.clone(), died.clone());
        async move {
            let step = Step::of(role, &request);
            let answer = world.send(request).await?;
            if step.is_some_and(|step| answer.status().is_success() && crash.strikes(step)) {
                died.notify_one();
                std::future::pending::<()>().await;
            }
            Ok(answer)
        }
    }))
}
