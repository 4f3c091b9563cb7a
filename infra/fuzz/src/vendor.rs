//! A vendor that answers from an input.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use doorstep_vendors::access::{Access, ApiSecrets, Extras};
use doorstep_vendors::http::{Http, Request, Response};
use doorstep_vendors::secret::Secret;
use doorstep_vendors::time::Time;
use http::HeaderValue;
use jiff::{SignedDuration, Timestamp};

use crate::{now, parts};

/// Headers that a vendor's answer may carry; the first byte of its part chooses one.
const HEADERS: [&str; 4] = ["link", "x-collection-range", "retry-after", "content-type"];
/// After so many calls a vendor is broken.
const MOST_CALLS: usize = 40;
/// More calls than this are a finding: a reader goes on although its vendor is broken.
const TOO_MANY: usize = 400;
/// Answer of every token service.
const TOKEN: &str = r#"{"access_token":"t","refresh_token":"r","expires_in":36000}"#;

/// A clock that moves only while code waits on it.
struct Clock(Mutex<Timestamp>);

#[async_trait]
impl Time for Clock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("the clock")
    }

    async fn pass(&self, span: Duration) {
        let mut now = self.0.lock().expect("the clock");
        let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::ZERO);
        *now = now.saturating_add(span).unwrap_or(*now);
    }
}

/// The vendor: the answers that are left, and the number of calls.
#[derive(Clone)]
pub struct FuzzVendor {
    answers: Arc<Mutex<VecDeque<Response>>>,
    calls: Arc<Mutex<usize>>,
}

impl FuzzVendor {
    /// Returns a vendor whose answers are the parts of `data`, the last one without end. After
    /// some calls it is broken.
    ///
    /// The first byte of a part chooses the status and whether a header follows up to the first
    /// line end. The rest is the body.
    pub fn new(data: &[u8]) -> Self {
        FuzzVendor {
            answers: Arc::new(Mutex::new(parts(data).map(answer).collect())),
            calls: Arc::default(),
        }
    }

    /// Asserts that its clients stopped calling after it was broken.
    pub fn is_left_alone(&self) {
        let calls = *self.calls.lock().expect("the calls");
        assert!(calls <= TOO_MANY, "{calls} calls");
    }

    /// Returns what a client of this vendor is built from.
    pub fn access(&self) -> Access {
        let vendor = self.clone();
        let http = Http::from_fn(move |request| std::future::ready(vendor.answer(&request)));
        let time = Arc::new(Clock(Mutex::new(now())));
        let secrets = ApiSecrets {
            client_id: Some(Secret::new("id")),
            client_secret: Some(Secret::new("secret")),
            username: Some(Secret::new("desk@example.test")),
            password: Some(Secret::new("password")),
            api_key: Some(Secret::new("key")),
            ..ApiSecrets::default()
        };
        Access {
            card_property: Some("cards".into()),
            extras: Extras {
                visits: true,
                invoices: true,
            },
            ..Access::new(http, time, secrets, "site/vendor".into())
        }
    }

    fn answer(&self, request: &Request) -> Response {
        if request.uri().path().contains("token") {
            return Response::new(Bytes::from_static(TOKEN.as_bytes()));
        }
        let mut calls = self.calls.lock().expect("the calls");
        *calls += 1;
        let mut answers = self.answers.lock().expect("the answers");
        let next = match answers.len() {
            0 | 1 => answers.front().cloned(),
            _ => answers.pop_front(),
        };
        match next {
            Some(answer) if *calls <= MOST_CALLS => answer,
            _ => with_status(500, Bytes::new()),
        }
    }
}

fn answer(part: &[u8]) -> Response {
    let Some((first, rest)) = part.split_first() else {
        return with_status(200, Bytes::new());
    };
    let status = match first % 16 {
        12 => 404,
        13 => 403,
        14 => 422,
        15 => 500,
        _ => 200,
    };
    if first & 0x10 == 0 {
        return with_status(status, Bytes::copy_from_slice(rest));
    }
    let end = rest.iter().position(|byte| *byte == b'\n');
    let (value, body) = rest.split_at(end.unwrap_or(rest.len()));
    let mut answer = with_status(status, Bytes::copy_from_slice(body));
    if let Ok(value) = HeaderValue::from_bytes(value) {
        let name = HEADERS[usize::from(first >> 5) % HEADERS.len()];
        answer.headers_mut().insert(name, value);
    }
    answer
}

fn with_status(status: u16, body: Bytes) -> Response {
    let mut answer = Response::new(body);
    *answer.status_mut() = status.try_into().expect("a status");
    answer
}

/// Runs a future to its end. Nothing in it waits for anything outside.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(work))
}
