//! Whole minutes. Everything that Doorstep schedules is due at one.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A whole minute of UTC, named by the instant at which it begins. It is stored as that instant,
/// and printed as keys and schedule names spell it: `yyyymmddThhmm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Timestamp", into = "Timestamp")]
pub struct Minute(Timestamp);

impl Minute {
    /// Returns the minute in which `at` lies.
    pub fn of(at: Timestamp) -> Self {
        let second = at.as_second() - at.as_second().rem_euclid(60);
        Minute(Timestamp::from_second(second).unwrap_or(Timestamp::MIN))
    }

    /// Returns the first minute that does not begin before `at`.
    pub fn not_before(at: Timestamp) -> Self {
        let minute = Minute::of(at);
        if minute.0 == at {
            minute
        } else {
            minute.later(1)
        }
    }

    /// Returns the minute that begins `minutes` after this one. The result stops at the end of
    /// time.
    pub fn later(self, minutes: i64) -> Self {
        Minute::of(
            self.0
                .saturating_add(SignedDuration::from_mins(minutes))
                .unwrap_or(Timestamp::MAX),
        )
    }

    /// Returns the instant at which the minute begins.
    pub fn start(self) -> Timestamp {
        self.0
    }
}

impl From<Timestamp> for Minute {
    fn from(at: Timestamp) -> Self {
        Minute::of(at)
    }
}

impl From<Minute> for Timestamp {
    fn from(minute: Minute) -> Self {
        minute.0
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.strftime("%Y%m%dT%H%M").fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_lies_in_one_minute_and_before_another() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let whole = at("2026-03-02T09:00:00Z");
        let minute = Minute::of(at("2026-03-02T09:00:59.9Z"));
        assert_eq!(
            (minute.start(), minute.to_string().as_str()),
            (whole, "20260302T0900")
        );
        assert_eq!(Minute::not_before(whole), minute);
        assert_eq!(
            Minute::not_before(at("2026-03-02T09:00:00.1Z")),
            minute.later(1)
        );
        assert_eq!(
            Minute::of(at("1969-12-31T23:59:30Z")).start(),
            at("1969-12-31T23:59:00Z")
        );
        assert_eq!(
            Minute::of(Timestamp::MAX).later(5).start(),
            Minute::of(Timestamp::MAX).start()
        );
    }

    #[test]
    fn a_minute_is_stored_as_its_first_instant() {
        let minute: Minute = serde_json::from_str("\"2026-03-02T09:00:30Z\"").unwrap();
        assert_eq!(
            serde_json::to_string(&minute).unwrap(),
            "\"2026-03-02T09:00:00Z\""
        );
    }
}
