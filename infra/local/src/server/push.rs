//! Site files over the port: what they would change, and putting them in force.

use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use doorstep::push::Shown;
use doorstep::site::{Mode, finding};
use serde::Deserialize;

use super::answer::{Refused, answer};
use super::sites::{Answered, Asked};
use super::{body, known};
use crate::Machine;

/// Longest body; the library refuses far shorter files itself, and says so.
const LARGEST: usize = 1 << 20;

/// What the site file in the body would change.
pub(super) async fn diff(State(machine): State<Machine>, request: Request) -> Answered {
    match text(request).await? {
        Ok(text) => Ok(whole(&machine.diff(&text).await?)),
        Err(wrong) => Ok(whole(&wrong)),
    }
}

/// Puts the site file in the body in force; `?mode=` says its mode once more, so that a site's first file acts.
pub(super) async fn push(State(machine): State<Machine>, RawQuery(query): RawQuery, request: Request) -> Answered {
    let Pushed { mode } = serde_urlencoded::from_str(&query.unwrap_or_default())
        .map_err(|_| Refused::bad("write ?mode=observe, ?mode=grant-only or ?mode=full, as the file does"))?;
    match text(request).await? {
        Ok(text) => Ok(whole(&machine.push_in_mode(&text, mode).await?)),
        Err(wrong) => Ok(whole(&wrong)),
    }
}

/// What is said beside a file that is pushed.
#[derive(Deserialize)]
struct Pushed {
    mode: Option<Mode>,
}

/// What of the version in force is not so.
pub(super) async fn drift(State(machine): State<Machine>, asked: Asked) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(StatusCode::OK, &machine.drift(&asked.site).await?))
}

/// The same, told apart by whether a hand did it.
pub(super) async fn drifted(State(machine): State<Machine>, asked: Asked) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(StatusCode::OK, &machine.drifted(&asked.site).await?))
}

/// A page in somebody's browser can post to this machine, too, and browsers say so. It must not change who may come in.
pub(super) fn not_from_a_page(headers: &HeaderMap) -> Result<(), Refused> {
    match headers.contains_key(header::ORIGIN) {
        true => Err(Refused::new(StatusCode::FORBIDDEN, "this call is not for web pages")),
        false => Ok(()),
    }
}

async fn text(request: Request) -> Result<Result<String, Shown>, Refused> {
    not_from_a_page(request.headers())?;
    let bytes = body::read(request.into_body(), LARGEST).await?;
    Ok(finding::text(bytes.into()).map_err(|finding| Shown { findings: vec![finding], ..Shown::default() }))
}

fn whole(shown: &Shown) -> Response {
    let status = if shown.findings.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    answer(status, shown)
}
