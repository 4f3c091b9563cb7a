//! The way in for a site file: what it would change is shown, and then it is put in force.

use serde::{Deserialize, Serialize};

use crate::bus::Notice;
use crate::error::{Error, Result};
use crate::ledger::sites::Doorplate;
use crate::outside::Outside;
use crate::site::{Finding, Site};

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
    pub diff: Option<String>,
}

/// Stores a site file and puts it in force. No vendor is asked: names resolve when they are first needed, and one that
/// does not is a problem of its rule. Gives the site's id.
///
/// # Errors
/// [`Error::Refused`] with every line that is wrong.
pub async fn load(outside: &Outside, text: &str) -> Result<String> {
    let site = Site::parse(text).map_err(|error| Error::refused(error.to_string()))?;
    outside.ledger.store_site(&plate(&site), text).await?;
    Ok(site.id)
}

fn plate(site: &Site) -> Doorplate {
    Doorplate { site: site.id.clone(), platform: site.platform.kind, secret: site.platform.secret.clone() }
}

/// Shows what a site file would change, and changes nothing.
pub async fn diff(outside: &Outside, text: &str) -> Result<Shown> {
    match Site::parse(text) {
        Ok(site) => shown(outside, &site, text).await,
        Err(error) => Ok(Shown { findings: error.into(), ..Shown::default() }),
    }
}

/// Shows what of the version in force is not so.
pub async fn drift(outside: &Outside, site: &str) -> Result<Shown> {
    let stored = outside.ledger.active(site).await?;
    let stored = stored.ok_or_else(|| Error::refused(format!("there is no site {site}")))?;
    diff(outside, &stored.text).await
}

async fn shown(outside: &Outside, site: &Site, text: &str) -> Result<Shown> {
    let platform = outside.platform(site).await?;
    let mut doors = std::collections::BTreeMap::new();
    for name in site.doors.keys() {
        let (reader, _) = outside.doors(site, name, crate::access::Share::Reconcile).await?;
        doors.insert(name.clone(), reader);
    }
    let findings = crate::site::check::against_vendors(site, platform.as_ref(), &doors).await?;
    let findings = findings.into_iter().map(|said| Finding::located(said, text)).collect();
    let version = outside.ledger.active(&site.id).await?.map(|stored| stored.n);
    Ok(Shown { site: Some(site.id.clone()), version, findings, ..Shown::default() })
}

/// Puts a site file in force, unless something is wrong with it, and asks for everything to be compared.
pub async fn push(outside: &Outside, text: &str) -> Result<Shown> {
    let site = match Site::parse(text) {
        Ok(site) => site,
        Err(error) => return Ok(Shown { findings: error.into(), ..Shown::default() }),
    };
    let now = outside.ledger.active(&site.id).await?;
    if let Some(stored) = now.filter(|stored| stored.text == text) {
        return Ok(Shown { site: Some(site.id), version: Some(stored.n), ..Shown::default() });
    }
    let shown = shown(outside, &site, text).await?;
    if !shown.findings.is_empty() {
        return Ok(shown);
    }
    let version = outside.ledger.store_site(&plate(&site), text).await?;
    outside.bus.publish(&site.id, &[Notice::ReconcileWanted]).await?;
    Ok(Shown { version: Some(version), stored: true, ..shown })
}
