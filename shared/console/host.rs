//! Where a console gets its values, and what carries out its acts.

use std::time::Duration;

use async_trait::async_trait;

use doorstep_cloud::environment::Environment;
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_operator::pause::SiteState;
use doorstep_operator::push::{PushOptions, PushPreview};
use doorstep_operator::{approve, pause, push, reconcile};

/// The process that runs a console. The acts are those of the operator's command. A one-machine run
/// does more around them, and overrides them.
///
/// # Errors
/// Every act returns the error of the operation, which `doorstep_operator` documents.
#[async_trait]
pub trait Host: Send + Sync + 'static {
    /// Returns the environment from which every page is read.
    fn environment(&self) -> &Environment;

    /// Brings the table up to the present. A run whose clock stands still serves its queues first.
    async fn catch_up(&self) {}

    /// Returns the time between two looks of a live page.
    fn pace(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// Returns whether the process is about to stop. Live pages then end.
    fn is_stopping(&self) -> bool {
        false
    }

    /// Returns what a site file would change. Asks the vendors.
    async fn diff(&self, text: &str) -> Result<PushPreview> {
        push::diff(self.environment(), text).await
    }

    /// Puts a site file in force.
    async fn push(&self, text: &str, options: &PushOptions) -> Result<PushPreview> {
        push::push(self.environment(), text, options).await
    }

    /// Approves the hold of a site with this checksum.
    async fn approve(&self, site: &SiteId, checksum: &Checksum) -> Result<Hold> {
        approve::approve(self.environment(), Some(site), checksum).await
    }

    /// Pauses a site.
    async fn pause(&self, site: &SiteId, why: Option<&str>) -> Result<SiteState> {
        pause::pause(self.environment(), site, why).await
    }

    /// Ends the pause of a site.
    async fn resume(&self, site: &SiteId) -> Result<SiteState> {
        pause::resume(self.environment(), site).await
    }

    /// Requests a reconcile of a site at once.
    async fn reconcile(&self, site: &SiteId) -> Result<()> {
        reconcile::request(self.environment(), site).await
    }
}

/// A host that is no more than an environment: a stack with the operator's own credentials.
pub struct StackHost(pub Environment);

impl Host for StackHost {
    fn environment(&self) -> &Environment {
        &self.0
    }
}
