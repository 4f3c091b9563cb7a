//! Holds of the guard and their approval.
//!
//! - `GET /sandbox/holds` and `/sandbox/sites/{site}/holds` list the holds.
//! - `POST /sandbox/approve` and `/sandbox/sites/{site}/approve` with `{"checksum":"…"}` approve
//!   exactly one of them.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::answer::answer;
use super::body::Json;
use super::known;
use super::sites::{Answered, SitePath};
use crate::Machine;
use doorstep_core::model::ids::Checksum;

/// The hold to approve.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Approved {
    checksum: Checksum,
}

/// Lists the holds of all sites.
pub(super) async fn all(State(machine): State<Machine>) -> Answered {
    Ok(answer(StatusCode::OK, &machine.holds(None).await?))
}

/// Lists the holds of one site.
pub(super) async fn of_site(State(machine): State<Machine>, asked: SitePath) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(
        StatusCode::OK,
        &machine.holds(Some(&asked.site)).await?,
    ))
}

/// Approves a hold at any site.
pub(super) async fn approve_any(
    State(machine): State<Machine>,
    Json(approved): Json<Approved>,
) -> Answered {
    Ok(answer(
        StatusCode::OK,
        &machine.approve(None, &approved.checksum).await?,
    ))
}

/// Approves a hold of one site.
pub(super) async fn approve(
    State(machine): State<Machine>,
    asked: SitePath,
    Json(approved): Json<Approved>,
) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(
        StatusCode::OK,
        &machine
            .approve(Some(&asked.site), &approved.checksum)
            .await?,
    ))
}
