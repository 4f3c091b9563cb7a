//! The holds of the guard: shows the exact changes, and approves exactly what was shown.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{AtSite, Page, act};
use crate::layout::{Frame, scroll, state};
use crate::reject::{self, Rejection};
use crate::time::{PageTimes, Zone};
use crate::{Console, address};
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_operator::approve::{self, Doing, HoldDifference, Opened, ShownChange};

/// How many holds of this start are remembered as they were shown.
const REMEMBERED: usize = 64;

/// The holds as this console showed them. A set that changed since is compared with it.
#[derive(Default)]
pub(crate) struct ShownHolds(Mutex<VecDeque<(Checksum, Vec<ShownChange>)>>);

impl ShownHolds {
    fn keep(&self, opened: &Opened) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let checksum = &opened.hold.checksum;
        shown.retain(|(known, _)| known != checksum);
        shown.push_back((checksum.clone(), opened.waiting.clone()));
        while shown.len() > REMEMBERED {
            shown.pop_front();
        }
    }

    fn of(&self, checksum: &Checksum) -> Option<Vec<ShownChange>> {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = shown.iter().find(|(known, _)| known == checksum);
        found.map(|(_, changes)| changes.clone())
    }
}

/// Lists the open holds of all sites.
pub(crate) async fn all(State(console): State<Console>) -> Page {
    console.host().catch_up().await;
    let holds = approve::holds(console.environment(), None).await?;
    Ok(Frame::of_all(&console, "Held changes")
        .dated(console.now(), "UTC")
        .command(&["approve"])
        .page(list(&holds)))
}

/// Lists the open holds of one site.
pub(crate) async fn of_site(State(console): State<Console>, at: AtSite) -> Page {
    let holds = approve::holds(console.environment(), Some(at.id())).await?;
    Ok(Frame::of_site(&console, at.id(), "holds", "Held changes")
        .dated(console.now(), &at.summary.timezone)
        .command(&["approve", "--site", at.id()])
        .page(list(&holds)))
}

fn list(holds: &[Opened]) -> Markup {
    html! {
        @if holds.is_empty() { p { "No change is held." } }
        ul class="needs" {
            @for opened in holds {
                @let hold = &opened.hold;
                li {
                    (state("held", "held")) " "
                    a href=(address::hold(&hold.site, &hold.checksum)) { (hold.site.as_str()) ": " (hold.what()) " at " (hold.scope) }
                    p { (hold.reason) "; since " (Zone::named(&opened.timezone).moment_element(hold.since)) }
                }
            }
        }
    }
}

/// Loads a hold that the address names.
async fn load(
    console: &Console,
    site: &SiteId,
    checksum: &Checksum,
) -> Result<Option<Opened>, Rejection> {
    Ok(approve::hold(console.environment(), site, checksum).await?)
}

/// The parts of the address of a hold.
#[derive(Deserialize)]
pub(crate) struct HoldPath {
    checksum: Checksum,
}

/// Shows one hold with every change.
pub(crate) async fn show(
    State(console): State<Console>,
    Path(HoldPath { checksum }): Path<HoldPath>,
    at: AtSite,
) -> Page {
    let Some(opened) = load(&console, at.id(), &checksum).await? else {
        return changed(&console, &at, &checksum).await;
    };
    console.shown().keep(&opened);
    Ok(page(&console, &at, &opened, None))
}

fn page(console: &Console, at: &AtSite, opened: &Opened, wrong: Option<&str>) -> Response {
    let hold = &opened.hold;
    let zone = Zone::named(&opened.timezone);
    let body = html! {
        p class="say" { (hold.what()) " wait for you at " (hold.scope) ": " (hold.reason) "." }
        p { "Held since " (zone.moment_element(hold.since)) " (" (zone.name()) "). "
            (opened.people()) " " @if opened.people() == 1 { "person is" } @else { "people are" } " concerned." }
        (changes("Changes that wait", &opened.waiting))
        @match hold.approved {
            Some(when) => p class="note open" {
                "Approved at " (zone.moment_element(when)) ". Doorstep carries it out now. What is not done within one hour is held again."
            },
            None => (form(console, at, opened, wrong)),
        }
    };
    Frame::of_site(console, at.id(), "hold", "Approve")
        .dated(console.now(), &at.summary.timezone)
        .command(&["approve", &hold.checksum])
        .page(body)
}

fn form(console: &Console, at: &AtSite, opened: &Opened, wrong: Option<&str>) -> Markup {
    let checksum = &opened.hold.checksum;
    html! {
        h2 { "Approve exactly these changes" }
        @if let Some(wrong) = wrong { p class="note refused" role="alert" { (wrong) } }
        @if !console.can_act() { (act::only_shows()) } @else {
            form class="fields" method="post" action=(address::hold(at.id(), checksum)) {
                input type="hidden" name="checksum" value=(checksum.as_str());
                @if opened.needs_number() {
                    label { "Type the number of people"
                        input name="people" inputmode="numeric" autocomplete="off" required; }
                }
                button class="act" { "Approve " (opened.hold.what()) }
            }
            p class="faint" { "Checksum " code { (checksum.as_str()) } ". A set that changed meanwhile is refused." }
        }
    }
}

/// Returns the table of changes, by group and person.
fn changes(caption: &str, changes: &[ShownChange]) -> Markup {
    let mut groups: BTreeMap<(String, String), Vec<&ShownChange>> = BTreeMap::new();
    for change in changes {
        let group = change.name.clone();
        let group = group.or_else(|| change.group.as_ref().map(|group| group.0.clone()));
        let key = (change.doors.to_string(), group.unwrap_or_default());
        groups.entry(key).or_default().push(change);
    }
    html! {
        @for ((doors, group), changes) in &groups {
            (scroll(caption, html! {
                table {
                    caption { (caption) ": " (doors) @if !group.is_empty() { ", " (group) } " (" (changes.len()) ")" }
                    thead { tr {
                        @for head in ["person", "what happens", "so far because", "keeps"] { th scope="col" { (head) } }
                    } }
                    tbody { @for change in changes { (row(change)) } }
                }
            }))
        }
    }
}

fn row(change: &ShownChange) -> Markup {
    html! { tr {
        th scope="row" { (change.who) @if let Some(email) = &change.email { br; span class="faint" { (email) } } }
        td {
            @match change.what {
                Doing::Leaves if change.foreign => { "leaves the group, where a person was added by hand" },
                Doing::Leaves => { "leaves the group" },
                Doing::Untagged => { "loses the card " (change.tag.as_deref().unwrap_or("of unknown number")) },
                Doing::Rests => { "the account is suspended or deleted" },
                Doing::Joins => { "the profile becomes the person of this address" },
                Doing::Invited => { "gets an account" },
            }
        }
        td { (change.because.as_deref().unwrap_or("Doorstep did not add it")) }
        td { @if change.stays.is_empty() { "nothing" } @else { (change.stays.join(", ")) } }
    } }
}

/// The form of an approval.
#[derive(Deserialize)]
pub(crate) struct Approval {
    checksum: Checksum,
    people: Option<String>,
}

/// Approves the hold that was shown.
pub(crate) async fn approve(
    State(console): State<Console>,
    Path(HoldPath { checksum }): Path<HoldPath>,
    at: AtSite,
    Form(approval): Form<Approval>,
) -> Page {
    act::may(&console)?;
    if approval.checksum != checksum {
        let why = "The form belongs to another hold. Open the hold again.";
        return Err(reject::page(
            StatusCode::BAD_REQUEST,
            "This cannot be approved",
            why,
        ));
    }
    let Some(opened) = load(&console, at.id(), &checksum).await? else {
        return changed(&console, &at, &checksum).await;
    };
    if opened.needs_number() && typed(&approval) != Some(opened.people()) {
        let wrong = "The number of people is not the right one. Nothing was approved.";
        let answer = page(&console, &at, &opened, Some(wrong));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, answer).into_response());
    }
    console.host().approve(at.id(), &checksum).await?;
    Ok(Redirect::to(&address::hold(at.id(), &checksum)).into_response())
}

fn typed(approval: &Approval) -> Option<usize> {
    approval.people.as_deref()?.trim().parse().ok()
}

/// Says that the hold of this checksum is gone, and what is held instead.
async fn changed(console: &Console, at: &AtSite, checksum: &Checksum) -> Page {
    let now = approve::holds(console.environment(), Some(at.id())).await?;
    let shown = console.shown().of(checksum);
    let waiting: Vec<ShownChange> = now.iter().flat_map(|hold| hold.waiting.clone()).collect();
    let difference = shown.map(|shown| HoldDifference::between(&shown, &waiting));
    let body = html! {
        p class="say" { "The set of changes is not the one that was shown. Nothing was approved." }
        @match &difference {
            None => p { "This console did not show the hold " code { (checksum.as_str()) } "." },
            Some(HoldDifference { more, fewer }) => {
                @if more.is_empty() && fewer.is_empty() { p { "The same changes are held under another checksum." } }
                @if !more.is_empty() { (changes("Held now, and not shown before", more)) }
                @if !fewer.is_empty() { (changes("Shown before, and not held any more", fewer)) }
            },
        }
        h2 { "What is held now" }
        (list(&now))
    };
    let answer = Frame::of_site(console, at.id(), "hold", "The hold changed")
        .dated(console.now(), &at.summary.timezone)
        .command(&["approve", "--site", at.id()])
        .page(body);
    Ok((StatusCode::CONFLICT, answer).into_response())
}
