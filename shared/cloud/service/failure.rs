//! Why a call to AWS failed.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::aws::{described, is_word};
use doorstep_vendors::http::{NoAnswer, Response};

/// Error codes of throttling. Source: the SDKs' list (`THROTTLING_ERRORS` of `aws-runtime`). `[D]`
const THROTTLED: [&str; 14] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];
/// Error codes of a service that took too long. Source: as above (`TRANSIENT_ERRORS`). `[D]`
const TRANSIENT: [&str; 2] = ["RequestTimeout", "RequestTimeoutException"];
/// Error codes of a signature whose instant AWS refuses, or may refuse. Source: the SDKs' shared
/// retry guide, "clock skew errors". `[D]`
const CLOCK: [&str; 5] = [
    "RequestTimeTooSkewed",
    "RequestExpired",
    "RequestInTheFuture",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
];

/// A failed call. Its text has the call, AWS's error code or the transport failure, and the request
/// id, such as `ssm GetParameter: ThrottlingException (HTTP 400, request 4f1c)`. It never has more
/// of an answer, which may hold a decrypted parameter.
#[derive(Debug)]
pub struct CallFailure {
    pub(super) call: String,
    pub(super) reason: Reason,
    pub(super) request_id: Option<String>,
}

/// The kinds of failure.
#[derive(Debug)]
pub(super) enum Reason {
    /// The request could not be built or signed.
    Unbuilt,
    /// There was no answer.
    Unanswered(NoAnswer),
    /// AWS refused, with its code if it gave one.
    Refused {
        status: StatusCode,
        code: Option<String>,
        details: Details,
        /// Whether the refusal was about the instant of the signature, and the instant is now
        /// better known.
        clock_learned: bool,
    },
    /// AWS's answer is not what its API reference describes.
    Unreadable(StatusCode),
}

/// The body of a refusal. It may quote what was sent, so that no text ever has it.
pub(super) struct Details(Bytes);

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl CallFailure {
    /// Returns AWS's error code, such as `ParameterNotFound`; `None` if AWS did not refuse.
    pub fn code(&self) -> Option<&str> {
        match &self.reason {
            Reason::Refused { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// Parses what a refusal says beside its code; `None` if AWS did not refuse, or says nothing of
    /// this shape. It may quote what was sent: no error text and no log may have it.
    pub fn details<D: DeserializeOwned>(&self) -> Option<D> {
        match &self.reason {
            Reason::Refused { details, .. } => serde_json::from_slice(&details.0).ok(),
            _ => None,
        }
    }

    /// Returns whether AWS refused the call, with or without a code.
    pub fn is_refusal(&self) -> bool {
        matches!(self.reason, Reason::Refused { .. })
    }

    /// Returns whether another try may succeed, as the SDKs' standard mode judges it.
    pub(super) fn is_retryable(&self) -> bool {
        match &self.reason {
            Reason::Unbuilt | Reason::Unanswered(NoAnswer::OutOfTime) => false,
            Reason::Unanswered(NoAnswer::Lost(_) | NoAnswer::Late) | Reason::Unreadable(_) => true,
            Reason::Refused {
                status,
                code,
                clock_learned,
                ..
            } => {
                let code = code.as_deref().unwrap_or_default();
                *clock_learned
                    || matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
                    || THROTTLED.contains(&code)
                    || TRANSIENT.contains(&code)
            }
        }
    }

    /// Returns whether AWS refused the instant of the signature.
    pub(super) fn is_of_clock(&self) -> bool {
        self.code().is_some_and(|code| CLOCK.contains(&code))
    }

    /// Says whether the instant is better known now.
    pub(super) fn of_clock(mut self, learned: bool) -> Self {
        if let Reason::Refused { clock_learned, .. } = &mut self.reason {
            *clock_learned = learned;
        }
        self
    }
}

impl fmt::Display for CallFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, status) = match &self.reason {
            Reason::Unbuilt => ("the request could not be built", None),
            Reason::Unanswered(NoAnswer::Lost(_)) => ("no connection", None),
            Reason::Unanswered(NoAnswer::Late | NoAnswer::OutOfTime) => ("no answer in time", None),
            Reason::Unreadable(status) => ("an answer that cannot be read", Some(status)),
            Reason::Refused { status, code, .. } => (
                code.as_deref().unwrap_or("an error without a code"),
                Some(status),
            ),
        };
        let status = status.map(StatusCode::as_u16);
        f.write_str(&described(
            &self.call,
            what,
            status,
            self.request_id.as_deref(),
        ))
    }
}

/// The part of an error's body that Doorstep reads.
#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(rename = "__type", alias = "code")]
    kind: Option<String>,
}

/// Returns the refusal that an answer is. Its code is in the header `x-amzn-errortype` or in the
/// body's `__type`, between a namespace and an address that either may have. Source: Smithy,
/// "AWS JSON 1.1 protocol", operation error serialization. `[D]`
pub(super) fn refusal(answer: &Response) -> Reason {
    let header = word(answer.headers(), "x-amzn-errortype", plain);
    let code = header.or_else(|| {
        let body: ErrorBody = serde_json::from_slice(answer.body()).unwrap_or_default();
        body.kind.as_deref().and_then(plain)
    });
    Reason::Refused {
        status: answer.status(),
        code,
        details: Details(answer.body().clone()),
        clock_learned: false,
    }
}

/// Returns the id by which AWS finds a request.
pub(super) fn request_id(answer: &Response) -> Option<String> {
    ["x-amzn-requestid", "x-amz-request-id"]
        .iter()
        .find_map(|name| {
            word(answer.headers(), name, |text| {
                is_word(text).then(|| text.to_owned())
            })
        })
}

/// Returns the instant at which AWS answered, by its own clock.
pub(super) fn date(answer: &Response) -> Option<Timestamp> {
    let text = answer.headers().get(header::DATE)?.to_str().ok()?;
    let zoned = rfc2822::DateTimeParser::new().parse_zoned(text).ok()?;
    Some(zoned.timestamp())
}

fn word(headers: &HeaderMap, name: &str, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    headers.get(name)?.to_str().ok().and_then(read)
}

/// Returns the code itself of `com.amazon.coral#Code:http://internal.amazon.com/...`.
fn plain(text: &str) -> Option<String> {
    let code = text.split(':').next()?.rsplit('#').next()?;
    is_word(code).then(|| code.to_owned())
}
