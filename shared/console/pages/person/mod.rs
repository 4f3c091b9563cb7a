//! One person: the answer as a sentence, each group, the chain behind it, and the door events.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;

use super::days::Days;
use super::{AtSite, Page};
use crate::layout::Frame;
use crate::time::{PageTimes, Zone};
use crate::{Console, address, reject};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::explain::shape::{Explained, Tense};
use doorstep_operator::explain::{ExplainQuery, Reach, explain_within};
use doorstep_operator::report::{self, ReportQuery};

mod chain;
mod events;
mod groups;
mod when;

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// The instant, as an operator or a browser writes it.
    #[serde(default)]
    at: String,
    /// The local day of the slider.
    #[serde(default)]
    day: String,
    /// The minute of that day.
    #[serde(default)]
    minute: String,
}

impl Asked {
    /// Returns the instant as a text; `None` for now.
    fn instant(&self) -> Option<String> {
        let minute: Option<u16> = self.minute.parse().ok();
        let slider = Days::filled(&self.day).zip(minute);
        let slider = slider.map(|(day, minute)| {
            let minute = minute.min(24 * 60 - 1);
            format!("{day} {:02}:{:02}", minute / 60, minute % 60)
        });
        slider.or_else(|| Days::filled(&self.at))
    }
}

/// The parts of the address of a person.
#[derive(Deserialize)]
pub(crate) struct PersonPath {
    /// Doorstep's id, or a profile such as `member:603d`.
    person: String,
}

/// Shows one person.
pub(crate) async fn show(
    State(console): State<Console>,
    Path(PersonPath { person }): Path<PersonPath>,
    at: AtSite,
    Query(asked): Query<Asked>,
) -> Page {
    let environment = console.environment();
    let wanted = query(&person, asked.instant());
    let explained = explain_within(environment, at.id(), &wanted, Reach::Table).await?;
    let Some(explained) = explained else {
        let why = "The person may be forgotten, or belong to another site.";
        let title = "There is no such person";
        return Err(reject::page(StatusCode::NOT_FOUND, title, why));
    };
    let zone = Zone::named(&explained.timezone);
    let entries = match &explained.person.id {
        Some(id) => {
            let wanted = ReportQuery {
                person: Some(id.clone()),
                ..ReportQuery::default()
            };
            report::entries(environment, at.id(), &wanted).await?
        }
        None => Vec::new(),
    };
    let here = address::profile(at.id(), &person);
    let body = html! {
        (answer(&explained, &zone))
        (when::chooser(&explained, &here, &zone))
        (groups::table(&explained, &zone))
        (chain::chains(&explained, &zone))
        (events::table(&entries, &zone))
        (facts(&explained))
    };
    let at_instant = asked.instant();
    let mut words = vec!["explain", at.id()];
    words.extend(named(&explained, &person));
    words.extend(at_instant.iter().flat_map(|at| ["--at", at.as_str()]));
    Ok(
        Frame::of_site(&console, at.id(), "person", explained.called())
            .dated(explained.as_of, &explained.timezone)
            .command(&words)
            .page(body),
    )
}

fn query(person: &str, at: Option<String>) -> ExplainQuery {
    match person.contains(':') {
        true => ExplainQuery {
            profile: Some(person.to_owned()),
            at,
            ..ExplainQuery::default()
        },
        false => ExplainQuery {
            person: Some(person.into()),
            at,
            ..ExplainQuery::default()
        },
    }
}

/// Returns the words that name the person to the command.
fn named<'a>(explained: &'a Explained, person: &'a str) -> Vec<&'a str> {
    match &explained.person.email {
        Some(email) => vec![email],
        None if person.contains(':') => vec!["--profile", person],
        None => vec!["--person", person],
    }
}

/// Returns the sentence, and what applies to everyone at the site.
fn answer(explained: &Explained, zone: &Zone) -> Markup {
    html! {
        @match explained.first() {
            Some(group) => p class="say" id="answer" { (explained.sentence(group)) },
            None => p class="say" id="answer" { "No rule of the site file opens a group." },
        }
        @if explained.tense != Tense::Present { p { "At " (zone.moment_element(explained.at)) " (" (zone.name()) ")." } }
        @for remark in &explained.remarks { p class="note late" { (remark) } }
        @for problem in &explained.problems { p class="note refused" { (problem) } }
    }
}

/// Returns how each system knows the person.
fn facts(explained: &Explained) -> Markup {
    let who = &explained.person;
    html! {
        h2 { "As each system knows the person" }
        dl {
            @if let Some(email) = &who.email { dt { "E-mail" } dd { (email) } }
            dt { "Platform" } dd { (who.profiles.join(", ")) }
            @for account in &who.accounts {
                dt { "Account at " (account.doors.as_str()) }
                dd { (account.account) @if !account.active { ", suspended: it opens nothing" } }
            }
            @if let Some(id) = &who.id { dt { "Doorstep" } dd { (id.as_str()) } }
        }
        @if let Some(next) = explained.next {
            p { "Doorstep looks again at " (Zone::named(&explained.timezone).moment_element(next)) "." }
        }
        p { a href=(came_and_went(&explained.site, explained)) { "All door events in Came and went" } }
    }
}

fn came_and_went(site: &SiteId, explained: &Explained) -> String {
    let email = explained.person.email.as_deref().unwrap_or_default();
    address::with_query(
        &address::of_site(site, "came-and-went"),
        &[("email", email)],
    )
}
