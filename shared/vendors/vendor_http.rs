//! The HTTP client for vendors: retries, request rate, and the addresses that a request may reach.
//!
//! It parses no body and follows no redirect. It waits only through [`crate::time::Time::pass`].
//! `health` decides whether a vendor is called at all.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use tokio::sync::MutexGuard;

use crate::http::{Http, NoAnswer, Request, Response};
use crate::time::SharedTime;
use doorstep_core::budgets::vendor_http::ALONE_FOR;
use doorstep_core::model::error::{Error, Result};

mod departures;
mod farewell;
mod health;
mod request;
mod turn;

pub use departures::RateLimit;
use departures::{Departures, WholeLimit, later, pause_left};
use health::{CallIdentity, Closed, RetryDecision, Tried, Try};
pub use request::{base, below, form, json, request};
pub use turn::{OtherCallers, RateGate, RateGates};

/// The `User-Agent` of every request to a vendor. Some vendors refuse a request without one.
pub const USER_AGENT: &str = concat!(
    "doorstep/",
    env!("CARGO_PKG_VERSION"),
    " (+keeps door systems in step with bookings)"
);

/// A client for one vendor. It keeps the vendor's rate limit, and a bounded number of its requests
/// wait for their answers at a time.
pub struct VendorHttp {
    vendor: &'static str,
    http: Http,
    time: SharedTime,
    limit: RateLimit,
    whole: Option<(RateLimit, Arc<dyn OtherCallers>)>,
    /// Each request waits for the answer to the one before.
    one_by_one: bool,
    turn: RateGate,
}

impl VendorHttp {
    /// Returns a client that keeps `limit`.
    pub fn new(vendor: &'static str, http: Http, time: SharedTime, limit: RateLimit) -> Self {
        VendorHttp {
            vendor,
            http,
            time,
            limit,
            whole: None,
            one_by_one: false,
            turn: RateGate::default(),
        }
    }

    /// Returns the same client, which may use the `whole` limit while the other callers are silent.
    pub fn with_whole(self, whole: RateLimit, others: Option<Arc<dyn OtherCallers>>) -> Self {
        VendorHttp {
            whole: others.map(|others| (whole, others)),
            ..self
        }
    }

    /// Returns the same client, whose requests leave one after another, each after the answer to the
    /// one before.
    pub fn one_by_one(self) -> Self {
        VendorHttp {
            one_by_one: true,
            ..self
        }
    }

    /// Returns the same client, with `turn` as the rate gate that it shares with other clients.
    pub fn taking(self, turn: RateGate) -> Self {
        VendorHttp { turn, ..self }
    }

    /// Returns the same client with a rate of its own. It is closed whenever `turn` is closed.
    pub fn closed_with(self, turn: &RateGate) -> Self {
        VendorHttp {
            turn: turn.with_its_own_pace(),
            ..self
        }
    }

    /// Sends a request that changes nothing. Retries it up to three times after 429, 5xx or a lost
    /// answer. Does not send it while the vendor is closed.
    ///
    /// # Errors
    /// [`Error::Retry`] when the last try failed too, when no answer came in time, and when the
    /// vendor asks for a long pause; [`Error::Permanent`] for a redirect. Every other answer is
    /// returned, refusals included.
    pub async fn read(&self, request: Request) -> Result<Response> {
        self.tried(request, true, None).await
    }

    /// Sends a read as [`VendorHttp::read`] does, and returns an answer of this `status` instead of
    /// retrying it.
    ///
    /// # Errors
    /// As [`VendorHttp::read`].
    pub async fn read_taking(&self, request: Request, status: StatusCode) -> Result<Response> {
        self.tried(request, true, Some(status)).await
    }

    /// Sends a request that changes something. Retries it only after 429, because the vendor then
    /// did nothing. After any other failure the result is unknown, so the caller must read first.
    ///
    /// # Errors
    /// As [`VendorHttp::read`]; after [`Error::Retry`] the change may have been made.
    pub async fn write(&self, request: Request) -> Result<Response> {
        self.tried(request, false, None).await
    }

    async fn tried(
        &self,
        request: Request,
        safe: bool,
        taken: Option<StatusCode>,
    ) -> Result<Response> {
        let call = CallIdentity {
            line: format!("{} {}", request.method(), request.uri()),
            safe,
        };
        self.admits(&call)?;
        let _flight = self.turn.flight().await;
        for tries in 0.. {
            let _alone = self.depart(&call).await?;
            let began = self.time.now();
            let sent = self.http.send(request.clone()).await;
            let now = self.time.now();
            if let Ok(answer) = &sent
                && answer.status().is_redirection()
            {
                return Err(Error::permanent(format!(
                    "{} answered with a redirect, which Doorstep does not follow",
                    self.vendor
                )));
            }
            if let Ok(answer) = &sent {
                farewell::note(self.vendor, &request, answer);
            }
            let took = Duration::try_from(began.duration_until(now)).unwrap_or_default();
            let why = self.why(&sent);
            let one = Try {
                before: tries,
                now,
                took,
                why: &why,
            };
            let next = self
                .turn
                .health()
                .heard(&call, tried(&sent, taken, now), &one);
            match (next, sent) {
                (RetryDecision::Done, Ok(answer)) => return Ok(answer),
                (RetryDecision::Repeat(pause), _) => self.turn.pause(now, pause),
                (RetryDecision::GiveUp(after), _) => return Err(Error::Retry { why, after }),
                (RetryDecision::Done, Err(_)) => return Err(Error::retry(why)),
            }
        }
        Err(Error::retry(format!("{} throttled the call", self.vendor)))
    }

    fn admits(&self, call: &CallIdentity) -> Result<()> {
        match self.turn.health().refuses(Some(call), self.time.now()) {
            None => Ok(()),
            Some(Closed { why, after }) => Err(Error::Retry { why, after }),
        }
    }

    /// Describes a missing answer, or an answer that says that the vendor is in trouble.
    fn why(&self, sent: &std::result::Result<Response, NoAnswer>) -> String {
        match sent {
            Ok(answer) => format!("{} answered {}", self.vendor, answer.status().as_u16()),
            Err(none @ NoAnswer::Lost(_)) => none.to_string(),
            Err(NoAnswer::Late) => format!("{} did not answer in time", self.vendor),
            Err(NoAnswer::OutOfTime) => format!("no time was left to call {}", self.vendor),
        }
    }

    /// Waits until a request may leave. A request that leaves alone keeps the returned guard until it
    /// is answered. After a 429, every request of the run leaves alone.
    async fn depart(&self, call: &CallIdentity) -> Result<Option<MutexGuard<'_, Departures>>> {
        let mut departures = self.turn.departures().await;
        // Another request may have closed the vendor, or got a pause from it, while this one
        // waited. Each pause is waited for once: the clock of a test may stand.
        let mut waited = None;
        loop {
            self.admits(call)?;
            let paused = self.turn.paused();
            if waited == Some(paused) {
                break;
            }
            waited = Some(paused);
            self.pass(pause_left(self.time.now(), paused)).await;
            self.admits(call)?;
            let limit = self.limit(&mut departures).await;
            self.pass(departures.wait(limit, self.time.now())).await;
        }
        let most = self.whole.as_ref().map_or(self.limit, |(whole, _)| *whole);
        departures.depart(self.time.now(), most);
        let alone = self.one_by_one || self.turn.health().is_throttled();
        Ok(alone.then_some(departures))
    }

    /// Returns the limit in force. The other callers are asked only if their part of the limit
    /// would let the request leave earlier.
    async fn limit(&self, departures: &mut Departures) -> RateLimit {
        if self.turn.health().is_throttled() {
            return self.limit.without_burst();
        }
        let now = self.time.now();
        let Some((whole, others)) = &self.whole else {
            return self.limit;
        };
        if departures.wait(self.limit, now) <= departures.wait(*whole, now) {
            return self.limit;
        }
        let free = match departures.whole.at(now, ALONE_FOR) {
            Some(free) => free,
            None => {
                let free = others.are_silent().await;
                // The answer counts from the instant at which they were asked.
                let until = Some(later(now, ALONE_FOR));
                departures.whole = WholeLimit { free, until };
                free && departures.whole.at(self.time.now(), ALONE_FOR).is_some()
            }
        };
        if free { *whole } else { self.limit }
    }

    async fn pass(&self, wait: Duration) {
        if !wait.is_zero() {
            self.time.pass(wait).await;
        }
    }
}

/// Returns the outcome of a try. An answer of the status `taken` counts as answered.
fn tried(
    sent: &std::result::Result<Response, NoAnswer>,
    taken: Option<StatusCode>,
    now: Timestamp,
) -> Tried {
    match sent {
        Ok(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS => {
            Tried::Throttled(retry_after(answer, now))
        }
        Ok(answer) if is_trouble(answer.status()) && taken != Some(answer.status()) => {
            Tried::Trouble(retry_after(answer, now))
        }
        Ok(_) => Tried::Answered,
        Err(NoAnswer::Lost(_)) => Tried::Trouble(None),
        Err(NoAnswer::Late) => Tried::Late,
        Err(NoAnswer::OutOfTime) => Tried::OutOfTime,
    }
}

/// Decides whether an answer is about the vendor's own state (busy or broken) and not about the
/// request.
fn is_trouble(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// Returns the pause that an answer asks for. `Retry-After` is whole seconds or an instant.
fn retry_after(answer: &Response, now: Timestamp) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(now.duration_until(until)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
#[path = "vendor_http_tests.rs"]
mod tests;
