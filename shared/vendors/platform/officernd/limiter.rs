//! Rate limit of requests to OfficeRnD. It allows about 400 reads a minute `[C]`. Doorstep uses at
//! most two fifths.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::http::{Http, Request, Response};
use crate::time::SharedTime;
use crate::vendor_http::{RateGate, RateLimit, VendorHttp};
use doorstep_core::model::error::{Error, Result};

/// Pages of lists that a reader fetches without a pause, so that small sites are read fast …
const AT_ONCE: u32 = 40;
/// … and the time between the later pages. Together they stay within 160 reads in any minute.
const APART: RateLimit = RateLimit::new(1, Duration::from_millis(500));
/// Longest wait of a lookup. A lookup that would wait longer is left to a later settle.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Longest time until the limit of a minute is reset.
const MINUTE: Duration = Duration::from_secs(60);

/// Purpose of a request. It decides how long the request may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// A person may be waiting at a door.
    Refetch,
    /// A page of a list.
    List,
}

/// Rate limiter with a fast and a slow client. It also waits until the vendor's own reset time.
pub(super) struct RateLimiter {
    /// Client for requests whose failure says nothing about other requests.
    apart_from_all: VendorHttp,
    at_once: VendorHttp,
    apart: VendorHttp,
    pages: AtomicU32,
    time: SharedTime,
    not_before: Mutex<Option<Timestamp>>,
}

impl RateLimiter {
    /// Returns a limiter for one reader.
    pub(super) fn new(http: Http, time: SharedTime, turn: &RateGate) -> Self {
        let client = |limit| {
            VendorHttp::new("OfficeRnD", http.clone(), time.clone(), limit).closed_with(turn)
        };
        RateLimiter {
            apart_from_all: VendorHttp::new(
                "OfficeRnD",
                http.clone(),
                time.clone(),
                RateLimit::NONE,
            ),
            at_once: client(RateLimit::NONE),
            apart: client(APART),
            pages: AtomicU32::new(0),
            time,
            not_before: Mutex::new(None),
        }
    }

    /// Sends a read request, as fast as its priority allows.
    ///
    /// # Errors
    /// [`Error::Retry`] where no response arrives, or where a lookup would have to wait too long
    /// for the limit.
    pub(super) async fn send(&self, request: Request, priority: Priority) -> Result<Response> {
        self.wait(priority).await?;
        let slow =
            priority == Priority::List && self.pages.fetch_add(1, Ordering::Relaxed) >= AT_ONCE;
        let answer = if slow {
            self.apart.read(request).await?
        } else {
            self.at_once.read(request).await?
        };
        if let Some(reset) = used_up(answer.headers(), self.time.now()) {
            *self.not_before.lock().await = Some(reset);
        }
        Ok(answer)
    }

    /// Sends a read request once, without a retry. A failure does not block other requests to the
    /// vendor.
    ///
    /// # Errors
    /// [`Error::Retry`] where no response arrives, or where the response says that the vendor is
    /// busy or broken.
    pub(super) async fn once(&self, request: Request) -> Result<Response> {
        self.wait(Priority::Refetch).await?;
        self.apart_from_all.write(request).await
    }

    /// Waits until the limit is reset. The lock is held while waiting, so no request overtakes.
    async fn wait(&self, priority: Priority) -> Result<()> {
        let mut not_before = self.not_before.lock().await;
        let Some(then) = *not_before else {
            return Ok(());
        };
        if let Ok(wait) = Duration::try_from(self.time.now().duration_until(then))
            && !wait.is_zero()
        {
            if priority == Priority::Refetch && wait > LONGEST_WAIT {
                return Err(Error::Retry {
                    why: "OfficeRnD's read limit of this minute is used up".into(),
                    after: Some(wait),
                });
            }
            self.time.pass(wait).await;
        }
        *not_before = None;
        Ok(())
    }
}

/// Returns when reads may continue, if this response used up the minute's limit. Whether the reset
/// is an instant or a duration is not documented `[?]`. A number too large for a duration is an
/// instant, in seconds or milliseconds.
fn used_up(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    if number("x-ratelimit-remaining-read-minute")? > 0 {
        return None;
    }
    let latest = now
        .saturating_add(SignedDuration::try_from(MINUTE).ok()?)
        .ok()?;
    let reset = match number("x-ratelimit-reset-read-minute") {
        Some(span @ 0..1_000_000_000) => {
            now.saturating_add(SignedDuration::from_secs(span)).ok()?
        }
        Some(second @ 1_000_000_000..1_000_000_000_000) => Timestamp::from_second(second).ok()?,
        Some(millisecond) => Timestamp::from_millisecond(millisecond).ok()?,
        None => latest,
    };
    Some(reset.min(latest))
}
