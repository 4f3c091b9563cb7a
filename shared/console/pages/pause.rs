//! Pausing and resuming a site.

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use maud::html;
use serde::Deserialize;

use super::{AtSite, Page, act};
use crate::layout::Frame;
use crate::{Console, address};

/// Shows whether the site is paused, and what pausing or resuming it does.
pub(crate) async fn show(State(console): State<Console>, at: AtSite) -> Page {
    let site = at.id();
    let is_paused = at.summary.paused;
    let body = html! {
        @for remark in &at.summary.remarks { p class="note held" { (remark) } }
        @if is_paused {
            p { "Resuming applies the mode of the site file again, and starts a reconcile at once. Windows that are over close; windows that are open open." }
        } @else {
            p { "While a site is paused, Doorstep changes nothing at its doors. It still reads and stores everything. Access that should end does not end until the site is resumed." }
        }
        @if !console.can_act() { (act::only_shows()) }
        @else if is_paused {
            form method="post" action=(address::of_site(site, "resume")) { button class="act" { "Resume " (site.as_str()) } }
        } @else {
            form class="fields" method="post" action=(address::of_site(site, "pause")) {
                label { "Why (optional)" input name="why" maxlength="200" size="40"; }
                button class="act" { "Pause " (site.as_str()) }
            }
        }
    };
    let verb = if is_paused { "resume" } else { "pause" };
    Ok(Frame::of_site(&console, site, "pause", "Pause or resume")
        .dated(console.now(), &at.summary.timezone)
        .command(&[verb, site])
        .page(body))
}

/// The reason of a pause.
#[derive(Deserialize)]
pub(crate) struct Why {
    #[serde(default)]
    why: String,
}

/// Pauses the site.
pub(crate) async fn pause(
    State(console): State<Console>,
    at: AtSite,
    Form(Why { why }): Form<Why>,
) -> Page {
    act::may(&console)?;
    console.host().pause(at.id(), Some(&why)).await?;
    Ok(Redirect::to(&address::of_site(at.id(), "pause")).into_response())
}

/// Resumes the site.
pub(crate) async fn resume(State(console): State<Console>, at: AtSite) -> Page {
    act::may(&console)?;
    console.host().resume(at.id()).await?;
    Ok(Redirect::to(&address::of_site(at.id(), "pause")).into_response())
}
