//! Calls about site files: diff, push and rehearse, and the calls that act on one site.

use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;

use super::answer::{Refused, answer};
use super::sites::{Answered, SitePath};
use super::{body, known};
use crate::Machine;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::{Finding, Mode, finding};
use doorstep_operator::push::{PushOptions, PushPreview};
use doorstep_operator::rehearse::Rehearsal;
use doorstep_operator::retire::Order;

/// Longest body. The library rejects much shorter files itself, with its own message.
const LARGEST: usize = 1 << 20;

/// Returns what the vendors of the site file in the body have. The file needs no rules.
pub(super) async fn survey(State(machine): State<Machine>, request: Request) -> Answered {
    match text(request).await? {
        Ok(text) => Ok(answer(StatusCode::OK, &machine.survey(&text).await?)),
        Err(_) => Err(Refused::bad("this is not UTF-8: save the file as UTF-8")),
    }
}

/// Returns what the site file in the body would change.
pub(super) async fn diff(State(machine): State<Machine>, request: Request) -> Answered {
    match text(request).await? {
        Ok(text) => Ok(whole(&machine.diff(&text).await?)),
        Err(wrong) => Ok(whole(&wrong)),
    }
}

/// Puts the site file in the body in force. `?mode=` confirms its mode, so that the first file of a
/// site may act. `?over=` names the version that must be in force.
pub(super) async fn push(
    State(machine): State<Machine>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Answered {
    let Pushed {
        mode,
        leave_access,
        over,
    } = serde_urlencoded::from_str(&query.unwrap_or_default()).map_err(|_| {
        Refused::bad(
            "write ?mode=observe, ?mode=grant-only or ?mode=full, as the file does, and ?over= and a version",
        )
    })?;
    let left = leave_access
        .iter()
        .flat_map(|names| names.split(','))
        .map(DoorsName::from)
        .collect();
    match text(request).await? {
        Ok(text) => Ok(whole(
            &machine
                .push_with(
                    &text,
                    &PushOptions {
                        mode,
                        leave_access: left,
                        over,
                    },
                )
                .await?,
        )),
        Err(wrong) => Ok(whole(&wrong)),
    }
}

/// The query parameters of a push.
#[derive(Deserialize)]
struct Pushed {
    mode: Option<Mode>,
    /// Names of door systems, separated by commas.
    #[serde(rename = "leave-access")]
    leave_access: Option<String>,
    /// The version that must be in force.
    over: Option<u64>,
}

/// Replays a day with the site file in the body: `?day=`, or yesterday.
pub(super) async fn rehearse(
    State(machine): State<Machine>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Answered {
    let Rehearsed { day } = serde_urlencoded::from_str(&query.unwrap_or_default())
        .map_err(|_| Refused::bad("write ?day=2026-03-02, or no day for yesterday"))?;
    let played = match text(request).await? {
        Ok(text) => machine.rehearse(&text, day).await?,
        Err(wrong) => Rehearsal {
            findings: wrong.findings,
            ..Rehearsal::default()
        },
    };
    Ok(answer(status(&played.findings), &played))
}

/// The query parameters of a rehearsal.
#[derive(Deserialize)]
struct Rehearsed {
    day: Option<Date>,
}

/// Pauses a site: nothing at its doors is changed. The body may contain the reason.
pub(super) async fn pause(
    State(machine): State<Machine>,
    asked: SitePath,
    request: Request,
) -> Answered {
    known(&machine, &asked.site)?;
    let bytes = body::read(request.into_body(), LARGEST).await?;
    let Why { why } = match bytes.is_empty() {
        true => Why::default(),
        false => serde_json::from_slice(&bytes)
            .map_err(|_| Refused::bad("write {\"why\": \"a text\"}, or nothing"))?,
    };
    Ok(answer(
        StatusCode::OK,
        &machine.pause(&asked.site, why.as_deref()).await?,
    ))
}

/// The reason of a pause.
#[derive(Default, Deserialize)]
struct Why {
    why: Option<String>,
}

/// Shows what retiring a site would do, or retires it, as the body requests.
pub(super) async fn retire(
    State(machine): State<Machine>,
    asked: SitePath,
    request: Request,
) -> Answered {
    let bytes = body::read(request.into_body(), LARGEST).await?;
    let order: Order = serde_json::from_slice(&bytes).map_err(|_| {
        Refused::bad(
            "write {\"how\": \"leave-access\" or \"revoke-access\", \"delete_data\": false, \"yes\": \"checksum\"}",
        )
    })?;
    Ok(answer(
        StatusCode::OK,
        &machine.retire(&asked.site, &order).await?,
    ))
}

/// Ends the pause of a site.
pub(super) async fn resume(State(machine): State<Machine>, asked: SitePath) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(StatusCode::OK, &machine.resume(&asked.site).await?))
}

/// Returns the drift: the differences between the version in force and the doors.
pub(super) async fn drift(State(machine): State<Machine>, asked: SitePath) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(StatusCode::OK, &machine.drift(&asked.site).await?))
}

/// Returns the drift, with manual changes told apart from others.
pub(super) async fn drifted(State(machine): State<Machine>, asked: SitePath) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(StatusCode::OK, &machine.drifted(&asked.site).await?))
}

/// Returns what the operator should act on, at every site.
pub(super) async fn doctor_of_all(State(machine): State<Machine>) -> Answered {
    Ok(answer(StatusCode::OK, &machine.doctor_of_all().await?))
}

/// Returns what the operator should act on, at one site.
pub(super) async fn doctor(State(machine): State<Machine>, asked: SitePath) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(StatusCode::OK, &machine.doctor(&asked.site).await?))
}

async fn text(request: Request) -> Result<Result<String, PushPreview>, Refused> {
    let bytes = body::read(request.into_body(), LARGEST).await?;
    Ok(finding::text(bytes.into()).map_err(|finding| PushPreview {
        findings: vec![finding],
        ..PushPreview::default()
    }))
}

fn status(findings: &[Finding]) -> StatusCode {
    if findings.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

fn whole(shown: &PushPreview) -> Response {
    answer(status(&shown.findings), shown)
}
