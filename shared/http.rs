//! The only seam: everything outside is reached through [`Http`], production and one-machine alike.

use std::convert::Infallible;
use std::future::Future;

use bytes::Bytes;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use crate::error::{Error, Result};

/// A request with its whole body.
pub type Request = http::Request<Bytes>;
/// An answer with its whole body.
pub type Response = http::Response<Bytes>;

/// Why no answer came at all. A vendor's own refusal is a [`Response`].
#[derive(Debug, thiserror::Error)]
#[error("no answer: {0}")]
pub struct NoAnswer(pub String);

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

    /// Sends `request`; an error means that nobody can know whether it was carried out.
    pub async fn send(&self, request: Request) -> Result<Response, NoAnswer> {
        self.0.clone().oneshot(request).await
    }
}

impl From<NoAnswer> for Error {
    fn from(none: NoAnswer) -> Self {
        Error::later(none.to_string())
    }
}
