//! Calls to vendors: what is tried again, how fast, and where a request may go.
//!
//! It never looks into a body, never follows a redirect, and never waits but through [`crate::time::Time::pass`].

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode};
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use url::Url;

use crate::error::{Error, Result};
use crate::http::{Http, Request, Response};
use crate::time::SharedTime;

/// How often a call that failed is tried again at once.
const TRIES_AGAIN: u32 = 3;
/// The first pause before another try, where the vendor names none; it doubles with each try.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// A vendor that asks for a longer pause than this is asked again by a later settle instead.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Sends requests to one vendor, one at a time and no faster than it allows.
pub struct Caller {
    vendor: &'static str,
    http: Http,
    time: SharedTime,
    gap: Duration,
    turn: Turn,
}

/// When the next request to a vendor may leave. Held from a request until its last answer: that is what makes them one
/// at a time, and what makes a pause asked of one request hold for all. Clients that share a limit share a turn.
#[derive(Clone, Default)]
pub struct Turn(Arc<Mutex<Timestamp>>);

/// The turns of one function, by what counts against one limit.
#[derive(Clone, Default)]
pub struct Turns(Arc<std::sync::Mutex<HashMap<String, Turn>>>);

impl Turns {
    /// The turn that goes by `name`.
    pub fn of(&self, name: &str) -> Turn {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default().clone()
    }
}

impl Caller {
    /// A caller that leaves at least `gap` between the starts of two requests.
    pub fn new(vendor: &'static str, http: Http, time: SharedTime, gap: Duration) -> Self {
        Caller { vendor, http, time, gap, turn: Turn::default() }
    }

    /// The same caller, waiting its turn with everybody who shares it.
    pub fn taking(self, turn: Turn) -> Self {
        Caller { turn, ..self }
    }

    /// Sends a request that changes nothing, and again after 429, 5xx or no answer, up to three times.
    ///
    /// # Errors
    /// [`Error::Later`] when the last try failed too, or the vendor asks for a long pause; [`Error::Report`] for a
    /// redirect. Every other answer is handed back, refusals too.
    pub async fn read(&self, request: Request) -> Result<Response> {
        self.tried(request, true, None).await
    }

    /// The same, where an answer of this status says something about what was asked for: it is handed back.
    ///
    /// # Errors
    /// As [`Caller::read`].
    pub async fn read_taking(&self, request: Request, status: StatusCode) -> Result<Response> {
        self.tried(request, true, Some(status)).await
    }

    /// Sends a request that changes something. Only a refusal to take it at all (429) is tried again: after any other
    /// failure nobody knows what was done, and the caller must read first.
    ///
    /// # Errors
    /// As [`Caller::read`]; after [`Error::Later`] the change may have been made.
    pub async fn write(&self, request: Request) -> Result<Response> {
        self.tried(request, false, None).await
    }

    async fn tried(&self, request: Request, safe: bool, taken: Option<StatusCode>) -> Result<Response> {
        let mut next = self.turn.0.lock().await;
        let mut tries_left = TRIES_AGAIN;
        loop {
            self.wait_turn(&mut next).await;
            let (failed, may_repeat, pause) = match self.http.send(request.clone()).await {
                Ok(answer) if answer.status().is_redirection() => {
                    return Err(Error::report(format!("{} sent us elsewhere, and we do not follow", self.vendor)));
                }
                Ok(answer) if is_trouble(answer.status()) && taken != Some(answer.status()) => {
                    let after = retry_after(&answer, self.time.now());
                    let why = format!("{} answered {}", self.vendor, answer.status().as_u16());
                    (Error::Later { why, after }, safe || answer.status() == StatusCode::TOO_MANY_REQUESTS, after)
                }
                Ok(answer) => return Ok(answer),
                Err(none) => (none.into(), safe, None),
            };
            if !may_repeat || tries_left == 0 || pause.is_some_and(|pause| pause > LONGEST_PAUSE) {
                return Err(failed);
            }
            let back_off = FIRST_PAUSE * (1 << (TRIES_AGAIN - tries_left));
            self.time.pass(pause.unwrap_or(back_off)).await;
            tries_left -= 1;
        }
    }

    async fn wait_turn(&self, next: &mut Timestamp) {
        let now = self.time.now();
        if let Ok(wait) = Duration::try_from(now.duration_until(*next))
            && !wait.is_zero()
        {
            self.time.pass(wait).await;
        }
        let gap = SignedDuration::try_from(self.gap).unwrap_or(SignedDuration::ZERO);
        *next = self.time.now().saturating_add(gap).unwrap_or(now);
    }
}

/// Whether an answer says that the vendor is busy or broken, rather than anything about the request.
fn is_trouble(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// The pause that an answer asks for: whole seconds, or the instant until which to wait.
fn retry_after(answer: &Response, now: Timestamp) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(now.duration_until(until)).unwrap_or(Duration::ZERO))
}

/// The base address of a vendor: `given` by the site file, or the vendor's `own`.
///
/// # Errors
/// [`Error::Refused`] for anything but https, except `sandbox:` which only the one-machine run answers.
pub fn base(given: Option<&str>, own: &str) -> Result<Url> {
    let text = given.unwrap_or(own);
    let url = Url::parse(text).map_err(|_| Error::refused("url is not an address: write https://host"))?;
    match url.scheme() {
        "https" | "sandbox" if url.host_str().is_some() => Ok(url),
        _ => Err(Error::refused("url must begin with https://")),
    }
}

/// `base` with `segments` behind its path, each escaped, so that no id can change the path.
///
/// # Errors
/// [`Error::Refused`] for a base that cannot have a path, and for a segment that an address would swallow (empty,
/// `.`, `..`).
pub fn below(base: &Url, segments: &[&str]) -> Result<Url> {
    if segments.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
        return Err(Error::refused("an id is empty or made of dots"));
    }
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Error::refused("url cannot have a path behind it"))?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

/// A request, with JSON where there is a body.
///
/// # Errors
/// [`Error::Refused`] where an address or a header cannot be sent.
pub fn request(
    method: Method,
    url: &Url,
    headers: &[(&str, &str)],
    body: Option<&serde_json::Value>,
) -> Result<Request> {
    let bytes = body.map(|json| Bytes::from(json.to_string()));
    composed(method, url, headers, bytes.map(|bytes| ("application/json", bytes)))
}

/// A POST of a form, as token services want it.
///
/// # Errors
/// [`Error::Refused`] where an address or a header cannot be sent.
pub fn form(url: &Url, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Result<Request> {
    let text = serde_urlencoded::to_string(fields).map_err(|_| unsendable())?;
    composed(Method::POST, url, headers, Some(("application/x-www-form-urlencoded", Bytes::from(text))))
}

fn composed(method: Method, url: &Url, headers: &[(&str, &str)], body: Option<(&str, Bytes)>) -> Result<Request> {
    let mut builder = http::Request::builder().method(method).uri(url.as_str());
    for (name, value) in headers {
        let mut value = HeaderValue::from_str(value).map_err(|_| unsendable())?;
        value.set_sensitive(name.eq_ignore_ascii_case(AUTHORIZATION.as_str()));
        builder = builder.header(*name, value);
    }
    let bytes = match body {
        Some((kind, bytes)) => {
            builder = builder.header(CONTENT_TYPE, kind);
            bytes
        }
        None => Bytes::new(),
    };
    builder.body(bytes).map_err(|_| unsendable())
}

fn unsendable() -> Error {
    Error::refused("a secret or an address holds characters that cannot be sent")
}

/// A vendor's JSON in our own words.
///
/// # Errors
/// [`Error::Later`] where it is none: a proxy in between, or a vendor in trouble. It never quotes the body.
pub fn json<T: DeserializeOwned>(vendor: &str, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|_| Error::later(format!("{vendor} answered something that cannot be read")))
}

#[cfg(test)]
#[path = "caller_tests.rs"]
mod tests;
