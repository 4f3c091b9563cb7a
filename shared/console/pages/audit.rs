//! The audit chain: its records by day, whether it is whole, and its end to copy.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::days::{chooser, wanted};
use super::{AtSite, Page};
use crate::layout::{Frame, scroll, state};
use crate::time::{PageTimes, Zone};
use crate::{Console, address};
use doorstep_core::model::audit::AuditAction;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::records::{ChainState, DayRecords, NamedRecord, chain, records};

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    day: String,
    /// Whether to verify the chain, which reads every record.
    #[serde(default)]
    verify: String,
}

/// Shows the records of one day, and verifies the chain on request.
pub(crate) async fn show(
    State(console): State<Console>,
    at: AtSite,
    Query(asked): Query<Asked>,
) -> Page {
    let found = records(console.environment(), at.id(), wanted(&asked.day)?).await?;
    let zone = Zone::named(&found.timezone);
    let state = match asked.verify.is_empty() {
        true => None,
        false => Some(chain(console.environment(), at.id()).await?),
    };
    let here = address::of_site(at.id(), "audit");
    let verify = address::with_query(&here, &[("day", &asked.day), ("verify", "1")]);
    let body = html! {
        section id="chain" aria-live="polite" hx-get=[state.is_none().then_some(&verify)] hx-trigger=[state.is_none().then_some("load")]
            hx-select="#chain" hx-swap="outerHTML" {
            @match &state {
                Some(state) => (whole(state, &zone)),
                None => p { a href=(verify) { "Verify the whole chain" } " (reads every record)" },
            }
        }
        h2 { "Records of " (found.day) }
        (chooser(&here, found.day, |day| address::with_query(&here, &[("day", &day.to_string())]), None))
        (table(&found, &zone))
    };
    Ok(Frame::of_site(&console, at.id(), "audit", "Audit")
        .dated(found.as_of, &found.timezone)
        .command(&["audit", "verify", at.id()])
        .command(&["audit", "export", at.id()])
        .page(body))
}

fn whole(chain: &ChainState, zone: &Zone) -> Markup {
    let head = format!("{}:{}", chain.verdict.head.seq, chain.verdict.head.hash);
    html! {
        @match &chain.verdict.broken {
            Some(broken) => p class="note refused" {
                (state("refused", "broken")) " at record " (broken.seq) ": " (broken.why) ". The "
                (chain.verdict.records) " records before it are unchanged."
            },
            None => p {
                (state("open", "whole"))
                @if let Some(since) = chain.since { " since " (zone.moment_element(since)) ": " (chain.verdict.records) " records" }
                @else { ": the chain has no records yet" } "."
            },
        }
        @if chain.verdict.records > 0 {
            p { "Its end, to note elsewhere and to verify against later:" br; code id="end" { (head) } " "
                button class="js-only" type="button" data-copy="#end" { "Copy the end" } }
        }
    }
}

fn table(found: &DayRecords, zone: &Zone) -> Markup {
    html! {
        @if found.left_out > 0 { p { (found.left_out) " earlier records of the day are left out. The export has all." } }
        @if found.records.is_empty() { p { "There is no record of this day." } } @else {
            (scroll("Records", html! { table {
                caption { "Records, latest first, times in " (zone.name()) }
                thead { tr {
                    @for head in ["record", "time", "what", "person", "group", "because", "answer"] { th scope="col" { (head) } }
                } }
                tbody { @for record in found.records.iter().rev() { (row(&found.site, record, zone)) } }
            } }))
        }
    }
}

fn row(site: &SiteId, named: &NamedRecord, zone: &Zone) -> Markup {
    let record = &named.record;
    let action = &record.action;
    let group = action.group.as_ref().map(|group| group.0.as_str());
    let (class, word) = said(action.what);
    html! { tr {
        th scope="row" class="number" { (record.seq) }
        td { time datetime=(record.at) { (zone.text(record.at, "%H:%M:%S")) } }
        td { (state(class, word)) }
        td { a href=(address::person(site, &record.person)) { (named.name.as_deref().unwrap_or(&action.account.0)) } }
        td { (action.doors.as_str()) " " (named.group_name.as_deref().or(group).unwrap_or_default()) }
        td { (action.because) }
        td { (action.answer) @if let Some(delay) = &action.delay { "; late: " (delay) } }
    } }
}

/// Returns the class and the word of an action.
pub(crate) fn said(what: AuditAction) -> (&'static str, &'static str) {
    match what {
        AuditAction::Granted => ("open", "opened"),
        AuditAction::Revoked => ("ended", "closed"),
        AuditAction::Refused => ("refused", "refused"),
        AuditAction::Invited => ("planned", "account created"),
        AuditAction::Renamed => ("planned", "renamed"),
        AuditAction::Suspended => ("ended", "suspended"),
        AuditAction::Resumed => ("open", "resumed"),
        AuditAction::Deleted => ("ended", "account deleted"),
        AuditAction::Tagged => ("open", "card assigned"),
        AuditAction::Untagged => ("ended", "card taken back"),
        AuditAction::Forgotten => ("ended", "forgotten"),
    }
}
