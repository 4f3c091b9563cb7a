//! The deliveries of a day, and how the platform and the doors are read.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use super::days::{chooser, wanted};
use super::{AtSite, Page, act};
use crate::chart::hours;
use crate::layout::{Frame, scroll, state};
use crate::time::{PageTimes, Zone};
use crate::{Console, address};
use doorstep_core::model::delivery_counts::{DeliveryCounts, DeliveryOutcome};
use doorstep_operator::deliveries::{Deliveries, WebhookDay, deliveries};

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    day: String,
}

/// Shows the deliveries of one day.
pub(crate) async fn show(
    State(console): State<Console>,
    at: AtSite,
    Query(asked): Query<Asked>,
) -> Page {
    let found = deliveries(console.environment(), at.id(), wanted(&asked.day)?).await?;
    let zone = Zone::named(&found.timezone);
    let here = address::of_site(at.id(), "deliveries");
    let body = html! {
        (reads(&found, &zone))
        (compare(&console, &at, &found, &zone))
        h2 { "Deliveries of " (found.day) }
        (chooser(&here, found.day, |day| address::with_query(&here, &[("day", &day.to_string())]), None))
        p { "Counted since " (zone.moment_element(found.kept_from)) ", for 8 days. A delivery to an unknown address is not counted." }
        @for webhook in &found.webhooks { (of_webhook(webhook, &zone)) }
        (unreadable(&found, &zone))
    };
    let day = found.day.to_string();
    let mut words = vec!["deliveries", at.id()];
    if !asked.day.is_empty() {
        words.extend(["--day", day.as_str()]);
    }
    Ok(
        Frame::of_site(&console, at.id(), "deliveries", "Deliveries")
            .dated(found.as_of, &found.timezone)
            .command(&words)
            .live()
            .page(body),
    )
}

/// Requests a reconcile of the site.
pub(crate) async fn compare_now(State(console): State<Console>, at: AtSite) -> Page {
    act::may(&console)?;
    console.host().reconcile(at.id()).await?;
    Ok(Redirect::to(&address::of_site(at.id(), "deliveries")).into_response())
}

/// Says when the platform and the doors were last read.
fn reads(found: &Deliveries, zone: &Zone) -> Markup {
    let platform = &found.platform;
    html! {
        h2 { "Last reads" }
        (scroll("Last reads", html! { table {
            caption { "Last reads, times in " (zone.name()) }
            thead { tr { @for head in ["read", "state", "everything", "complete"] { th scope="col" { (head) } } } }
            tbody {
                tr {
                    th scope="row" { (platform.platform.word()) }
                    td { (read_state(platform.failing, platform.complete.is_some(), zone)) }
                    td { (moment(platform.whole, zone)) }
                    td { (moment(platform.complete, zone)) }
                }
                @for doors in &found.doors { tr {
                    th scope="row" { (doors.doors.as_str()) " (" (doors.kind.word()) ")" }
                    td { (read_state(doors.failing, doors.complete.is_some(), zone)) }
                    td { (moment(doors.complete, zone)) }
                    td { (moment(doors.complete, zone)) }
                } }
            }
        } }))
    }
}

fn read_state(failing: Option<Timestamp>, was_read: bool, zone: &Zone) -> Markup {
    match failing {
        Some(since) => html! { (state("refused", "fails")) " since " (zone.moment_element(since)) },
        None if was_read => state("open", "read"),
        None => state("planned", "not read yet"),
    }
}

fn moment(at: Option<Timestamp>, zone: &Zone) -> Markup {
    match at {
        Some(at) => zone.moment_element(at),
        None => html! { span class="faint" { "never" } },
    }
}

/// Says whether a reconcile is running, and offers one where the console may act.
fn compare(console: &Console, at: &AtSite, found: &Deliveries, zone: &Zone) -> Markup {
    html! {
        p {
            @match (found.reconcile.running, found.reconcile.ended) {
                (Some(since), _) => { (state("planned", "comparing")) " since " (zone.moment_element(since)) "." }
                (None, Some(ended)) => { "The last reconcile ended at " (zone.moment_element(ended)) "." }
                (None, None) => "No reconcile of the schedule has ended yet.",
            }
        }
        @if console.can_act() {
            form method="post" action=(address::of_site(at.id(), "compare")) {
                button class="act" { "Compare " (at.id().as_str()) " now" }
                " reads the whole platform and all doors. Doorstep corrects what differs."
            }
        }
    }
}

fn of_webhook(webhook: &WebhookDay, zone: &Zone) -> Markup {
    let name = webhook.sender.to_string();
    let drawn: Vec<(String, [u64; 3])> = webhook
        .hours
        .iter()
        .map(|hour| (zone.clock(hour.from), numbers(&hour.counts)))
        .collect();
    let title = format!("Deliveries of {name} by hour: {}", said(&webhook.of_day));
    html! {
        section {
            h3 { (name) " " @if let Some(address) = &webhook.address { code { (address) } } @else { "(not in the site file)" } }
            @for trouble in &webhook.troubles { p class="note refused" { (state("refused", "off")) " " (trouble) } }
            @if webhook.of_day.total() > 0 {
                (hours(&title, &drawn))
                (table(webhook, zone))
            } @else { p { "No delivery arrived on this day." } }
            p { "Last: "
                @for (place, outcome) in DeliveryOutcome::ALL.into_iter().enumerate() {
                    @if place > 0 { ", " }
                    (outcome.word()) " " (moment(webhook.all.of(outcome).last, zone))
                }
                "."
            }
        }
    }
}

/// Returns the hours with deliveries, and their sum.
fn table(webhook: &WebhookDay, zone: &Zone) -> Markup {
    let hours = webhook.hours.iter();
    let hours = hours.filter(|hour| hour.counts.total() > 0);
    scroll(
        "Deliveries by hour",
        html! { table {
            caption { "Deliveries of " (webhook.sender) " by hour, times in " (zone.name()) }
            thead { tr { @for head in ["hour from", "verified", "refused", "unreadable"] { th scope="col" { (head) } } } }
            tbody {
                @for hour in hours { tr {
                    th scope="row" { time datetime=(hour.from) { (zone.clock(hour.from)) } }
                    (cells(&hour.counts))
                } }
                tr { th scope="row" { "whole day" } (cells(&webhook.of_day)) }
            }
        } },
    )
}

fn cells(counts: &DeliveryCounts) -> Markup {
    html! { @for number in numbers(counts) { td class="number" { (number) } } }
}

/// Returns the numbers in the order of the outcomes.
fn numbers(counts: &DeliveryCounts) -> [u64; 3] {
    DeliveryOutcome::ALL.map(|outcome| counts.of(outcome).count)
}

fn said(counts: &DeliveryCounts) -> String {
    let each = DeliveryOutcome::ALL.map(|outcome| {
        let count = counts.of(outcome).count;
        format!("{count} {}", outcome.word())
    });
    each.join(", ")
}

/// Lists why deliveries could not be read.
fn unreadable(found: &Deliveries, zone: &Zone) -> Markup {
    html! {
        h2 { "Deliveries that could not be read" }
        @if found.unreadable.is_empty() { p { (state("open", "none")) " of the last 8 days." } } @else {
            p { "A reconcile finds what they announced. The sender's format changed: report it to the project." }
            (scroll("Unreadable deliveries", html! { table {
                caption { "Unreadable deliveries of the last 8 days, times in " (zone.name()) }
                thead { tr { @for head in ["arrived", "reason"] { th scope="col" { (head) } } } }
                tbody { @for one in &found.unreadable { tr {
                    td { (moment(one.at, zone)) }
                    td { (one.why) }
                } } }
            } }))
        }
    }
}
