//! Whether a page may act.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::Console;
use crate::reject::{self, Rejection};

/// Checks that the console was started with `--act`.
pub(crate) fn may(console: &Console) -> Result<(), Rejection> {
    match console.can_act() {
        true => Ok(()),
        false => Err(reject::page(
            StatusCode::FORBIDDEN,
            "This console only shows",
            "It changes nothing. Start it with --act, or use the command that the page prints.",
        )),
    }
}

/// Says how to act, in a console that only shows.
pub(crate) fn only_shows() -> Markup {
    html! {
        p class="note" {
            "This console only shows. To act here, start it with " code { "--act" }
            ". In a shell, the command below does the same."
        }
    }
}
