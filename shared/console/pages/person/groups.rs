//! The groups of a person: what Doorstep manages, what is so, and what is wrong.

use maud::{Markup, html};

use crate::address;
use crate::layout::{name, scroll, state};
use crate::time::{PageTimes, Zone};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::explain::shape::{
    Answer, Evidence, Explained, GroupExplained, Missing, Tense,
};

/// Returns the table.
pub(super) fn table(explained: &Explained, zone: &Zone) -> Markup {
    html! {
        h2 { "Groups" }
        @if explained.groups.is_empty() { p { "No rule opens a group, and the person never had one." } } @else {
            (scroll("Groups", html! { table {
                caption { "Every group that a rule opens or that the person ever had" }
                thead { tr {
                    @for head in ["group", "managed by us", "actual", "problem", "answer"] { th scope="col" { (head) } }
                } }
                tbody { @for group in &explained.groups { (row(explained, group, zone)) } }
            } }))
        }
    }
}

fn row(explained: &Explained, group: &GroupExplained, zone: &Zone) -> Markup {
    html! { tr {
        th scope="row" { a href=(format!("#{}", anchor(group))) { (group_name(explained, group)) } }
        td { (managed(group)) }
        td { (actual(explained, group)) }
        td class="why" { (problem(&explained.site, group, zone)) }
        td class="why" { (explained.sentence(group)) }
    } }
}

/// Returns the name of a group, behind its door system where there are several.
pub(super) fn group_name(explained: &Explained, group: &GroupExplained) -> Markup {
    let several = explained
        .groups
        .iter()
        .any(|other| other.doors != group.doors);
    html! { @if several { (group.doors.as_str()) ": " } (name(group.called())) }
}

/// Returns the anchor of the chain of a group.
pub(super) fn anchor(group: &GroupExplained) -> String {
    let plain = |text: &str| address::part(text);
    format!("group-{}-{}", plain(&group.doors), plain(&group.group.0))
}

fn managed(group: &GroupExplained) -> Markup {
    let rules: Vec<String> = group
        .rules
        .iter()
        .map(|rule| format!("rule {} (line {}): {}", rule.rule, rule.line, rule.of))
        .collect();
    html! {
        @if group.managed { "yes" @for rule in &rules { br; span class="faint" { (rule) } } }
        @else { "no: no rule opens it" }
    }
}

/// Returns whether the group opens, in word and shape, and where that is known from.
fn actual(explained: &Explained, group: &GroupExplained) -> Markup {
    let (class, word) = match (explained.tense, group.has) {
        (Tense::Past, true) => ("open", "was in"),
        (Tense::Past, false) => ("ended", "was not in"),
        (Tense::Present, true) => ("open", "is in"),
        (Tense::Present, false) => ("ended", "is not in"),
        (Tense::Future, true) => ("planned", "will be in"),
        (Tense::Future, false) => ("ended", "will not be in"),
    };
    let evidence = match group.evidence {
        Evidence::Records => "by the audit records",
        Evidence::Claim if group.claim.is_none() => "Doorstep has no claim",
        Evidence::Claim => "by Doorstep's claim",
        Evidence::Doors => "as the door system says now",
        Evidence::Observed => "added by hand, as the last reconcile saw",
        Evidence::Facts => "by the facts known today",
    };
    html! { (state(class, word)) br; span class="faint" { (evidence) } }
}

/// Returns what is wrong: a group that should open and does not, or the other way round.
fn problem(site: &SiteId, group: &GroupExplained, zone: &Zone) -> Markup {
    let class = match (group.verdict.answer, group.verdict.missing) {
        (Answer::Fails, Some(Missing::Held)) => Some(("held", "held")),
        (Answer::Fails, Some(Missing::Mode | Missing::Paused)) => Some(("planned", "waits")),
        (Answer::Fails, Some(Missing::Refused | Missing::Seat | Missing::Suspended)) => {
            Some(("refused", "refused"))
        }
        (Answer::Fails, _) => Some(("late", "not in yet")),
        (Answer::StillOpens, _) => Some(("late", "still in")),
        (Answer::Opens | Answer::Shut, _) => None,
    };
    html! {
        @match class {
            Some((class, word)) => {
                (state(class, word))
                @for lack in &group.lacks {
                    br; (lack.text)
                    @if let Some(at) = lack.at { " (" (zone.moment_element(at)) ")" }
                }
            }
            None => "none",
        }
        @if let Some(checksum) = &group.hold {
            br; "Waits for you: " a href=(address::hold(site, checksum)) { (checksum.as_str()) }
        }
    }
}
