//! The time zone of a site, in which everything that the operator reads names instants.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use doorstep_core::model::error::{Error, Result};

/// A time zone with its IANA name.
#[derive(Debug, Clone)]
pub struct Zone {
    zone: TimeZone,
    name: String,
}

impl Zone {
    /// Returns the time zone with this name; UTC if it is unknown.
    pub fn named(name: &str) -> Self {
        Zone::of(&TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }

    /// Wraps a time zone.
    pub fn of(zone: &TimeZone) -> Self {
        Zone {
            zone: zone.clone(),
            name: zone_name(zone),
        }
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the zone itself.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Returns the local day of an instant.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// Returns an instant by a format of `strftime`.
    pub fn text(&self, at: Timestamp, format: &str) -> String {
        at.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    /// Returns an instant to the minute: `2026-11-30 12:45`.
    pub fn minute(&self, at: Timestamp) -> String {
        self.text(at, "%F %R")
    }

    /// Returns an instant to the minute, and the zone's abbreviation: `2026-11-30 12:45 GMT`.
    pub fn minute_with_zone(&self, at: Timestamp) -> String {
        self.text(at, "%F %R %Z")
    }

    /// Returns an instant to the second.
    pub fn second(&self, at: Timestamp) -> String {
        self.text(at, "%F %T")
    }

    /// Returns an instant to the minute, or to the second if it is not a whole minute.
    pub fn whole(&self, at: Timestamp) -> String {
        self.text(at, to_the_second(at, "%F %R", "%F %T"))
    }

    /// Returns the time of day, to the second if it is not a whole minute, and the day too if it is
    /// not `today`.
    pub fn short(&self, at: Timestamp, today: Date) -> String {
        let clock = to_the_second(at, "%R", "%T");
        match self.day(at) == today {
            true => self.text(at, clock),
            false => self.text(at, &format!("{clock} on %F")),
        }
    }

    /// Returns the end of a window with the word before it; empty if the window has no end.
    pub fn until(&self, until: Option<Timestamp>) -> String {
        until.map_or_else(String::new, |until| {
            format!(" until {}", self.minute(until))
        })
    }
}

/// Returns the IANA name of a time zone; UTC if it has none.
pub(crate) fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

/// Returns the begin of the first local day and the end of the last.
///
/// # Errors
/// [`Error::Invalid`] for days that the calendar does not have.
pub(crate) fn span_of_days(
    zone: &TimeZone,
    first: Date,
    last: Date,
) -> Result<(Timestamp, Timestamp)> {
    let begins = |day: Date| {
        let begins = day.to_zoned(zone.clone()).map(|begins| begins.timestamp());
        begins.map_err(|_| Error::invalid("this day is out of range"))
    };
    let next = last.tomorrow();
    let next = next.map_err(|_| Error::invalid("this day is too late"))?;
    Ok((begins(first)?, begins(next)?))
}

fn to_the_second<'f>(at: Timestamp, minute: &'f str, second: &'f str) -> &'f str {
    match at.as_second().rem_euclid(60) {
        0 => minute,
        _ => second,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_local_and_has_no_part_of_a_second() {
        let zone = Zone::named("Europe/London");
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let (whole, odd) = (at("2026-07-01T11:45:00Z"), at("2026-07-01T11:45:03.75Z"));
        assert_eq!(zone.whole(whole), "2026-07-01 12:45");
        assert_eq!(zone.whole(odd), "2026-07-01 12:45:03");
        assert_eq!(zone.second(whole), "2026-07-01 12:45:00");
        assert_eq!(zone.minute_with_zone(odd), "2026-07-01 12:45 BST");
        let day = zone.day(whole);
        assert_eq!(zone.short(whole, day), "12:45");
        assert_eq!(
            zone.short(at("2026-07-01T23:00:00Z"), day),
            "00:00 on 2026-07-02"
        );
        assert_eq!(Zone::named("No/Where").name(), "UTC");
    }
}
