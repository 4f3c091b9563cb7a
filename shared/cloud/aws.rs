//! The AWS SDKs on Doorstep's own HTTP client: one client and one TLS stack for everything.

use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_sdk_dynamodb::config::{AsyncSleep, Sleep};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::Bytes;
use http_body_util::BodyExt;

use doorstep_vendors::http::{Http, NoAnswer, Request};
use doorstep_vendors::time::SharedTime;

/// A client that is built on first use. Building one takes a quarter of a millisecond, and no
/// function needs all of them.
pub struct Lazy<T>(Arc<Deferred<T>>);

type Deferred<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

impl<T> Lazy<T> {
    /// Creates a client that `build` builds on first use.
    pub fn new(build: impl FnOnce() -> T + Send + 'static) -> Self {
        Lazy(Arc::new(LazyLock::new(Box::new(build))))
    }
}

impl<T> Clone for Lazy<T> {
    fn clone(&self) -> Self {
        Lazy(self.0.clone())
    }
}

impl<T> Deref for Lazy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// The SDKs' sleep on Doorstep's clock: on a clock that does not run, a pause takes no time. SDK
/// timeouts must not use it, because Doorstep sets the deadlines.
#[derive(Clone)]
pub struct SdkSleep(pub SharedTime);

impl fmt::Debug for SdkSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pauses")
    }
}

impl AsyncSleep for SdkSleep {
    fn sleep(&self, duration: Duration) -> Sleep {
        let time = self.0.clone();
        Sleep::new(SyncFuture(Mutex::new(Box::pin(async move {
            time.pass(duration).await
        }))))
    }
}

/// A future that is `Sync`, as the SDKs require. Only its owner polls it.
struct SyncFuture(Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Future for SyncFuture {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let wait = self
            .get_mut()
            .0
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        wait.as_mut().poll(context)
    }
}

/// An SDK HTTP client that sends requests through [`Http`].
#[derive(Clone)]
pub struct SdkHttpClient(pub Http);

/// A connector for one kind of request, with its time limit.
#[derive(Clone, Debug)]
struct Connector {
    http_client: SdkHttpClient,
    limit: Option<Duration>,
}

impl fmt::Debug for SdkHttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seam")
    }
}

impl HttpClient for SdkHttpClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        // Without a limit of its own, a request has the limit of the HTTP client.
        let limit = settings
            .read_timeout()
            .map(|read| read + settings.connect_timeout().unwrap_or_default());
        SharedHttpConnector::new(Connector {
            http_client: self.clone(),
            limit,
        })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (http, limit) = (self.http_client.0.clone(), self.limit);
        HttpConnectorFuture::new(async move {
            let request = whole(request).await?;
            let sent = http.send(request);
            let answer = match limit {
                Some(limit) => tokio::time::timeout(limit, sent)
                    .await
                    .map_err(|late| ConnectorError::timeout(late.into()))?,
                None => sent.await,
            };
            let answer = answer.map_err(|none| match none {
                NoAnswer::Lost(_) => ConnectorError::io(none.into()),
                NoAnswer::Late => ConnectorError::timeout(none.into()),
                // The SDKs do not retry this error.
                NoAnswer::OutOfTime => ConnectorError::other(none.into(), None),
            })?;
            answer
                .map(SdkBody::from)
                .try_into()
                .map_err(|error| ConnectorError::other(Box::new(error), None))
        })
    }
}

/// Maximum length of an error code or a request id in an error text.
const LONGEST_WORD: usize = 64;

/// Returns why a call to AWS failed, such as `ssm GetParameter: ThrottlingException (HTTP 400,
/// request 4f1c)`.
///
/// The text has the call, AWS's error code or the transport failure, and the request id, by which
/// AWS finds the request. It never has more: the SDKs print the whole answer of a failed call,
/// which may hold a decrypted parameter, and AWS's messages quote what they refuse.
pub fn failure<E: ProvideErrorMetadata>(call: &str, error: &SdkError<E, HttpResponse>) -> String {
    let what = match error {
        SdkError::ConstructionFailure(_) => "the request could not be built",
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no answer in time",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ResponseError(_) => "an answer that cannot be read",
        _ => error
            .code()
            .filter(|code| is_word(code))
            .unwrap_or("an error without a code"),
    };
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    let request_id = error.meta().extra(REQUEST_ID).filter(|id| is_word(id));
    described(call, what, status, request_id)
}

/// Returns the text of a failed call: the call, what happened, the HTTP status and the request id.
pub(crate) fn described(
    call: &str,
    what: &str,
    status: Option<u16>,
    request_id: Option<&str>,
) -> String {
    let status = status.map(|status| format!("HTTP {status}"));
    let request = request_id.map(|id| format!("request {id}"));
    let more: Vec<String> = status.into_iter().chain(request).collect();
    if more.is_empty() {
        format!("{call}: {what}")
    } else {
        format!("{call}: {what} ({})", more.join(", "))
    }
}

/// The key under which the SDKs store a request id with an error.
const REQUEST_ID: &str = "aws_request_id";

/// Returns whether a text from AWS is one word, as its codes and ids are. Other texts are not
/// logged.
pub(crate) fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST_WORD).contains(&text.len()) && text.bytes().all(plain)
}

async fn whole(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(Box::new(error)))?;
    let (head, body) = request.into_parts();
    let body: Bytes = body
        .collect()
        .await
        .map_err(ConnectorError::user)?
        .to_bytes();
    Ok(Request::from_parts(head, body))
}
