//! Calls that explain access and people: why a person can open a door, who can, the audit chain,
//! and forgetting a person.

use axum::extract::{FromRequest, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::answer::{Refused, answer};
use super::body::Json;
use super::sites::{Answered, SitePath};
use super::{known, remembered};
use crate::Machine;
use doorstep_core::model::audit::Head;
use doorstep_operator::explain::{self, who};
use doorstep_operator::forget::{self, ForgetOutcome};
use doorstep_operator::on_time;

/// The answer for an address, id or profile that this site does not know. Its key tells it from the
/// answer for an unknown site.
fn no_person() -> Response {
    let why = "no person has this address, id or profile";
    answer(
        StatusCode::NOT_FOUND,
        &json!({ "error": why, "nobody": true }),
    )
}

/// Reads the query string. Unknown keys are ignored.
fn asked<T: DeserializeOwned>(query: Option<String>, otherwise: &str) -> Result<T, Refused> {
    serde_urlencoded::from_str(&query.unwrap_or_default()).map_err(|_| Refused::bad(otherwise))
}

/// Explains why a person has, had, will have or lacks each group: `?email=&at=&group=`, or
/// `person=` or `profile=member:ID` instead of `email`.
pub(super) async fn explain(
    State(machine): State<Machine>,
    site: SitePath,
    RawQuery(query): RawQuery,
) -> Answered {
    machine.settle_down().await;
    known(&machine, &site.site)?;
    let wanted: explain::ExplainQuery = asked(
        query,
        "write ?email=ada%40example.com&at=2026-03-02T09:00:00Z",
    )?;
    let found = explain::explain(machine.environment(), &site.site, &wanted).await?;
    Ok(found.map_or_else(no_person, |explained| shown(&explained)))
}

/// Lists the people in a group: `?group=&at=`.
pub(super) async fn who(
    State(machine): State<Machine>,
    site: SitePath,
    RawQuery(query): RawQuery,
) -> Answered {
    machine.settle_down().await;
    known(&machine, &site.site)?;
    let wanted: who::WhoQuery = asked(query, "write ?group=Members&at=2026-03-02T09:00:00Z")?;
    Ok(shown(
        &who::who(machine.environment(), &site.site, &wanted).await?,
    ))
}

/// A position of the chain and its hash, noted earlier by the operator.
#[derive(Deserialize)]
struct NotedPosition {
    known: Option<String>,
}

/// Verifies the audit chain: `?known=SEQ:HASH`.
pub(super) async fn verify(
    State(machine): State<Machine>,
    site: SitePath,
    RawQuery(query): RawQuery,
) -> Answered {
    machine.settle_down().await;
    remembered(&machine, &site.site).await?;
    let noted: NotedPosition = asked(query, "write ?known=12:HASH")?;
    let noted = noted.known.as_deref().map(str::parse::<Head>).transpose()?;
    Ok(shown(
        &machine
            .environment()
            .store
            .verify_audit(&site.site, noted)
            .await?,
    ))
}

fn shown<T: serde::Serialize>(value: &T) -> Response {
    answer(StatusCode::OK, value)
}

/// Reports how many grants and revokes were on time: `?day=`, or `?from=&until=`.
pub(super) async fn on_time(
    State(machine): State<Machine>,
    site: SitePath,
    RawQuery(query): RawQuery,
) -> Answered {
    machine.settle_down().await;
    known(&machine, &site.site)?;
    let wanted: on_time::OnTimeQuery = asked(
        query,
        "write ?day=2026-03-02, or ?from=2026-03-01&until=2026-03-02",
    )?;
    Ok(shown(
        &on_time::on_time(machine.environment(), &site.site, &wanted).await?,
    ))
}

/// Forgets a person: `{"email": "..."}` or `{"person": "..."}`.
pub(super) async fn forget(
    State(machine): State<Machine>,
    site: SitePath,
    request: Request,
) -> Answered {
    remembered(&machine, &site.site).await?;
    let Json(wanted) = Json::<forget::ForgetQuery>::from_request(request, &()).await?;
    match machine.forget(&site.site, &wanted).await? {
        ForgetOutcome::Forgotten(forgotten) => Ok(shown(&forgotten)),
        ForgetOutcome::NoPerson => Ok(no_person()),
        ForgetOutcome::Refused(first) => {
            let why = format!("the person cannot be forgotten yet: {}", first.join("; "));
            Ok(answer(
                StatusCode::CONFLICT,
                &json!({ "error": why, "first": first }),
            ))
        }
    }
}
