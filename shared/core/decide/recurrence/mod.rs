//! When a booking takes place: once, or again and again by the clock on its own wall.
//!
//! A series is expanded in local time with no zone at all, and each start is then put into the zone. So a weekly 09:00
//! stays at 09:00 over both clock changes. Where the clock change makes a local time fall out (spring), the start
//! moves on by the hour that is missing (01:30 becomes 02:30), as RFC 5545 says; where a local time comes twice
//! (autumn), the first is meant. An occurrence lasts as long as the first one, in real minutes.
//!
//! Pure: no clock, no network. Rules come from outside, so expansion is bounded, and what cannot be read is an error
//! with what to do about it, never a guess.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rrule::{RRule, Unvalidated};

use crate::model::fact::{Booking, Series};

mod parts;
mod rule;

use rule::Rule;

/// Most occurrences that are counted through, from the start of a series on: a daily one since 1900 has 46,000.
const MOST: usize = 100_000;

/// When `booking` takes place, as far as it overlaps `from` (inclusive) until `until` (exclusive): start and end of
/// each time, in order. Called off or not is not asked here.
///
/// A series repeats in the booking's own zone, where it names one that exists, else in `zone`.
///
/// # Errors
/// What is wrong with the booking and what to do about it: an end before its start, or a rule that cannot be read.
pub fn occurrences(
    booking: &Booking,
    zone: &TimeZone,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<(Timestamp, Timestamp)>, String> {
    if booking.end < booking.start {
        return Err("the booking ends before it starts: correct it at the platform".to_owned());
    }
    let lasts = booking.end.duration_since(booking.start);
    let starts = match &booking.series {
        None => vec![booking.start],
        Some(_) if booking.start >= until => Vec::new(),
        Some(series) => {
            let own = booking.timezone.as_deref().and_then(|name| TimeZone::get(name).ok());
            starts(booking.start, series, own.as_ref().unwrap_or(zone), until)?
        }
    };
    let stretches = starts.into_iter().map(|start| (start, start.saturating_add(lasts).unwrap_or(Timestamp::MAX)));
    Ok(stretches.filter(|(start, end)| *start < until && (*end > from || *start >= from)).collect())
}

/// Starts of a series before `until`, what is called off left out.
fn starts(first: Timestamp, series: &Series, zone: &TimeZone, until: Timestamp) -> Result<Vec<Timestamp>, String> {
    let rule = Rule::read(&series.rule, zone)?;
    let last = zone.to_datetime(until);
    let mut starts = Vec::new();
    for (counted, local) in locals(zone.to_datetime(first), rule.rule.clone())?.enumerate() {
        if counted >= MOST {
            return Err("the booking series has too many occurrences: shorten it at the platform".to_owned());
        }
        // A day of slack: a start that moves over a clock change is judged by its instant, below.
        if local > last.saturating_add(SignedDuration::from_hours(24)) {
            break;
        }
        let Ok(start) = zone.to_timestamp(local) else { break };
        if rule.ended(local, start) || series.until.is_some_and(|end| start > end) {
            break;
        }
        if start < until && !rule.excludes(local, start) && !called_off(series, zone, local, start) {
            starts.push(start);
        }
    }
    Ok(starts)
}

/// Whether an occurrence was called off, by its instant or by its local day and time.
fn called_off(series: &Series, zone: &TimeZone, local: DateTime, start: Timestamp) -> bool {
    series.except.iter().any(|gone| *gone == start || zone.to_datetime(*gone) == local)
}

/// Local starts by the rule alone. To the crate they are all UTC, so that no zone but ours has a say.
fn locals(first: DateTime, rule: RRule<Unvalidated>) -> Result<impl Iterator<Item = DateTime> + use<>, String> {
    let first = TimeZone::UTC.to_timestamp(first).ok().filter(|_| (1..=9999).contains(&first.year()));
    let first = first.and_then(|first| chrono::DateTime::from_timestamp(first.as_second(), 0));
    let first = first.ok_or_else(rule::unreadable)?.with_timezone(&rrule::Tz::UTC);
    let set = rule.build(first).map_err(|_| rule::unreadable())?;
    let starts = (&set.limit()).into_iter();
    Ok(starts.map_while(|start| Some(TimeZone::UTC.to_datetime(Timestamp::from_second(start.timestamp()).ok()?))))
}

#[cfg(test)]
mod tests;
