//! The only seam: everything outside is reached through [`Http`], production and one-machine alike.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use doorstep_core::model::error::{Error, Result};

/// A request with its whole body.
pub type Request = http::Request<Bytes>;
/// An answer with its whole body.
pub type Response = http::Response<Bytes>;

/// Why no answer came at all. A vendor's own refusal is a [`Response`].
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The connection failed or broke. The request may have been carried out.
    #[error("no answer: {0}")]
    Lost(String),
    /// No answer came within its [`TimeLimit`]. The request may have been carried out.
    #[error("no answer in time")]
    Late,
    /// The invocation has no time left for it. The request was not sent.
    #[error("no time is left for this in the present run")]
    OutOfTime,
}

/// How long an answer may take. A request carries it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimit(pub Duration);

/// The limit that a request carries.
pub fn time_limit(request: &Request) -> Option<Duration> {
    request.extensions().get::<TimeLimit>().map(|limit| limit.0)
}

/// Sends one request and gives its answer.
#[derive(Clone, Debug)]
pub struct Http(BoxCloneSyncService<Request, Response, NoAnswer>);

impl Http {
    /// Wraps a service, for example a client of the network or an in-process one.
    pub fn new<S>(service: S) -> Self
    where
        S: tower::Service<Request, Response = Response, Error = NoAnswer> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        Http(BoxCloneSyncService::new(service))
    }

    /// Wraps a function that always answers.
    pub fn from_fn<F, Fut>(answer: F) -> Self
    where
        F: Fn(Request) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Response> + Send + 'static,
    {
        let always = tower::service_fn(move |request| {
            let answer = answer(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        Http::new(always.map_err(|never| match never {}))
    }

    /// The same way out, on which no answer takes longer than `limit` says when the request leaves. A request does not
    /// leave where that is no time at all.
    pub fn within(self, limit: impl Fn() -> Duration + Clone + Send + Sync + 'static) -> Self {
        Http::new(tower::service_fn(move |mut request: Request| {
            let http = self.clone();
            let limit = time_limit(&request).map_or_else(&limit, |known| known.min(limit()));
            request.extensions_mut().insert(TimeLimit(limit));
            async move { if limit.is_zero() { Err(NoAnswer::OutOfTime) } else { http.send(request).await } }
        }))
    }

    /// Sends `request`, and waits for the answer as long as its [`TimeLimit`] says.
    pub async fn send(&self, request: Request) -> Result<Response, NoAnswer> {
        let limit = time_limit(&request);
        let answer = self.0.clone().oneshot(request);
        match limit {
            Some(limit) => tokio::time::timeout(limit, answer).await.unwrap_or(Err(NoAnswer::Late)),
            None => answer.await,
        }
    }
}

impl From<NoAnswer> for Error {
    fn from(none: NoAnswer) -> Self {
        Error::retry(none.to_string())
    }
}
