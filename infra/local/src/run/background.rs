//! Real time: the same machine, driven by timers and not by calls. Sites are served concurrently.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Runner;
use doorstep_jobs::reconcile::DispatchInput;
use doorstep_vendors::time::Time;

/// How many sites are reconciled concurrently: the default of the stack's parameter
/// `ReconcileConcurrency`.
const SITES_AT_ONCE: usize = 10;
/// How often expired items are deleted.
const EXPIRE: Duration = Duration::from_secs(3600);

/// The tasks that drive a run in real time. They end when this is dropped.
#[derive(Default)]
pub(crate) struct Background {
    _tasks: JoinSet<()>,
}

impl Background {
    /// Starts the tasks.
    pub(crate) async fn start(runner: &Arc<Runner>) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_triggers(runner.clone()));
        tasks.spawn(fire_schedules(runner.clone()));
        tasks.spawn(serve_events(runner.clone()));
        tasks.spawn(serve_requests(runner.clone()));
        tasks.spawn(expire(runner.clone()));
        let cadence = runner
            .turn
            .lock()
            .await
            .cadence
            .and_then(|cadence| Duration::try_from(cadence).ok());
        if let Some(cadence) = cadence {
            tasks.spawn(request_all(runner.clone(), cadence));
        }
        Background { _tasks: tasks }
    }
}

/// Serves batches of the trigger queue as they arrive. Each batch has its own task, which outlives
/// a stop: it is short, and the next run serves what it leaves unfinished.
async fn serve_triggers(runner: Arc<Runner>) {
    let mut changes = runner.cloud.changes.watch();
    loop {
        changes.borrow_and_update();
        while let Some(batch) = runner.cloud.triggers.take() {
            let runner = runner.clone();
            tokio::spawn(async move { runner.serve(batch).await });
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = until(&runner, runner.cloud.triggers.next_visible()) => {}
        }
    }
}

async fn fire_schedules(runner: Arc<Runner>) {
    let mut changes = runner.cloud.changes.watch();
    loop {
        changes.borrow_and_update();
        runner.cloud.send_due_schedules();
        tokio::select! {
            _ = changes.changed() => {}
            () = until(&runner, runner.cloud.schedules.next()) => {}
        }
    }
}

async fn serve_events(runner: Arc<Runner>) {
    let mut changes = runner.cloud.changes.watch();
    loop {
        changes.borrow_and_update();
        while let Some(wanted) = runner.cloud.bus.take_request() {
            let runner = runner.clone();
            tokio::spawn(async move { runner.grant(&wanted).await });
        }
        let _changed = changes.changed().await;
    }
}

/// Serves reconcile requests as they arrive, for a limited number of sites concurrently.
async fn serve_requests(runner: Arc<Runner>) {
    let mut changes = runner.cloud.changes.watch();
    let free = Arc::new(Semaphore::new(SITES_AT_ONCE));
    loop {
        changes.borrow_and_update();
        while let Ok(permit) = free.clone().acquire_owned().await
            && let Some(batch) = runner.cloud.reconciles.take()
        {
            let runner = runner.clone();
            tokio::spawn(async move {
                runner.serve_requests(batch).await;
                drop(permit);
            });
        }
        tokio::select! {
            _ = changes.changed() => {}
            () = until(&runner, runner.cloud.reconciles.next_visible()) => {}
        }
    }
}

/// Requests every site, once per cadence.
async fn request_all(runner: Arc<Runner>, cadence: Duration) {
    let mut ticks = interval_at(Instant::now() + cadence, cadence);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        runner.dispatch(DispatchInput::everything()).await;
    }
}

async fn expire(runner: Arc<Runner>) {
    loop {
        tokio::time::sleep(EXPIRE).await;
        runner.cloud.table.forget_expired();
    }
}

async fn until(runner: &Runner, at: Option<Timestamp>) {
    match at {
        Some(at) => runner.clock.until(at).await,
        None => std::future::pending().await,
    }
}

impl Runner {
    /// Waits until nothing is left to serve. With a standing clock this method serves it. In real
    /// time the background tasks do, and the wait includes messages and requests that are visible
    /// only later.
    pub(crate) async fn quiet(&self) {
        if self.clock.is_standing() {
            return self.drain().await;
        }
        let mut changes = self.cloud.changes.watch();
        loop {
            changes.borrow_and_update();
            let due = self
                .cloud
                .schedules
                .next()
                .is_some_and(|at| at <= self.clock.now());
            let quiet = self.cloud.triggers.is_empty()
                && self.cloud.bus.has_no_requests()
                && self.cloud.reconciles.is_empty();
            if !due && quiet {
                return;
            }
            let _changed = changes.changed().await;
        }
    }
}
