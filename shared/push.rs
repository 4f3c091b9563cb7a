//! The way in for a site file: what it would change is shown, and then it is put in force.

use serde::{Deserialize, Serialize};

use crate::bus::Notice;
use crate::error::{Error, Result};
use crate::ledger::sites::Doorplate;
use crate::outside::Outside;
use crate::preview::{Diff, Preview, preview};
use crate::site::{Finding, Mode, Site, SiteFileError};

/// What the operator is shown of one site file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Shown {
    /// The site, where the file could be read.
    pub site: Option<String>,
    /// The version in force.
    pub version: Option<u64>,
    /// That version was stored just now.
    #[serde(default)]
    pub stored: bool,
    /// What is wrong with the file; while there is anything, it cannot be put in force.
    pub findings: Vec<Finding>,
    /// What would change, or will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<Diff>,
}

/// Stores a site file and puts it in force. No vendor is asked: names resolve when they are first needed, and one that
/// does not is a problem of its rule. Gives the site's id.
///
/// # Errors
/// [`Error::Refused`] with every line that is wrong.
pub async fn load(outside: &Outside, text: &str) -> Result<String> {
    let site = Site::parse(text).map_err(|error| Error::refused(error.to_string()))?;
    outside.ledger.store_site(&Doorplate::of(&site), text).await?;
    Ok(site.id)
}

/// Shows what a site file would change, and changes nothing.
///
/// # Errors
/// See [`preview`].
pub async fn diff(outside: &Outside, text: &str) -> Result<Shown> {
    let site = match Site::parse(text) {
        Ok(site) => site,
        Err(error) => return Ok(Shown::wrong(error)),
    };
    let version = outside.ledger.active(&site.id).await?.map(|stored| stored.n);
    let found = preview(outside, &site, text).await?;
    Ok(Shown { site: Some(site.id), version, findings: found.findings, diff: Some(found.diff), stored: false })
}

/// Shows what of the version in force is not so.
///
/// # Errors
/// [`Error::Refused`] for a site that is not here, and see [`preview`].
pub async fn drift(outside: &Outside, site: &str) -> Result<Shown> {
    let stored = outside.ledger.active(site).await?;
    let stored = stored.ok_or_else(|| Error::refused(format!("there is no site {site}")))?;
    diff(outside, &stored.text).await
}

/// Puts a site file in force as a new version, shows what it will change, and asks for everything to be compared at
/// once. A file with findings is not stored; one that is in force already is only named.
///
/// # Errors
/// [`Error::Later`] where a vendor cannot be read whole (in mode `observe` the file is stored all the same) or somebody
/// else was faster, and see [`preview`]. Nothing is stored then.
pub async fn push(outside: &Outside, text: &str) -> Result<Shown> {
    let site = match Site::parse(text) {
        Ok(site) => site,
        Err(error) => return Ok(Shown::wrong(error)),
    };
    let now = outside.ledger.active(&site.id).await?;
    if let Some(stored) = now.as_ref().filter(|stored| stored.text == text) {
        return Ok(Shown { site: Some(site.id), version: Some(stored.n), ..Shown::default() });
    }
    let diff = match preview(outside, &site, text).await {
        // Whoever wants nothing more to be done is not kept from it by a vendor that is away.
        Err(error) if site.mode == Mode::Observe && error.may_pass() => None,
        seen => {
            let Preview { findings, unread, diff } = seen?;
            if !findings.is_empty() {
                let version = now.map(|stored| stored.n);
                return Ok(Shown { site: Some(site.id), version, findings, diff: Some(diff), stored: false });
            }
            if !unread.is_empty() && site.mode != Mode::Observe {
                let unread = unread.join("; ");
                return Err(Error::later(format!("not everything could be read, and nothing is stored: {unread}")));
            }
            Some(diff)
        }
    };
    let version = outside.ledger.store_site_over(now, &Doorplate::of(&site), text).await?;
    if let Err(error) = outside.bus.publish(&site.id, &[Notice::ReconcileWanted]).await {
        // It is in force all the same, and the next reconcile is not far.
        tracing::warn!(site = site.id, %error, "a reconcile could not be asked for");
    }
    Ok(Shown { site: Some(site.id), version: Some(version), stored: true, findings: Vec::new(), diff })
}

impl Shown {
    fn wrong(error: SiteFileError) -> Self {
        Shown { findings: error.into(), ..Shown::default() }
    }
}
