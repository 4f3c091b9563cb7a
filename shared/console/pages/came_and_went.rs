//! Who came and went: openings by hour and door, the first and the last of each person, refusals.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use maud::{Markup, html};

use super::days::Days;
use super::{AtSite, Page};
use crate::layout::{Frame, scroll, state};
use crate::time::Zone;
use crate::{Console, address};
use doorstep_operator::csv::report_csv;
use doorstep_operator::presence::{
    CameAndWent, DoorHour, Presence, PresenceQuery, PresentPerson, came_and_went,
};
use doorstep_operator::report::{self, ReportQuery, ReportRow};

impl Days {
    fn report(&self) -> ReportQuery {
        ReportQuery {
            from: Days::filled(&self.from),
            until: Days::filled(&self.until),
            email: Days::filled(&self.email),
            person: None,
        }
    }

    /// Returns the words of the command that shows the same.
    fn words<'a>(&'a self, site: &'a str) -> Vec<&'a str> {
        let mut words = vec!["entries", site];
        let options = [
            ("--from", &self.from),
            ("--until", &self.until),
            ("--email", &self.email),
        ];
        for (option, value) in options {
            if !value.is_empty() {
                words.extend([option, value.as_str()]);
            }
        }
        words
    }
}

/// Shows the summary and the report.
pub(crate) async fn show(
    State(console): State<Console>,
    at: AtSite,
    Query(days): Query<Days>,
) -> Page {
    let environment = console.environment();
    let wanted = PresenceQuery {
        report: days.report(),
        within: None,
    };
    let CameAndWent { summary, mut rows } = came_and_went(environment, at.id(), &wanted).await?;
    rows.sort_by_key(|row| {
        (
            std::cmp::Reverse(row.refused > 0),
            std::cmp::Reverse(row.day),
        )
    });
    let here = address::of_site(at.id(), "came-and-went");
    let pairs = [
        ("from", days.from.as_str()),
        ("until", &days.until),
        ("email", &days.email),
    ];
    let csv = address::with_query(&format!("{here}.csv"), &pairs);
    let zone = at.zone();
    let body = html! {
        (days.form(&here, true))
        p { a href=(csv) { "Download the report as CSV" } }
        (inside(&summary, &zone))
        (heat(&summary.hours, &zone))
        (first_and_last(&summary, &zone))
        (report_table(&rows, &zone))
    };
    let mut words = days.words(at.id());
    words.push("--summary");
    Ok(
        Frame::of_site(&console, at.id(), "came-and-went", "Came and went")
            .dated(summary.as_of, zone.name())
            .command(&words)
            .page(body),
    )
}

/// Returns the report as CSV.
pub(crate) async fn csv(
    State(console): State<Console>,
    at: AtSite,
    Query(days): Query<Days>,
) -> Page {
    let rows = report::entries(console.environment(), at.id(), &days.report()).await?;
    let name = format!(
        "attachment; filename=\"{}-came-and-went.csv\"",
        at.id().as_str()
    );
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, report_csv(&rows)?).into_response())
}

fn name(who: &PresentPerson) -> String {
    let account = who
        .account
        .as_ref()
        .map(|account| format!("account {account}"));
    let name = who.name.clone().or_else(|| who.email.clone()).or(account);
    name.unwrap_or_else(|| "unknown".to_owned())
}

fn inside(summary: &Presence, zone: &Zone) -> Markup {
    html! {
        h2 { "Inside now" }
        p { "A person counts as inside for " (summary.within_minutes / 60) " hours after an opening. No door system says who leaves." }
        @if summary.inside.is_empty() { p { "No person opened a door lately." } } @else {
            (scroll("Inside now", html! { table {
                caption { "Inside, the latest first, times in " (zone.name()) }
                thead { tr { @for head in ["person", "last opening", "door"] { th scope="col" { (head) } } } }
                tbody { @for one in &summary.inside { tr {
                    th scope="row" { (name(&one.who)) }
                    td { (local(&one.last)) }
                    td { (one.lock) }
                } } }
            } }))
        }
    }
}

/// Returns a local time of a report without its offset.
fn local(text: &str) -> String {
    text.get(..16).unwrap_or(text).replace('T', " ")
}

/// Returns the heat map: a row for each door, a column for each hour.
fn heat(hours: &[DoorHour], zone: &Zone) -> Markup {
    let mut doors: BTreeMap<String, BTreeMap<i8, usize>> = BTreeMap::new();
    for one in hours {
        let row = doors
            .entry(format!("{}: {}", one.doors, one.lock))
            .or_default();
        *row.entry(one.hour).or_default() += one.opened;
    }
    let most = hours.iter().map(|one| one.opened).max().unwrap_or_default();
    html! {
        h2 { "Openings by hour and door" }
        @if doors.is_empty() { p { "No door was opened in these days." } } @else {
            (scroll("Openings by hour and door", html! { table class="heat" {
                caption { "Openings in each hour of the local day (" (zone.name()) "), over all days" }
                thead { tr { th scope="col" { "door" } @for hour in 0..24 { th scope="col" { (hour) } } } }
                tbody { @for (door, row) in &doors { tr {
                    th scope="row" { (door) }
                    @for hour in 0..24i8 {
                        @let count = row.get(&hour).copied().unwrap_or_default();
                        td class=[shade(count, most)] { @if count > 0 { (count) } }
                    }
                } } }
            } }))
        }
    }
}

/// Returns the class of a number of openings: one of four shades.
fn shade(count: usize, most: usize) -> Option<&'static str> {
    match (count * 4).div_ceil(most.max(1)) {
        0 => None,
        1 => Some("h1"),
        2 => Some("h2"),
        3 => Some("h3"),
        _ => Some("h4"),
    }
}

fn first_and_last(summary: &Presence, zone: &Zone) -> Markup {
    html! {
        h2 { "First and last of each person" }
        @if summary.days.is_empty() { p { "No person opened a door in these days." } } @else {
            (scroll("First and last of each person", html! { table {
                caption { "By day and person, times in " (zone.name()) }
                thead { tr { @for head in ["day", "person", "first", "last", "openings"] { th scope="col" { (head) } } } }
                tbody { @for one in summary.days.iter().rev() { tr {
                    td { (one.day) }
                    th scope="row" { (name(&one.who)) }
                    td { (local(&one.first)) }
                    td { (local(&one.last)) }
                    td class="number" { (one.opened) }
                } } }
            } }))
        }
    }
}

fn report_table(rows: &[ReportRow], zone: &Zone) -> Markup {
    html! {
        h2 { "Every door" }
        @if rows.is_empty() { p { "There is no attempt in these days." } } @else {
            (scroll("Every door", html! { table {
                caption { "Refused attempts first, times in " (zone.name()) }
                thead { tr { @for head in ["day", "person", "door", "opened", "refused", "first", "last"] { th scope="col" { (head) } } } }
                tbody { @for row in rows { tr {
                    td { (row.day) }
                    td { (row.name.as_deref().or(row.email.as_deref()).unwrap_or("unknown"))
                        @if let Some(email) = row.email.as_deref().filter(|_| row.name.is_some()) { br; span class="faint" { (email) } } }
                    td { (row.doors.as_str()) ": " (row.lock_name.as_deref().unwrap_or(&row.lock)) }
                    td class="number" { (row.opened) }
                    td { @if row.refused > 0 {
                        (state("refused", &format!("{} refused", row.refused)))
                        @for reason in &row.reasons { br; (reason) }
                    } }
                    td { (row.first.as_deref().map(local).unwrap_or_default()) }
                    td { (row.last.as_deref().map(local).unwrap_or_default()) }
                } } }
            } }))
        }
    }
}
