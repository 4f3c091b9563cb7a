//! The network client: one client, one TLS stack, bundled root certificates, no redirects. It
//! reaches vendors over https only. The exception is the sandbox of a one-machine run on the same
//! machine, if the operator names one.

use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use url::{Host, Url};

use crate::http::{Http, NoAnswer, Request, Response};
use doorstep_core::budgets::network::{ANSWER, CONNECT, PATIENCE};
use doorstep_core::model::error::{Error, Result};

/// The largest answer that is read, in bytes.
const LARGEST: usize = 32 << 20;

/// The address at which a one-machine run serves its sandbox vendors, for trying out a stack. A
/// stack uses this address for sites with `url = "sandbox"`.
#[derive(Debug, Clone)]
pub struct Sandbox(Url);

impl Sandbox {
    /// Reads `DOORSTEP_SANDBOX`, such as `http://127.0.0.1:8080`. Returns `None` where it is not
    /// set.
    ///
    /// # Errors
    /// As [`Sandbox::at`], and [`Error::Invalid`] where `DOORSTEP_STAGE` is `production` or not
    /// set.
    pub fn from_environment() -> Result<Option<Self>> {
        let Some(address) = given("DOORSTEP_SANDBOX") else {
            return Ok(None);
        };
        if given("DOORSTEP_STAGE").is_none_or(|stage| stage == "production") {
            return Err(Error::invalid(
                "a production stage has no sandbox: leave SandboxUrl empty",
            ));
        }
        Sandbox::at(&address).map(Some)
    }

    /// Returns the sandbox of the run that listens at `address`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for anything but plain http to this machine: no other host may act as a
    /// vendor.
    pub fn at(address: &str) -> Result<Self> {
        let wrong =
            || Error::invalid("the sandbox must be on this machine: write http://127.0.0.1:PORT");
        here(address).map(Sandbox).ok_or_else(wrong)
    }

    /// Translates `sandbox://{of}.{vendor}/path` to the path that the run serves:
    /// `/sandbox/{vendor}@{of}/path`.
    fn address(&self, asked: &Uri) -> std::result::Result<Uri, NoAnswer> {
        let host = asked.host().unwrap_or_default();
        let vendor = match host.rsplit_once('.') {
            Some((of, vendor)) => format!("{vendor}@{of}"),
            None => host.to_owned(),
        };
        let path = asked
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str);
        let base = self.0.as_str().trim_end_matches('/');
        format!("{base}/sandbox/{vendor}{path}")
            .parse()
            .map_err(|_| NoAnswer::Lost("not an address of a sandbox".into()))
    }
}

/// Parses an address of plain http on this machine. Returns `None` for any other.
pub fn here(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let here = match url.host()? {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::Domain(_) => false,
    };
    (url.scheme() == "http" && here).then_some(url)
}

/// Builds the network client. It sends requests for sandbox vendors to `sandbox`.
///
/// # Errors
/// [`Error::Permanent`] where TLS cannot be set up.
pub fn client(sandbox: Option<Sandbox>) -> Result<Http> {
    let client = build(ANSWER).map_err(unset)?;
    Ok(Http::new(tower::service_fn(move |request| {
        let (client, sandbox) = (client.clone(), sandbox.clone());
        async move { send(client, redirected(request, sandbox.as_ref())?).await }
    })))
}

/// Builds a client for a one-machine run, which may answer slowly because it reads whole platforms.
///
/// # Errors
/// As [`client`].
pub fn patient_client() -> Result<Http> {
    let client = build(PATIENCE).map_err(unset)?;
    Ok(Http::new(tower::service_fn(move |request| {
        send(client.clone(), request)
    })))
}

fn unset(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::permanent(format!("the HTTP client cannot be set up: {error}"))
}

fn redirected(
    mut request: Request,
    sandbox: Option<&Sandbox>,
) -> std::result::Result<Request, NoAnswer> {
    if request.uri().scheme_str() == Some("sandbox") {
        let sandbox = sandbox
            .ok_or_else(|| NoAnswer::Lost("a sandbox vendor lives only in `make run`".into()))?;
        *request.uri_mut() = sandbox.address(request.uri())?;
    }
    Ok(request)
}

fn build(
    answer: Duration,
) -> std::result::Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(answer)
        .build()?;
    Ok(client)
}

async fn send(client: reqwest::Client, request: Request) -> Result<Response, NoAnswer> {
    // An error of reqwest may quote the whole address, and an address may hold a secret.
    let none = |error: reqwest::Error| match error.is_timeout() {
        true => NoAnswer::Late,
        false => NoAnswer::Lost(error.without_url().to_string()),
    };
    let request = reqwest::Request::try_from(request).map_err(none)?;
    let mut answer = client.execute(request).await.map_err(none)?;
    let mut builder = http::Response::builder().status(answer.status());
    if let Some(headers) = builder.headers_mut() {
        headers.extend(answer.headers().clone());
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(none)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(NoAnswer::Lost("the answer is too large".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    builder
        .body(Bytes::from(body))
        .map_err(|error| NoAnswer::Lost(error.to_string()))
}

/// Returns an environment variable; `None` where it is not set or empty.
pub fn given(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_is_on_this_machine_or_nowhere() {
        for refused in [
            "https://127.0.0.1:8080",
            "http://localhost:8080",
            "http://10.0.0.1:8080",
            "http://[::2]",
            "8080",
        ] {
            assert!(Sandbox::at(refused).is_err(), "{refused}");
        }
        assert!(
            Sandbox::at("http://127.0.0.1:8080").is_ok()
                && Sandbox::at("http://[::1]:8080").is_ok()
        );
    }

    #[test]
    fn a_sandbox_vendor_is_found_behind_its_prefix_and_nowhere_without_one() {
        let asked = |address: &str| http::Request::get(address).body(Bytes::new()).unwrap();
        let sandbox = Sandbox::at("http://127.0.0.1:8080").unwrap();
        let found = |address| {
            redirected(asked(address), Some(&sandbox))
                .unwrap()
                .uri()
                .to_string()
        };
        assert_eq!(
            found("sandbox://hub.officernd/a?b=c"),
            "http://127.0.0.1:8080/sandbox/officernd@hub/a?b=c"
        );
        assert_eq!(
            found("sandbox://kisi/groups"),
            "http://127.0.0.1:8080/sandbox/kisi/groups"
        );
        assert_eq!(
            found("https://api.vendor.example/x"),
            "https://api.vendor.example/x"
        );
        assert!(redirected(asked("sandbox://kisi/groups"), None).is_err());
    }
}
