//! A service of AWS that is called without an SDK: a signed request over the HTTP seam, for a
//! service of which Doorstep needs a few operations. ADR 13 has the reasons.

mod endpoint;
mod failure;
mod retry;
mod sign;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;
use http::{Method, header};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use doorstep_vendors::http::{Http, Request, Response};
use doorstep_vendors::time::SharedTime;
pub use failure::CallFailure;
use failure::Reason;
use retry::Tries;

/// The caller of AWS: region, credentials and endpoint.
#[derive(Debug, Clone)]
pub struct AwsCaller {
    /// The AWS region.
    pub region: String,
    /// The credentials. Their `Debug` output is redacted.
    pub credentials: Credentials,
    /// The endpoint of AWS, if not the public one.
    pub endpoint: Option<String>,
}

/// The protocol of a service, as its API reference describes it.
#[derive(Debug)]
pub struct AwsApi {
    /// The name in the host, in the signature and in an error text.
    pub name: &'static str,
    /// The first part of `X-Amz-Target`. REST services have none.
    pub target: &'static str,
    /// The media type of every body.
    pub content: &'static str,
}

/// A client of one service. Clones share what it learned about the clock.
#[derive(Clone)]
pub struct AwsService(Arc<Inner>);

struct Inner {
    api: &'static AwsApi,
    endpoint: String,
    region: String,
    identity: Identity,
    http: Http,
    time: SharedTime,
    /// Seconds by which the clock of AWS is ahead of ours.
    skew: AtomicI64,
}

/// One call, as every try of it sends it.
struct Call<'a> {
    operation: &'a str,
    method: Method,
    path: String,
    body: Bytes,
}

impl AwsService {
    /// Creates a client. Makes no call.
    pub fn new(api: &'static AwsApi, caller: AwsCaller, http: Http, time: SharedTime) -> Self {
        let AwsCaller {
            region,
            credentials,
            endpoint,
        } = caller;
        AwsService(Arc::new(Inner {
            api,
            endpoint: endpoint.map_or_else(
                || endpoint::of(api.name, &region),
                |given| given.trim_end_matches('/').to_owned(),
            ),
            region,
            identity: credentials.into(),
            http,
            time,
            skew: AtomicI64::new(0),
        }))
    }

    /// Calls an operation of AWS JSON, and parses its answer.
    ///
    /// # Errors
    /// AWS refused, or gave no answer that can be read, and no further try may help.
    pub async fn call<A: DeserializeOwned>(
        &self,
        operation: &str,
        input: &impl Serialize,
    ) -> Result<A, CallFailure> {
        self.rest((operation, Method::POST), "/", Some(input)).await
    }

    /// Calls an operation of AWS JSON whose answer says nothing.
    ///
    /// # Errors
    /// As [`AwsService::call`].
    pub async fn order(&self, operation: &str, input: &impl Serialize) -> Result<(), CallFailure> {
        let call = self.json(operation, Method::POST, "/", Some(input))?;
        self.send(call, nothing).await
    }

    /// Calls an operation of a REST service, and parses its answer. `path` is already encoded.
    ///
    /// # Errors
    /// As [`AwsService::call`].
    pub async fn rest<A: DeserializeOwned>(
        &self,
        (operation, method): (&str, Method),
        path: &str,
        input: Option<&impl Serialize>,
    ) -> Result<A, CallFailure> {
        let call = self.json(operation, method, path, input)?;
        self.send(call, |body| serde_json::from_slice(body).ok())
            .await
    }

    fn json<'a>(
        &self,
        operation: &'a str,
        method: Method,
        path: &str,
        input: Option<&impl Serialize>,
    ) -> Result<Call<'a>, CallFailure> {
        let body = input.map(serde_json::to_vec).transpose();
        let body = body.map_err(|_| self.failure(operation, Reason::Unbuilt))?;
        Ok(Call {
            operation,
            method,
            path: path.to_owned(),
            body: body.unwrap_or_default().into(),
        })
    }

    fn failure(&self, operation: &str, reason: Reason) -> CallFailure {
        CallFailure {
            call: format!("{} {operation}", self.0.api.name),
            reason,
            request_id: None,
        }
    }

    async fn send<A>(
        &self,
        call: Call<'_>,
        read: impl Fn(&[u8]) -> Option<A>,
    ) -> Result<A, CallFailure> {
        let mut tries = Tries::default();
        loop {
            let failure = match self.try_once(&call, &read).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            match tries.pause_after(&failure) {
                Some(pause) => self.0.time.pass(pause).await,
                None => return Err(failure),
            }
        }
    }

    async fn try_once<A>(
        &self,
        call: &Call<'_>,
        read: impl Fn(&[u8]) -> Option<A>,
    ) -> Result<A, CallFailure> {
        let failed = |reason| self.failure(call.operation, reason);
        let request = self.signed(call).ok_or_else(|| failed(Reason::Unbuilt))?;
        let answer = self.0.http.send(request).await;
        let answer = answer.map_err(|none| failed(Reason::Unanswered(none)))?;
        let answered = |reason| CallFailure {
            request_id: failure::request_id(&answer),
            ..failed(reason)
        };
        if !answer.status().is_success() {
            return Err(self.after_skew(answered(failure::refusal(&answer)), &answer));
        }
        read(answer.body()).ok_or_else(|| answered(Reason::Unreadable(answer.status())))
    }

    /// Returns the signed request of one try. The signature holds the instant, so that each try
    /// needs its own.
    fn signed(&self, call: &Call<'_>) -> Option<Request> {
        let Inner { api, endpoint, .. } = &*self.0;
        let mut request = http::Request::builder()
            .method(call.method.clone())
            .uri(format!("{endpoint}{}", call.path))
            .header(header::CONTENT_TYPE, api.content);
        if !api.target.is_empty() {
            request = request.header(TARGET, format!("{}.{}", api.target, call.operation));
        }
        let mut request = request.body(call.body.clone()).ok()?;
        let skew = jiff::SignedDuration::from_secs(self.0.skew.load(Ordering::Relaxed));
        let at = self.0.time.now().checked_add(skew).ok()?;
        sign::sign(
            &mut request,
            (api.name, &self.0.region),
            &self.0.identity,
            at,
        )?;
        Some(request)
    }

    /// Where AWS refused the instant of a signature, learns how far its clock is from ours, and
    /// says that another try may succeed.
    fn after_skew(&self, failure: CallFailure, answer: &Response) -> CallFailure {
        if !failure.is_of_clock() {
            return failure;
        }
        let ahead = failure::date(answer).map(|theirs| theirs.duration_since(self.0.time.now()));
        let Some(ahead) = ahead.map(|ahead| ahead.as_secs()) else {
            return failure;
        };
        let known = self.0.skew.swap(ahead, Ordering::Relaxed);
        failure.of_clock(known.abs_diff(ahead) > LEAST_SKEW)
    }
}

/// The header that names an operation of AWS JSON.
const TARGET: &str = "x-amz-target";
/// Seconds by which a clock must differ from what is known of it before a try is repeated for it.
const LEAST_SKEW: u64 = 60;

/// Accepts an empty answer and any JSON.
fn nothing(body: &[u8]) -> Option<()> {
    let is_json = || serde_json::from_slice::<IgnoredAny>(body).is_ok();
    (body.is_empty() || is_json()).then_some(())
}
