//! Instants in the time zone of a site.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html};

/// A time zone with its name.
#[derive(Debug, Clone)]
pub struct Zone {
    zone: TimeZone,
    name: String,
}

impl Zone {
    /// Returns the zone with this IANA name; UTC if there is none of that name.
    pub fn named(name: &str) -> Self {
        match TimeZone::get(name) {
            Ok(zone) => Zone {
                zone,
                name: name.to_owned(),
            },
            Err(_) => Zone {
                zone: TimeZone::UTC,
                name: "UTC".to_owned(),
            },
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

    /// Returns the time of day to the minute: `12:45`.
    pub fn clock(&self, at: Timestamp) -> String {
        self.text(at, "%H:%M")
    }

    /// Returns the day and the time to the minute: `Mon 30 Nov 2026, 12:45`.
    pub fn moment(&self, at: Timestamp) -> String {
        self.text(at, "%a %-d %b %Y, %H:%M")
    }

    /// Returns a `time` element with the day and the time.
    pub fn moment_element(&self, at: Timestamp) -> Markup {
        html! { time datetime=(at) { (self.moment(at)) } }
    }

    /// Returns a `time` element with the time of day, or with the day too if that is not `today`.
    pub fn element(&self, at: Timestamp, today: Date) -> Markup {
        match self.day(at) == today {
            true => html! { time datetime=(at) { (self.clock(at)) } },
            false => self.moment_element(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_shown_in_the_zone_of_the_site() {
        let zone = Zone::named("Europe/London");
        let at: Timestamp = "2026-07-01T11:45:59.9Z".parse().unwrap();
        assert_eq!(zone.clock(at), "12:45");
        assert_eq!(zone.moment(at), "Wed 1 Jul 2026, 12:45");
        assert_eq!(Zone::named("No/Where").name(), "UTC");
    }
}
