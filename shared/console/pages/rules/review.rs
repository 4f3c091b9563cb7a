//! The page before a save: exactly what will change, and the form that confirms it.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::form::DraftForm;
use super::view::file_name;
use super::{answers, beside, diff, rehearsal};
use crate::layout::Frame;
use crate::pages::{AtSite, Page, act};
use crate::{Console, address};
use doorstep_core::site::Mode;
use doorstep_operator::preview::diff::ShownPerson;
use doorstep_operator::rules::review::{ModeChange, SaveReview, review as reviewed};

/// Shows what saving a draft will change.
pub(crate) async fn review(State(console): State<Console>, at: AtSite, form: DraftForm) -> Page {
    act::may(&console)?;
    let draft = form.draft(&console, at.id()).await?;
    let body = match console.host().diff(&draft.text).await {
        Ok(shown) => {
            let review = reviewed(console.environment(), at.id(), &draft, shown).await?;
            let today = at.zone().day(console.environment().time.now());
            let today = rehearsal::difference(&console, &draft.text, Some(today)).await;
            let today = html! { h2 { "What will be different today" } (today) };
            let today = review.shown.findings.is_empty().then_some(today);
            html! { (errors(&review, &draft.text)) (today.unwrap_or_default()) (rest(&at, &form, &review)) }
        }
        Err(error) => html! { (answers::unanswered(&error)) (answers::back(&at, &form)) },
    };
    Ok(page(&console, &at, &form, body))
}

/// Returns the page with this body.
pub(super) fn page(console: &Console, at: &AtSite, form: &DraftForm, body: Markup) -> Response {
    let file = file_name(at.id());
    Frame::of_site(console, at.id(), "rules", "Save the rules")
        .dated(console.environment().time.now(), at.zone().name())
        .command(&["push", &file, "--over", form.field("over")])
        .page(body)
}

/// Says why a draft cannot be saved.
pub(super) fn errors(review: &SaveReview, text: &str) -> Markup {
    let findings = &review.shown.findings;
    html! {
        @if review.is_same { p class="say" { "This is the file in force already. There is nothing to save." } }
        @if review.over != review.in_force {
            p class="note refused" role="alert" {
                "Nothing is saved. Version " (review.in_force) " is in force, and this draft was made from version " (review.over) "."
            }
        }
        @if !findings.is_empty() {
            p class="note refused" role="alert" { "Nothing is saved, because the file has errors." }
            (beside::list(findings, text))
        }
    }
}

/// Returns what saving will change at the doors now, and the form that confirms it where that is
/// possible.
pub(super) fn rest(at: &AtSite, form: &DraftForm, review: &SaveReview) -> Markup {
    html! {
        h2 { "What will change at the doors now" }
        (people("gain", &review.gain))
        (people("lose", &review.lose))
        @if let Some(changes) = &review.shown.diff {
            details open { summary { "Everything that will change" } (diff::changes(changes)) }
        }
        h2 { "Save" }
        @if let Some(mode) = &review.mode { (mode_words(mode)) }
        @if review.can_be_saved() && !review.is_same { (confirm(at, form, review)) }
        (answers::back(at, form))
    }
}

/// Says in which mode the site acts, before and after.
fn mode_words(mode: &ModeChange) -> Markup {
    let ModeChange {
        from,
        to,
        is_unconfirmed,
        is_paused,
    } = *mode;
    html! {
        @if is_unconfirmed && to != Mode::Observe {
            p class="note held" { "The site only observes so far, although the file says mode " (to.word()) ", because no file of it was confirmed with its mode. "
                "Saved without a confirmation, it goes on observing: nothing is changed at the doors." }
        } @else if from != to && !is_paused {
            p class="note held" { strong { "The mode changes from " (from.word()) " to " (to.word()) ": " } (does(to)) }
        } @else {
            p { "Mode " (to.word()) ": " (does(to)) }
        }
        @if is_paused { p class="note held" { "The site is paused: nothing is changed at the doors until it is resumed." } }
    }
}

fn does(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "Doorstep changes nothing at the doors.",
        Mode::GrantOnly => "Doorstep grants access, and takes none away.",
        Mode::Full => "Doorstep grants and revokes access.",
    }
}

fn people(verb: &str, people: &BTreeSet<ShownPerson>) -> Markup {
    html! {
        @match people.len() {
            0 => p { "No one " (verb) "s access." },
            1 => p { strong { "1 person " (verb) "s access:" } },
            count => p { strong { (count) " people " (verb) " access:" } },
        }
        @if !people.is_empty() { ul { @for person in people { li { (person) } } } }
    }
}

/// Returns the form that saves the draft. It carries the text, its version and its mode.
fn confirm(at: &AtSite, form: &DraftForm, review: &SaveReview) -> Markup {
    let mode = review.mode.as_ref();
    let unconfirmed = mode.filter(|mode| mode.is_unconfirmed && mode.to != Mode::Observe);
    html! {
        form method="post" action=(address::of_site(at.id(), "rules/save")) {
            input type="hidden" name="over" value=(form.field("over"));
            input type="hidden" name="text" value=(form.field("text"));
            input type="hidden" name="selector" value=(form.field("selector"));
            @match (unconfirmed, mode) {
                (Some(mode), _) => fieldset {
                    legend { "How far may Doorstep go?" }
                    label { input type="radio" name="mode" value="" checked; " Go on observing" }
                    br;
                    label { input type="radio" name="mode" value=(mode.to.word()); " Act in mode " (mode.to.word()) ": " (does(mode.to)) }
                },
                (None, Some(mode)) => input type="hidden" name="mode" value=(mode.to.word());,
                (None, None) => {},
            }
            p { button class="act" { "Save over version " (review.over) } }
        }
    }
}
