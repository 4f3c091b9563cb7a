//! The real way out: one client, one TLS stack, roots that we bring along, no redirects.

use std::time::Duration;

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::http::{Http, NoAnswer, Request, Response};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest wait for a whole answer.
const ANSWER: Duration = Duration::from_secs(20);
/// Largest answer that is read, in bytes.
const LARGEST: usize = 32 << 20;

/// A client of the network.
///
/// # Errors
/// [`Error::Report`] where TLS cannot be set up.
pub fn client() -> Result<Http> {
    let client = build().map_err(|error| Error::report(format!("the HTTP client cannot be set up: {error}")))?;
    Ok(Http::new(tower::service_fn(move |request| send(client.clone(), request))))
}

fn build() -> std::result::Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .build()?;
    Ok(client)
}

async fn send(client: reqwest::Client, request: Request) -> Result<Response, NoAnswer> {
    // An error of reqwest may quote the whole address, and addresses may hold what must not be seen.
    let none = |error: reqwest::Error| NoAnswer(error.without_url().to_string());
    let request = reqwest::Request::try_from(request).map_err(none)?;
    let mut answer = client.execute(request).await.map_err(none)?;
    let mut builder = http::Response::builder().status(answer.status());
    if let Some(headers) = builder.headers_mut() {
        headers.extend(answer.headers().clone());
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(none)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(NoAnswer("the answer is too large".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    builder.body(Bytes::from(body)).map_err(|error| NoAnswer(error.to_string()))
}
