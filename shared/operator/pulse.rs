//! The pulse of a site: a small value that differs after every change that a page would show. A live
//! page compares it, and is read again only then.

use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_core::model::minute::Minute;

/// The most sites that are compared one by one. With more of them, a page about all sites is read
/// again every minute.
const MOST_SITES: usize = 20;

/// What was there at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// The minute. Windows begin and end with it.
    minute: Minute,
    sites: Vec<SitePulse>,
}

/// The part of one site.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SitePulse {
    site: SiteId,
    /// The revision of the version in force, which a pause changes too.
    revision: Option<u64>,
    /// The end of the audit chain.
    audit: u64,
    /// The numbers of the last reconciles that began and ended.
    reconciles: (u64, u64),
    holds: Vec<Checksum>,
}

/// Returns the pulse of one site, or of all sites. Reads four items of each site.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where the table is not available.
pub async fn pulse(environment: &Environment, site: Option<&SiteId>) -> Result<Pulse> {
    let mut names = match site {
        Some(site) => vec![site.clone()],
        None => environment.store.site_names().await?,
    };
    if names.len() > MOST_SITES {
        names.clear();
    }
    let mut sites = Vec::new();
    for site in names {
        sites.push(of_site(environment, site).await?);
    }
    Ok(Pulse {
        minute: Minute::of(environment.time.now()),
        sites,
    })
}

async fn of_site(environment: &Environment, site: SiteId) -> Result<SitePulse> {
    let store = &environment.store;
    // A file that cannot be read is as good as none here.
    let stored = store.active(&site).await.ok().flatten();
    let runs = store.runs(&site).await?.runs;
    let holds = store.open_holds(&site).await?;
    Ok(SitePulse {
        revision: stored.map(|stored| stored.revision),
        audit: store.audit_end(&site).await?,
        reconciles: (runs.begun, runs.ended),
        holds: holds.into_iter().map(|hold| hold.checksum).collect(),
        site,
    })
}
