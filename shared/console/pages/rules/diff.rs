//! The changes that a file makes, as a page shows them.

use maud::{Markup, html};

use crate::layout::{scroll, state};
use crate::time::{PageTimes, Zone};
use doorstep_core::model::counted::counted;
use doorstep_core::site::Mode;
use doorstep_operator::preview::diff::{
    AccessChange, AccountChangeKind, AccountDiff, GroupDiff, SiteDiff, Soon, TagDiff, TagDone,
};

/// The most windows that are shown.
const MOST_SOON: usize = 40;

/// Returns everything that a file would change.
pub(super) fn changes(diff: &SiteDiff) -> Markup {
    let zone = Zone::named(&diff.timezone);
    let counts = &diff.counts;
    html! {
        p class="say" {
            @if diff.is_empty() { "Nothing would change at the doors now." }
            @else { (counted(counts.opens, "access")) " would open, and " (counts.closes) " would close." }
        }
        p { @if !diff.is_empty() { "In full: " (counts) ". " } "Compared at " (zone.moment_element(diff.at)) " (" (zone.name()) ")." }
        @if diff.mode == Mode::Observe { p class="note" { "The file says mode observe: nothing of this is done. It is the effect of mode full." } }
        (groups(&diff.groups, &zone))
        (accounts(&diff.accounts))
        (cards(&diff.tags))
        (soon(&diff.soon, &zone))
        @if !diff.problems.is_empty() {
            h3 { "Problems" }
            ul { @for problem in &diff.problems { li { (problem) } } }
        }
    }
}

fn groups(groups: &[GroupDiff], zone: &Zone) -> Markup {
    let rows: Vec<(&GroupDiff, &str, &str, &AccessChange)> = groups
        .iter()
        .flat_map(|group| {
            let kinds = [
                ("open", "opens", &group.opens),
                ("refused", "closes", &group.closes),
                ("planned", "gets another end", &group.extends),
                ("ended", "is Doorstep's from then on", &group.adopts),
                ("ended", "is no longer Doorstep's", &group.releases),
            ];
            kinds.into_iter().flat_map(move |(class, word, changes)| {
                let changes = changes.iter();
                changes.map(move |change| (group, class, word, change))
            })
        })
        .collect();
    html! { @if !rows.is_empty() {
        (scroll("Changes now", html! { table {
            caption { "Changes now" }
            thead { tr { @for head in ["group", "person", "change", "until", "because"] { th scope="col" { (head) } } } }
            tbody { @for (group, class, word, change) in &rows { tr {
                th scope="row" { (group.name) @if !group.doors.is_empty() { " " span class="faint" { (group.doors) } } }
                td { (change.who) }
                td { (state(class, word)) }
                td { @if let Some(until) = change.until { (zone.moment_element(until)) } }
                td { @if let Some(closed) = &change.closed { (closed) "; " } (change.because) }
            } } }
        } }))
    } }
}

fn accounts(accounts: &[AccountDiff]) -> Markup {
    html! { @if !accounts.is_empty() {
        h3 { "Accounts" }
        ul { @for AccountDiff { doors, what, who } in accounts { li {
            (who) ": "
            (match what {
                AccountChangeKind::Made => "an account would be made",
                AccountChangeKind::Resumed => "the account would be resumed",
                AccountChangeKind::Renamed => "the account would get the platform's name",
                AccountChangeKind::Suspended => "the account would be suspended",
                AccountChangeKind::Deleted => "the account would be deleted",
            })
            " at " (doors)
        } } }
    } }
}

fn cards(tags: &[TagDiff]) -> Markup {
    html! { @if !tags.is_empty() {
        h3 { "Cards" }
        ul { @for TagDiff { doors, what, tag, who, because } in tags { li {
            (who) ": card " (tag) " "
            (match what {
                TagDone::Tagged => "would be assigned",
                TagDone::Untagged => "would be removed",
                TagDone::Adopted => "would be Doorstep's from then on",
                TagDone::Released => "would no longer be Doorstep's",
            })
            " at " (doors) ": " (because)
        } } }
    } }
}

fn soon(all: &[Soon], zone: &Zone) -> Markup {
    html! { @if !all.is_empty() {
        (scroll("Windows of the next day", html! { table {
            caption { "Windows of the next day by this file, times in " (zone.name()) }
            thead { tr { @for head in ["from", "until", "group", "person", "because"] { th scope="col" { (head) } } } }
            tbody { @for one in all.iter().take(MOST_SOON) { tr {
                td { (zone.moment_element(one.from)) }
                td { @if let Some(until) = one.change.until { (zone.moment_element(until)) } }
                th scope="row" { (one.name) }
                td { (one.change.who) }
                td { (one.change.because) }
            } } }
        } }))
        @if all.len() > MOST_SOON { p { "And " (all.len() - MOST_SOON) " more." } }
    } }
}
