//! The time zone of a site, in which explanations name instants.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The time zone of a site.
#[derive(Debug, Clone)]
pub(super) struct ExplainZone(TimeZone);

impl ExplainZone {
    /// Wraps a time zone.
    pub(super) fn of(zone: &TimeZone) -> Self {
        ExplainZone(zone.clone())
    }

    /// Returns the time zone with this name; UTC if it is unknown.
    pub(super) fn named(name: &str) -> Self {
        ExplainZone(TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }

    /// Returns an instant to the second.
    pub(super) fn exact(&self, at: Timestamp) -> String {
        self.written(at, "%F %T")
    }

    /// Returns an instant to the minute, or to the second if it is not a whole minute.
    pub(super) fn text(&self, at: Timestamp) -> String {
        self.written(at, self.to_the_second(at, "%F %R", "%F %T"))
    }

    /// Returns the time of day, and the day too if it is not `today`.
    pub(super) fn short(&self, at: Timestamp, today: Date) -> String {
        let clock = self.to_the_second(at, "%R", "%T");
        match self.day(at) == today {
            true => self.written(at, clock),
            false => self.written(at, &format!("{clock} on %F")),
        }
    }

    /// Returns the local day of an instant.
    pub(super) fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.0.clone()).date()
    }

    fn to_the_second<'f>(&self, at: Timestamp, minute: &'f str, second: &'f str) -> &'f str {
        match at.as_second().rem_euclid(60) {
            0 => minute,
            _ => second,
        }
    }

    fn written(&self, at: Timestamp, format: &str) -> String {
        at.to_zoned(self.0.clone()).strftime(format).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_local_and_has_no_part_of_a_second() {
        let zone = ExplainZone::named("Europe/London");
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let (whole, odd) = (at("2026-07-01T11:45:00Z"), at("2026-07-01T11:45:03.75Z"));
        assert_eq!(zone.text(whole), "2026-07-01 12:45");
        assert_eq!(zone.text(odd), "2026-07-01 12:45:03");
        assert_eq!(zone.exact(whole), "2026-07-01 12:45:00");
        let day = zone.day(whole);
        assert_eq!(zone.short(whole, day), "12:45");
        assert_eq!(
            zone.short(at("2026-07-01T23:00:00Z"), day),
            "00:00 on 2026-07-02"
        );
    }
}
