//! All of Doorstep in one process: built from a [`Setup`], controlled by calls, served by `server`.

mod faults;
mod operator;
mod setup;
mod sites;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::folder;
use crate::keep::Keep;
use crate::locked::locked;
use crate::network::Network;
use crate::pushed::{self, PushedSites};
use crate::run::functions::{Doorstep, Functions};
use crate::run::{Background, ClockRefused, Ran, Runner};
use crate::sandbox::Sandboxes;
use crate::secrets::LocalSecrets;
use crate::sites::SiteFile;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::Report;
use doorstep_vendors::delivery::{Delivery, WebhookAnswer};
use doorstep_vendors::time::{SharedTime, Time};

pub use setup::{Data, Setup, StartError};

/// A run. Clones share it.
#[derive(Clone)]
pub struct Machine {
    pub(crate) parts: Arc<Parts>,
}

pub(crate) struct Parts {
    pub(crate) runner: Arc<Runner>,
    sandboxes: Sandboxes,
    pub(crate) known: Mutex<PushedSites>,
    pub(crate) background: Mutex<Background>,
    stopping: AtomicBool,
}

impl Machine {
    /// Starts a run of the production functions.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing runs then.
    pub async fn start(setup: Setup) -> Result<Machine, StartError> {
        Machine::start_with(setup, Arc::new(Doorstep)).await
    }

    /// Starts a run of other functions, for tests of the machine itself.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing runs then.
    pub async fn start_with(
        setup: Setup,
        functions: Arc<dyn Functions>,
    ) -> Result<Machine, StartError> {
        let sites: Vec<_> = setup.sites.into_iter().map(SiteFile::of).collect();
        let secrets = match &setup.secrets {
            Some(text) => LocalSecrets::parse(text)?,
            None => LocalSecrets::sandbox(&sites),
        };
        let (keep, table) = remembered(&setup.data)?;
        let clock = Arc::new(clock(setup.clock, &keep));
        let time: SharedTime = clock.clone();
        let network = doorstep_vendors::network::client(None)
            .map_err(|error| StartError::Data(error.to_string()))?;
        let cloud = Cloud::new(table.as_deref(), &keep, &secrets, &clock, &network)
            .await
            .map_err(|error| StartError::Data(error.to_string()))?;
        let sandboxes = Sandboxes::new(keep.clone(), time);
        let world = Network {
            cloud: Arc::new(cloud),
            sandboxes: sandboxes.clone(),
            network,
        };
        let cadence = setup
            .reconcile
            .and_then(|cadence| SignedDuration::try_from(cadence).ok());
        let runner = Runner::new(clock, keep, world, functions, cadence);
        let sites = load(&runner, sites).await?;
        let mut known = PushedSites { secrets, sites };
        pushed::remember(&runner, &mut known)
            .await
            .map_err(|error| StartError::Data(error.to_string()))?;
        let (known, background) = (Mutex::new(known), Mutex::default());
        let parts = Parts {
            runner: Arc::new(runner),
            sandboxes,
            known,
            background,
            stopping: AtomicBool::new(false),
        };
        let machine = Machine {
            parts: Arc::new(parts),
        };
        if !machine.is_standing() {
            machine.run_in_background().await;
        }
        Ok(machine)
    }

    /// Moves a standing clock to the present, and lets it run from then on.
    ///
    /// # Errors
    /// The clock already runs, or is ahead of the present.
    pub async fn catch_up(&self) -> Result<Vec<Ran>, ClockRefused> {
        let ran = self.move_clock(Timestamp::now()).await?;
        self.parts.runner.clock.release();
        self.run_in_background().await;
        Ok(ran)
    }

    async fn run_in_background(&self) {
        let background = Background::start(&self.parts.runner).await;
        *locked(&self.parts.background) = background;
    }

    /// Returns the time of the run.
    pub fn now(&self) -> Timestamp {
        self.parts.runner.clock.now()
    }

    /// Returns whether the clock moves only on request.
    pub fn is_standing(&self) -> bool {
        self.parts.runner.clock.is_standing()
    }

    /// Passes a delivery to receive, or to entries if a door system sent it.
    pub async fn deliver(&self, delivery: Delivery) -> WebhookAnswer {
        self.parts.runner.deliver(delivery).await
    }

    /// Serves the queues until they are empty. In real time, waits until the background tasks have
    /// done so.
    pub async fn quiet(&self) {
        self.parts.runner.quiet().await;
    }

    /// Serves the queues before every call except a delivery, if the clock is a standing one. Does
    /// nothing in real time.
    pub(crate) async fn settle_down(&self) {
        if self.is_standing() {
            self.parts.runner.drain().await;
        }
    }

    /// Moves a standing clock forward, and runs everything that becomes due.
    ///
    /// # Errors
    /// See [`ClockRefused`]. Nothing ran then.
    pub async fn move_clock(&self, to: Timestamp) -> Result<Vec<Ran>, ClockRefused> {
        self.parts.runner.move_clock(to).await
    }

    /// Reconciles a site now. The queues are served before and after.
    ///
    /// # Errors
    /// The error of the function, or a retryable error if the function crashed.
    pub async fn reconcile(&self, site: &SiteId) -> Result<Report> {
        self.settle_down().await;
        let report = self.parts.runner.reconcile(site).await;
        self.quiet().await;
        report
    }

    /// Says that the process stops. Pages that follow changes then end.
    pub fn stop(&self) {
        self.parts.stopping.store(true, Ordering::Relaxed);
    }

    /// Returns whether the process stops.
    pub(crate) fn stops(&self) -> bool {
        self.parts.stopping.load(Ordering::Relaxed)
    }

    /// Returns whether this run serves the site.
    pub fn knows(&self, site: &SiteId) -> bool {
        self.parts.runner.knows(site)
    }

    /// Returns the cloud: queues, schedules, event bus, table.
    pub fn cloud(&self) -> &Cloud {
        &self.parts.runner.cloud
    }

    /// Returns the sandbox vendors.
    pub fn sandboxes(&self) -> &Sandboxes {
        &self.parts.sandboxes
    }

    /// Returns the environment of the operator's command.
    pub fn environment(&self) -> &Environment {
        &self.parts.runner.operator
    }
}

fn clock(standing: Option<Timestamp>, keep: &Keep) -> Clock {
    let Some(at) = standing else {
        return Clock::running();
    };
    let kept = keep
        .get(crate::run::CLOCK)
        .and_then(|kept| String::from_utf8(kept).ok()?.parse::<Timestamp>().ok());
    if let Some(further) = kept.filter(|kept| *kept > at) {
        tracing::warn!(%further, "the clock of the data folder is later: starting from there");
    }
    Clock::standing(kept.map_or(at, |kept| kept.max(at)))
}

/// Opens the key-value store. Returns it, and the path of the table's file.
fn remembered(data: &Data) -> Result<(Keep, Option<PathBuf>), StartError> {
    let Data::Folder(folder) = data else {
        return Ok((Keep::memory(), None));
    };
    let files = folder::prepare(folder).map_err(|error| StartError::Data(error.to_string()))?;
    let keep = Keep::open(&files.keep).map_err(|error| StartError::Data(error.to_string()))?;
    Ok((keep, Some(files.table)))
}

async fn load(runner: &Runner, sites: Vec<SiteFile>) -> Result<Vec<SiteFile>, StartError> {
    let mut loaded = Vec::new();
    for (index, file) in sites.into_iter().enumerate() {
        let pushed = doorstep_operator::push::load(&runner.operator, &file.text).await;
        let site = pushed.map_err(|why| StartError::Site { index, why })?;
        if !runner.add(&site) {
            return Err(StartError::SameSite { index, site });
        }
        loaded.push(SiteFile { site, ..file });
    }
    Ok(loaded)
}
