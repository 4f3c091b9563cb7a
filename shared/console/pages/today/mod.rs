//! A local day of a site: a drawing with a row for each group, and the same as a table.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect};
use jiff::civil::Date;
use maud::{Markup, html};
use serde::Deserialize;

use super::days::{self, Days};
use super::{AtSite, Page};
use crate::layout::{Frame, state};
use crate::time::{PageTimes, Zone};
use crate::{Console, address};
use doorstep_core::site::Mode;
use doorstep_operator::day::shape::{BarState, DayBasis, DayGroup, NextOpening};
use doorstep_operator::day::{Day, day};

mod chart;
mod lanes;
mod table;

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    day: String,
}

/// The parts of the address of a day.
#[derive(Deserialize)]
pub(crate) struct DayPath {
    day: String,
}

/// Shows today, or leads to the day of the form.
pub(crate) async fn today(
    State(console): State<Console>,
    at: AtSite,
    Query(asked): Query<Asked>,
) -> Page {
    match Days::filled(&asked.day) {
        Some(asked) => {
            let to = address::day(at.id(), days::day(&asked)?);
            Ok(Redirect::to(&to).into_response())
        }
        None => show(&console, &at, None).await,
    }
}

/// Shows the day of the address.
pub(crate) async fn of_day(
    State(console): State<Console>,
    Path(DayPath { day }): Path<DayPath>,
    at: AtSite,
) -> Page {
    show(&console, &at, Some(days::day(&day)?)).await
}

async fn show(console: &Console, at: &AtSite, date: Option<Date>) -> Page {
    let found = day(console.environment(), at.id(), date).await?;
    let zone = Zone::named(&found.timezone);
    let today = zone.day(found.as_of);
    let title = match found.day == today {
        true => "Today".to_owned(),
        false => found.day.strftime("%A %-d %B %Y").to_string(),
    };
    let here = address::today(&found.site);
    let of_day = |day| address::day(&found.site, day);
    let to_today = (found.day != today).then(|| html! { a href=(here) { "Today" } });
    let body = html! {
        (summary(&found, &zone, today))
        @for remark in &found.remarks { p class="note late" { (remark) } }
        (basis(&found))
        (days::chooser(&here, found.day, of_day, to_today))
        @if found.groups.is_empty() {
            p { "No rule of the site file opens a group yet." }
        } @else {
            (chart::chart(&found, &zone))
            (table::table(&found, &zone))
        }
    };
    let frame = Frame::of_site(console, at.id(), "today", title);
    let frame = commands(frame.dated(found.as_of, &found.timezone), &found);
    Ok(match found.day == today {
        true => frame.live().page(body),
        false => frame.page(body),
    })
}

/// Prints the commands that say the same: who is in a group, and what was on time.
fn commands<'a>(frame: Frame<'a>, day: &Day) -> Frame<'a> {
    let written = day.day.to_string();
    let frame = match day.from <= day.as_of {
        true => frame.command(&["on-time", &day.site, "--day", &written]),
        false => frame,
    };
    let noon = format!("{written} 12:00");
    let is_now = day.from <= day.as_of && day.as_of < day.until;
    match day.groups.first() {
        Some(group) if is_now => frame.command(&["who", &day.site, &group_word(group)]),
        Some(group) => frame.command(&["who", &day.site, &group_word(group), "--at", &noon]),
        None => frame,
    }
}

/// Returns the word that names a group to a command.
fn group_word(group: &DayGroup) -> String {
    let name = group.name.as_deref().unwrap_or(&group.group.0);
    format!("{}/{name}", group.doors)
}

/// Says how many windows are in each state, and what opens next.
fn summary(day: &Day, zone: &Zone, today: Date) -> Markup {
    let count = |state: BarState| {
        let bars = day.groups.iter().flat_map(|group| &group.bars);
        let here = bars.filter(|bar| bar.state == state);
        here.map(|bar| bar.people.len()).sum::<usize>()
    };
    let counts = BarState::ALL.map(|state| (state, count(state)));
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    html! {
        p class="say" {
            @for (place, (one, count)) in counts.enumerate() {
                @if place > 0 { ", " }
                (count) " " (state(one.word(), one.word()))
            }
            @if day.groups.iter().all(|group| group.bars.is_empty()) { "Nothing opens on this day." } @else { "." }
            @if let Some(next) = &day.next { " Next: " (opening(next, zone, today)) "." }
        }
        @if day.mode == Mode::Observe {
            p class="note planned" { "The site only observes: Doorstep opens and closes nothing, so every window stays planned." }
        }
    }
}

fn opening(next: &NextOpening, zone: &Zone, today: Date) -> Markup {
    let group = next.name.as_deref().unwrap_or(&next.group.0);
    html! {
        (zone.element(next.at, today)) " " (group)
        @if next.people > 1 { " for " (next.people) " people" }
    }
}

/// Says what the day follows from, if that is not everything.
fn basis(day: &Day) -> Markup {
    html! {
        @match day.basis {
            DayBasis::Facts => {}
            DayBasis::Records => p class="note" {
                "The bookings of this day are deleted after three days. It is shown from the audit records alone."
            },
            DayBasis::Incomplete => p class="note" {
                "This day is far ahead: more bookings may come."
            },
        }
    }
}
