//! The console of the run: the acts of the operator's screens, carried out as the run's own calls
//! are.

use std::time::Duration;

use async_trait::async_trait;

use crate::Machine;
use doorstep_cloud::environment::Environment;
use doorstep_console::host::Host;
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_operator::pause::SiteState;
use doorstep_operator::push::{PushOptions, PushPreview};

#[async_trait]
impl Host for Machine {
    fn environment(&self) -> &Environment {
        Machine::environment(self)
    }

    async fn catch_up(&self) {
        self.settle_down().await;
    }

    fn pace(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn is_stopping(&self) -> bool {
        self.stops()
    }

    async fn diff(&self, text: &str) -> Result<PushPreview> {
        Machine::diff(self, text).await
    }

    async fn push(&self, text: &str, options: &PushOptions) -> Result<PushPreview> {
        self.push_with(text, options).await
    }

    async fn approve(&self, site: &SiteId, checksum: &Checksum) -> Result<Hold> {
        Machine::approve(self, Some(site), checksum).await
    }

    async fn pause(&self, site: &SiteId, why: Option<&str>) -> Result<SiteState> {
        Machine::pause(self, site, why).await
    }

    async fn resume(&self, site: &SiteId) -> Result<SiteState> {
        Machine::resume(self, site).await
    }

    async fn reconcile(&self, site: &SiteId) -> Result<()> {
        Machine::reconcile(self, site).await.map(drop)
    }
}
