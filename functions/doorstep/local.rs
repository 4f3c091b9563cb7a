//! The client of a one-machine run (`make run`), reached at its own port.

use bytes::Bytes;
use http::{Method, StatusCode, Uri};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use doorstep_core::model::error::{Error, Result};
use doorstep_operator::forget::{self, Outcome};
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

/// Returns whether the answer says that no person matches. This is an answer and no error.
fn is_nobody(status: StatusCode, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Nobody {
        nobody: bool,
    }
    status == StatusCode::NOT_FOUND && serde_json::from_slice::<Nobody>(body).is_ok_and(|said| said.nobody)
}

/// Restores the error of the run from its text and status.
fn same_again(status: StatusCode, said: &str) -> Error {
    let words = ["refused: ", "try again later: ", "gave up: "];
    let why = words.iter().find_map(|word| said.strip_prefix(word)).unwrap_or(said);
    match status {
        StatusCode::SERVICE_UNAVAILABLE => Error::retry(why),
        _ if status.is_client_error() => Error::invalid(why),
        _ => Error::permanent(why),
    }
}

impl Local {
    /// Returns the run that listens at `address`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for every address except plain http to this machine, because the answers contain names.
    pub fn at(address: &str) -> Result<Self> {
        let wrong = || Error::invalid("--local is a run on this machine: write --local=http://127.0.0.1:PORT");
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
    pub fn site(&self, site: &str) -> Result<String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        match !site.is_empty() && site.chars().all(plain) {
            true => Ok(format!("/sandbox/sites/{site}")),
            false => Err(Error::invalid("this is no site's name")),
        }
    }

    /// Returns the path of a resource of one site, with `asked` as its query.
    ///
    /// # Errors
    /// As [`Local::site`].
    pub fn query(&self, site: &str, what: &str, asked: &impl Serialize) -> Result<String> {
        let query = serde_urlencoded::to_string(asked).map_err(|error| Error::permanent(error.to_string()))?;
        Ok(format!("{}/{what}?{query}", self.site(site)?))
    }

    /// Sends a GET.
    ///
    /// # Errors
    /// The error that the run answers; [`Error::Retry`] where it does not answer.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.ask(Method::GET, path, "").await
    }

    /// Sends a POST.
    ///
    /// # Errors
    /// As [`Local::get`].
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &str) -> Result<T> {
        self.ask(Method::POST, path, body).await
    }

    /// Sends a GET about a person. Returns `None` where no person matches.
    ///
    /// # Errors
    /// As [`Local::get`].
    pub async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        match self.said(Method::GET, path, "").await? {
            (status, body) if is_nobody(status, &body) => Ok(None),
            (status, body) => self.read(status, &body).map(Some),
        }
    }

    /// Requests that a person is forgotten.
    ///
    /// # Errors
    /// As [`Local::get`].
    pub async fn forget(&self, site: &str, wanted: &forget::Wanted) -> Result<Outcome> {
        let asked = serde_json::to_string(wanted).map_err(|error| Error::permanent(error.to_string()))?;
        let (status, body) = self.said(Method::POST, &format!("{}/forget", self.site(site)?), &asked).await?;
        match serde_json::from_slice::<NotYet>(&body) {
            Ok(not_yet) if status == StatusCode::CONFLICT => Ok(Outcome::Refused(not_yet.first)),
            _ if is_nobody(status, &body) => Ok(Outcome::Nobody),
            _ => self.read(status, &body).map(Outcome::Forgotten),
        }
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: &str) -> Result<T> {
        let (status, body) = self.said(method, path, body).await?;
        self.read(status, &body)
    }

    async fn said(&self, method: Method, path: &str, body: &str) -> Result<(StatusCode, Bytes)> {
        let uri: Uri = format!("{}{path}", self.base).parse().map_err(|_| Error::invalid("this is no site's name"))?;
        let request = http::Request::builder().method(method).uri(uri).body(Bytes::copy_from_slice(body.as_bytes()));
        let request = request.map_err(|error| Error::permanent(error.to_string()))?;
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|none| Error::retry(format!("{} does not run, or is busy: {none}", self.base)))?;
        Ok((answer.status(), answer.into_body()))
    }

    fn read<T: DeserializeOwned>(&self, status: StatusCode, body: &Bytes) -> Result<T> {
        match status {
            StatusCode::OK | StatusCode::UNPROCESSABLE_ENTITY => serde_json::from_slice(body)
                .map_err(|error| Error::permanent(format!("{} is another version of Doorstep: {error}", self.base))),
            status => {
                let refusal = serde_json::from_slice::<Refusal>(body);
                let why = refusal.map_or_else(|_| format!("{} answered {status}", self.base), |refusal| refusal.error);
                Err(same_again(status, &why))
            }
        }
    }
}
