//! The first page: what needs the operator, at all sites.

use axum::extract::State;
use jiff::Timestamp;
use maud::{Markup, html};

use super::Page;
use crate::layout::{Frame, state};
use crate::time::{PageTimes, Zone};
use crate::{Console, address};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::needs::{Need, NeedKind, NeedTarget, NeedsYou, NextAnywhere, needs};
use doorstep_operator::preview::diff::ShownPerson;

/// Shows the list.
pub(crate) async fn show(State(console): State<Console>) -> Page {
    console.host().catch_up().await;
    let found = needs(console.environment()).await?;
    let body = html! {
        p class="say" { (count(&found)) (next(found.next.as_ref(), found.as_of)) }
        @if !found.needs.is_empty() {
            ul class="needs" { @for need in &found.needs { (line(&console, need)) } }
        }
    };
    Ok(Frame::of_all(&console, "Needs you")
        .screen("needs")
        .dated(found.as_of, &found.timezone)
        .command(&["needs"])
        .live()
        .page(body))
}

fn count(found: &NeedsYou) -> String {
    match found.needs.len() {
        0 => "Nothing needs you.".to_owned(),
        1 => "1 thing needs you.".to_owned(),
        count => format!("{count} things need you."),
    }
}

/// Returns the sentence about the next opening, in the time of its site.
fn next(next: Option<&NextAnywhere>, now: Timestamp) -> Markup {
    let Some(next) = next else {
        return html! { " No opening is known." };
    };
    let zone = Zone::named(&next.timezone);
    let group = next.group_name.as_deref().unwrap_or(&next.group.0);
    html! {
        " Next: " (zone.element(next.at, zone.day(now))) " " a href=(address::today(&next.site)) { (group) }
        ", for " (person(&next.site, &next.who)) " at " (next.site.as_str()) " (" (zone.name()) ")."
    }
}

fn line(console: &Console, need: &Need) -> Markup {
    let (class, word) = sign(&need.kind);
    let zone = Zone::named(&need.timezone);
    let command: Vec<&str> = need.command.iter().map(String::as_str).collect();
    html! { li {
        (state(class, word)) " "
        @match &need.site {
            Some(site) => a href=(address::today(site)) { (site.as_str()) },
            None => "all sites",
        }
        ": "
        @if let Some(site) = &need.site { (whom(site, need)) }
        (need.kind)
        @if let Some(since) = need.since { "; since " (zone.moment_element(since)) " (" (zone.name()) ")" }
        "."
        p class="actions" {
            span { "To do: " (need.advice) "." }
            @if let Some((address, words)) = target(need) { a href=(address) { (words) } }
            code { (console.target().command(&command)) }
        }
    } }
}

/// Returns the people of a need, each with a link.
fn whom(site: &SiteId, need: &Need) -> Markup {
    html! {
        @for (place, who) in need.whom.iter().enumerate() {
            @if place > 0 { ", " }
            (person(site, who))
        }
        @if need.more > 0 { " and " (need.more) " more" }
        @if !need.whom.is_empty() { ": " }
    }
}

fn person(site: &SiteId, who: &ShownPerson) -> Markup {
    let id = who.person.as_ref();
    let known = [who.name.as_str(), id.map_or("", |id| id.as_str())];
    let name = known.into_iter().find(|name| !name.is_empty());
    let name = name.unwrap_or("an unknown person");
    match id {
        Some(id) => html! { a href=(address::person(site, id)) { (name) } },
        None => html! { (name) },
    }
}

/// Returns the class and the word of a need.
fn sign(kind: &NeedKind) -> (&'static str, &'static str) {
    match kind {
        NeedKind::SiteFile { .. } => ("refused", "file unreadable"),
        NeedKind::Unanswered { .. } => ("refused", "not shown"),
        NeedKind::NotRead { .. } | NeedKind::DoorsNotRead { .. } => ("refused", "not read"),
        NeedKind::DeadLetters { .. } => ("refused", "not served"),
        NeedKind::QueueUnknown { .. } => ("late", "queue unknown"),
        NeedKind::Paused { .. } => ("held", "paused"),
        NeedKind::Retiring => ("held", "retiring"),
        NeedKind::Held { .. } => ("held", "held"),
        NeedKind::People { .. } => ("refused", "refused"),
        NeedKind::RemovedByHand { .. } | NeedKind::AddedByHand { .. } => ("late", "by hand"),
        NeedKind::Seats { .. } => ("late", "seats"),
        NeedKind::Webhook { .. } => ("late", "webhook"),
        NeedKind::UnreadableDeliveries { .. } | NeedKind::UnreadableItems { .. } => {
            ("late", "unreadable")
        }
        NeedKind::Observing { .. } => ("planned", "observes"),
    }
}

/// Returns the screen of a need, and the words of the link.
fn target(need: &Need) -> Option<(String, &'static str)> {
    let site = need.site.as_ref()?;
    Some(match &need.target {
        NeedTarget::Hold(checksum) => (address::hold(site, checksum), "Show the changes"),
        NeedTarget::Person(person) => (address::person(site, person), "Show the person"),
        NeedTarget::Groups => (address::of_site(site, "groups"), "Show the groups"),
        NeedTarget::Deliveries => (address::of_site(site, "deliveries"), "Show the deliveries"),
        NeedTarget::Rules => (address::of_site(site, "rules"), "Show the rules"),
        NeedTarget::Pause => (address::of_site(site, "pause"), "Show the pause"),
        NeedTarget::None => return None,
    })
}
