//! The choice of the instant of an answer: a field for any instant, and a slider over one day.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::time::{PageTimes, Zone};
use doorstep_operator::explain::shape::{Explained, Tense};

/// Returns the two forms. Both work without a script.
pub(super) fn chooser(explained: &Explained, here: &str, zone: &Zone) -> Markup {
    let at = explained.at;
    html! {
        form class="fields" method="get" action=(here) {
            label { "When (" (zone.name()) ")"
                input type="datetime-local" name="at" value=(zone.text(at, "%Y-%m-%dT%H:%M")); }
            button { "Show" }
            @if explained.tense != Tense::Present { a class="button" href=(here) { "Now" } }
        }
        form class="fields when" method="get" action=(here) {
            input type="hidden" name="day" value=(zone.day(at));
            label for="minute" { "Time of " (zone.text(at, "%a %-d %b")) ": "
                output id="clock" for="minute" { (zone.clock(at)) } }
            input id="minute" type="range" name="minute" min="0" max="1435" step="5" value=(minute(at, zone))
                data-clock="#clock" aria-valuetext=(zone.clock(at));
            button { "Show" }
        }
    }
}

/// Returns the minute of the local day.
fn minute(at: Timestamp, zone: &Zone) -> i32 {
    let local = at.to_zoned(zone.zone().clone());
    i32::from(local.hour()) * 60 + i32::from(local.minute())
}
