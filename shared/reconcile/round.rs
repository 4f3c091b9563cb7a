//! A round of all sites, side by side: one site's trouble is never another's.

use futures_util::{StreamExt, stream};

use super::reconcile;
use crate::error::{Error, Result};
use crate::outside::Outside;

/// How many sites are compared at the same time.
const AT_ONCE: usize = 8;

/// Reconciles every site, and logs how long ago the site was read whole that waits longest: the stack's alarm
/// `oldest-read` counts on `oldest_read_minutes`.
///
/// # Errors
/// [`Error::Later`] where a site could not be reconciled; the others were.
pub async fn every_site(outside: &Outside) -> Result<()> {
    let sites: Vec<String> = outside.ledger.doorplates().await?.into_iter().map(|plate| plate.site).collect();
    let rounds = stream::iter(&sites).map(|site| async move {
        let done = reconcile(outside, site).await;
        done.inspect_err(|error| tracing::error!(site, %error, "a site could not be reconciled")).is_ok()
    });
    let failed = rounds.buffer_unordered(AT_ONCE).filter(|done| std::future::ready(!done)).count().await;
    let mut oldest = 0;
    for site in &sites {
        oldest = oldest.max(unread_minutes(outside, site).await?);
    }
    tracing::info!(oldest_read_minutes = oldest, sites = sites.len(), failed, "reconciled every site");
    if failed == 0 { Ok(()) } else { Err(Error::later(format!("{failed} sites could not be reconciled"))) }
}

/// Minutes since the last complete read of the site's platform; of a site that was never read, since it first failed.
async fn unread_minutes(outside: &Outside, site: &str) -> Result<i64> {
    let read = outside.ledger.platform_read(site).await?;
    let since = read.complete.or(read.failing);
    Ok(since.map_or(0, |since| outside.time.now().duration_since(since).as_mins()))
}
