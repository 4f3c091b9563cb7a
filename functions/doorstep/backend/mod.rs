//! Where the answers of a verb come from: the operator's requests, answered by a stack on AWS or by
//! a one-machine run.

mod client;
mod local;
mod stack;

use async_trait::async_trait;
use jiff::civil::Date;

use doorstep_core::decide::guard::Hold;
use doorstep_core::model::audit::{Head, Record, Verdict};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_operator::approve::Opened;
use doorstep_operator::deliveries::Deliveries;
use doorstep_operator::doctor::Checkup;
use doorstep_operator::drift::Drift;
use doorstep_operator::explain::{self, Explained, who};
use doorstep_operator::forget::{self, ForgetOutcome};
use doorstep_operator::needs::NeedsYou;
use doorstep_operator::on_time::{self, OnTimeRecord};
use doorstep_operator::pause::SiteState;
use doorstep_operator::presence::{Presence, PresenceQuery};
use doorstep_operator::push::{PushOptions, PushPreview};
use doorstep_operator::rehearse::Rehearsal;
use doorstep_operator::report::{self, ReportRow};
use doorstep_operator::retire::{Order, Retirement};
use doorstep_operator::sites::{History, SiteSummary, StoredFile};
use doorstep_operator::survey::Survey;

pub use client::Local;
pub use stack::Stack;

/// The requests of the operator, one method for each.
///
/// # Errors
/// Every method returns the error of the operation, which `doorstep_operator` documents. A
/// one-machine run that does not answer is a retryable error.
#[async_trait(?Send)]
pub trait Backend {
    /// Lists the sites.
    async fn sites(&self) -> Result<Vec<SiteSummary>>;
    /// Lists the versions of a site's file.
    async fn history(&self, site: &SiteId) -> Result<History>;
    /// Returns one version of a site's file, or the one in force.
    async fn file(&self, site: &SiteId, version: Option<u64>) -> Result<StoredFile>;
    /// Returns what the vendors of a site file have.
    async fn survey(&self, text: &str) -> Result<Survey>;
    /// Returns what a site file would change.
    async fn diff(&self, text: &str) -> Result<PushPreview>;
    /// Returns what the version in force of a site would change.
    async fn diff_in_force(&self, site: &SiteId) -> Result<PushPreview>;
    /// Puts a site file in force.
    async fn push(&self, text: &str, options: &PushOptions) -> Result<PushPreview>;
    /// Returns the differences between the doors and the version in force.
    async fn drift(&self, site: &SiteId) -> Result<Drift>;
    /// Returns the open holds of one site, or of all sites.
    async fn holds(&self, site: Option<&SiteId>) -> Result<Vec<Opened>>;
    /// Approves the hold with this checksum, at one site or at any site.
    async fn approve(&self, site: Option<&SiteId>, checksum: &Checksum) -> Result<Hold>;
    /// Returns what needs the operator, at all sites.
    async fn needs(&self) -> Result<NeedsYou>;
    /// Returns the deliveries of a day; `None` is today.
    async fn deliveries(&self, site: &SiteId, day: Option<Date>) -> Result<Deliveries>;
    /// Examines one site.
    async fn doctor(&self, site: &SiteId) -> Result<Checkup>;
    /// Examines every site.
    async fn doctor_of_all(&self) -> Result<Vec<Checkup>>;
    /// Replays a day with a site file; `None` replays yesterday.
    async fn rehearse(&self, text: &str, day: Option<Date>) -> Result<Rehearsal>;
    /// Requests a reconcile of a site at once.
    async fn reconcile(&self, site: &SiteId) -> Result<()>;
    /// Pauses a site.
    async fn pause(&self, site: &SiteId, why: Option<&str>) -> Result<SiteState>;
    /// Ends the pause of a site.
    async fn resume(&self, site: &SiteId) -> Result<SiteState>;
    /// Shows what retiring a site would do, or does the next part of it.
    async fn retire(&self, site: &SiteId, order: &Order) -> Result<Retirement>;
    /// Returns the access attempts of some days, by person, door and day.
    async fn entries(&self, site: &SiteId, wanted: &report::ReportQuery) -> Result<Vec<ReportRow>>;
    /// Returns who came in lately, and the openings by day, hour and door.
    async fn presence(&self, site: &SiteId, wanted: &PresenceQuery) -> Result<Presence>;
    /// Returns why a person has or lacks each group; `None` where no person matches.
    async fn explain(
        &self,
        site: &SiteId,
        wanted: &explain::ExplainQuery,
    ) -> Result<Option<Explained>>;
    /// Returns the members of a group.
    async fn who(&self, site: &SiteId, wanted: &who::WhoQuery) -> Result<who::Told>;
    /// Returns the audit chain, oldest record first.
    async fn audit(&self, site: &SiteId) -> Result<Vec<Record>>;
    /// Verifies the audit chain, with a record that was noted earlier.
    async fn verify_audit(&self, site: &SiteId, noted: Option<Head>) -> Result<Verdict>;
    /// Returns how many changes of some days were on time.
    async fn on_time(&self, site: &SiteId, wanted: &on_time::OnTimeQuery) -> Result<OnTimeRecord>;
    /// Forgets a person.
    async fn forget(&self, site: &SiteId, wanted: &forget::ForgetQuery) -> Result<ForgetOutcome>;
}
