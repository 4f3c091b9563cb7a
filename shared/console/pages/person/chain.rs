//! The chain behind each group: delivery → fact → rule → claim → the door system's answer.

use maud::{Markup, html};

use super::groups::{anchor, group_name};
use crate::layout::{scroll, state};
use crate::pages::audit::said;
use crate::time::{PageTimes, Zone};
use doorstep_operator::explain::shape::{Because, Explained, FactShown, GroupExplained};

/// Returns the chain of each group.
pub(super) fn chains(explained: &Explained, zone: &Zone) -> Markup {
    html! {
        h2 { "From the delivery to the door" }
        @for group in &explained.groups {
            details class="chain" id=(anchor(group)) open[is_first(explained, group)] {
                summary { (group_name(explained, group)) }
                (chain(group, zone))
            }
        }
    }
}

fn is_first(explained: &Explained, group: &GroupExplained) -> bool {
    let first = explained.first();
    first.is_some_and(|first| first.doors == group.doors && first.group == group.group)
}

fn chain(group: &GroupExplained, zone: &Zone) -> Markup {
    html! {
        @if group.because.is_empty() { p { "No fact of the person gives this access now." } } @else {
            ol { @for because in &group.because { li { (window(because, zone)) } } }
        }
        @match &group.claim {
            Some(claim) => p {
                "Doorstep's claim since " (zone.moment_element(claim.since))
                @if let Some(until) = claim.until { ", which the door system ends at " (zone.moment_element(until)) }
                ": " (claim.because)
                @match &claim.cause { Some(cause) => { "; started by " (cause) } None => "; started by its due minute" }
                "."
            },
            None => p { "Doorstep has no claim on this group." },
        }
        (answers(group, zone))
        @for why in &group.why { p class="faint" { (why) } }
    }
}

fn window(because: &Because, zone: &Zone) -> Markup {
    let begins = because.window.from > jiff::Timestamp::UNIX_EPOCH;
    html! {
        @if because.open { (state("open", "runs")) } @else { (state("planned", "another time")) }
        @if begins { " from " (zone.moment_element(because.window.from)) }
        @match because.window.until {
            Some(until) => { " until " (zone.moment_element(until)) }
            None => " without an end",
        }
        ul {
            @for fact in &because.facts { li { (origin(fact, zone)) " → " strong { (fact.fact) } } }
            li { "→ rule " (because.rule) ", line " (because.line) }
        }
    }
}

/// Returns how Doorstep came to know a fact.
fn origin(fact: &FactShown, zone: &Zone) -> Markup {
    html! {
        @match &fact.source { Some(source) => (source), None => "an unknown source" }
        @if let Some(known) = fact.known { " at " (zone.moment_element(known)) }
        @if let Some(version) = fact.version { " (changed at the platform at " (zone.moment_element(version)) ")" }
    }
}

/// Returns what was done at the door system, and what it answered.
fn answers(group: &GroupExplained, zone: &Zone) -> Markup {
    html! {
        @if group.done.is_empty() { p { "Nothing was done at the door system yet." } } @else {
            (scroll("Answers of the door system", html! { table {
                caption { "What was done, and what the door system answered, times in " (zone.name()) }
                thead { tr { @for head in ["time", "what", "because", "answer", "record"] { th scope="col" { (head) } } } }
                tbody { @for done in group.done.iter().rev() {
                    @let (class, word) = said(done.what);
                    tr {
                        td { time datetime=(done.at) { (zone.text(done.at, "%a %-d %b %Y, %H:%M:%S")) } }
                        td { (state(class, word)) }
                        td { (done.because) }
                        td { (done.answer) }
                        td class="number" { (done.seq) }
                    }
                } }
            } }))
        }
    }
}
