//! What the guard holds: `GET /sandbox/holds` and `/sandbox/sites/{site}/holds`, and letting exactly that be done: `POST
//! /sandbox/approve` and `/sandbox/sites/{site}/approve` with `{"checksum":"…"}`.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::answer::answer;
use super::body::Json;
use super::known;
use super::sites::{Answered, Asked};
use crate::Machine;

/// What is approved.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Approved {
    checksum: String,
}

/// Everything that waits.
pub(super) async fn all(State(machine): State<Machine>) -> Answered {
    Ok(answer(StatusCode::OK, &machine.holds(None).await?))
}

/// What waits at one site.
pub(super) async fn of_site(State(machine): State<Machine>, asked: Asked) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(StatusCode::OK, &machine.holds(Some(&asked.site)).await?))
}

/// Lets what is held be done, at whichever site it is.
pub(super) async fn approve_any(State(machine): State<Machine>, Json(approved): Json<Approved>) -> Answered {
    Ok(answer(StatusCode::OK, &machine.approve(None, &approved.checksum).await?))
}

/// Lets what is held at one site be done.
pub(super) async fn approve(State(machine): State<Machine>, asked: Asked, Json(approved): Json<Approved>) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(StatusCode::OK, &machine.approve(Some(&asked.site), &approved.checksum).await?))
}
