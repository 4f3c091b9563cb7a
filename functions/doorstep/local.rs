//! What `make run` runs on this machine, asked over its own port.

use bytes::Bytes;
use doorstep::error::{Error, Result};
use doorstep::http::Http;
use doorstep::network;
use doorstep::push::Shown;
use doorstep::report::{Row, Wanted};
use doorstep::site::Mode;
use http::{Method, StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::{Host, Url};

/// A run on this machine.
pub struct Local {
    http: Http,
    base: String,
}

/// How the run says why it did not do what it was asked.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The error that the run had, from what it says of it.
fn same_again(status: StatusCode, said: &str) -> Error {
    let words = ["refused: ", "try again later: ", "gave up: "];
    let why = words.iter().find_map(|word| said.strip_prefix(word)).unwrap_or(said);
    match status {
        StatusCode::SERVICE_UNAVAILABLE => Error::later(why),
        _ if status.is_client_error() => Error::refused(why),
        _ => Error::report(why),
    }
}

impl Local {
    /// The run that listens at `address`.
    ///
    /// # Errors
    /// [`Error::Refused`] for plain http to anywhere but this machine: the answers hold names.
    pub fn at(address: &str) -> Result<Self> {
        let wrong = || Error::refused("--local is a run on this machine: write --local=http://127.0.0.1:PORT");
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

    /// What a site file would change.
    pub async fn diff(&self, text: &str) -> Result<Shown> {
        self.ask(Method::POST, "/sandbox/diff", text).await
    }

    /// What is not as the version in force says.
    pub async fn drift(&self, site: &str) -> Result<Shown> {
        self.ask(Method::GET, &format!("/sandbox/sites/{site}/diff"), "").await
    }

    /// Puts a site file in force.
    pub async fn push(&self, text: &str, said: Option<Mode>) -> Result<Shown> {
        let mode = said.map(|mode| format!("?mode={}", mode.word())).unwrap_or_default();
        self.ask(Method::POST, &format!("/sandbox/push{mode}"), text).await
    }

    /// Who came and went at a site.
    pub async fn entries(&self, site: &str, wanted: &Wanted) -> Result<Vec<Row>> {
        let query = serde_urlencoded::to_string(wanted).map_err(|error| Error::report(error.to_string()))?;
        self.ask(Method::GET, &format!("/sandbox/sites/{site}/entries?{query}"), "").await
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, body: &str) -> Result<T> {
        let uri: Uri = format!("{}{path}", self.base).parse().map_err(|_| Error::refused("this is no site's name"))?;
        let request = http::Request::builder().method(method).uri(uri).body(Bytes::copy_from_slice(body.as_bytes()));
        let request = request.map_err(|error| Error::report(error.to_string()))?;
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|none| Error::later(format!("{} does not run, or is busy: {none}", self.base)))?;
        match answer.status() {
            StatusCode::OK | StatusCode::UNPROCESSABLE_ENTITY => serde_json::from_slice(answer.body())
                .map_err(|error| Error::report(format!("{} is another version of Doorstep: {error}", self.base))),
            status => {
                let refusal = serde_json::from_slice::<Refusal>(answer.body());
                let why = refusal.map_or_else(|_| format!("{} answered {status}", self.base), |refusal| refusal.error);
                Err(same_again(status, &why))
            }
        }
    }
}
