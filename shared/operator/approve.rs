//! Holds and approvals: shows what the guard holds, and releases exactly what the operator
//! approves.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::zone::Zone;
use doorstep_cloud::bus::Notice;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::store::key;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::decide::guard::{Hold, UnconfirmedChange, WaitingChange};
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_vendors::platform::PlatformVendor;
use doorstep_vendors::platform::push::reader::accept_held;
use jiff::Timestamp;

mod confirm;
mod opened;

pub use confirm::{HoldDifference, MOST_UNCOUNTED};
pub use opened::{Doing, Opened, ShownChange, hold, holds};

/// Releases exactly what is held under a checksum, for an hour, and enqueues a trigger for it. A
/// released change that is no longer due is not made. A change outside of the hold is not released.
///
/// # Errors
/// [`Error::Invalid`] where there is no such hold, or it was approved already; [`Error::Retry`]
/// where the table or the queue is not available, or the hold changed meanwhile. The operator can
/// then repeat the approval.
pub async fn approve(
    environment: &Environment,
    site: Option<&SiteId>,
    checksum: &Checksum,
) -> Result<Hold> {
    let hold = find(environment, site, checksum).await?;
    if let Some(at) = hold.approved {
        let zone = zone_of(environment, &hold.site).await?;
        let at = zone.minute_with_zone(at);
        return Err(Error::invalid(format!(
            "{checksum} was approved at {at}. Changes that are not applied within one hour are held again: run `doorstep approve` to see them"
        )));
    }
    let waiting = environment.store.waiting(&hold).await?;
    let now = environment.time.now();
    let site = hold.site.clone();
    let changes: Vec<&UnconfirmedChange> = waiting.iter().map(|one| &one.change).collect();
    environment
        .store
        .release(&site, &changes, Some(checksum), now)
        .await?;
    let mut notices = accept_snapshot(environment, &site, &waiting).await?;
    // The due minute comes from the stack's clock, because the operator's clock may be ahead of it.
    environment
        .store
        .put_dues(&site, &dues(&waiting, hold.reported))
        .await?;
    let hold = Hold {
        approved: Some(now),
        ..hold
    };
    environment.store.keep_hold(&hold).await?;
    environment
        .triggers
        .enqueue(&TriggerMessage::new(&site, Trigger::Due), None)
        .await?;
    notices.push(Notice::Approved(hold.clone()));
    if let Err(error) = environment.bus.publish(&site, &notices).await {
        tracing::warn!(site = site.as_str(), %error, "the event of an approval could not be published");
    }
    Ok(hold)
}

/// Accepts a snapshot that was not trusted if the approved changes follow from it. The site then
/// needs a reconcile that compares by the snapshot.
async fn accept_snapshot(
    environment: &Environment,
    site: &SiteId,
    waiting: &[WaitingChange],
) -> Result<Vec<Notice>> {
    let told = environment
        .store
        .in_force(site)
        .await?
        .file()?
        .platform
        .kind
        .vendor()
        .contract()
        .is_some();
    if !told
        || !waiting.iter().any(|one| one.unconfirmed)
        || !accept_held(&environment.store, site).await?
    {
        return Ok(Vec::new());
    }
    Ok(vec![Notice::ReconcileWanted(AskedBy::Operator)])
}

async fn find(
    environment: &Environment,
    site: Option<&SiteId>,
    checksum: &Checksum,
) -> Result<Hold> {
    for site in sites(environment, site).await? {
        if let Some(hold) = environment.store.hold(&site, checksum).await? {
            return Ok(hold);
        }
    }
    Err(Error::invalid(format!(
        "no hold has the checksum {checksum}: the set of changes may be another one now. Run `doorstep approve`, and approve the checksum that it shows"
    )))
}

/// Returns a due item for each person of the hold, with the groups and door systems to read.
fn dues(waiting: &[WaitingChange], at: Timestamp) -> Vec<Due> {
    let mut dues: BTreeMap<String, Due> = BTreeMap::new();
    for one in waiting {
        let new = Due::at(at, one.who.clone());
        let due = dues.entry(key::subject(&one.who)).or_insert(new);
        match &one.change {
            UnconfirmedChange::Leaves { doors, group, .. } => {
                due.groups.push(GroupRef::new(doors, group));
                // The account of a membership that was made by hand may not be linked to its
                // person yet. Settle must find it before it can leave the group.
                due.refetch_at.extend(one.foreign.then(|| doors.clone()));
            }
            UnconfirmedChange::Card { doors, .. } | UnconfirmedChange::Rests { doors, .. } => {
                due.refetch_at.insert(doors.clone());
            }
            UnconfirmedChange::Made { .. } | UnconfirmedChange::Moves { .. } => {}
        }
    }
    dues.into_values().collect()
}

/// Loads the time zone of a site; UTC if its file cannot be read.
async fn zone_of(environment: &Environment, site: &SiteId) -> Result<Zone> {
    let stored = environment.store.active(site).await?;
    let file = stored.and_then(|stored| stored.file().ok());
    Ok(Zone::of(&file.map_or(TimeZone::UTC, |file| file.timezone)))
}

async fn sites(environment: &Environment, site: Option<&SiteId>) -> Result<Vec<SiteId>> {
    match site {
        Some(site) => Ok(vec![
            environment
                .store
                .in_force(site)
                .await
                .map(|_| site.to_owned())?,
        ]),
        None => environment.store.site_names().await,
    }
}
