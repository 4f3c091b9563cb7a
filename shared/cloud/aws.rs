//! The AWS SDKs on our own way out: one HTTP client and one TLS stack for everything.

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

/// A client that is built when it is first used: each takes a quarter of a millisecond, and no function needs all.
pub struct Lazy<T>(Arc<Deferred<T>>);

type Deferred<T> = LazyLock<T, Box<dyn FnOnce() -> T + Send>>;

impl<T> Lazy<T> {
    /// What `build` makes.
    pub fn new(build: impl FnOnce() -> T + Send + 'static) -> Self {
        Lazy(Arc::new(LazyLock::new(Box::new(build))))
    }

    /// Builds it now, where nobody did.
    pub fn build(&self) {
        LazyLock::force(&self.0);
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

/// How often a call to AWS is sent in all, where AWS throttles it or fails.
pub const TRIES: u32 = 4;
/// Longest pause before the second try; it doubles with each further one. The SDK chooses a shorter one by chance.
pub const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause before any try.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Lets the SDKs wait between two tries by our clock, so that it takes no time where that stands. No time-out of an SDK may
/// be built on it: deadlines are ours.
#[derive(Clone)]
pub struct Pauses(pub SharedTime);

impl fmt::Debug for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pauses")
    }
}

impl AsyncSleep for Pauses {
    fn sleep(&self, duration: Duration) -> Sleep {
        let time = self.0.clone();
        Sleep::new(Waiting(Mutex::new(Box::pin(async move { time.pass(duration).await }))))
    }
}

/// A wait that may be shared between threads, as the SDKs ask of theirs; only the one that owns it ever polls it.
struct Waiting(Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Future for Waiting {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let wait = self.get_mut().0.get_mut().unwrap_or_else(PoisonError::into_inner);
        wait.as_mut().poll(context)
    }
}

/// Hands the SDKs' requests to [`Http`].
#[derive(Clone)]
pub struct Seam(pub Http);

/// The same for one kind of request, with the time that it may take.
#[derive(Clone, Debug)]
struct Connector {
    seam: Seam,
    limit: Option<Duration>,
}

impl fmt::Debug for Seam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seam")
    }
}

impl HttpClient for Seam {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        // Whoever names no limit for an answer is content with that of the way out.
        let limit = settings.read_timeout().map(|read| read + settings.connect_timeout().unwrap_or_default());
        SharedHttpConnector::new(Connector { seam: self.clone(), limit })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (http, limit) = (self.seam.0.clone(), self.limit);
        HttpConnectorFuture::new(async move {
            let request = whole(request).await?;
            let sent = http.send(request);
            let answer = match limit {
                Some(limit) => {
                    tokio::time::timeout(limit, sent).await.map_err(|late| ConnectorError::timeout(late.into()))?
                }
                None => sent.await,
            };
            let answer = answer.map_err(|none| match none {
                NoAnswer::Lost(_) => ConnectorError::io(none.into()),
                NoAnswer::Late => ConnectorError::timeout(none.into()),
                // The SDKs do not try this again.
                NoAnswer::OutOfTime => ConnectorError::other(none.into(), None),
            })?;
            answer.map(SdkBody::from).try_into().map_err(|error| ConnectorError::other(Box::new(error), None))
        })
    }
}

/// Longest error code or request id that is told.
const LONGEST_WORD: usize = 64;

/// Returns why a call to AWS failed, such as `ssm GetParameter: ThrottlingException (HTTP 400, request 4f1c)`.
///
/// It says the call, AWS's own error code or what stood in the way, and the request's id, by which AWS finds it. Nothing
/// else of an error is ever told: what the SDKs print of one holds the whole answer, a decrypted parameter among it, and
/// AWS's messages quote what they refuse.
pub fn failure<E: ProvideErrorMetadata>(call: &str, error: &SdkError<E, HttpResponse>) -> String {
    let what = match error {
        SdkError::ConstructionFailure(_) => "the request could not be built",
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no answer in time",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ResponseError(_) => "an answer that cannot be read",
        _ => error.code().filter(is_word).unwrap_or("an error without a code"),
    };
    let status = error.raw_response().map(|answer| format!("HTTP {}", answer.status().as_u16()));
    let request = error.meta().extra(REQUEST_ID).filter(is_word).map(|id| format!("request {id}"));
    let more: Vec<String> = status.into_iter().chain(request).collect();
    if more.is_empty() { format!("{call}: {what}") } else { format!("{call}: {what} ({})", more.join(", ")) }
}

/// Under which name the SDKs keep a request's id with an error.
const REQUEST_ID: &str = "aws_request_id";

/// Whether a text from outside is one word, as AWS's codes and ids are: no other one can stand in a log because of it.
fn is_word(text: &&str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST_WORD).contains(&text.len()) && text.bytes().all(plain)
}

async fn whole(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(Box::new(error)))?;
    let (head, body) = request.into_parts();
    let body: Bytes = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
    Ok(Request::from_parts(head, body))
}
