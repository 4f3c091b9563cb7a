//! Expands a booking into its occurrences: one, or those of a series, which repeats by local time.
//!
//! A series is expanded in local time without a zone. Each start is then put into the zone. A
//! weekly 09:00 therefore stays at 09:00 over both clock changes. In spring a local time may be
//! skipped; the start then moves on by the missing hour (01:30 becomes 02:30), as RFC 5545 says. In
//! autumn a local time may occur twice; the first is used. Every occurrence lasts as long as the
//! first one, in real minutes.
//!
//! Pure: no clock, no network. Rules come from outside, so the expansion is bounded. A rule that
//! cannot be read is an error that says what to do; it is never guessed.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rrule::{RRule, Unvalidated};

use crate::model::fact::{Booking, Series};

mod parts;
mod rule;

use rule::RecurrenceRule;

/// The most occurrences that are counted from the start of a series. A daily series since 1900 has
/// 46,000.
const MOST: usize = 100_000;

/// Returns the start and end of each occurrence of `booking` that overlaps `from` (inclusive) until
/// `until` (exclusive), in order. Ignores whether the booking is cancelled.
///
/// A series repeats in the booking's own zone if that exists, and in `zone` otherwise.
///
/// # Errors
/// Says what is wrong with the booking and what to do: an end before its start, or a rule that
/// cannot be read.
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
            let own = booking
                .timezone
                .as_deref()
                .and_then(|name| TimeZone::get(name).ok());
            starts(booking.start, series, own.as_ref().unwrap_or(zone), until)?
        }
    };
    let intervals = starts
        .into_iter()
        .map(|start| (start, start.saturating_add(lasts).unwrap_or(Timestamp::MAX)));
    Ok(intervals
        .filter(|(start, end)| *start < until && (*end > from || *start >= from))
        .collect())
}

/// Returns the starts of a series before `until`, without cancelled occurrences.
fn starts(
    first: Timestamp,
    series: &Series,
    zone: &TimeZone,
    until: Timestamp,
) -> Result<Vec<Timestamp>, String> {
    let rule = RecurrenceRule::read(&series.rule, zone)?;
    let last = zone.to_datetime(until);
    let mut starts = Vec::new();
    for (counted, local) in locals(zone.to_datetime(first), rule.rule.clone())?.enumerate() {
        if counted >= MOST {
            return Err(
                "the booking series has too many occurrences: shorten it at the platform"
                    .to_owned(),
            );
        }
        // One day of slack: a clock change may move a start, and the code below compares its
        // instant.
        if local > last.saturating_add(SignedDuration::from_hours(24)) {
            break;
        }
        let Ok(start) = zone.to_timestamp(local) else {
            break;
        };
        if rule.ended(local, start) || series.until.is_some_and(|end| start > end) {
            break;
        }
        if start < until && !rule.excludes(local, start) && !called_off(series, zone, local, start)
        {
            starts.push(start);
        }
    }
    Ok(starts)
}

/// Returns whether an occurrence was cancelled, by its instant or by its local date and time.
fn called_off(series: &Series, zone: &TimeZone, local: DateTime, start: Timestamp) -> bool {
    series
        .except
        .iter()
        .any(|gone| *gone == start || zone.to_datetime(*gone) == local)
}

/// Returns local starts by the rule alone. They are passed to the `rrule` crate as UTC, so that it
/// applies no zone of its own.
fn locals(
    first: DateTime,
    rule: RRule<Unvalidated>,
) -> Result<impl Iterator<Item = DateTime> + use<>, String> {
    let first = TimeZone::UTC
        .to_timestamp(first)
        .ok()
        .filter(|_| (1..=9999).contains(&first.year()));
    let first = first.and_then(|first| chrono::DateTime::from_timestamp(first.as_second(), 0));
    let first = first
        .ok_or_else(rule::unreadable)?
        .with_timezone(&rrule::Tz::UTC);
    let set = rule.build(first).map_err(|_| rule::unreadable())?;
    let starts = (&set.limit()).into_iter();
    Ok(starts.map_while(|start| {
        Some(TimeZone::UTC.to_datetime(Timestamp::from_second(start.timestamp()).ok()?))
    }))
}

#[cfg(test)]
mod tests;
