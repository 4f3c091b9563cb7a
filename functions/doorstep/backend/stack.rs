//! A stack on AWS, with the operator's own credentials.

use async_trait::async_trait;
use jiff::civil::Date;

use super::Backend;
use doorstep_cloud::environment::Environment;
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::audit::{Head, Record, Verdict};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_operator::approve::{self, Opened};
use doorstep_operator::deliveries::{self, Deliveries};
use doorstep_operator::doctor::{self, Checkup};
use doorstep_operator::drift::{self, Drift};
use doorstep_operator::explain::{self, Explained, who};
use doorstep_operator::forget::{self, ForgetOutcome};
use doorstep_operator::needs::{self, NeedsYou};
use doorstep_operator::on_time::{self, OnTimeRecord};
use doorstep_operator::pause::{self, SiteState};
use doorstep_operator::presence::{self, Presence, PresenceQuery};
use doorstep_operator::push::{self, PushOptions, PushPreview};
use doorstep_operator::reconcile;
use doorstep_operator::rehearse::{self, Rehearsal};
use doorstep_operator::report::{self, ReportRow};
use doorstep_operator::retire::{self, Order, Retirement};
use doorstep_operator::sites::{self, History, SiteSummary, StoredFile};
use doorstep_operator::survey::{self, Survey};
use doorstep_operator::view;

/// A stack: its table, its queue and the vendors of its sites.
pub struct Stack(pub Environment);

#[async_trait(?Send)]
impl Backend for Stack {
    async fn sites(&self) -> Result<Vec<SiteSummary>> {
        sites::sites(&self.0).await
    }

    async fn history(&self, site: &SiteId) -> Result<History> {
        sites::history(&self.0, site).await
    }

    async fn file(&self, site: &SiteId, version: Option<u64>) -> Result<StoredFile> {
        sites::file(&self.0, site, version).await
    }

    async fn survey(&self, text: &str) -> Result<Survey> {
        survey::survey(&self.0, text).await
    }

    async fn diff(&self, text: &str) -> Result<PushPreview> {
        push::diff(&self.0, text).await
    }

    async fn diff_in_force(&self, site: &SiteId) -> Result<PushPreview> {
        push::drift(&self.0, site).await
    }

    async fn push(&self, text: &str, options: &PushOptions) -> Result<PushPreview> {
        push::push(&self.0, text, options).await
    }

    async fn drift(&self, site: &SiteId) -> Result<Drift> {
        drift::drift(&self.0, site).await
    }

    async fn holds(&self, site: Option<&SiteId>) -> Result<Vec<Opened>> {
        approve::holds(&self.0, site).await
    }

    async fn approve(&self, site: Option<&SiteId>, checksum: &Checksum) -> Result<Hold> {
        approve::approve(&self.0, site, checksum).await
    }

    async fn needs(&self) -> Result<NeedsYou> {
        needs::needs(&self.0).await
    }

    async fn deliveries(&self, site: &SiteId, day: Option<Date>) -> Result<Deliveries> {
        deliveries::deliveries(&self.0, site, day).await
    }

    async fn doctor(&self, site: &SiteId) -> Result<Checkup> {
        doctor::doctor(&self.0, site).await
    }

    async fn doctor_of_all(&self) -> Result<Vec<Checkup>> {
        doctor::doctor_of_all(&self.0).await
    }

    async fn rehearse(&self, text: &str, day: Option<Date>) -> Result<Rehearsal> {
        rehearse::rehearse(&self.0, text, day).await
    }

    async fn reconcile(&self, site: &SiteId) -> Result<()> {
        reconcile::request(&self.0, site).await
    }

    async fn pause(&self, site: &SiteId, why: Option<&str>) -> Result<SiteState> {
        pause::pause(&self.0, site, why).await
    }

    async fn resume(&self, site: &SiteId) -> Result<SiteState> {
        pause::resume(&self.0, site).await
    }

    async fn retire(&self, site: &SiteId, order: &Order) -> Result<Retirement> {
        retire::retire(&self.0, site, order).await
    }

    async fn entries(&self, site: &SiteId, wanted: &report::ReportQuery) -> Result<Vec<ReportRow>> {
        report::entries(&self.0, site, wanted).await
    }

    async fn presence(&self, site: &SiteId, wanted: &PresenceQuery) -> Result<Presence> {
        presence::presence(&self.0, site, wanted).await
    }

    async fn explain(
        &self,
        site: &SiteId,
        wanted: &explain::ExplainQuery,
    ) -> Result<Option<Explained>> {
        explain::explain(&self.0, site, wanted).await
    }

    async fn who(&self, site: &SiteId, wanted: &who::WhoQuery) -> Result<who::Told> {
        who::who(&self.0, site, wanted).await
    }

    async fn audit(&self, site: &SiteId) -> Result<Vec<Record>> {
        view::audit(&self.0, site).await
    }

    async fn verify_audit(&self, site: &SiteId, noted: Option<Head>) -> Result<Verdict> {
        view::verify_audit(&self.0, site, noted).await
    }

    async fn on_time(&self, site: &SiteId, wanted: &on_time::OnTimeQuery) -> Result<OnTimeRecord> {
        on_time::on_time(&self.0, site, wanted).await
    }

    async fn forget(&self, site: &SiteId, wanted: &forget::ForgetQuery) -> Result<ForgetOutcome> {
        forget::forget(&self.0, site, wanted).await
    }
}
