//! The HTTP seam. Every call out of the process goes through [`Http`], in production and on one
//! machine.

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

/// A failure without any answer. A vendor's own refusal is a [`Response`].
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The connection failed or broke. The vendor may have processed the request.
    #[error("no answer: {0}")]
    Lost(String),
    /// No answer came within the [`TimeLimit`]. The vendor may have processed the request.
    #[error("no answer in time")]
    Late,
    /// The invocation had no time left. The request was not sent.
    #[error("no time is left for this in the present run")]
    OutOfTime,
}

/// The time limit of an answer. A request carries it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimit(pub Duration);

/// Returns the time limit that a request carries.
pub fn time_limit(request: &Request) -> Option<Duration> {
    request.extensions().get::<TimeLimit>().map(|limit| limit.0)
}

/// A client that sends one request and returns its answer.
#[derive(Clone, Debug)]
pub struct Http(BoxCloneSyncService<Request, Response, NoAnswer>);

impl Http {
    /// Wraps a service, such as the network client or an in-process one.
    pub fn new<S>(service: S) -> Self
    where
        S: tower::Service<Request, Response = Response, Error = NoAnswer>
            + Clone
            + Send
            + Sync
            + 'static,
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

    /// Returns the same client with a time limit for every answer. It asks `limit` when a request
    /// leaves. With a limit of zero the request is not sent.
    pub fn within(self, limit: impl Fn() -> Duration + Clone + Send + Sync + 'static) -> Self {
        Http::new(tower::service_fn(move |mut request: Request| {
            let http = self.clone();
            let limit = time_limit(&request).map_or_else(&limit, |known| known.min(limit()));
            request.extensions_mut().insert(TimeLimit(limit));
            async move {
                if limit.is_zero() {
                    Err(NoAnswer::OutOfTime)
                } else {
                    http.send(request).await
                }
            }
        }))
    }

    /// Sends `request` and waits for the answer within its [`TimeLimit`].
    pub async fn send(&self, request: Request) -> Result<Response, NoAnswer> {
        let limit = time_limit(&request);
        let answer = self.0.clone().oneshot(request);
        match limit {
            Some(limit) => tokio::time::timeout(limit, answer)
                .await
                .unwrap_or(Err(NoAnswer::Late)),
            None => answer.await,
        }
    }
}

impl From<NoAnswer> for Error {
    fn from(none: NoAnswer) -> Self {
        Error::retry(none.to_string())
    }
}
