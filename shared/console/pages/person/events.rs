//! The door events of a person, from the entry report.

use maud::{Markup, html};

use crate::layout::{scroll, state};
use crate::time::{PageTimes, Zone};
use doorstep_operator::report::{ReportRow, ReportedAttempt};

/// The most events that are shown.
const MOST: usize = 50;

/// Returns the table, the latest first.
pub(super) fn table(rows: &[ReportRow], zone: &Zone) -> Markup {
    let mut events: Vec<(&ReportRow, &ReportedAttempt)> = rows
        .iter()
        .flat_map(|row| row.times.iter().map(move |one| (row, one)))
        .collect();
    events.sort_by_key(|(_, one)| std::cmp::Reverse(one.at));
    html! {
        h2 { "Door events" }
        @if events.is_empty() { p { "No attempt at a door in the last seven days." } } @else {
            (scroll("Door events", html! { table {
                caption { "Attempts of the last seven days, the latest first, times in " (zone.name()) }
                thead { tr { @for head in ["time", "door", "what"] { th scope="col" { (head) } } } }
                tbody { @for (row, one) in events.iter().take(MOST) { tr {
                    td { (zone.moment_element(one.at)) }
                    td { (row.doors.as_str()) ": " (row.lock_name.as_deref().unwrap_or(&row.lock)) }
                    td {
                        @match &one.refused {
                            Some(why) => { (state("refused", "refused")) ": " (why) }
                            None => (state("open", "opened")),
                        }
                    }
                } } }
            } }))
            @if events.len() > MOST { p { "Earlier events are left out." } }
        }
    }
}
