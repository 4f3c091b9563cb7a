//! Saves a draft: puts it in force over the version that it was made from.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use maud::html;

use super::answers;
use super::form::DraftForm;
use super::review::{errors, page, rest};
use super::view::here;
use crate::Console;
use crate::pages::{AtSite, Page, act};
use doorstep_operator::push::PushOptions;
use doorstep_operator::rules::review::review;

/// Saves a draft that was reviewed. A draft that cannot be saved is shown again with the reason.
pub(crate) async fn save(State(console): State<Console>, at: AtSite, form: DraftForm) -> Page {
    act::may(&console)?;
    let draft = form.draft(&console, at.id()).await?;
    let options = PushOptions {
        mode: form.mode(),
        over: Some(draft.over),
        ..PushOptions::default()
    };
    let refused = match console.host().push(&draft.text, &options).await {
        Ok(shown) if shown.findings.is_empty() => {
            let rules = here(at.id(), form.asked().selector());
            return Ok(Redirect::to(&rules).into_response());
        }
        Ok(shown) => {
            let review = review(console.environment(), at.id(), &draft, shown).await?;
            html! { (errors(&review, &draft.text)) (rest(&at, &form, &review)) }
        }
        Err(error) => html! {
            p class="note refused" role="alert" { "Nothing was saved: " (error.why()) "." }
            (answers::back(&at, &form))
        },
    };
    let answer = page(&console, &at, &form, refused);
    Ok((StatusCode::CONFLICT, answer).into_response())
}
