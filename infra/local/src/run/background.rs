//! Real time: the same machine, driven by timers instead of calls. Sites are served side by side.

use std::sync::Arc;
use std::time::Duration;

use doorstep::time::Time;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Runner;

/// How often expired items are deleted.
const FORGET: Duration = Duration::from_secs(3600);

/// The tasks that drive a run in real time. They end when this is dropped.
#[derive(Default)]
pub(crate) struct Background {
    tasks: JoinSet<()>,
    cadence: Option<Duration>,
}

impl Background {
    /// Starts them.
    pub(crate) async fn start(runner: &Arc<Runner>) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(line(runner.clone()));
        tasks.spawn(alarms(runner.clone()));
        tasks.spawn(wishes(runner.clone()));
        tasks.spawn(forget(runner.clone()));
        let cadence = runner.turn.lock().await.cadence.and_then(|cadence| Duration::try_from(cadence).ok());
        let mut background = Background { tasks, cadence };
        runner.sites().into_iter().for_each(|site| background.reconcile(runner, site));
        background
    }

    /// Reconciles one more site from now on.
    pub(crate) fn reconcile(&mut self, runner: &Arc<Runner>, site: String) {
        if let Some(cadence) = self.cadence {
            self.tasks.spawn(reconciles(runner.clone(), site, cadence));
        }
    }
}

/// Hands out batches as they come. A batch is served in a task of its own, which outlives a stop: it is short, and what
/// it does not finish comes again in the next run.
async fn line(runner: Arc<Runner>) {
    let mut stirred = runner.cloud.stir.watch();
    loop {
        stirred.borrow_and_update();
        while let Some(batch) = runner.cloud.line.take() {
            let runner = runner.clone();
            tokio::spawn(async move { runner.serve(batch).await });
        }
        tokio::select! {
            _ = stirred.changed() => {}
            () = until(&runner, runner.cloud.line.next_visible()) => {}
        }
    }
}

async fn alarms(runner: Arc<Runner>) {
    let mut stirred = runner.cloud.stir.watch();
    loop {
        stirred.borrow_and_update();
        runner.cloud.ring_due();
        tokio::select! {
            _ = stirred.changed() => {}
            () = until(&runner, runner.cloud.alarms.next()) => {}
        }
    }
}

async fn wishes(runner: Arc<Runner>) {
    let mut stirred = runner.cloud.stir.watch();
    loop {
        stirred.borrow_and_update();
        while let Some(wanted) = runner.cloud.bus.take_wanted() {
            let runner = runner.clone();
            tokio::spawn(async move {
                runner.reconcile_unasked(&wanted.site).await;
                runner.cloud.bus.served(&wanted);
            });
        }
        let _changed = stirred.changed().await;
    }
}

async fn reconciles(runner: Arc<Runner>, site: String, cadence: Duration) {
    let mut ticks = interval_at(Instant::now() + cadence, cadence);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        if !runner.knows(&site) {
            return;
        }
        runner.reconcile_unasked(&site).await;
    }
}

async fn forget(runner: Arc<Runner>) {
    loop {
        tokio::time::sleep(FORGET).await;
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
    /// Waits until nothing is left to serve at the present instant. With a standing clock it is served here; in real
    /// time the background does it.
    pub(crate) async fn quiet(&self) {
        if self.clock.stands() {
            return self.drain().await;
        }
        let mut stirred = self.cloud.stir.watch();
        loop {
            stirred.borrow_and_update();
            let due = self.cloud.alarms.next().is_some_and(|at| at <= self.clock.now());
            if !due && self.cloud.line.is_empty() && self.cloud.bus.wants_nothing() {
                return;
            }
            let _changed = stirred.changed().await;
        }
    }
}
