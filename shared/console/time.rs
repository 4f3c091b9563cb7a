//! Instants as elements of a page, in the time zone of a site.

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

pub(crate) use doorstep_operator::zone::Zone;

/// The forms of instants that the pages have.
pub(crate) trait PageTimes {
    /// Returns the time of day to the minute: `12:45`.
    fn clock(&self, at: Timestamp) -> String;
    /// Returns the day and the time to the minute: `Mon 30 Nov 2026, 12:45`.
    fn moment(&self, at: Timestamp) -> String;
    /// Returns a `time` element with the day and the time.
    fn moment_element(&self, at: Timestamp) -> Markup;
    /// Returns a `time` element with the time of day, or with the day too if that is not `today`.
    fn element(&self, at: Timestamp, today: Date) -> Markup;
}

impl PageTimes for Zone {
    fn clock(&self, at: Timestamp) -> String {
        self.text(at, "%H:%M")
    }

    fn moment(&self, at: Timestamp) -> String {
        self.text(at, "%a %-d %b %Y, %H:%M")
    }

    fn moment_element(&self, at: Timestamp) -> Markup {
        html! { time datetime=(at) { (self.moment(at)) } }
    }

    fn element(&self, at: Timestamp, today: Date) -> Markup {
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
    }
}
