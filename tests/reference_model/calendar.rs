//! Local days and local times.

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike,
};
use chrono_tz::Tz;
use serde_json::Value;

use super::text;

/// Seconds since 1970.
pub type Minute = i64;

/// A local time.
#[derive(Debug, Clone, Copy)]
pub struct WallClock {
    /// 0 is Monday.
    pub weekday: u32,
    /// The minute of the day.
    pub minute: u32,
}

pub fn instant(text: &str) -> Minute {
    DateTime::parse_from_rfc3339(text)
        .unwrap_or_else(|wrong| panic!("{text}: {wrong}"))
        .timestamp()
}

fn zone(name: &str) -> Tz {
    name.parse().expect("a zone")
}

pub fn local(zone_name: &str, at: Minute) -> NaiveDateTime {
    let utc = DateTime::from_timestamp(at, 0)
        .expect("an instant")
        .naive_utc();
    zone(zone_name).from_utc_datetime(&utc).naive_local()
}

pub fn date_at(zone_name: &str, at: Minute) -> NaiveDate {
    local(zone_name, at).date()
}

pub fn wall_clock(zone_name: &str, at: Minute) -> WallClock {
    let local = local(zone_name, at);
    WallClock {
        weekday: local.weekday().num_days_from_monday(),
        minute: local.hour() * 60 + local.minute(),
    }
}

/// Returns the instant of a local time: the first if it occurs twice; by the offset before the gap
/// if it is skipped.
pub fn at_local(zone_name: &str, local: NaiveDateTime) -> Minute {
    match zone(zone_name).from_local_datetime(&local) {
        LocalResult::Single(at) => at.timestamp(),
        LocalResult::Ambiguous(first, second) => first.timestamp().min(second.timestamp()),
        LocalResult::None => at_local(zone_name, local - TimeDelta::hours(3)) + 3 * 3600,
    }
}

/// Returns the first moment of the local day that is `days` after the day of `at`.
pub fn local_midnight(zone_name: &str, at: Minute, days: u64) -> Minute {
    let day = date_at(zone_name, at) + Days::new(days);
    at_local(zone_name, day.and_hms_opt(0, 0, 0).expect("midnight"))
}

/// Returns the local day in a field. Its time of day has no meaning.
pub fn day(thing: &Value, field: &str) -> Option<NaiveDate> {
    Some(text(thing, field)?[..10].parse().expect("a day"))
}

/// Returns whether `today` lies between two fields, both included. A missing field sets no bound.
pub fn is_among_days(thing: &Value, from: &str, until: &str, today: NaiveDate) -> bool {
    let (from, until) = (day(thing, from), day(thing, until));
    let forwards = from.is_none_or(|from| until.is_none_or(|until| from <= until));
    forwards && from.is_none_or(|from| from <= today) && until.is_none_or(|until| today <= until)
}
