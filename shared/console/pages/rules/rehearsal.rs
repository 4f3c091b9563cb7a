//! The difference that a draft makes on a day, from the table alone: today, yesterday, or any day
//! that is known.

use std::collections::BTreeSet;

use axum::extract::State;
use jiff::civil::Date;
use maud::{Markup, html};

use super::form::DraftForm;
use super::view::file_name;
use super::{answers, beside};
use crate::Console;
use crate::layout::{Frame, scroll, state};
use crate::pages::days::{Days, day};
use crate::pages::{AtSite, Page};
use crate::time::{PageTimes, Zone};
use doorstep_core::model::counted::counted;
use doorstep_operator::preview::diff::ShownPerson;
use doorstep_operator::rehearse::{AccessDifference, DifferenceKind, Rehearsal, rehearse};

/// Shows the difference that a draft makes on one day, or today and yesterday.
pub(crate) async fn rehearsed(State(console): State<Console>, at: AtSite, form: DraftForm) -> Page {
    let draft = form.draft(&console, at.id()).await?;
    let asked = Days::filled(form.field("day"));
    let asked = asked.as_deref().map(day).transpose()?;
    let now = console.environment().time.now();
    let days = match asked {
        Some(day) => vec![Some(day)],
        None => vec![Some(at.zone().day(now)), None],
    };
    let mut answer = html! {};
    for day in days.iter().copied() {
        let of_day = difference(&console, &draft.text, day).await;
        answer = html! { (answer) (of_day) };
    }
    let file = file_name(at.id());
    let mut frame = Frame::of_site(&console, at.id(), "rules", "What this file would change")
        .dated(now, at.zone().name());
    for day in days {
        let day = day.as_ref().map(Date::to_string);
        let mut words = vec!["rehearse", &file];
        words.extend(day.iter().flat_map(|day| ["--day", day]));
        frame = frame.command(&words);
    }
    Ok(frame.page(answers::with_back(&at, &form, &answer)))
}

/// Returns the difference that a text makes on one day; by default yesterday.
pub(super) async fn difference(console: &Console, text: &str, day: Option<Date>) -> Markup {
    match rehearse(console.environment(), text, day).await {
        Ok(played) if played.findings.is_empty() => differences(&played),
        Ok(played) => beside::list(&played.findings, text),
        Err(error) => answers::unanswered(&error),
    }
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
        let people: BTreeSet<&ShownPerson> = of.map(|change| &change.who).collect();
        let verb = match wanted {
            DifferenceKind::Gains => "gain",
            DifferenceKind::Loses => "lose",
        };
        match people.len() {
            0 => format!("no one {verb}s"),
            1 => format!("1 person {verb}s"),
            count => format!("{count} people {verb}"),
        }
    };
    let (gain, lose) = (people(DifferenceKind::Gains), people(DifferenceKind::Loses));
    let day = day.map(|day| day.strftime("%A %-d %B %Y").to_string());
    let day = day.unwrap_or_default();
    html! {
        p class="say" {
            (day) ": "
            @if changes.is_empty() { "no difference." }
            @else { (gain) " access, " (lose) " it." }
        }
        p class="faint" { "Compared with version " (version.unwrap_or_default()) ", by the bookings and memberships that are known now." }
        @if !changes.is_empty() {
            (scroll(&day, html! { table {
                caption { (counted(changes.len(), "difference")) " of " (day) ", times in " (zone.name()) }
                thead { tr { @for head in ["group", "person", "difference", "from", "until", "because"] { th scope="col" { (head) } } } }
                tbody { @for change in changes { (row(change, &zone)) } }
            } }))
        }
        @if !problems.is_empty() { ul { @for problem in problems { li { (problem) } } } }
    }
}

fn row(change: &AccessDifference, zone: &Zone) -> Markup {
    html! { tr {
        th scope="row" { (change.name) }
        td { (change.who) }
        td {
            @match change.what {
                DifferenceKind::Gains => (state("open", "gains access")),
                DifferenceKind::Loses => (state("refused", "loses access")),
            }
        }
        td { (zone.moment_element(change.from)) }
        td { (zone.moment_element(change.until)) }
        td { (change.because) @if let Some(closed) = &change.closed { " (" (closed) ")" } }
    } }
}
