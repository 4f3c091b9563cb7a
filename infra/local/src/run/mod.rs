//! The machine in the role of AWS Lambda: it runs the functions, serves the queues, fires schedules
//! and reconciles on time.
//!
//! With a standing clock, everything runs sequentially inside the call that requested it. In real
//! time the same things happen in the background (`background`).

pub mod crash;
pub mod faults;
pub mod functions;

mod background;
mod drain;
mod environment;
mod invoke;
mod move_clock;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::function_role::FunctionRole;
use crate::keep::Keep;
use crate::locked::locked;
use crate::network::Network;
pub(crate) use background::Background;
use crash::Crash;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::Report;
use doorstep_vendors::time::{SharedTime, Time};
use environment::Pool;
use faults::RunFaults;
use functions::Functions;
pub(crate) use invoke::{InvocationEnd, limit};
pub(crate) use move_clock::CLOCK;
pub use move_clock::{ClockRefused, Ran};

/// Everything that runs.
pub(crate) struct Runner {
    pub(crate) clock: Arc<Clock>,
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) crash: Arc<Crash>,
    pub(crate) faults: Arc<RunFaults>,
    /// The environment of the operator's own requests. It never crashes and is not measured.
    pub(crate) operator: Environment,
    pub(crate) keep: Keep,
    functions: Arc<dyn Functions>,
    pool: Pool,
    /// The sites, each with the lock for its reconcile.
    sites: std::sync::Mutex<BTreeMap<SiteId, Arc<Mutex<()>>>>,
    /// Held by the one task that drains, moves the clock or reconciles; with a standing clock only.
    turn: Mutex<Calendar>,
}

/// When the sites are reconciled next.
struct Calendar {
    cadence: Option<SignedDuration>,
    next: Option<Timestamp>,
}

impl Runner {
    pub(crate) fn new(
        clock: Arc<Clock>,
        keep: Keep,
        world: Network,
        functions: Arc<dyn Functions>,
        cadence: Option<SignedDuration>,
    ) -> Self {
        let time: SharedTime = clock.clone();
        let (crash, faults) = (Arc::new(Crash::default()), Arc::new(RunFaults::default()));
        let cloud = world.cloud.clone();
        let pool = Pool::new(
            world,
            cloud.settings.clone(),
            time,
            crash.clone(),
            faults.clone(),
        );
        let next = cadence.and_then(|cadence| clock.now().checked_add(cadence).ok());
        Runner {
            operator: pool.operator(),
            turn: Mutex::new(Calendar { cadence, next }),
            sites: std::sync::Mutex::default(),
            clock,
            cloud,
            crash,
            faults,
            keep,
            functions,
            pool,
        }
    }

    /// Adds a site. Returns `false` and changes nothing if it exists.
    pub(crate) fn add(&self, site: &SiteId) -> bool {
        let mut sites = locked(&self.sites);
        let new = !sites.contains_key(site);
        sites.entry(site.to_owned()).or_default();
        new
    }

    /// Removes a site.
    pub(crate) fn remove(&self, site: &SiteId) {
        locked(&self.sites).remove(site);
    }

    pub(crate) fn knows(&self, site: &SiteId) -> bool {
        locked(&self.sites).contains_key(site)
    }

    /// Discards the warm environments, because their cached sites are outdated.
    pub(crate) fn renew(&self) {
        self.pool.renew();
    }

    /// Runs one reconcile of `site`.
    ///
    /// # Errors
    /// The error of the function, or a retryable error if the function crashed.
    pub(crate) async fn reconcile(&self, site: &SiteId) -> Result<Report> {
        let turn = self.turn_of(site).await;
        let wanted = site.to_owned();
        let run = |functions: Arc<dyn Functions>, environment: Environment| async move {
            functions.reconcile(&environment, &wanted).await
        };
        let end = self
            .invoke(FunctionRole::Reconcile, limit::RECONCILE, run)
            .await;
        drop(turn);
        match end {
            InvocationEnd::Done(result) => result,
            InvocationEnd::Crashed(why) => Err(doorstep_core::model::error::Error::retry(format!(
                "the reconcile {why}"
            ))),
        }
    }

    /// Takes the lock for a site's reconcile. On this machine the operator's reconcile takes it
    /// too, and waits for it.
    async fn turn_of(&self, site: &SiteId) -> OwnedMutexGuard<()> {
        let turn = locked(&self.sites).get(site).cloned().unwrap_or_default();
        turn.lock_owned().await
    }
}
