//! A one-machine run (`make run`), reached at its own port.

use async_trait::async_trait;
use http::{Method, StatusCode};
use jiff::civil::Date;
use serde::de::IgnoredAny;
use serde_json::json;

use super::Backend;
use super::client::{Local, NotYet, is_no_person};
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

/// Returns the query that repeats the options of a push. Names of doors need no escaping.
fn query_of_push(
    PushOptions {
        mode,
        leave_access,
        over,
    }: &PushOptions,
) -> String {
    let mode = mode.map(|mode| format!("mode={}", mode.word()));
    let names = leave_access.iter().cloned().collect::<Vec<_>>().join(",");
    let left = (!names.is_empty()).then(|| format!("leave-access={names}"));
    let over = over.map(|version| format!("over={version}"));
    let pairs: Vec<String> = mode.into_iter().chain(left).chain(over).collect();
    let mark = if pairs.is_empty() { "" } else { "?" };
    format!("{mark}{}", pairs.join("&"))
}

/// The query of a request that takes none.
const NO_QUERY: [(&str, &str); 0] = [];

#[async_trait(?Send)]
impl Backend for Local {
    async fn sites(&self) -> Result<Vec<SiteSummary>> {
        self.get("/sandbox/sites").await
    }

    async fn history(&self, site: &SiteId) -> Result<History> {
        self.of_site(site, "history", &NO_QUERY).await
    }

    async fn file(&self, site: &SiteId, version: Option<u64>) -> Result<StoredFile> {
        let wanted = version.map(|version| ("version", version));
        self.of_site(site, "file", &Vec::from_iter(wanted)).await
    }

    async fn survey(&self, text: &str) -> Result<Survey> {
        self.post("/sandbox/survey", text).await
    }

    async fn diff(&self, text: &str) -> Result<PushPreview> {
        self.post("/sandbox/diff", text).await
    }

    async fn diff_in_force(&self, site: &SiteId) -> Result<PushPreview> {
        self.of_site(site, "diff", &NO_QUERY).await
    }

    async fn push(&self, text: &str, options: &PushOptions) -> Result<PushPreview> {
        self.post(&format!("/sandbox/push{}", query_of_push(options)), text)
            .await
    }

    async fn drift(&self, site: &SiteId) -> Result<Drift> {
        self.of_site(site, "drift", &NO_QUERY).await
    }

    async fn holds(&self, site: Option<&SiteId>) -> Result<Vec<Opened>> {
        match site {
            Some(site) => self.of_site(site, "holds", &NO_QUERY).await,
            None => self.get("/sandbox/holds").await,
        }
    }

    async fn approve(&self, site: Option<&SiteId>, checksum: &Checksum) -> Result<Hold> {
        let place = site.map_or_else(|| Ok("/sandbox".to_owned()), |site| self.site(site))?;
        self.post(
            &format!("{place}/approve"),
            &json!({ "checksum": checksum }).to_string(),
        )
        .await
    }

    async fn needs(&self) -> Result<NeedsYou> {
        self.get("/sandbox/needs").await
    }

    async fn deliveries(&self, site: &SiteId, day: Option<Date>) -> Result<Deliveries> {
        let wanted = day.map(|day| ("day", day));
        self.of_site(site, "deliveries", &Vec::from_iter(wanted))
            .await
    }

    async fn doctor(&self, site: &SiteId) -> Result<Checkup> {
        self.of_site(site, "doctor", &NO_QUERY).await
    }

    async fn doctor_of_all(&self) -> Result<Vec<Checkup>> {
        self.get("/sandbox/doctor").await
    }

    async fn rehearse(&self, text: &str, day: Option<Date>) -> Result<Rehearsal> {
        let day = day.map(|day| format!("?day={day}")).unwrap_or_default();
        self.post(&format!("/sandbox/rehearse{day}"), text).await
    }

    async fn reconcile(&self, site: &SiteId) -> Result<()> {
        let path = format!("{}/reconcile", self.site(site)?);
        self.post::<IgnoredAny>(&path, "").await.map(drop)
    }

    async fn pause(&self, site: &SiteId, why: Option<&str>) -> Result<SiteState> {
        self.post(
            &format!("{}/pause", self.site(site)?),
            &json!({ "why": why }).to_string(),
        )
        .await
    }

    async fn resume(&self, site: &SiteId) -> Result<SiteState> {
        self.post(&format!("{}/resume", self.site(site)?), "").await
    }

    async fn retire(&self, site: &SiteId, order: &Order) -> Result<Retirement> {
        self.post(
            &format!("{}/retire", self.site(site)?),
            &json!(order).to_string(),
        )
        .await
    }

    async fn entries(&self, site: &SiteId, wanted: &report::ReportQuery) -> Result<Vec<ReportRow>> {
        self.of_site(site, "entries", wanted).await
    }

    async fn presence(&self, site: &SiteId, wanted: &PresenceQuery) -> Result<Presence> {
        self.of_site(site, "presence", wanted).await
    }

    async fn explain(
        &self,
        site: &SiteId,
        wanted: &explain::ExplainQuery,
    ) -> Result<Option<Explained>> {
        match self
            .send(Method::GET, &self.query(site, "explain", wanted)?, "")
            .await?
        {
            (status, body) if is_no_person(status, &body) => Ok(None),
            (status, body) => self.read(status, &body).map(Some),
        }
    }

    async fn who(&self, site: &SiteId, wanted: &who::WhoQuery) -> Result<who::Told> {
        self.of_site(site, "who", wanted).await
    }

    async fn audit(&self, site: &SiteId) -> Result<Vec<Record>> {
        self.of_site(site, "audit", &NO_QUERY).await
    }

    async fn verify_audit(&self, site: &SiteId, noted: Option<Head>) -> Result<Verdict> {
        let noted = noted.map(|head| ("known", format!("{}:{}", head.seq, head.hash)));
        self.of_site(site, "audit/verify", &Vec::from_iter(noted))
            .await
    }

    async fn on_time(&self, site: &SiteId, wanted: &on_time::OnTimeQuery) -> Result<OnTimeRecord> {
        self.of_site(site, "on-time", wanted).await
    }

    async fn forget(&self, site: &SiteId, wanted: &forget::ForgetQuery) -> Result<ForgetOutcome> {
        let path = format!("{}/forget", self.site(site)?);
        let (status, body) = self
            .send(Method::POST, &path, &json!(wanted).to_string())
            .await?;
        match serde_json::from_slice::<NotYet>(&body) {
            Ok(not_yet) if status == StatusCode::CONFLICT => {
                Ok(ForgetOutcome::Refused(not_yet.first))
            }
            _ if is_no_person(status, &body) => Ok(ForgetOutcome::NoPerson),
            _ => self.read(status, &body).map(ForgetOutcome::Forgotten),
        }
    }
}
