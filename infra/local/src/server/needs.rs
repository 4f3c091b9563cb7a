//! What needs the operator at all sites, and the deliveries of one.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::Deserialize;

use super::answer::{Refused, answer};
use super::known;
use super::sites::{Answered, SitePath};
use crate::Machine;
use doorstep_operator::{deliveries, needs};

/// Lists what needs the operator.
pub(super) async fn all(State(machine): State<Machine>) -> Answered {
    machine.settle_down().await;
    let found = needs::needs(machine.environment()).await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Which day is wanted.
#[derive(Deserialize)]
struct WantedDay {
    day: Option<Date>,
}

/// Returns the deliveries of a local day: `?day=`, or today.
pub(super) async fn deliveries(
    State(machine): State<Machine>,
    asked: SitePath,
    RawQuery(query): RawQuery,
) -> Answered {
    known(&machine, &asked.site)?;
    let WantedDay { day } = serde_urlencoded::from_str(&query.unwrap_or_default())
        .map_err(|_| Refused::bad("write ?day=2026-03-02, or nothing"))?;
    machine.settle_down().await;
    let found = deliveries::deliveries(machine.environment(), &asked.site, day).await?;
    Ok(answer(StatusCode::OK, &found))
}
