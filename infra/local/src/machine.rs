//! All of Doorstep in one process: built from a [`Setup`], controlled by calls, served by `server`.

use doorstep_core::model::ids::SiteId;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::clock::Clock;
use crate::cloud::Cloud;
use crate::folder;
use crate::keep::Keep;
use crate::locked::locked;
use crate::pushed::{self, Known};
use crate::run::crash::Step;
use crate::run::functions::{Doorstep, Functions};
use crate::run::levers::{Called, Death, Skew, Slowness};
use crate::run::{Background, ClockRefused, Ran, Runner};
use crate::sandbox::Sandboxes;
use crate::secrets::{Secrets, SecretsError};
use crate::sites::SiteFile;
use crate::world::World;
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::audit::Record;
use doorstep_core::model::error::{Error, Result};
use doorstep_jobs::reconcile::Report;
use doorstep_operator::approve::{self, Opened};
use doorstep_operator::forget;
use doorstep_operator::report::{ReportRow, Wanted};
use doorstep_vendors::delivery::{Answer, Delivery};
use doorstep_vendors::time::{SharedTime, Time};

/// Where the run stores its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// In memory: the data ends with the process.
    Memory,
    /// In this folder, which is created if it is missing.
    Folder(PathBuf),
}

impl Data {
    /// Returns whether no run has used it yet.
    pub fn is_new(&self) -> bool {
        match self {
            Data::Memory => true,
            Data::Folder(folder) => !folder::is_used(folder),
        }
    }
}

/// The configuration of a run.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The texts of the site files.
    pub sites: Vec<String>,
    /// The text of the secrets file; `None` uses the sandbox's own secrets.
    pub secrets: Option<String>,
    /// The instant of a standing clock; `None` is real time. A folder whose clock is already later starts from there.
    pub clock: Option<Timestamp>,
    /// How often every site is reconciled, counted from the start; `None` reconciles only on request.
    pub reconcile: Option<Duration>,
    /// Where the run stores its data.
    pub data: Data,
}

/// The reason why a run could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A site file is invalid.
    #[error("{why}")]
    Site {
        /// Index in [`Setup::sites`].
        index: usize,
        /// The error of the library.
        why: Error,
    },
    /// Two files are for the same site.
    #[error("a second file of the site {site}")]
    SameSite {
        /// Index in [`Setup::sites`].
        index: usize,
        /// The site.
        site: SiteId,
    },
    /// The secrets file is invalid.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The data folder cannot be used, or another run uses it.
    #[error("the data folder cannot be used: {0}")]
    Data(String),
}

/// A run. Clones share it.
#[derive(Clone)]
pub struct Machine {
    pub(crate) parts: Arc<Parts>,
}

pub(crate) struct Parts {
    pub(crate) runner: Arc<Runner>,
    sandboxes: Sandboxes,
    pub(crate) known: Mutex<Known>,
    pub(crate) background: Mutex<Background>,
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
    pub async fn start_with(setup: Setup, functions: Arc<dyn Functions>) -> Result<Machine, StartError> {
        let sites: Vec<_> = setup.sites.into_iter().map(SiteFile::of).collect();
        let secrets = match &setup.secrets {
            Some(text) => Secrets::parse(text)?,
            None => Secrets::sandbox(&sites),
        };
        let (keep, table) = remembered(&setup.data)?;
        let clock = Arc::new(clock(setup.clock, &keep));
        let time: SharedTime = clock.clone();
        let network = doorstep_vendors::network::client(None).map_err(|error| StartError::Data(error.to_string()))?;
        let cloud = Cloud::new(table.as_deref(), &keep, &secrets, &clock, &network)
            .await
            .map_err(|error| StartError::Data(error.to_string()))?;
        let sandboxes = Sandboxes::new(keep.clone(), time);
        let world = World { cloud: Arc::new(cloud), sandboxes: sandboxes.clone(), network };
        let cadence = setup.reconcile.and_then(|cadence| SignedDuration::try_from(cadence).ok());
        let runner = Runner::new(clock, keep, world, functions, cadence);
        let sites = load(&runner, sites).await?;
        let mut known = Known { secrets, sites };
        pushed::remember(&runner, &mut known).await.map_err(|error| StartError::Data(error.to_string()))?;
        let (known, background) = (Mutex::new(known), Mutex::default());
        let parts = Parts { runner: Arc::new(runner), sandboxes, known, background };
        let machine = Machine { parts: Arc::new(parts) };
        if !machine.stands() {
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
    pub fn stands(&self) -> bool {
        self.parts.runner.clock.stands()
    }

    /// Passes a delivery to receive, or to entries if a door system sent it.
    pub async fn deliver(&self, delivery: Delivery) -> Answer {
        self.parts.runner.deliver(delivery).await
    }

    /// Serves the queues until they are empty. In real time, waits until the background tasks have done so.
    pub async fn quiet(&self) {
        self.parts.runner.quiet().await;
    }

    /// Serves the queues before every call except a delivery, if the clock is a standing one. Does nothing in real
    /// time.
    pub(crate) async fn settle_down(&self) {
        if self.stands() {
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

    /// Returns whether this run serves the site.
    pub fn knows(&self, site: &SiteId) -> bool {
        self.parts.runner.knows(site)
    }

    /// Returns the people of a site, with their desired and actual access.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn people(&self, site: &SiteId) -> Result<Value> {
        doorstep_operator::view::people(self.environment(), &site).await
    }

    /// Returns the access attempts at a site.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn entries(&self, site: &SiteId, wanted: &Wanted) -> Result<Vec<ReportRow>> {
        doorstep_operator::report::entries(self.environment(), site, wanted).await
    }

    /// Returns the holds of one site, or of all sites.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn holds(&self, site: Option<&SiteId>) -> Result<Vec<Opened>> {
        self.settle_down().await;
        approve::holds(self.environment(), site).await
    }

    /// Approves the hold with this checksum, and serves the queues so that settle carries it out.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn approve(&self, site: Option<&SiteId>, checksum: &str) -> Result<Hold> {
        self.settle_down().await;
        let hold = approve::approve(self.environment(), site, checksum).await?;
        self.settle_down().await;
        Ok(hold)
    }

    /// Forgets a person, and overwrites the deleted data in the files of the data folder.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn forget(&self, site: &SiteId, wanted: &forget::Wanted) -> Result<forget::Outcome> {
        self.settle_down().await;
        let outcome = forget::forget(self.environment(), site, wanted).await?;
        if matches!(outcome, forget::Outcome::Forgotten(_)) {
            self.overwrite_deleted();
        }
        Ok(outcome)
    }

    /// Overwrites deleted and replaced data in all files of the data folder.
    pub(crate) fn overwrite_deleted(&self) {
        self.cloud().table.overwrite_deleted();
        self.parts.runner.keep.overwrite_deleted();
    }

    /// Returns a site's audit records, oldest first.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn records(&self, site: &SiteId) -> Result<Vec<Record>> {
        self.environment().store.audit(&site).await
    }

    /// Returns whether a site is served now, or was served before. A retired site keeps its audit chain and can forget
    /// people.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub(crate) async fn remembers(&self, site: &SiteId) -> Result<bool> {
        Ok(self.knows(site) || self.environment().store.has_chain(&site).await?)
    }

    /// Returns a site's audit records as JSON.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn audit(&self, site: &SiteId) -> Result<Value> {
        doorstep_operator::view::audit(self.environment(), &site).await
    }

    /// Makes the next `times` functions that complete `step` crash there.
    pub fn crash(&self, step: Step, times: u32) {
        self.parts.runner.crash.arm(step, times);
    }

    /// Makes functions crash at a certain call. Replaces any earlier order.
    pub fn die(&self, death: Option<Death>) {
        self.parts.runner.levers.die(death);
    }

    /// Sets the clocks of all later functions ahead of the run's clock, or behind it.
    pub fn skew(&self, skew: Skew) {
        self.parts.runner.levers.set_skew(skew);
    }

    /// Sets how long each call takes by the clock of the calling function. The run's own clock does not advance by it.
    pub fn pace(&self, pace: SignedDuration) {
        self.parts.runner.levers.set_pace(pace);
    }

    /// Makes schedules fire up to 59 s late and some of them twice, derived from `seed`, as Scheduler may. Without a
    /// seed each fires once, at its instant.
    pub fn late_schedules(&self, seed: Option<u64>) {
        self.cloud().schedules.come_late(seed);
    }

    /// Sets how long a vendor takes for each answer, by the clock of the calling function; `None` takes no time.
    pub fn slow(&self, vendor: &str, slowness: Option<Slowness>) {
        self.parts.runner.levers.set_slow(vendor, slowness);
    }

    /// Sets whether the pauses of functions take time by their clocks.
    pub fn let_waits_count(&self, count: bool) {
        self.parts.runner.levers.let_waits_count(count);
    }

    /// Returns how long a function had worked when it last changed something at each vendor, since the last call of
    /// this method.
    pub fn changed_after(&self) -> BTreeMap<String, SignedDuration> {
        self.parts.runner.levers.take_changed()
    }

    /// Returns the longest run time of a function at that pace, since the last call of this method.
    pub fn worked(&self) -> SignedDuration {
        self.parts.runner.levers.take_worked()
    }

    /// Returns the shortest time that any function had left before its limit, by its own clock, since the last call of
    /// this method.
    pub fn spare(&self) -> Option<SignedDuration> {
        self.parts.runner.levers.take_spare()
    }

    /// Makes the ids of people deterministic, so that two equal runs have equal results.
    pub fn count_ids(&self) {
        self.parts.runner.levers.count_ids();
    }

    /// Returns the calls that the functions made so far.
    pub fn called(&self) -> Called {
        self.parts.runner.levers.called()
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

    /// Returns the platform of `site`, and the organisation there, if the file names one.
    pub(crate) fn platform(&self, site: &SiteId) -> Option<(String, Option<String>)> {
        let known = locked(&self.parts.known);
        let file = known.site(site)?;
        Some((file.platform.clone(), Some(file.organization.clone()).filter(|of| !of.is_empty())))
    }

    /// Returns the name of the site's door system that posts to Doorstep, and the secret that a sandbox signs with.
    /// `of` limits the search to one place. Returns `None` if the site has no such door system. The secret is `None` if
    /// the sandbox has none.
    pub(crate) fn entrance(&self, site: &SiteId, kind: &str, of: Option<&str>) -> Option<(String, Option<String>)> {
        let known = locked(&self.parts.known);
        let doors = &known.site(site)?.doors;
        let mut same = doors.iter().filter(|doors| doors.kind == kind && of.is_none_or(|of| doors.place == of));
        let doors = same.next()?;
        Some((doors.name.clone(), known.secrets.signing(&doors.secret, doors.is_sandbox).map(str::to_owned)))
    }

    /// Returns the secret with which a sandbox platform signs for `site`; `None` if it has none.
    pub(crate) fn webhook_secret(&self, site: &SiteId) -> Option<String> {
        let known = locked(&self.parts.known);
        let site = known.site(site)?;
        known.secrets.signing(&site.platform_secret, site.is_sandbox).map(str::to_owned)
    }

    /// Returns whether any site of this run has a real platform or door system. A push platform has no address: it is
    /// real if its secret comes from the operator.
    pub(crate) fn has_real_vendors(&self) -> bool {
        let known = locked(&self.parts.known);
        let is_real = |site: &SiteFile| {
            let pushes = matches!(site.platform.as_str(), "andcards" | "deskworks");
            let is_sandbox = site.is_sandbox || pushes && known.secrets.signing(&site.platform_secret, false).is_some();
            !is_sandbox || site.doors.iter().any(|doors| !doors.is_sandbox)
        };
        known.sites.iter().any(is_real)
    }
}

fn clock(standing: Option<Timestamp>, keep: &Keep) -> Clock {
    let Some(at) = standing else { return Clock::running() };
    let kept = keep.get(crate::run::CLOCK).and_then(|kept| String::from_utf8(kept).ok()?.parse::<Timestamp>().ok());
    if let Some(further) = kept.filter(|kept| *kept > at) {
        tracing::warn!(%further, "the data folder was further already: the clock stands there");
    }
    Clock::standing(kept.map_or(at, |kept| kept.max(at)))
}

/// Opens the key-value store. Returns it, and the path of the table's file.
fn remembered(data: &Data) -> Result<(Keep, Option<PathBuf>), StartError> {
    let Data::Folder(folder) = data else { return Ok((Keep::memory(), None)) };
    let files = folder::prepare(folder).map_err(|error| StartError::Data(error.to_string()))?;
    let keep = Keep::open(&files.keep).map_err(|error| StartError::Data(error.to_string()))?;
    Ok((keep, Some(files.table)))
}

async fn load(runner: &Runner, sites: Vec<SiteFile>) -> Result<Vec<SiteFile>, StartError> {
    let mut loaded = Vec::new();
    for (index, file) in sites.into_iter().enumerate() {
        let pushed = doorstep_operator::push::load(&runner.operator, &file.text).await;
        let site = pushed.map_err(|why| StartError::Site { index, why })?;
        if !runner.add(&SiteId::from(site.as_str())) {
            return Err(StartError::SameSite { index, site });
        }
        loaded.push(SiteFile { site, ..file });
    }
    Ok(loaded)
}
