//! The rules of a site: the table of one selector, the file beside it, and what a draft of the file
//! would change. The browser carries the draft; the server keeps nothing of it.

mod answers;
mod beside;
mod cell;
mod diff;
mod form;
mod rehearsal;
mod review;
mod save;
mod table;
mod times;
mod view;
mod words;

use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use self::form::{Asked, DraftForm};
use self::view::{FORM, View, file_name, here};
use super::{AtSite, Page, act};
use crate::layout::Frame;
use crate::{Console, address};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::rules::edit::Edit;
use doorstep_operator::rules::screen::{RulesQuery, rules};
use doorstep_operator::sites;

pub(crate) use answers::change;
pub(crate) use rehearsal::rehearsed;
pub(crate) use review::review;
pub(crate) use save::save;

/// Shows the rules in force.
pub(crate) async fn show(
    State(console): State<Console>,
    at: AtSite,
    Query(asked): Query<Asked>,
) -> Page {
    let query = RulesQuery {
        selector: asked.selector(),
        draft: None,
        edit: None,
    };
    let screen = rules(console.environment(), at.id(), &query).await?;
    Ok(page(&View {
        console: &console,
        at: &at,
        asked: &asked,
        screen: &screen,
        cell: None,
    }))
}

/// Shows the rules of a draft, after an edit if a button asks for one.
pub(crate) async fn draft(
    State(console): State<Console>,
    at: AtSite,
    Query(asked): Query<Asked>,
    form: DraftForm,
) -> Page {
    let asked = asked.with(&form);
    let edit = form.edit()?;
    let cell = match &edit {
        Some(Edit::Open(cell)) => Some(cell.clone()),
        _ => form.cell()?,
    };
    let query = RulesQuery {
        selector: asked.selector(),
        draft: Some(form.draft(&console, at.id()).await?),
        edit,
    };
    let screen = rules(console.environment(), at.id(), &query).await?;
    Ok(page(&View {
        console: &console,
        at: &at,
        asked: &asked,
        screen: &screen,
        cell: cell.as_ref(),
    }))
}

fn page(view: &View<'_>) -> Response {
    let View {
        console,
        at,
        screen,
        ..
    } = view;
    let site = at.id();
    let (file, over) = (file_name(site), screen.over.to_string());
    Frame::of_site(console, site, "rules", "Rules")
        .dated(screen.as_of, &screen.timezone)
        .command(&["show", site])
        .command(&["push", &file, "--over", &over])
        .page(body(view))
}

fn body(view: &View<'_>) -> Markup {
    let View { at, screen, .. } = view;
    let site = at.id();
    html! {
        @for remark in &at.summary.remarks { p class="note held" { (remark) } }
        @let here = format!("{}#chosen", here(site, view.asked.selector()));
        form id=(FORM) method="post" action=(here) data-parts=(format!("#{FORM}")) {
            // The first button of a form is what the Enter key presses.
            (times::default_button(view))
            input type="hidden" name="over" value=(screen.over);
            input type="hidden" name="selector" value=(view.asked.selector().word());
            (state_of_draft(view))
            @if let Some(refused) = &screen.refused {
                p class="note refused" role="alert" { "The table was not changed: " (refused) "." }
            }
            (table::tabs(view))
            div class="beside" {
                section aria-labelledby="table-title" {
                    h2 id="table-title" { (words::heading(view.asked.selector())) }
                    (table::table(view))
                }
                section aria-labelledby="file-title" { (beside::file(view)) }
            }
            (answers::asked_for(view))
        }
    }
}

/// Says what the text is, and what can be done with it.
fn state_of_draft(view: &View<'_>) -> Markup {
    let View {
        console,
        at,
        screen,
        ..
    } = view;
    let site = at.id();
    let again = here(site, view.asked.selector());
    let is_old = screen.over != screen.in_force;
    html! {
        @if is_old {
            p class="note refused" role="alert" {
                "Version " (screen.in_force) " was put in force meanwhile. This draft was made from version " (screen.over)
                ", so it cannot be saved. Copy or download it, and start again from version " (screen.in_force) "."
            }
        }
        p class="say" role="status" {
            @if screen.is_changed { "This is a draft, made from version " (screen.over) ". Nothing changes before you save it." }
            @else {
                "Version " (screen.in_force) " is in force, mode " (screen.mode.map_or("unreadable", |mode| mode.word()))
                ". Tick a group to open it for a row. Nothing changes before you save."
            }
        }
        @if screen.is_changed {
            div class="actions" {
                @if console.can_act() && !is_old {
                    button class="act" data-whole="" formaction=(address::of_site(site, "rules/review")) { "Review and save" }
                }
                a class="button" href=(again) { "Discard the draft" }
            }
            @if !console.can_act() { (act::only_shows()) }
        }
    }
}

/// Returns the file in force as a download.
pub(crate) async fn download(State(console): State<Console>, at: AtSite) -> Page {
    let file = sites::file(console.environment(), at.id(), None).await?;
    Ok(attachment(at.id(), file.text))
}

/// Returns a draft as a download.
pub(crate) async fn download_draft(
    State(console): State<Console>,
    at: AtSite,
    form: DraftForm,
) -> Page {
    let draft = form.draft(&console, at.id()).await?;
    Ok(attachment(at.id(), draft.text))
}

fn attachment(site: &SiteId, text: String) -> Response {
    let name = format!("attachment; filename=\"{}\"", file_name(site));
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static("application/toml; charset=utf-8");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, name),
    ];
    (headers, text).into_response()
}
