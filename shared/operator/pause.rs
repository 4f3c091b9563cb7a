//! Pauses and resumes a site. A paused site is still read and stored, and Doorstep changes nothing
//! at its doors: it is in mode observe, see
//! [`SiteVersion::site`](doorstep_cloud::store::site_version::SiteVersion::site).

use serde::{Deserialize, Serialize};

use crate::nearest::in_force;
use crate::push::compare_soon;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::site_version::{Paused, SiteVersion};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_core::site::Mode;

/// Maximum length of a stored reason, in characters.
const LONGEST: usize = 200;

/// The state of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteState {
    /// The site.
    pub site: SiteId,
    /// The version in force.
    pub version: u64,
    /// The mode in force.
    pub mode: Mode,
    /// The pause, if the site is paused.
    pub paused: Option<Paused>,
    /// Whether this call changed the state.
    pub changed: bool,
    /// Why the site may not act, and what to do about it.
    pub remarks: Vec<String>,
}

impl SiteState {
    fn of(site: &SiteId, stored: &SiteVersion, changed: bool) -> Result<Self> {
        Ok(SiteState {
            site: site.to_owned(),
            version: stored.n,
            mode: stored.site()?.mode,
            paused: stored.paused.clone(),
            changed,
            remarks: stored.remarks(site),
        })
    }
}

/// Pauses a site. A paused site keeps the time of its pause, and a new reason replaces the old one.
/// A settle that is running completes the changes that it began.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Invalid`] for an unknown site;
/// [`doorstep_core::model::error::Error::Retry`] if another writer changed it at the same time.
pub async fn pause(
    environment: &Environment,
    site: &SiteId,
    why: Option<&str>,
) -> Result<SiteState> {
    let stored = in_force(environment, site).await?;
    let why = why.map(|why| {
        why.chars()
            .filter(|c| !c.is_control())
            .take(LONGEST)
            .collect::<String>()
    });
    let why = why
        .map(|why| why.trim().to_owned())
        .filter(|why| !why.is_empty());
    let paused = match &stored.paused {
        Some(Paused { at, why: old }) => Paused {
            at: *at,
            why: why.or_else(|| old.clone()),
        },
        None => Paused {
            at: environment.time.now(),
            why,
        },
    };
    change(environment, site, stored, Some(paused)).await
}

/// Resumes a site, and requests a reconcile at once. A site that is not paused stays as it is.
///
/// # Errors
/// As [`pause`].
pub async fn resume(environment: &Environment, site: &SiteId) -> Result<SiteState> {
    let stored = in_force(environment, site).await?;
    let state = change(environment, site, stored, None).await?;
    if state.changed {
        compare_soon(environment, site).await;
    }
    Ok(state)
}

async fn change(
    environment: &Environment,
    site: &SiteId,
    now: SiteVersion,
    paused: Option<Paused>,
) -> Result<SiteState> {
    if now.paused == paused {
        return SiteState::of(site, &now, false);
    }
    environment
        .store
        .pause_site(site, &now, paused.clone())
        .await?;
    SiteState::of(site, &SiteVersion { paused, ..now }, true)
}
