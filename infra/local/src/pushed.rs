//! Site files that are pushed while the machine runs. They are stored and served at once, and also
//! by the next run of the same data folder.

use jiff::civil::Date;

use crate::Machine;
use crate::locked::locked;
use crate::run::Runner;
use crate::secrets::LocalSecrets;
use crate::sites::SiteFile;
use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::site::{Mode, Site};
use doorstep_operator::doctor::Checkup;
use doorstep_operator::drift::Drift;
use doorstep_operator::pause::SiteState;
use doorstep_operator::push::{self, PushPreview};
use doorstep_operator::rehearse::Rehearsal;
use doorstep_operator::retire::{Order, RetireStage, Retirement, retire};
use doorstep_operator::survey::{self, Survey};

/// The keys under which pushed sites are stored.
const PUSHED: &str = "pushed/";

/// The sites of the run and their secrets.
pub(crate) struct PushedSites {
    pub(crate) secrets: LocalSecrets,
    pub(crate) sites: Vec<SiteFile>,
}

impl PushedSites {
    /// Returns the file of one site.
    pub(crate) fn site(&self, site: &SiteId) -> Option<&SiteFile> {
        self.sites.iter().find(|file| file.site == *site)
    }

    fn remove(&mut self, site: &SiteId) {
        self.sites.retain(|known| known.site != *site);
    }

    fn put(&mut self, file: SiteFile) {
        self.sites.retain(|known| known.site != file.site);
        self.sites.push(file);
    }
}

impl Machine {
    /// Returns what a site file would change. Stores nothing.
    ///
    /// # Errors
    /// The error of the operation itself, or [`Error::Invalid`] for a site whose secrets this run
    /// does not have.
    pub async fn diff(&self, text: &str) -> Result<PushPreview> {
        self.settle_down().await;
        self.learn_secrets(text)?;
        push::diff(self.environment(), text).await
    }

    /// Reads what the vendors of a site file have. The file need not be in force.
    ///
    /// # Errors
    /// The error of the operation itself, and a secret that the file of secrets does not have.
    pub async fn survey(&self, text: &str) -> Result<Survey> {
        self.learn_secrets(text)?;
        survey::survey(self.environment(), text).await
    }

    /// Returns the drift: the differences between the version in force and the doors.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn drift(&self, site: &SiteId) -> Result<PushPreview> {
        self.settle_down().await;
        push::drift(self.environment(), site).await
    }

    /// Returns the drift, with manual changes told apart from others.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn drifted(&self, site: &SiteId) -> Result<Drift> {
        self.settle_down().await;
        doorstep_operator::drift::drift(self.environment(), site).await
    }

    /// Replays a day, yesterday by default, with a changed site file.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn rehearse(&self, text: &str, day: Option<Date>) -> Result<Rehearsal> {
        self.settle_down().await;
        doorstep_operator::rehearse::rehearse(self.environment(), text, day).await
    }

    /// Pauses a site: nothing at its doors is changed.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn pause(&self, site: &SiteId, why: Option<&str>) -> Result<SiteState> {
        self.settle_down().await;
        doorstep_operator::pause::pause(self.environment(), site, why).await
    }

    /// Ends a site's pause.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn resume(&self, site: &SiteId) -> Result<SiteState> {
        self.settle_down().await;
        let state = doorstep_operator::pause::resume(self.environment(), site).await?;
        self.settle_down().await;
        Ok(state)
    }

    /// Returns what the operator should act on, at one site.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn doctor(&self, site: &SiteId) -> Result<Checkup> {
        self.settle_down().await;
        doorstep_operator::doctor::doctor(self.environment(), site).await
    }

    /// Returns what the operator should act on, at every site.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn doctor_of_all(&self) -> Result<Vec<Checkup>> {
        self.settle_down().await;
        doorstep_operator::doctor::doctor_of_all(self.environment()).await
    }

    /// Shows what retiring a site would do, or retires it. With a standing clock, all revokes are
    /// done when this returns, unless a door system is unavailable.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn retire(&self, site: &SiteId, order: &Order) -> Result<Retirement> {
        self.settle_down().await;
        let mut retirement = retire(self.environment(), site, order).await?;
        if self.is_standing() && order.yes.is_some() && retirement.stage == RetireStage::UnderWay {
            self.settle_down().await;
            retirement = retire(self.environment(), site, order).await?;
        }
        if order.yes.is_some() && retirement.stage == RetireStage::Done {
            let runner = &self.parts.runner;
            runner.remove(site);
            runner.keep.remove(&format!("{PUSHED}{site}"));
            locked(&self.parts.known).remove(site);
            runner.renew();
            if order.delete_data {
                self.overwrite_deleted();
            }
        }
        Ok(retirement)
    }

    /// Puts a site file in force, and serves the site from now on. The first file of a site only
    /// observes.
    ///
    /// # Errors
    /// As [`Machine::diff`].
    pub async fn push(&self, text: &str) -> Result<PushPreview> {
        self.push_with(text, &push::PushOptions::default()).await
    }

    /// Puts a site file in force whose mode the operator confirms, so that a first file may act.
    ///
    /// # Errors
    /// As [`Machine::diff`], and [`Error::Invalid`] if the mode differs from the file's.
    pub async fn push_in_mode(&self, text: &str, mode: Option<Mode>) -> Result<PushPreview> {
        self.push_with(
            text,
            &push::PushOptions {
                mode,
                ..push::PushOptions::default()
            },
        )
        .await
    }

    /// Puts a site file in force, with all options of the operator.
    ///
    /// # Errors
    /// As [`Machine::push_in_mode`].
    pub async fn push_with(&self, text: &str, options: &push::PushOptions) -> Result<PushPreview> {
        self.settle_down().await;
        self.learn_secrets(text)?;
        let shown = push::push(self.environment(), text, options).await?;
        // The folder may contain a site in force that this run does not serve yet.
        let unserved = shown
            .site
            .as_deref()
            .is_some_and(|site| shown.findings.is_empty() && !self.knows(&SiteId::from(site)));
        if shown.stored || unserved {
            self.take_in(SiteFile::of(text.to_owned()));
        }
        self.settle_down().await;
        Ok(shown)
    }

    /// Adds the secrets of a site file, if the text is a site file at all.
    fn learn_secrets(&self, text: &str) -> Result<()> {
        if Site::parse(text).is_err() {
            return Ok(());
        }
        let secrets = &mut locked(&self.parts.known).secrets;
        secrets
            .learn(&SiteFile::of(text.to_owned()))
            .map_err(|error| Error::invalid(error.to_string()))?;
        self.cloud().parameters.hold(secrets);
        Ok(())
    }

    fn take_in(&self, file: SiteFile) {
        let (runner, site) = (&self.parts.runner, file.site.clone());
        runner.keep.put(&format!("{PUSHED}{site}"), b"");
        locked(&self.parts.known).put(file);
        runner.add(&site);
        runner.renew();
    }
}

/// Adds the sites that were pushed in an earlier run of this folder, unless they were loaded from
/// files.
pub(crate) async fn remember(runner: &Runner, known: &mut PushedSites) -> Result<()> {
    let environment: &Environment = &runner.operator;
    for (key, _) in runner.keep.list(PUSHED) {
        let site = &SiteId::from(key.strip_prefix(PUSHED).unwrap_or_default());
        if known.site(site).is_some() {
            continue;
        }
        let Some(stored) = environment.store.active(site).await? else {
            continue;
        };
        let file = SiteFile::of(stored.text);
        if let Err(error) = known.secrets.learn(&file) {
            tracing::error!(site = site.as_str(), %error, "a site that was pushed cannot be reached");
        }
        runner.cloud.parameters.hold(&known.secrets);
        runner.add(site);
        known.put(file);
    }
    Ok(())
}
