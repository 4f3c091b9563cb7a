//! The search for people.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::Page;
use super::days::Days;
use crate::layout::{Frame, name, scroll};
use crate::{Console, address};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::find::{FoundPerson, MatchedBy, find};

/// What is asked for.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    site: String,
}

/// Shows the people whom a text may mean.
pub(crate) async fn show(State(console): State<Console>, Query(asked): Query<Asked>) -> Page {
    console.host().catch_up().await;
    let site = Days::filled(&asked.site).map(SiteId::from);
    let found = find(console.environment(), &asked.q, site.as_ref()).await?;
    let body = html! {
        (answer(&asked.q, &found, site.as_ref()))
        @if site.is_some() {
            p { a href=(address::with_query(address::FIND, &[("q", &asked.q)])) { "Search all sites" } }
        }
    };
    let title = match asked.q.trim() {
        "" => "Find a person".to_owned(),
        text => format!("People like “{text}”"),
    };
    let frame = match &site {
        Some(site) => Frame::of_site(&console, site, "find", title),
        None => Frame::of_all(&console, title),
    };
    let frame = frame.searched(&asked.q).dated(console.now(), "UTC");
    let email = found
        .first()
        .and_then(|best| Some((best, best.email.as_deref()?)));
    Ok(match email {
        Some((best, email)) => frame.command(&["explain", &best.site, email]).page(body),
        None => frame.command(&["sites"]).page(body),
    })
}

fn answer(text: &str, found: &[FoundPerson], site: Option<&SiteId>) -> Markup {
    html! {
        @if text.trim().is_empty() {
            p { "Write a part of a name or of an e-mail address, an id, or the last four characters of a card number." }
        } @else if found.is_empty() {
            p class="say" { "No person" @if let Some(site) = site { " of " (site.as_str()) } " is like this." }
            p { "A name or an address may be a part, a card number its last four characters or more. Ids are whole." }
        } @else {
            (scroll("People", html! { table {
                caption { "The best first, at most twenty" }
                thead { tr { @for head in ["person", "e-mail", "site", "found by"] { th scope="col" { (head) } } } }
                tbody { @for one in found { (row(one)) } }
            } }))
        }
    }
}

fn row(one: &FoundPerson) -> Markup {
    let called = one.name.as_deref().or(one.email.as_deref());
    let called = name(called.unwrap_or("nameless"));
    html! { tr {
        th scope="row" {
            @match leads_to(one) {
                Some(to) => a href=(to) { (called) },
                None => (called),
            }
            @if one.id.is_none() { br; span class="faint" { "never had access" } }
        }
        td { (one.email.as_deref().unwrap_or_default()) }
        td { a href=(address::today(&one.site)) { (one.site.as_str()) } }
        td { (word(one.by)) }
    } }
}

/// Returns the page of the person. A person who never had access is named by the profile.
fn leads_to(one: &FoundPerson) -> Option<String> {
    match (&one.id, &one.profile) {
        (Some(id), _) => Some(address::person(&one.site, id)),
        (None, Some(profile)) => {
            let profile = format!("{}:{}", profile.kind.word(), profile.id);
            Some(address::profile(&one.site, &profile))
        }
        (None, None) => None,
    }
}

fn word(by: MatchedBy) -> &'static str {
    match by {
        MatchedBy::Name => "name",
        MatchedBy::Email => "e-mail",
        MatchedBy::Id => "id",
        MatchedBy::Card => "card number",
    }
}
