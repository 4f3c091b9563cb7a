//! The table of a day: one row for each bar.

use maud::{Markup, html};

use crate::address;
use crate::layout::{name, scroll, state};
use crate::time::{PageTimes, Zone};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::reasons::Reason;
use doorstep_core::model::shown::shown;
use doorstep_operator::day::Day;
use doorstep_operator::day::shape::{Bar, BarNote, BarPerson, DayGroup};

/// The most people of a bar that are named at once.
const SHOWN: usize = 5;
/// The most people of a bar that are named at all.
const MOST: usize = 50;

/// Returns the table.
pub(super) fn table(day: &Day, zone: &Zone) -> Markup {
    let rows = day
        .groups
        .iter()
        .flat_map(|group| group.bars.iter().map(move |bar| (group, bar)));
    let rows: Vec<(usize, &DayGroup, &Bar)> = rows
        .enumerate()
        .map(|(place, (group, bar))| (place + 1, group, bar))
        .collect();
    html! {
        h2 { "The same as a table" }
        @if rows.is_empty() { p { "No window of a group is on this day." } } @else {
            (scroll("The day as a table", html! { table {
                caption { "Windows of " (day.day) ", times in " (zone.name()) }
                thead { tr { @for head in ["group", "from", "until", "state", "people", "why"] { th scope="col" { (head) } } } }
                tbody { @for (number, group, bar) in &rows {
                    tr id=(anchor(*number)) {
                        th scope="row" { (group_name(day, group)) }
                        td { (zone.element(bar.from, day.day)) }
                        td { (until(bar, day, zone)) }
                        td { (state(bar.state.word(), bar.state.word())) }
                        td { (people(&day.site, bar)) }
                        td class="why" { (why(&day.site, bar, zone)) }
                    }
                } }
            } }))
        }
        (problems(day))
    }
}

/// Returns the anchor of the row of a bar.
pub(super) fn anchor(number: usize) -> String {
    format!("window-{number}")
}

/// Returns the name of a group, behind its door system where there are several.
pub(super) fn group_name(day: &Day, group: &DayGroup) -> String {
    let name = shown(group.name.as_deref().unwrap_or(&group.group.0));
    match day.groups.iter().all(|other| other.doors == group.doors) {
        true => name.into_owned(),
        false => format!("{}: {name}", group.doors),
    }
}

fn until(bar: &Bar, day: &Day, zone: &Zone) -> Markup {
    html! {
        @if bar.until == day.until { "end of the day" } @else { (zone.element(bar.until, day.day)) }
    }
}

fn people(site: &SiteId, bar: &Bar) -> Markup {
    let (first, others) = bar.people.split_at(bar.people.len().min(SHOWN));
    let (named, unnamed) = others.split_at(others.len().min(MOST));
    html! {
        (links(site, first))
        @if !others.is_empty() {
            details {
                summary { "and " (others.len()) " more" }
                (links(site, named))
                @if !unnamed.is_empty() { p { "and " (unnamed.len()) " more: see " a href=(address::of_site(site, "groups")) { "Groups" } } }
            }
        }
    }
}

fn links(site: &SiteId, people: &[BarPerson]) -> Markup {
    html! {
        @for (place, one) in people.iter().enumerate() {
            @if place > 0 { ", " }
            @match &one.who.person {
                Some(id) => a href=(address::person(site, id)) { (name(&one.who.name)) },
                None => (name(&one.who.name)),
            }
        }
    }
}

/// Returns why the window is there, and what its state is about. Of many people the first counts.
fn why(site: &SiteId, bar: &Bar, zone: &Zone) -> Markup {
    let Some(first) = bar.people.first() else {
        return html! {};
    };
    let others = bar.people.len() - 1;
    html! {
        @if let Some(note) = &first.note { p { (said(site, note, zone)) } }
        @for reason in &first.reasons { p { (reason_text(reason)) } }
        @if let Some(record) = &first.record { p { (record) " (by the audit record; no booking or membership says so now)" } }
        @if let Some(opened) = first.opened { p class="faint" { "opened at " (zone.text(opened, "%H:%M:%S"))
            @if let Some(closed) = first.closed { ", closed at " (zone.text(closed, "%H:%M:%S")) } } }
        @if others > 0 { p class="faint" { "of " (name(&first.who.name)) "; the others have reasons of their own" } }
    }
}

fn reason_text(reason: &Reason) -> String {
    let facts: Vec<String> = reason.facts.iter().map(ToString::to_string).collect();
    let (rule, line) = (reason.rule, reason.line);
    format!("{}, rule {rule}, line {line}", facts.join(" with "))
}

/// Returns what a state is about, in words.
fn said(site: &SiteId, note: &BarNote, zone: &Zone) -> Markup {
    let because = |delay: &Option<String>| delay.as_ref().map(|delay| format!(": {delay}"));
    html! {
        @match note {
            BarNote::OpenedLate { seconds, delay } => { "opened " (seconds) " s late" (because(delay).unwrap_or_default()) }
            BarNote::ClosedLate { seconds, delay } => { "closed " (seconds) " s late" (because(delay).unwrap_or_default()) }
            BarNote::NotOpened { due } => { "due at " (zone.moment_element(*due)) ", and not opened" }
            BarNote::NotClosed { due } => { "due to close at " (zone.moment_element(*due)) ", and still open" }
            BarNote::Unread => "the platform could not be read for a day, so nothing new is opened",
            BarNote::Refused { why } => (why),
            BarNote::Held { checksum, reason } => {
                "waits for an approval (" (reason) "): " a href=(address::hold(site, checksum)) { (checksum.as_str()) }
            }
            BarNote::Closed { by } => { "the site is " (by) "; otherwise open by:" }
            BarNote::ByHand => "added by hand: Doorstep does not manage it",
            BarNote::Stays => "Doorstep does not revoke it: the mode does not allow that, or the person is protected",
        }
    }
}

fn problems(day: &Day) -> Markup {
    html! {
        @for group in &day.groups {
            @if let Some(problem) = &group.problem {
                p class="note refused" { (group_name(day, group)) ": " (problem) }
            }
        }
    }
}
