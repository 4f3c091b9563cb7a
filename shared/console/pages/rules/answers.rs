//! What a draft would change: at the doors now, and on a day that is known.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use axum::extract::State;
use jiff::civil::Date;
use maud::{Markup, html};

use super::form::DraftForm;
use super::view::{View, file_name, here};
use super::{beside, diff};
use crate::layout::{Frame, scroll, state};
use crate::pages::days::{Days, day};
use crate::pages::{AtSite, Page};
use crate::time::Zone;
use crate::{Console, address};
use doorstep_core::model::error::Error;
use doorstep_operator::preview::diff::ShownPerson;
use doorstep_operator::rehearse::{AccessDifference, DifferenceKind, Rehearsal, rehearse};

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
                    p class="faint js-only" { "This is being asked for." }
                }
            }
        }
    };
    html! {
        section aria-labelledby="change-title" {
            h2 id="change-title" { "What this file would change" }
            (part("change", "1500ms"))
            p {
                button data-whole="" formaction=(address::of_site(site, "rules/change")) { "Ask both vendors" }
                " compares the text with the doors as they are now. It may take a while, and changes nothing."
            }
        }
        section aria-labelledby="yesterday-title" {
            h2 id="yesterday-title" { "A day with this file" }
            (part("day", "300ms"))
            div class="fields" {
                label { "Day (left out: yesterday)" input type="date" name="day"; }
                button data-whole="" formaction=(address::of_site(site, "rules/day")) { "Play the day again" }
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
    Ok(
        Frame::of_site(&console, at.id(), "rules", "What this file would change")
            .command(&["diff", &file])
            .page(with_back(&at, &form, &answer)),
    )
}

/// Shows the difference that a draft makes on one day.
pub(crate) async fn rehearsed(State(console): State<Console>, at: AtSite, form: DraftForm) -> Page {
    let draft = form.draft(&console, at.id()).await?;
    let asked = Days::filled(form.field("day"));
    let asked = asked.as_deref().map(day).transpose()?;
    let answer = match rehearse(console.environment(), &draft.text, asked).await {
        Ok(rehearsal) => html! {
            @if !rehearsal.findings.is_empty() { (beside::list(&rehearsal.findings, &draft.text)) }
            @else { (differences(&rehearsal)) }
        },
        Err(error) => unanswered(&error),
    };
    let (file, day) = (file_name(at.id()), asked.as_ref().map(Date::to_string));
    let mut words = vec!["rehearse", &file];
    words.extend(day.iter().flat_map(|day| ["--day", day]));
    Ok(
        Frame::of_site(&console, at.id(), "rules", "A day with this file")
            .command(&words)
            .page(with_back(&at, &form, &answer)),
    )
}

/// Returns an answer with the way back to the draft.
fn with_back(at: &AtSite, form: &DraftForm, answer: &Markup) -> Markup {
    html! { div id="answer" { (answer) } (back(at, form)) }
}

/// Says why there is no answer. The draft is not lost by it.
pub(super) fn unanswered(error: &Error) -> Markup {
    html! { p class="note late" role="alert" { "There is no answer: " (error.why()) "." } }
}

fn differences(rehearsal: &Rehearsal) -> Markup {
    let Rehearsal {
        day,
        timezone,
        version,
        changes,
        problems,
        ..
    } = rehearsal;
    let zone = Zone::named(timezone);
    let people = |wanted: DifferenceKind| {
        let of = changes.iter().filter(|change| change.what == wanted);
        of.map(|change| &change.who)
            .collect::<BTreeSet<&ShownPerson>>()
            .len()
    };
    let (gain, lose) = (people(DifferenceKind::Gains), people(DifferenceKind::Loses));
    let day = day
        .map(|day| day.strftime("%A %-d %B %Y").to_string())
        .unwrap_or_default();
    html! {
        p class="say" {
            (day) ", beside version " (version.unwrap_or_default()) ": "
            @if changes.is_empty() { "the day would have been the same." }
            @else { (gain) " would have gained access, " (lose) " would have lost it." }
        }
        @if !changes.is_empty() {
            (scroll("Differences", html! { table {
                caption { "Differences, times in " (zone.name()) }
                thead { tr { @for head in ["group", "person", "difference", "from", "until", "because"] { th scope="col" { (head) } } } }
                tbody { @for change in changes { (difference(change, &zone)) } }
            } }))
        }
        @if !problems.is_empty() { ul { @for problem in problems { li { (problem) } } } }
    }
}

fn difference(change: &AccessDifference, zone: &Zone) -> Markup {
    html! { tr {
        th scope="row" { (change.name) }
        td { (change.who) }
        td {
            @match change.what {
                DifferenceKind::Gains => (state("open", "would have had access")),
                DifferenceKind::Loses => (state("refused", "would not have had access")),
            }
        }
        td { (zone.moment_element(change.from)) }
        td { (zone.moment_element(change.until)) }
        td { (change.because) @if let Some(closed) = &change.closed { " (" (closed) ")" } }
    } }
}
