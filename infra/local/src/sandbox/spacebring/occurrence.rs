//! Spacebring's own expansion of series into single bookings. It is not Doorstep's: a test compares
//! the two.
//!
//! A series repeats by the wall clock of its location. It understands `FREQ` (daily, weekly,
//! monthly), `INTERVAL`, `COUNT`, `UNTIL` and `BYDAY` of weekly series.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{is_deleted, wire};
use crate::sandbox::object::Object;
use crate::sandbox::platform_tables::PlatformTables;

/// Most occurrences of one series, and most days that are searched for them.
const MOST: usize = 2_000;

/// Returns one booking or occurrence by its id.
pub fn one(things: &PlatformTables, id: &str, now: Timestamp) -> Option<Object> {
    if let Some((series, _)) = id.split_once('_') {
        let series = things
            .one("bookings", series, now)
            .filter(|series| !is_deleted(series))?;
        let mut all = expanded(things, &[series], now);
        let found = all.iter().position(|item| item.text("id") == Some(id))?;
        return Some(all.swap_remove(found));
    }
    things.one("bookings", id, now).cloned()
}

/// Returns these bookings, with each series replaced by its occurrences. A record with the id of an
/// occurrence changes that occurrence.
pub fn expanded(things: &PlatformTables, bookings: &[&Object], now: Timestamp) -> Vec<Object> {
    let mut all = Vec::new();
    for booking in bookings {
        let id = booking.text("id").unwrap_or_default();
        if id.contains('_') {
            continue;
        }
        if booking.text("recurrence").is_none() || is_deleted(booking) {
            all.push((*booking).clone());
            continue;
        }
        for at in starts(things, booking, now) {
            let id = format!("{id}_{}", wire::instant(at));
            let mut item = occurrence(booking, &id, at);
            if let Some(own) = things.one("bookings", &id, now) {
                item.0.extend(own.0.clone());
            }
            all.push(item);
        }
    }
    all
}

fn occurrence(series: &Object, id: &str, at: Timestamp) -> Object {
    let mut item = series.clone();
    let lasts = length(series).unwrap_or_default();
    item.set("id", id);
    item.set("startDate", wire::instant(at));
    item.set(
        "endDate",
        wire::instant(at.saturating_add(lasts).unwrap_or(at)),
    );
    item.0.remove("recurrence");
    item
}

fn length(series: &Object) -> Option<SignedDuration> {
    let at = |field: &str| series.text(field)?.parse::<Timestamp>().ok();
    Some(at("endDate")?.duration_since(at("startDate")?))
}

/// Returns the starts of a series, without the dates that do not take place.
fn starts(things: &PlatformTables, series: &Object, now: Timestamp) -> Vec<Timestamp> {
    let Some(first) = series
        .text("startDate")
        .and_then(|at| at.parse::<Timestamp>().ok())
    else {
        return Vec::new();
    };
    let zone = wire::location(things, "bookings", series, now)
        .and_then(|id| {
            things
                .one("locations", &id, now)?
                .text("timezoneId")
                .map(str::to_owned)
        })
        .and_then(|name| TimeZone::get(&name).ok())
        .unwrap_or(TimeZone::UTC);
    let rule = Rule::read(series.text("recurrence").unwrap_or_default());
    let out: Vec<Timestamp> = series
        .texts("exdates")
        .iter()
        .filter_map(|at| at.parse().ok())
        .collect();
    let mut starts = Vec::new();
    for local in rule.locals(zone.to_datetime(first)) {
        // A time that the clocks skip moves on by the hour that is missing.
        let Ok(at) = zone.to_ambiguous_timestamp(local).compatible() else {
            break;
        };
        if rule.until.is_some_and(|until| at > until) {
            break;
        }
        starts.push(at);
    }
    starts.retain(|at| !out.contains(at));
    starts
}

struct Rule {
    freq: String,
    interval: i64,
    count: usize,
    until: Option<Timestamp>,
    days: Vec<Weekday>,
}

impl Rule {
    fn read(text: &str) -> Rule {
        let text = text.trim_start_matches("RRULE:");
        let parts: BTreeMap<&str, &str> = text
            .split(';')
            .filter_map(|part| part.split_once('='))
            .collect();
        let part = |name: &str| parts.get(name).copied().unwrap_or_default();
        let until = part("UNTIL");
        let until = DateTime::strptime("%Y%m%dT%H%M%S", until.trim_end_matches('Z'))
            .ok()
            .or_else(|| Some(Date::strptime("%Y%m%d", until).ok()?.at(23, 59, 59, 0)));
        Rule {
            freq: part("FREQ").to_owned(),
            interval: part("INTERVAL").parse().unwrap_or(1).max(1),
            count: part("COUNT").parse().unwrap_or(MOST).min(MOST),
            until: until
                .and_then(|at| at.to_zoned(TimeZone::UTC).ok())
                .map(|at| at.timestamp()),
            days: part("BYDAY").split(',').filter_map(weekday).collect(),
        }
    }

    /// Returns the local starts from `first` on.
    fn locals(&self, first: DateTime) -> Vec<DateTime> {
        let mut all = Vec::new();
        let monday = first
            .date()
            .saturating_sub(i64::from(first.date().weekday().to_monday_zero_offset()).days());
        let mut step: i64 = 0;
        while all.len() < self.count && step < i64::try_from(MOST).unwrap_or(i64::MAX) {
            let by = step * self.interval;
            match self.freq.as_str() {
                "WEEKLY" if !self.days.is_empty() => {
                    let week = monday.saturating_add(by.weeks());
                    let days = (0..7_i64).map(|day| week.saturating_add(day.days()));
                    let chosen = days.filter(|day| self.days.contains(&day.weekday()));
                    all.extend(
                        chosen
                            .map(|day| day.to_datetime(first.time()))
                            .filter(|at| *at >= first),
                    );
                }
                "WEEKLY" => all.push(first.saturating_add(by.weeks())),
                "MONTHLY" => {
                    let at = first.saturating_add(by.months());
                    // A month without that day has no occurrence.
                    all.extend((at.day() == first.day()).then_some(at));
                }
                _ => all.push(first.saturating_add(by.days())),
            }
            step += 1;
        }
        all.truncate(self.count);
        all
    }
}

fn weekday(word: &str) -> Option<Weekday> {
    let words = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let place = words.iter().position(|known| *known == word.trim())?;
    Weekday::from_monday_zero_offset(i8::try_from(place).ok()?).ok()
}
