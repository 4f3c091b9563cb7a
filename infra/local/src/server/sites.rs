//! Calls about one site.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, RawQuery, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use serde::Deserialize;

use super::answer::{Refused, answer};
use super::{known, remembered};
use crate::Machine;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::presence::PresenceQuery;
use doorstep_operator::report::ReportQuery;
use doorstep_operator::sites;

pub(super) type Answered = Result<Response, Refused>;

/// The site of a call. It is extracted here, so that a malformed path gets an answer in JSON. No
/// site name needs escaping.
pub(super) struct SitePath {
    pub(super) site: SiteId,
}

impl<S: Sync> FromRequestParts<S> for SitePath {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let site = parts
            .uri
            .path()
            .split('/')
            .nth(3)
            .unwrap_or_default()
            .to_owned();
        Ok(SitePath { site: site.into() })
    }
}

/// Lists the sites.
pub(super) async fn all(State(machine): State<Machine>) -> Answered {
    let sites = sites::sites(machine.environment()).await?;
    Ok(answer(StatusCode::OK, &sites))
}

/// Lists the versions of a site's file.
pub(super) async fn history(State(machine): State<Machine>, asked: SitePath) -> Answered {
    known(&machine, &asked.site)?;
    let history = sites::history(machine.environment(), &asked.site).await?;
    Ok(answer(StatusCode::OK, &history))
}

/// Which version of a file is wanted.
#[derive(Deserialize)]
struct WantedVersion {
    version: Option<u64>,
}

/// Returns a version of a site's file: `?version=`, or the one in force.
pub(super) async fn file(
    State(machine): State<Machine>,
    asked: SitePath,
    RawQuery(query): RawQuery,
) -> Answered {
    known(&machine, &asked.site)?;
    let WantedVersion { version } = serde_urlencoded::from_str(&query.unwrap_or_default())
        .map_err(|_| Refused::bad("write ?version=3, or nothing"))?;
    let file = sites::file(machine.environment(), &asked.site, version).await?;
    Ok(answer(StatusCode::OK, &file))
}

/// Runs one reconcile now.
pub(super) async fn reconcile(State(machine): State<Machine>, asked: SitePath) -> Answered {
    known(&machine, &asked.site)?;
    Ok(answer(
        StatusCode::OK,
        &machine.reconcile(&asked.site).await?,
    ))
}

/// Lists the people of the site.
pub(super) async fn people(State(machine): State<Machine>, asked: SitePath) -> Answered {
    machine.settle_down().await;
    known(&machine, &asked.site)?;
    Ok(answer(StatusCode::OK, &machine.people(&asked.site).await?))
}

/// Lists access attempts: `?from=&until=&email=`.
pub(super) async fn entries(
    State(machine): State<Machine>,
    asked: SitePath,
    RawQuery(query): RawQuery,
) -> Answered {
    machine.settle_down().await;
    known(&machine, &asked.site)?;
    let wanted: ReportQuery =
        serde_urlencoded::from_str(&query.unwrap_or_default()).map_err(|_| {
            Refused::bad("write ?from=2026-03-02&until=2026-03-03&email=ada%40example.com")
        })?;
    Ok(answer(
        StatusCode::OK,
        &machine.entries(&asked.site, &wanted).await?,
    ))
}

/// Summarises access attempts: `?from=&until=&email=&within=`.
pub(super) async fn presence(
    State(machine): State<Machine>,
    asked: SitePath,
    RawQuery(query): RawQuery,
) -> Answered {
    machine.settle_down().await;
    known(&machine, &asked.site)?;
    let wanted: PresenceQuery = serde_urlencoded::from_str(&query.unwrap_or_default())
        .map_err(|_| Refused::bad("write ?from=2026-03-02&until=2026-03-03&within=4h"))?;
    Ok(answer(
        StatusCode::OK,
        &machine.presence(&asked.site, &wanted).await?,
    ))
}

/// Returns the audit chain. The keys of each record are in the order in which they are hashed.
pub(super) async fn audit(State(machine): State<Machine>, asked: SitePath) -> Answered {
    machine.settle_down().await;
    remembered(&machine, &asked.site).await?;
    Ok(answer(StatusCode::OK, &machine.records(&asked.site).await?))
}
