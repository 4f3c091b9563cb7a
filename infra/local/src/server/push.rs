//! Site files over the port: what they would change, and putting them in force.

use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;

use super::answer::{Refused, answer};
use super::sites::{Answered, Asked};
use super::{body, known};
use crate::Machine;
use doorstep_core::site::{Finding, Mode, finding};
use doorstep_operator::push::{Options, Shown};
use doorstep_operator::rehearse::Rehearsal;
use doorstep_operator::retire::Order;

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
    let Pushed { mode, leave_access } = serde_urlencoded::from_str(&query.unwrap_or_default())
        .map_err(|_| Refused::bad("write ?mode=observe, ?mode=grant-only or ?mode=full, as the file does"))?;
    let left = leave_access.iter().flat_map(|names| names.split(',')).map(str::to_owned).collect();
    match text(request).await? {
        Ok(text) => Ok(whole(&machine.push_with(&text, &Options { mode, leave_access: left }).await?)),
        Err(wrong) => Ok(whole(&wrong)),
    }
}

/// What is said beside a file that is pushed.
#[derive(Deserialize)]
struct Pushed {
    mode: Option<Mode>,
    /// Names of door systems, apart by commas.
    #[serde(rename = "leave-access")]
    leave_access: Option<String>,
}

/// A day replayed through the site file in the body: `?day=`, or yesterday.
pub(super) async fn rehearse(State(machine): State<Machine>, RawQuery(query): RawQuery, request: Request) -> Answered {
    let Rehearsed { day } = serde_urlencoded::from_str(&query.unwrap_or_default())
        .map_err(|_| Refused::bad("write ?day=2026-03-02, or no day for yesterday"))?;
    let played = match text(request).await? {
        Ok(text) => machine.rehearse(&text, day).await?,
        Err(wrong) => Rehearsal { findings: wrong.findings, ..Rehearsal::default() },
    };
    Ok(answer(status(&played.findings), &played))
}

/// What is said beside a file that is rehearsed.
#[derive(Deserialize)]
struct Rehearsed {
    day: Option<Date>,
}

/// Lets nothing be changed at the doors of a site. The body may say why.
pub(super) async fn pause(State(machine): State<Machine>, asked: Asked, request: Request) -> Answered {
    known(&machine, &asked.site)?;
    let bytes = body::read(request.into_body(), LARGEST).await?;
    let Why { why } = match bytes.is_empty() {
        true => Why::default(),
        false => serde_json::from_slice(&bytes).map_err(|_| Refused::bad("write {\"why\": \"a text\"}, or nothing"))?,
    };
    Ok(answer(StatusCode::OK, &machine.pause(&asked.site, why.as_deref()).await?))
}

/// Why a site is paused.
#[derive(Default, Deserialize)]
struct Why {
    why: Option<String>,
}

/// Shows what taking a site out of service would do, or does it, as the order in the body says.
pub(super) async fn retire(State(machine): State<Machine>, asked: Asked, request: Request) -> Answered {
    let bytes = body::read(request.into_body(), LARGEST).await?;
    let order: Order = serde_json::from_slice(&bytes).map_err(|_| {
        Refused::bad(
            "write {\"how\": \"leave-access\" or \"revoke-access\", \"delete_data\": false, \"yes\": \"checksum\"}",
        )
    })?;
    Ok(answer(StatusCode::OK, &machine.retire(&asked.site, &order).await?))
}

/// Ends the pause of a site.
pub(super) async fn resume(State(machine): State<Machine>, asked: Asked) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(StatusCode::OK, &machine.resume(&asked.site).await?))
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

/// What a human should do something about, at every site.
pub(super) async fn doctor_of_all(State(machine): State<Machine>) -> Answered {
    Ok(answer(StatusCode::OK, &machine.doctor_of_all().await?))
}

/// What somebody should do something about.
pub(super) async fn doctor(State(machine): State<Machine>, asked: Asked) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(StatusCode::OK, &machine.doctor(&asked.site).await?))
}

async fn text(request: Request) -> Result<Result<String, Shown>, Refused> {
    let bytes = body::read(request.into_body(), LARGEST).await?;
    Ok(finding::text(bytes.into()).map_err(|finding| Shown { findings: vec![finding], ..Shown::default() }))
}

fn status(findings: &[Finding]) -> StatusCode {
    if findings.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

fn whole(shown: &Shown) -> Response {
    answer(status(&shown.findings), shown)
}
