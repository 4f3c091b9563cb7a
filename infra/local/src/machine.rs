//! The whole of Doorstep in one process: built from a [`Setup`], driven by calls, served by `server`.

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

/// Where everything is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Nowhere: it ends with the process.
    Memory,
    /// In this folder, which is made if it is missing.
    Folder(PathBuf),
}

impl Data {
    /// Whether no run has used it yet.
    pub fn is_new(&self) -> bool {
        match self {
            Data::Memory => true,
            Data::Folder(folder) => !folder::is_used(folder),
        }
    }
}

/// What a run is started with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The site files' texts.
    pub sites: Vec<String>,
    /// The secrets file's text; `None`: the sandbox's own secrets.
    pub secrets: Option<String>,
    /// Where the clock stands; `None`: real time. A folder that was further already starts from there.
    pub clock: Option<Timestamp>,
    /// How often every site is reconciled, counted from the start; `None`: only when asked.
    pub reconcile: Option<Duration>,
    /// Where everything is remembered.
    pub data: Data,
}

/// Why a run could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A site file is wrong.
    #[error("{why}")]
    Site {
        /// Which of [`Setup::sites`].
        index: usize,
        /// What the library says of it.
        why: Error,
    },
    /// Two files are of one site.
    #[error("a second file of the site {site}")]
    SameSite {
        /// Which of [`Setup::sites`].
        index: usize,
        /// The site.
        site: String,
    },
    /// The secrets file is wrong.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The data folder cannot be used, or another run uses it.
    #[error("the data folder cannot be used: {0}")]
    Data(String),
}

/// A run. Clones are the same one.
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
    /// Starts a run of the library's own functions.
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
    pub async fn start(setup: Setup) -> Result<Machine, StartError> {
        Machine::start_with(setup, Arc::new(Doorstep)).await
    }

    /// Starts a run of other functions, for tests of the machine itself.
    ///
    /// # Errors
    /// See [`StartError`]; nothing runs then.
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

    /// Lets a standing clock catch up with now, and run from then on.
    ///
    /// # Errors
    /// The clock runs already, or stands in the future.
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

    /// The run's clock.
    pub fn now(&self) -> Timestamp {
        self.parts.runner.clock.now()
    }

    /// Whether the clock stands until it is moved.
    pub fn stands(&self) -> bool {
        self.parts.runner.clock.stands()
    }

    /// Hands a delivery to receive, or one of a door system to entries.
    pub async fn deliver(&self, delivery: Delivery) -> Answer {
        self.parts.runner.deliver(delivery).await
    }

    /// Serves the line until it is empty; in real time waits until the background has.
    pub async fn quiet(&self) {
        self.parts.runner.quiet().await;
    }

    /// What every call but a delivery does first where the clock stands; nothing in real time.
    pub(crate) async fn settle_down(&self) {
        if self.stands() {
            self.parts.runner.drain().await;
        }
    }

    /// Moves a standing clock forward, running whatever is due on the way.
    ///
    /// # Errors
    /// See [`ClockRefused`]; nothing ran then.
    pub async fn move_clock(&self, to: Timestamp) -> Result<Vec<Ran>, ClockRefused> {
        self.parts.runner.move_clock(to).await
    }

    /// Reconciles a site now, with the line drained before and after.
    ///
    /// # Errors
    /// The function's own, and one that may pass where the function died.
    pub async fn reconcile(&self, site: &str) -> Result<Report> {
        self.settle_down().await;
        let report = self.parts.runner.reconcile(site).await;
        self.quiet().await;
        report
    }

    /// Whether a file of this site was loaded.
    pub fn knows(&self, site: &str) -> bool {
        self.parts.runner.knows(site)
    }

    /// Everybody whom a site knows, with what they may and what they have.
    ///
    /// # Errors
    /// The library's own.
    pub async fn people(&self, site: &str) -> Result<Value> {
        doorstep_operator::view::people(self.environment(), site).await
    }

    /// Who came and went at a site.
    ///
    /// # Errors
    /// The library's own.
    pub async fn entries(&self, site: &str, wanted: &Wanted) -> Result<Vec<ReportRow>> {
        doorstep_operator::report::entries(self.environment(), site, wanted).await
    }

    /// What waits for a human, at one site or at all.
    ///
    /// # Errors
    /// The library's own.
    pub async fn holds(&self, site: Option<&str>) -> Result<Vec<Opened>> {
        self.settle_down().await;
        approve::holds(self.environment(), site).await
    }

    /// Lets exactly what is held under a checksum be done, and has it done.
    ///
    /// # Errors
    /// The library's own.
    pub async fn approve(&self, site: Option<&str>, checksum: &str) -> Result<Hold> {
        self.settle_down().await;
        let hold = approve::approve(self.environment(), site, checksum).await?;
        self.settle_down().await;
        Ok(hold)
    }

    /// Forgets a person, in the files of the data folder too.
    ///
    /// # Errors
    /// The library's own.
    pub async fn forget(&self, site: &str, wanted: &forget::Wanted) -> Result<forget::Outcome> {
        self.settle_down().await;
        let outcome = forget::forget(self.environment(), site, wanted).await?;
        if matches!(outcome, forget::Outcome::Forgotten(_)) {
            self.overwrite_deleted();
        }
        Ok(outcome)
    }

    /// Sees to it that nothing which was deleted or replaced is left in a file of the data folder.
    pub(crate) fn overwrite_deleted(&self) {
        self.cloud().table.overwrite_deleted();
        self.parts.runner.keep.overwrite_deleted();
    }

    /// A site's audit records, oldest first.
    ///
    /// # Errors
    /// The library's own.
    pub async fn records(&self, site: &str) -> Result<Vec<Record>> {
        self.environment().store.audit(site).await
    }

    /// Whether a site is served here, or was: a retired site keeps its audit chain, and still forgets people.
    ///
    /// # Errors
    /// The library's own.
    pub(crate) async fn remembers(&self, site: &str) -> Result<bool> {
        Ok(self.knows(site) || self.environment().store.has_chain(site).await?)
    }

    /// The same as JSON.
    ///
    /// # Errors
    /// The library's own.
    pub async fn audit(&self, site: &str) -> Result<Value> {
        doorstep_operator::view::audit(self.environment(), site).await
    }

    /// Lets the next `times` functions that get past `step` die there.
    pub fn crash(&self, step: Step, times: u32) {
        self.parts.runner.crash.arm(step, times);
    }

    /// Lets functions die at a call, whatever it is; whatever was ordered before is forgotten.
    pub fn die(&self, death: Option<Death>) {
        self.parts.runner.levers.die(death);
    }

    /// Sets the clocks of the functions that run from now on ahead of the run's own, or behind it.
    pub fn skew(&self, skew: Skew) {
        self.parts.runner.levers.set_skew(skew);
    }

    /// Lets each call take so long by the clock of the function that makes it. The run's own clock stands all the same.
    pub fn pace(&self, pace: SignedDuration) {
        self.parts.runner.levers.set_pace(pace);
    }

    /// Lets schedules fire up to 59 s late, and some of them twice, out of `seed`, as Scheduler may; without a seed they fire at
    /// their instant and once.
    pub fn late_schedules(&self, seed: Option<u64>) {
        self.cloud().alarms.come_late(seed);
    }

    /// Lets a vendor take its time over each answer, by the clock of the function that asks; `None`: it takes none.
    pub fn slow(&self, vendor: &str, slowness: Option<Slowness>) {
        self.parts.runner.levers.set_slow(vendor, slowness);
    }

    /// Whether the pauses that functions make take time by their clocks.
    pub fn let_waits_count(&self, count: bool) {
        self.parts.runner.levers.let_waits_count(count);
    }

    /// How long a function had worked when it last changed something at each vendor, since this was last asked.
    pub fn changed_after(&self) -> BTreeMap<String, SignedDuration> {
        self.parts.runner.levers.take_changed()
    }

    /// The longest that a function worked, at that pace, since this was last asked.
    pub fn worked(&self) -> SignedDuration {
        self.parts.runner.levers.take_worked()
    }

    /// The least time that was left to any function before its limit, by its own clock, since this was last asked.
    pub fn spare(&self) -> Option<SignedDuration> {
        self.parts.runner.levers.take_spare()
    }

    /// Takes chance out of the ids of people, so that the same run comes out the same twice.
    pub fn count_ids(&self) {
        self.parts.runner.levers.count_ids();
    }

    /// What the functions called so far.
    pub fn called(&self) -> Called {
        self.parts.runner.levers.called()
    }

    /// The cloud: line, alarms, outbox, table.
    pub fn cloud(&self) -> &Cloud {
        &self.parts.runner.cloud
    }

    /// The sandbox vendors.
    pub fn sandboxes(&self) -> &Sandboxes {
        &self.parts.sandboxes
    }

    /// Everything outside, as the operator's own command reaches it.
    pub fn environment(&self) -> &Environment {
        &self.parts.runner.operator
    }

    /// The platform of `site`, and the organisation there that it names, if it names one.
    pub(crate) fn platform(&self, site: &str) -> Option<(String, Option<String>)> {
        let known = locked(&self.parts.known);
        let file = known.site(site)?;
        Some((file.platform.clone(), Some(file.organization.clone()).filter(|of| !of.is_empty())))
    }

    /// The doors of `site` that post to us, those of the place `of` where one is named, and what a sandbox signs with for
    /// them; nothing where the site has none, and no secret where it has none for them.
    pub(crate) fn entrance(&self, site: &str, kind: &str, of: Option<&str>) -> Option<(String, Option<String>)> {
        let known = locked(&self.parts.known);
        let doors = &known.site(site)?.doors;
        let mut same = doors.iter().filter(|doors| doors.kind == kind && of.is_none_or(|of| doors.place == of));
        let doors = same.next()?;
        Some((doors.name.clone(), known.secrets.signing(&doors.secret, doors.is_sandbox).map(str::to_owned)))
    }

    /// The secret with which a sandbox platform signs for `site`; `None` where it has none of its own there.
    pub(crate) fn webhook_secret(&self, site: &str) -> Option<String> {
        let known = locked(&self.parts.known);
        let site = known.site(site)?;
        known.secrets.signing(&site.platform_secret, site.is_sandbox).map(str::to_owned)
    }

    /// Whether any site of this run has a platform or doors that are not a sandbox. A platform that pushes has no address:
    /// it is real where its secret is an operator's.
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

/// The keep, and where the table's file is.
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
        if !runner.add(&site) {
            return Err(StartError::SameSite { index, site });
        }
        loaded.push(SiteFile { site, ..file });
    }
    Ok(loaded)
}
