//! The operator's word on what the guard holds: look at it, and release exactly that.

use serde::{Deserialize, Serialize};

use crate::bus::Notice;
use crate::error::{Error, Result};
use crate::guard::{Doubt, Hold, Waiting};
use crate::ledger::dues::Due;
use crate::line::{Bell, Ring};
use crate::outside::Outside;

/// A hold with everything that waits in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Opened {
    /// The hold.
    #[serde(flatten)]
    pub hold: Hold,
    /// Its changes.
    pub waiting: Vec<Waiting>,
}

/// Everything that waits for a human, at one site or at all of them.
///
/// # Errors
/// [`Error::Later`] where the table is away.
pub async fn holds(outside: &Outside, site: Option<&str>) -> Result<Vec<Hold>> {
    let mut holds = Vec::new();
    for site in sites(outside, site).await? {
        holds.extend(outside.ledger.holds(&site).await?.into_iter().filter(|hold| hold.approved.is_none()));
    }
    Ok(holds)
}

/// One hold, opened.
///
/// # Errors
/// [`Error::Refused`] where there is none of this checksum.
pub async fn open(outside: &Outside, site: Option<&str>, checksum: &str) -> Result<Opened> {
    for site in sites(outside, site).await? {
        if let Some(hold) = outside.ledger.hold(&site, checksum).await? {
            let waiting = outside.ledger.waiting(&hold).await?;
            return Ok(Opened { hold, waiting });
        }
    }
    Err(Error::refused(format!(
        "nothing is held under {checksum}: the set may have changed since. Look again, and approve what you then see"
    )))
}

/// Releases exactly what is held under a checksum, for an hour, and rings the line for it. What of it is no longer to be
/// done is not done; what would be done besides is not released.
///
/// # Errors
/// [`Error::Refused`] where there is no such hold; [`Error::Later`] where table or line are away: then the same may be
/// said again.
pub async fn approve(outside: &Outside, site: Option<&str>, checksum: &str) -> Result<Hold> {
    let Opened { hold, waiting } = open(outside, site, checksum).await?;
    let now = outside.time.now();
    let site = hold.site.clone();
    let doubts: Vec<&Doubt> = waiting.iter().map(|one| &one.doubt).collect();
    outside.ledger.release(&site, &doubts, Some(checksum), now).await?;
    let hold = Hold { approved: Some(now), ..hold };
    outside.ledger.keep_hold(&hold).await?;
    outside.ledger.put_dues(&site, &dues(&waiting, now)).await?;
    outside.line.ring(&Ring { site: site.clone(), bell: Bell::Due }, None).await?;
    if let Err(error) = outside.bus.publish(&site, &[Notice::Approved(hold.clone())]).await {
        tracing::warn!(site, %error, "an approval could not be published");
    }
    Ok(hold)
}

/// Whom it concerns, with the groups to look at.
fn dues(waiting: &[Waiting], now: jiff::Timestamp) -> Vec<Due> {
    let due = |one: &Waiting| {
        let due = Due::at(now, one.who.clone());
        match &one.doubt {
            Doubt::Leaves { doors, group, .. } => due.with_groups(vec![(doors.clone(), group.clone())], false),
            Doubt::Made { .. } => due,
        }
    };
    waiting.iter().map(due).collect()
}

async fn sites(outside: &Outside, site: Option<&str>) -> Result<Vec<String>> {
    match site {
        Some(site) => Ok(vec![outside.ledger.in_force(site).await.map(|_| site.to_owned())?]),
        None => Ok(outside.ledger.doorplates().await?.into_iter().map(|plate| plate.site).collect()),
    }
}
