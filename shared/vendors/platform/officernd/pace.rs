//! How fast OfficeRnD is asked: about 400 reads a minute are allowed `[C]`, and we take two fifths of them at most.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::http::{Http, Request, Response};
use crate::time::SharedTime;
use crate::vendor_http::{RateGate, VendorHttp};
use doorstep_core::model::error::{Error, Result};

/// Pages of lists that a reader takes at once, so that small sites are read in no time …
const AT_ONCE: u32 = 40;
/// … and how far apart the others are. Both together stay within 160 reads in any minute.
const APART: Duration = Duration::from_millis(500);
/// A look that would have to wait longer than this is left to a later settle.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// A minute's limit never takes longer than this to come back.
const MINUTE: Duration = Duration::from_secs(60);

/// What a question is for, which says how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// Somebody stands at a door.
    Look,
    /// A page of a list.
    List,
}

/// Two ways to the same vendor, one of them slow, and the vendor's own word on when to go on.
pub(super) struct RateLimiter {
    /// For questions whose answer says nothing of all others.
    apart_from_all: VendorHttp,
    at_once: VendorHttp,
    apart: VendorHttp,
    pages: AtomicU32,
    time: SharedTime,
    not_before: Mutex<Option<Timestamp>>,
}

impl RateLimiter {
    /// A pace for one reader.
    pub(super) fn new(http: Http, time: SharedTime, turn: &RateGate) -> Self {
        let caller = |gap| VendorHttp::new("OfficeRnD", http.clone(), time.clone(), gap).closed_with(turn);
        RateLimiter {
            apart_from_all: VendorHttp::new("OfficeRnD", http.clone(), time.clone(), Duration::ZERO),
            at_once: caller(Duration::ZERO),
            apart: caller(APART),
            pages: AtomicU32::new(0),
            time,
            not_before: Mutex::new(None),
        }
    }

    /// Sends a request that changes nothing, as fast as its errand allows.
    ///
    /// # Errors
    /// [`Error::Retry`] where no answer came, or where a look would have to wait for the limit to come back.
    pub(super) async fn send(&self, request: Request, errand: Priority) -> Result<Response> {
        self.wait(errand).await?;
        let slow = errand == Priority::List && self.pages.fetch_add(1, Ordering::Relaxed) >= AT_ONCE;
        let answer = if slow { self.apart.read(request).await? } else { self.at_once.read(request).await? };
        if let Some(reset) = used_up(answer.headers(), self.time.now()) {
            *self.not_before.lock().await = Some(reset);
        }
        Ok(answer)
    }

    /// Sends a request that changes nothing once, and not again where it fails. Its failure closes the vendor to nobody.
    ///
    /// # Errors
    /// [`Error::Retry`] where no answer came, or one that says the vendor is busy or broken.
    pub(super) async fn once(&self, request: Request) -> Result<Response> {
        self.wait(Priority::Look).await?;
        self.apart_from_all.write(request).await
    }

    /// Waits until the limit has come back. Held while waiting, so that nobody overtakes.
    async fn wait(&self, errand: Priority) -> Result<()> {
        let mut not_before = self.not_before.lock().await;
        let Some(then) = *not_before else { return Ok(()) };
        if let Ok(wait) = Duration::try_from(self.time.now().duration_until(then))
            && !wait.is_zero()
        {
            if errand == Priority::Look && wait > LONGEST_WAIT {
                return Err(Error::Retry { why: "OfficeRnD's reads a minute are used up".into(), after: Some(wait) });
            }
            self.time.pass(wait).await;
        }
        *not_before = None;
        Ok(())
    }
}

/// When reading may go on, where this answer was the last of its minute. Whether the reset is an instant or a span
/// is not documented `[?]`: what is too large for a span is an instant, in seconds or in milliseconds.
fn used_up(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
    if number("x-ratelimit-remaining-read-minute")? > 0 {
        return None;
    }
    let latest = now.saturating_add(SignedDuration::try_from(MINUTE).ok()?).ok()?;
    let reset = match number("x-ratelimit-reset-read-minute") {
        Some(span @ 0..1_000_000_000) => now.saturating_add(SignedDuration::from_secs(span)).ok()?,
        Some(second @ 1_000_000_000..1_000_000_000_000) => Timestamp::from_second(second).ok()?,
        Some(millisecond) => Timestamp::from_millisecond(millisecond).ok()?,
        None => latest,
    };
    Some(reset.min(latest))
}
