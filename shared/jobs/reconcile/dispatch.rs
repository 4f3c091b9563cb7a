//! Turns the timer and the requests on the event bus into one reconcile request per site. Dispatch
//! compares nothing. Ten thousand sites are therefore dispatched in seconds, and no site waits for
//! the platform of another one.

use serde::Deserialize;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::{AskedBy, ReconcileRequest};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::log_event;

/// The input of dispatch. A schedule names no site and means all of them. An event on the bus names
/// one site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct DispatchInput {
    #[serde(default)]
    detail: Option<Detail>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Detail {
    site: Option<String>,
    /// An event without this field was published by a person.
    asked_by: Option<AskedBy>,
}

impl DispatchInput {
    /// Returns the input of the timer: every site.
    pub fn everything() -> Self {
        DispatchInput::default()
    }
}

/// Sends the reconcile requests for `asked`.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] if the table or the queue is unavailable. Some
/// requests may have been sent.
pub async fn dispatch(environment: &Environment, asked: DispatchInput) -> Result<()> {
    match asked.detail {
        Some(Detail {
            site: Some(site),
            asked_by,
        }) => {
            one(
                environment,
                site.into(),
                asked_by.unwrap_or(AskedBy::Operator),
            )
            .await
        }
        _ => all(environment).await,
    }
}

async fn one(environment: &Environment, site: SiteId, by: AskedBy) -> Result<()> {
    if !environment.store.has_site(&site).await? {
        tracing::warn!("a reconcile was requested for an unknown site");
        return Ok(());
    }
    let begun = environment.store.runs(&site).await?.runs.begun;
    environment
        .reconciles
        .send(&[ReconcileRequest { site, begun, by }])
        .await
}

/// Requests every site, and logs the age of the oldest complete platform read. The stack's alarm
/// `oldest-read` counts on the field `oldest_read_minutes`.
async fn all(environment: &Environment) -> Result<()> {
    let sites = environment.store.site_names().await?;
    let begun = environment.store.begun(&sites).await?;
    let request = |(site, begun): (&SiteId, u64)| ReconcileRequest {
        site: site.clone(),
        begun,
        by: AskedBy::Clock,
    };
    let requests: Vec<ReconcileRequest> = sites.iter().zip(begun).map(request).collect();
    environment.reconciles.send(&requests).await?;
    let oldest_read_minutes = oldest_read(environment, &sites).await?;
    tracing::info!(
        event = log_event::RECONCILES_DISPATCHED,
        oldest_read_minutes,
        sites = sites.len(),
        "dispatched a reconcile of every site"
    );
    Ok(())
}

/// Returns the minutes since the last complete platform read of the site where it is longest ago. A
/// site that was never read counts from its first failure.
async fn oldest_read(environment: &Environment, sites: &[SiteId]) -> Result<i64> {
    let now = environment.time.now();
    let reads = environment.store.platform_reads(sites).await?;
    let since = reads
        .into_iter()
        .filter_map(|read| read.complete.or(read.failing));
    Ok(since
        .map(|since| now.duration_since(since).as_mins())
        .max()
        .unwrap_or_default())
}
