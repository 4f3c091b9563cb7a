//! Turns the clock, and wishes on the bus, into one request per site. It compares nothing, so that ten thousand sites are
//! dispatched in seconds, and no site waits for another one's platform.

use serde::Deserialize;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::{AskedBy, ReconcileRequest};
use doorstep_core::model::error::Result;

/// What is asked for. A schedule names no site and means all of them; an event of the bus names one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Asked {
    #[serde(default)]
    detail: Option<Detail>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Detail {
    site: Option<String>,
    /// An event that does not say so was published by a person.
    asked_by: Option<AskedBy>,
}

impl Asked {
    /// Every site, by the clock.
    pub fn everything() -> Self {
        Asked::default()
    }
}

/// Sends the requests that are asked for.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where the table or the queue is away; some requests may have been sent.
pub async fn dispatch(environment: &Environment, asked: Asked) -> Result<()> {
    match asked.detail {
        Some(Detail { site: Some(site), asked_by }) => {
            one(environment, site, asked_by.unwrap_or(AskedBy::Operator)).await
        }
        _ => all(environment).await,
    }
}

async fn one(environment: &Environment, site: String, by: AskedBy) -> Result<()> {
    if !environment.store.has_site(&site).await? {
        tracing::warn!("a reconcile of a site that is not here was asked for");
        return Ok(());
    }
    let begun = environment.store.runs(&site).await?.runs.begun;
    environment.reconciles.send(&[ReconcileRequest { site, begun, by }]).await
}

/// Asks for every site, and logs how long ago the site was read whole that waits longest: the stack's alarm `oldest-read`
/// counts on `oldest_read_minutes`.
async fn all(environment: &Environment) -> Result<()> {
    let sites = environment.store.site_names().await?;
    let begun = environment.store.begun(&sites).await?;
    let request = |(site, begun): (&String, u64)| ReconcileRequest { site: site.clone(), begun, by: AskedBy::Clock };
    let requests: Vec<ReconcileRequest> = sites.iter().zip(begun).map(request).collect();
    environment.reconciles.send(&requests).await?;
    let oldest_read_minutes = oldest_read(environment, &sites).await?;
    tracing::info!(oldest_read_minutes, sites = sites.len(), "dispatched a reconcile of every site");
    Ok(())
}

/// Minutes since the last complete read of a platform, of the site where that is longest ago; of a site that was never
/// read, since it first failed.
async fn oldest_read(environment: &Environment, sites: &[String]) -> Result<i64> {
    let now = environment.time.now();
    let reads = environment.store.platform_reads(sites).await?;
    let since = reads.into_iter().filter_map(|read| read.complete.or(read.failing));
    Ok(since.map(|since| now.duration_since(since).as_mins()).max().unwrap_or_default())
}
