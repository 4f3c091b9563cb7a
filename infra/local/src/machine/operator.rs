//! The calls of the operator that need more than the operation itself.

use serde_json::Value;

use super::Machine;
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::audit::Record;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_operator::approve::{self, Opened};
use doorstep_operator::forget;
use doorstep_operator::presence::{Presence, PresenceQuery};
use doorstep_operator::report::{ReportQuery, ReportRow};

impl Machine {
    /// Returns the people of a site, with their desired and actual access.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn people(&self, site: &SiteId) -> Result<Value> {
        doorstep_operator::view::people(self.environment(), site).await
    }

    /// Returns the access attempts at a site.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn entries(&self, site: &SiteId, wanted: &ReportQuery) -> Result<Vec<ReportRow>> {
        doorstep_operator::report::entries(self.environment(), site, wanted).await
    }

    /// Returns who came in lately at a site, and the openings by day, hour and door.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn presence(&self, site: &SiteId, wanted: &PresenceQuery) -> Result<Presence> {
        doorstep_operator::presence::presence(self.environment(), site, wanted).await
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
    pub async fn approve(&self, site: Option<&SiteId>, checksum: &Checksum) -> Result<Hold> {
        self.settle_down().await;
        let hold = approve::approve(self.environment(), site, checksum).await?;
        self.settle_down().await;
        Ok(hold)
    }

    /// Forgets a person, and overwrites the deleted data in the files of the data folder.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn forget(
        &self,
        site: &SiteId,
        wanted: &forget::ForgetQuery,
    ) -> Result<forget::ForgetOutcome> {
        self.settle_down().await;
        let outcome = forget::forget(self.environment(), site, wanted).await?;
        if matches!(outcome, forget::ForgetOutcome::Forgotten(_)) {
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
        doorstep_operator::view::audit(self.environment(), site).await
    }

    /// Returns whether a site is served now, or was served before. A retired site keeps its audit
    /// chain and can forget people.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub(crate) async fn remembers(&self, site: &SiteId) -> Result<bool> {
        Ok(self.knows(site) || self.environment().store.has_chain(site).await?)
    }

    /// Returns a site's audit records as JSON.
    ///
    /// # Errors
    /// The error of the operation itself.
    pub async fn audit(&self, site: &SiteId) -> Result<Value> {
        let records = self.records(site).await?;
        serde_json::to_value(records)
            .map_err(|_| Error::permanent("the audit chain cannot be shown"))
    }
}
