//! The run's clock: reading it and moving it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::answer::{Refused, answer};
use super::body::Json;
use crate::Machine;

/// The instant to move the clock to.
#[derive(Deserialize)]
pub(super) struct Move {
    now: Timestamp,
}

/// Returns the time of the run.
pub(super) async fn show(State(machine): State<Machine>) -> Response {
    machine.settle_down().await;
    answer(
        StatusCode::OK,
        &json!({ "now": machine.now(), "standing": machine.is_standing() }),
    )
}

/// Moves a standing clock forward.
pub(super) async fn set(
    State(machine): State<Machine>,
    Json(to): Json<Move>,
) -> Result<Response, Refused> {
    let ran = machine.move_clock(to.now).await;
    let ran = ran.map_err(|refused| Refused::new(StatusCode::CONFLICT, refused.to_string()))?;
    Ok(answer(
        StatusCode::OK,
        &json!({ "now": machine.now(), "ran": ran }),
    ))
}
