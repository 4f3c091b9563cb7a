//! The third journey: the whole platform beside the whole door system. It finds what webhooks missed and what hands
//! changed, marks due whoever needs settling, and rings. It writes to no door.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::line::{Bell, Ring};
use crate::outside::Outside;
use crate::settle::Scene;
use crate::site::Site;
use crate::window::floor_minute;

mod doors;
mod facts;
mod people;
mod platform;
mod round;

pub use round::every_site;

/// How far ahead alarms are set again, should one have failed.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// Smallest list of which losing half is unbelievable.
const BASE: usize = 10;

/// What one reconcile found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Grants that are missing.
    pub granted: usize,
    /// Revokes that are missing.
    pub revoked: usize,
    /// People in ruled groups that are not ours.
    pub foreign: usize,
    /// Revokes that wait for a human.
    pub held: usize,
    /// What somebody should look at.
    pub problems: Vec<String>,
    /// What was read, by source.
    pub reads: BTreeMap<String, Read>,
}

/// How one source was read.
#[derive(Debug, Clone, Serialize)]
pub struct Read {
    /// Whether all of it was read, and nothing in it was unbelievable.
    pub complete: bool,
    /// How many things.
    pub records: usize,
}

/// Compares everything of one site and rings for what is wrong.
///
/// # Errors
/// [`Error::Refused`] for a site that is not here; [`Error::Later`] where our own table or line is away. A vendor that
/// cannot be read is a problem in the report, not an error.
pub async fn reconcile(outside: &Outside, site: &str) -> Result<Report> {
    let stored = outside.ledger.active(site).await?;
    let stored = stored.ok_or_else(|| Error::refused(format!("there is no site {site}")))?;
    let site = Site::parse(&stored.text).map_err(|error| Error::report(format!("the stored site file: {error}")))?;
    let mut report = Report::default();
    let overdue = set_alarms(outside, &site.id).await?;
    let known = platform::read(outside, &site, &mut report).await?;
    let everybody = outside.ledger.everybody(&site.id).await?;
    let seen = doors::read(outside, &site, &known, &everybody, &mut report).await?;
    let (scene, _) = Scene::set(outside, site).await?;
    outside.ledger.keep_resolved(&scene.site.id, &scene.resolved).await?;
    report.problems.extend(scene.resolved.problems.iter().cloned());
    let found = people::judge(&scene, &known, &seen, &everybody, &mut report).await?;
    doors::take_over(outside, &scene, &seen).await?;
    let unread = outside.ledger.unread(&scene.site.id).await?.len();
    if unread > 0 {
        report.problems.push(format!("{unread} proven deliveries could not be read; their senders' formats changed"));
    }
    report.problems.sort();
    report.problems.dedup();
    if found || overdue {
        outside.line.ring(&Ring { site: scene.site.id.clone(), bell: Bell::Due }, None).await?;
    }
    tracing::info!(
        site = scene.site.id,
        granted = report.granted,
        revoked = report.revoked,
        foreign = report.foreign,
        problems = report.problems.len(),
        "reconciled"
    );
    Ok(report)
}

/// Sets alarms for whoever is due soon, so that one that failed heals even when a platform is down. Whether somebody
/// is overdue.
async fn set_alarms(outside: &Outside, site: &str) -> Result<bool> {
    let now = outside.time.now();
    let soon = now.checked_add(AHEAD).unwrap_or(now);
    let mut minutes: Vec<_> = outside.ledger.due_until(site, soon).await?.into_iter().map(|due| due.minute).collect();
    minutes.dedup();
    let this_minute = floor_minute(now);
    for minute in minutes.iter().filter(|&&minute| minute > this_minute) {
        outside.alarms.set(site, *minute).await?;
    }
    Ok(minutes.iter().any(|minute| *minute <= this_minute))
}
