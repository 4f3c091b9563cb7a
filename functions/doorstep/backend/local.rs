//! The client of a one-machine run (`make run`), reached at its own port.

use async_trait::async_trait;
use bytes::Bytes;
use doorstep_core::model::ids::SiteId;
use http::{Method, StatusCode, Uri};
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::{Host, Url};

use super::Backend;
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::audit::{Head, Record, Verdict};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::is_site_id;
use doorstep_operator::approve::Opened;
use doorstep_operator::doctor::Checkup;
use doorstep_operator::drift::Drift;
use doorstep_operator::explain::{self, Explained, who};
use doorstep_operator::forget::{self, Outcome};
use doorstep_operator::on_time::{self, OnTime};
use doorstep_operator::pause::State;
use doorstep_operator::push::{Options, Shown};
use doorstep_operator::rehearse::Rehearsal;
use doorstep_operator::report::{self, ReportRow};
use doorstep_operator::retire::{Order, Retirement};
use doorstep_vendors::http::Http;
use doorstep_vendors::network;

/// A one-machine run.
pub struct Local {
    http: Http,
    base: String,
}

/// The body of an error answer of the run.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The body of an answer that lists what to do before a person can be forgotten.
#[derive(Deserialize)]
struct NotYet {
    first: Vec<String>,
}

/// Returns whether the answer says that no person matches. That is a result and not an error.
fn is_no_person(status: StatusCode, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Nobody {
        nobody: bool,
    }
    status == StatusCode::NOT_FOUND && serde_json::from_slice::<Nobody>(body).is_ok_and(|said| said.nobody)
}

/// Restores the error of the run from its status and text.
fn restored(status: StatusCode, why: String) -> Error {
    match status {
        StatusCode::SERVICE_UNAVAILABLE => Error::retry(why),
        StatusCode::CONFLICT => Error::Held(why),
        _ if status.is_client_error() => Error::Invalid(why),
        _ => Error::Permanent(why),
    }
}

impl Local {
    /// Returns the run that listens at `address`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for every address except plain http to this machine, because the answers contain names.
    pub fn at(address: &str) -> Result<Self> {
        let wrong = || Error::invalid("--local takes an address of this machine: write --local=http://127.0.0.1:PORT");
        let url = Url::parse(address).map_err(|_| wrong())?;
        let here = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(host)) => host == "localhost",
            None => false,
        };
        if url.scheme() != "http" || !here {
            return Err(wrong());
        }
        Ok(Local { http: network::patient_client()?, base: url.as_str().trim_end_matches('/').to_owned() })
    }

    /// Returns the path of one site.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an invalid site name, which could lead to another path.
    fn site(&self, site: &SiteId) -> Result<String> {
        match is_site_id(site) {
            true => Ok(format!("/sandbox/sites/{site}")),
            false => Err(not_a_site()),
        }
    }

    /// Sends a GET for a resource of one site, with `wanted` as its query.
    async fn of_site<T: DeserializeOwned>(&self, site: &SiteId, what: &str, wanted: &impl Serialize) -> Result<T> {
        self.get(&self.query(site, what, wanted)?).await
    }

    fn query(&self, site: &SiteId, what: &str, wanted: &impl Serialize) -> Result<String> {
        let query = serde_urlencoded::to_string(wanted).map_err(|error| Error::permanent(error.to_string()))?;
        let mark = if query.is_empty() { "" } else { "?" };
        Ok(format!("{}/{what}{mark}{query}", self.site(site)?))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let (status, body) = self.send(Method::GET, path, "").await?;
        self.read(status, &body)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &str) -> Result<T> {
        let (status, body) = self.send(Method::POST, path, body).await?;
        self.read(status, &body)
    }

    async fn send(&self, method: Method, path: &str, body: &str) -> Result<(StatusCode, Bytes)> {
        let uri: Uri = format!("{}{path}", self.base).parse().map_err(|_| not_a_site())?;
        let request = http::Request::builder().method(method).uri(uri).body(Bytes::copy_from_slice(body.as_bytes()));
        let request = request.map_err(|error| Error::permanent(error.to_string()))?;
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|none| Error::retry(format!("no answer from {}: {none}", self.base)))?;
        Ok((answer.status(), answer.into_body()))
    }

    fn read<T: DeserializeOwned>(&self, status: StatusCode, body: &Bytes) -> Result<T> {
        match status {
            StatusCode::OK | StatusCode::UNPROCESSABLE_ENTITY => serde_json::from_slice(body)
                .map_err(|error| Error::permanent(format!("{} runs another version of Doorstep: {error}", self.base))),
            status => {
                let refusal = serde_json::from_slice::<Refusal>(body);
                let why = refusal.map_or_else(|_| format!("{} answered {status}", self.base), |refusal| refusal.error);
                Err(restored(status, why))
            }
        }
    }
}

fn not_a_site() -> Error {
    Error::invalid("not the name of a site: a name has lower-case letters, digits and hyphens")
}

/// Returns the query that repeats the options of a push. Names of doors need no escaping.
fn query_of_push(Options { mode, leave_access }: &Options) -> String {
    let mode = mode.map(|mode| format!("mode={}", mode.word()));
    let names = leave_access.iter().cloned().collect::<Vec<_>>().join(",");
    let left = (!names.is_empty()).then(|| format!("leave-access={names}"));
    let pairs: Vec<String> = mode.into_iter().chain(left).collect();
    let mark = if pairs.is_empty() { "" } else { "?" };
    format!("{mark}{}", pairs.join("&"))
}

/// The query of a request that takes none.
const NO_QUERY: [(&str, &str); 0] = [];

#[async_trait(?Send)]
impl Backend for Local {
    async fn diff(&self, text: &str) -> Result<Shown> {
        self.post("/sandbox/diff", text).await
    }

    async fn diff_in_force(&self, site: &SiteId) -> Result<Shown> {
        self.of_site(site, "diff", &NO_QUERY).await
    }

    async fn push(&self, text: &str, options: &Options) -> Result<Shown> {
        self.post(&format!("/sandbox/push{}", query_of_push(options)), text).await
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

    async fn approve(&self, site: Option<&SiteId>, checksum: &str) -> Result<Hold> {
        let place = site.map_or_else(|| Ok("/sandbox".to_owned()), |site| self.site(site))?;
        self.post(&format!("{place}/approve"), &json!({ "checksum": checksum }).to_string()).await
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

    async fn pause(&self, site: &SiteId, why: Option<&str>) -> Result<State> {
        self.post(&format!("{}/pause", self.site(site)?), &json!({ "why": why }).to_string()).await
    }

    async fn resume(&self, site: &SiteId) -> Result<State> {
        self.post(&format!("{}/resume", self.site(site)?), "").await
    }

    async fn retire(&self, site: &SiteId, order: &Order) -> Result<Retirement> {
        self.post(&format!("{}/retire", self.site(site)?), &json!(order).to_string()).await
    }

    async fn entries(&self, site: &SiteId, wanted: &report::Wanted) -> Result<Vec<ReportRow>> {
        self.of_site(site, "entries", wanted).await
    }

    async fn explain(&self, site: &SiteId, wanted: &explain::Wanted) -> Result<Option<Explained>> {
        match self.send(Method::GET, &self.query(site, "explain", wanted)?, "").await? {
            (status, body) if is_no_person(status, &body) => Ok(None),
            (status, body) => self.read(status, &body).map(Some),
        }
    }

    async fn who(&self, site: &SiteId, wanted: &who::Wanted) -> Result<who::Told> {
        self.of_site(site, "who", wanted).await
    }

    async fn audit(&self, site: &SiteId) -> Result<Vec<Record>> {
        self.of_site(site, "audit", &NO_QUERY).await
    }

    async fn verify_audit(&self, site: &SiteId, noted: Option<Head>) -> Result<Verdict> {
        let noted = noted.map(|head| ("known", format!("{}:{}", head.seq, head.hash)));
        self.of_site(site, "audit/verify", &Vec::from_iter(noted)).await
    }

    async fn on_time(&self, site: &SiteId, wanted: &on_time::Wanted) -> Result<OnTime> {
        self.of_site(site, "on-time", wanted).await
    }

    async fn forget(&self, site: &SiteId, wanted: &forget::Wanted) -> Result<Outcome> {
        let path = format!("{}/forget", self.site(site)?);
        let (status, body) = self.send(Method::POST, &path, &json!(wanted).to_string()).await?;
        match serde_json::from_slice::<NotYet>(&body) {
            Ok(not_yet) if status == StatusCode::CONFLICT => Ok(Outcome::Refused(not_yet.first)),
            _ if is_no_person(status, &body) => Ok(Outcome::Nobody),
            _ => self.read(status, &body).map(Outcome::Forgotten),
        }
    }
}
