//! What a draft would change: the sections of the page, and the answer of both vendors.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::extract::State;
use maud::{Markup, html};

use super::form::DraftForm;
use super::view::{View, file_name, here};
use super::{beside, diff};
use crate::layout::Frame;
use crate::pages::{AtSite, Page};
use crate::{Console, address};
use doorstep_core::model::error::Error;

/// Returns the sections that are asked for. With scripts, a draft without errors asks for both by
/// itself, once per text.
pub(super) fn asked_for(view: &View<'_>) -> Markup {
    let (site, screen) = (view.at.id(), view.screen);
    let asks = screen.is_changed && screen.findings.is_empty();
    let mut hasher = DefaultHasher::new();
    screen.text.hash(&mut hasher);
    let text = hasher.finish();
    let part = |name: &str, delay: &str| {
        let address = address::of_site(site, &format!("rules/{name}"));
        let trigger = format!("load delay:{delay}");
        html! {
            @if asks {
                div id=(format!("{name}-{text:x}")) hx-morph-skip="" aria-live="polite" hx-post=(address) hx-trigger=(trigger)
                    hx-select="#answer" hx-target="this" hx-swap="innerHTML" {
                    p class="faint js-only" { "Working on it …" }
                }
            }
        }
    };
    html! {
        section aria-labelledby="change-title" {
            h2 id="change-title" { "What this file would change" }
            (part("day", "300ms"))
            div class="fields" {
                label { "Day (empty: today and yesterday)" input type="date" name="day"; }
                button data-whole="" formaction=(address::of_site(site, "rules/day")) { "Show the difference of a day" }
            }
        }
        section aria-labelledby="doors-title" {
            h2 id="doors-title" { "What it would change at the doors now" }
            (part("change", "1500ms"))
            p {
                button data-whole="" formaction=(address::of_site(site, "rules/change")) { "Ask both vendors" }
                " It may take a while, and changes nothing."
            }
        }
    }
}

/// Returns a form that leads back to the rules with the draft.
pub(super) fn back(at: &AtSite, form: &DraftForm) -> Markup {
    html! { form method="post" action=(here(at.id(), form.asked().selector())) {
        input type="hidden" name="over" value=(form.field("over"));
        input type="hidden" name="text" value=(form.field("text"));
        @for name in ["shown", "find", "rows"] { input type="hidden" name=(name) value=(form.field(name)); }
        button { "Back to the draft" }
    } }
}

/// Shows what a draft would change at the doors.
pub(crate) async fn change(State(console): State<Console>, at: AtSite, form: DraftForm) -> Page {
    let draft = form.draft(&console, at.id()).await?;
    let answer = match console.host().diff(&draft.text).await {
        Ok(shown) => html! {
            @if !shown.findings.is_empty() { (beside::list(&shown.findings, &draft.text)) }
            @if let Some(changes) = &shown.diff { (diff::changes(changes)) }
        },
        Err(error) => unanswered(&error),
    };
    let file = file_name(at.id());
    Ok(Frame::of_site(
        &console,
        at.id(),
        "rules",
        "What it would change at the doors now",
    )
    .dated(console.environment().time.now(), at.zone().name())
    .command(&["diff", &file])
    .page(with_back(&at, &form, &answer)))
}

/// Returns an answer with the way back to the draft.
pub(super) fn with_back(at: &AtSite, form: &DraftForm, answer: &Markup) -> Markup {
    html! { div id="answer" { (answer) } (back(at, form)) }
}

/// Says why there is no answer. The draft is not lost by it.
pub(super) fn unanswered(error: &Error) -> Markup {
    html! { p class="note late" role="alert" { "There is no answer: " (error.why()) "." } }
}
