//! The drawing of a day. Positions follow from instants, so a day of 23 or 25 hours is drawn right.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::lanes::{Placed, Wanted, placed};
use super::table::{anchor, group_name};
use crate::address;
use crate::layout::scroll;
use crate::time::{PageTimes, Zone};
use doorstep_core::model::shown::shown;
use doorstep_operator::day::Day;
use doorstep_operator::day::shape::{Bar, BarState, DayGroup};

/// The width of the drawing.
const WIDTH: f64 = 1200.0;
/// The height of the line with the hours.
const HEAD: f64 = 22.0;
/// The height of the name of a group.
const NAME: f64 = 22.0;
/// The height of one lane.
const LANE: f64 = 26.0;
/// The height of a bar.
const BAR: f64 = 22.0;
/// The space below a group.
const GAP: f64 = 8.0;
/// The width of one character of a text, roughly.
const CHARACTER: f64 = 7.2;
/// The longest text on a bar.
const LONGEST: usize = 40;
/// The space that the name of an instant needs on either side.
const WIDEST_NAME: f64 = 70.0;
/// Every third hour is named.
const NAMED_HOURS: i8 = 3;

/// Returns the drawing.
pub(super) fn chart(day: &Day, zone: &Zone) -> Markup {
    let rows = rows(day);
    let height = rows.last().map_or(HEAD, |row| row.y + row.height);
    let title = format!("{}: each group with its windows", day.day);
    let scale = Scale(day);
    let drawing = html! {
        svg class="day" viewBox=(format!("0 0 {WIDTH} {height:.0}")) role="group" aria-label=(title) {
            (hours(day, zone, height))
            @for row in &rows { (drawn(row, day, zone)) }
            @if let Some(x) = scale.now() {
                g class="now" {
                    line x1=(at(x)) x2=(at(x)) y1=(at(HEAD - 4.0)) y2=(at(height)) {}
                    text x=(at(x.clamp(30.0, WIDTH - 40.0))) y="14" text-anchor="middle" { "now " (zone.clock(day.as_of)) }
                    title { "now, " (zone.clock(day.as_of)) }
                }
            }
        }
    };
    scroll("The day as a drawing", drawing)
}

/// The positions of instants.
struct Scale<'a>(&'a Day);

impl Scale<'_> {
    fn x(&self, at: Timestamp) -> f64 {
        let Scale(day) = self;
        let whole = day.until.duration_since(day.from).as_secs_f64();
        at.duration_since(day.from).as_secs_f64() / whole * WIDTH
    }

    fn now(&self) -> Option<f64> {
        let Scale(day) = self;
        let is_today = day.from <= day.as_of && day.as_of < day.until;
        is_today.then(|| self.x(day.as_of))
    }
}

/// One group in the drawing.
struct Row<'a> {
    group: &'a DayGroup,
    bars: Vec<(usize, &'a Bar, Placed)>,
    y: f64,
    height: f64,
}

fn rows(day: &Day) -> Vec<Row<'_>> {
    let (mut y, mut number) = (HEAD, 0);
    let mut rows = Vec::new();
    for group in &day.groups {
        let scale = Scale(day);
        let wanted = group.bars.iter().map(|bar| Wanted {
            x: scale.x(bar.from),
            width: scale.x(bar.until) - scale.x(bar.from),
            text: width_of(&label(bar)),
        });
        let places = placed(&wanted.collect::<Vec<_>>(), WIDTH);
        let lanes = places.iter().map(|place| place.lane + 1).max().unwrap_or(1);
        let bars = group.bars.iter().zip(places).map(|(bar, place)| {
            number += 1;
            (number, bar, place)
        });
        let bars = bars.collect();
        let height = NAME + exact(lanes) * LANE + GAP;
        rows.push(Row {
            group,
            bars,
            y,
            height,
        });
        y += height;
    }
    rows
}

fn hours(day: &Day, zone: &Zone, height: f64) -> Markup {
    let scale = Scale(day);
    let hour = SignedDuration::from_hours(1);
    let mut at_hour = day.from;
    let mut lines = Vec::new();
    while at_hour < day.until {
        let local = at_hour.to_zoned(zone.zone().clone());
        let x = scale.x(at_hour);
        // The name of an hour gives way to that of the present instant.
        let is_free = scale.now().is_none_or(|now| (now - x).abs() > WIDEST_NAME);
        let is_named = local.hour() % NAMED_HOURS == 0 && is_free;
        lines.push((x, is_named.then(|| zone.clock(at_hour))));
        let Ok(next) = at_hour.checked_add(hour) else {
            break;
        };
        at_hour = next;
    }
    html! {
        g class="hours" aria-hidden="true" {
            @for (x, name) in &lines {
                line class=[name.is_some().then_some("named")] x1=(at(*x)) x2=(at(*x)) y1=(at(HEAD - 4.0)) y2=(at(height)) {}
                @if let Some(name) = name { text x=(at(*x + 2.0)) y="14" { (name) } }
            }
        }
    }
}

fn drawn(row: &Row<'_>, day: &Day, zone: &Zone) -> Markup {
    let group = row.group;
    html! {
        g {
            line class="edge" x1="0" x2=(at(WIDTH)) y1=(at(row.y)) y2=(at(row.y)) {}
            text class="name" x="4" y=(at(row.y + 15.0)) { (group_name(day, group)) }
            @if group.bars.is_empty() {
                text class="none" x="4" y=(at(row.y + NAME + 15.0)) { "nothing on this day" }
            }
            @for (number, bar, place) in &row.bars {
                a href=(leads_to(day, bar, *number)) class=(format!("bar {}", bar.state.word())) {
                    (shape(bar.state, place, row.y))
                    text x=(at(place.text)) y=(at(top(place, row.y) + 15.5)) { (mark(bar.state)) " " (label(bar)) }
                    title { (group_name(day, group)) ": " (said(bar, zone)) }
                }
            }
        }
    }
}

/// Draws the bar. Each state has a shape of its own beside its colour.
fn shape(state: BarState, place: &Placed, y: f64) -> Markup {
    let (x, y, width) = (place.x, top(place, y), place.width);
    html! {
        rect x=(at(x)) y=(at(y)) width=(at(width)) height=(at(BAR)) rx="3" {}
        @if matches!(state, BarState::Late | BarState::Refused) {
            path class="mark" d=(format!("M{x:.1} {y:.1} v{BAR}")) {}
        }
    }
}

fn top(place: &Placed, y: f64) -> f64 {
    y + NAME + exact(place.lane) * LANE
}

/// Returns where a bar leads: to its person, or to its row in the table.
fn leads_to(day: &Day, bar: &Bar, number: usize) -> String {
    let only = match bar.people.as_slice() {
        [only] => only.who.person.as_ref(),
        _ => None,
    };
    match only {
        Some(person) => address::person(&day.site, person),
        None => format!("#{}", anchor(number)),
    }
}

/// Returns the sign of a state, so that no bar depends on its colour.
fn mark(state: BarState) -> char {
    match state {
        BarState::Planned => '○',
        BarState::Open => '●',
        BarState::Ended => '–',
        BarState::Late => '▲',
        BarState::Refused => '✖',
        BarState::Held => '■',
        BarState::Closed => '◌',
    }
}

/// Returns the text on a bar.
fn label(bar: &Bar) -> String {
    let who = match bar.people.as_slice() {
        [only] => shown(&only.who.name).into_owned(),
        people => format!("{} people", people.len()),
    };
    let text = format!("{} {who}", bar.state.word());
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Returns the whole text of a bar.
fn said(bar: &Bar, zone: &Zone) -> String {
    let (from, until) = (zone.clock(bar.from), zone.clock(bar.until));
    format!("{}, {from} to {until}", label(bar))
}

fn width_of(text: &str) -> f64 {
    exact(text.chars().count() + 2) * CHARACTER
}

fn exact(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Returns a position as an attribute has it.
fn at(position: f64) -> String {
    format!("{position:.1}")
}
