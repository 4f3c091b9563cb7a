//! The HTTP client of a one-machine run.

use bytes::Bytes;
use http::{Method, StatusCode, Uri};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::site::is_site_id;
use doorstep_vendors::http::Http;
use doorstep_vendors::network;

/// A one-machine run.
pub struct Local {
    http: Http,
    base: String,
}

/// The body of an error answer of the run.
#[derive(Deserialize)]
struct RunError {
    error: String,
}

/// The body of an answer that lists what to do before a person can be forgotten.
#[derive(Deserialize)]
pub(super) struct NotYet {
    pub(super) first: Vec<String>,
}

/// Returns whether the answer says that no person matches. That is a result and not an error.
pub(super) fn is_no_person(status: StatusCode, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct NoPerson {
        #[serde(rename = "nobody")]
        is_missing: bool,
    }
    status == StatusCode::NOT_FOUND
        && serde_json::from_slice::<NoPerson>(body).is_ok_and(|answer| answer.is_missing)
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
    /// [`Error::Invalid`] for every address except plain http to this machine, because the answers
    /// contain names.
    pub fn at(address: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(
                "--local takes an address of this machine: write --local=http://127.0.0.1:PORT",
            )
        };
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
        Ok(Local {
            http: network::patient_client()?,
            base: url.as_str().trim_end_matches('/').to_owned(),
        })
    }

    /// Returns the path of one site.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an invalid site name, which could lead to another path.
    pub(super) fn site(&self, site: &SiteId) -> Result<String> {
        match is_site_id(site) {
            true => Ok(format!("/sandbox/sites/{site}")),
            false => Err(not_a_site()),
        }
    }

    /// Sends a GET for a resource of one site, with `wanted` as its query.
    pub(super) async fn of_site<T: DeserializeOwned>(
        &self,
        site: &SiteId,
        what: &str,
        wanted: &impl Serialize,
    ) -> Result<T> {
        self.get(&self.query(site, what, wanted)?).await
    }

    pub(super) fn query(
        &self,
        site: &SiteId,
        what: &str,
        wanted: &impl Serialize,
    ) -> Result<String> {
        let query = serde_urlencoded::to_string(wanted)
            .map_err(|error| Error::permanent(error.to_string()))?;
        let mark = if query.is_empty() { "" } else { "?" };
        Ok(format!("{}/{what}{mark}{query}", self.site(site)?))
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let (status, body) = self.send(Method::GET, path, "").await?;
        self.read(status, &body)
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &str) -> Result<T> {
        let (status, body) = self.send(Method::POST, path, body).await?;
        self.read(status, &body)
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<(StatusCode, Bytes)> {
        let uri: Uri = format!("{}{path}", self.base)
            .parse()
            .map_err(|_| not_a_site())?;
        let request = http::Request::builder()
            .method(method)
            .uri(uri)
            .body(Bytes::copy_from_slice(body.as_bytes()));
        let request = request.map_err(|error| Error::permanent(error.to_string()))?;
        let answer = self.http.send(request).await;
        let answer =
            answer.map_err(|none| Error::retry(format!(
                "no answer from {}: start the run with `make run`, or name its address with --local=URL ({none})",
                self.base
            )))?;
        Ok((answer.status(), answer.into_body()))
    }

    pub(super) fn read<T: DeserializeOwned>(&self, status: StatusCode, body: &Bytes) -> Result<T> {
        match status {
            StatusCode::OK | StatusCode::UNPROCESSABLE_ENTITY => serde_json::from_slice(body)
                .map_err(|error| {
                    Error::permanent(format!(
                        "{} runs another version of Doorstep: {error}",
                        self.base
                    ))
                }),
            status => {
                let refusal = serde_json::from_slice::<RunError>(body);
                let why = refusal.map_or_else(
                    |_| format!("{} answered {status}", self.base),
                    |refusal| refusal.error,
                );
                Err(restored(status, why))
            }
        }
    }
}

fn not_a_site() -> Error {
    Error::invalid("not the name of a site: a name has lower-case letters, digits and hyphens")
}
