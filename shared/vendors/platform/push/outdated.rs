//! Deletes outdated push updates and snapshots, and what they say about forgotten people. Outdated
//! is what is older than the accepted snapshot.
//!
//! A sender may post old content again. Content that is older than what is known has no effect.
//! Content about a forgotten person must not even be stored.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::snapshot::{is_long_over, is_news, says};
use super::store::PushStore;
use super::{Contract, PushEntity};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::push_update::{
    AcceptedSnapshot, ChangeHint, PartHead, Snapshots, ThingUpdate, thing_hash,
};

/// Deletes the updates about these things that have just arrived and are already outdated.
///
/// # Errors
/// [`Error::Retry`] where the table is unavailable.
pub async fn drop_arrivals(
    contract: &'static Contract,
    store: &dyn PushStore,
    site: &SiteId,
    hints: &[&ChangeHint],
) -> Result<()> {
    let things = hints
        .iter()
        .filter_map(|hint| contract.pushed_in(&hint.about));
    let things: BTreeSet<(&str, String)> = things.map(|(entity, id)| (entity.word, id)).collect();
    if things.is_empty() {
        return Ok(());
    }
    let Some(accepted) = store.snapshots(site).await?.accepted else {
        return Ok(());
    };
    for (word, id) in things {
        let update = store.update(site, word, &id).await?;
        if let Some(update) = update.filter(|update| is_outdated(contract, update, &accepted)) {
            store
                .forget_update(site, &update, &store.forgotten_things(site).await?)
                .await?;
        }
    }
    Ok(())
}

/// Deletes the snapshots that have just arrived and are already outdated, and removes forgotten
/// people from the newer ones. Returns whether a complete newer snapshot is left to be judged.
///
/// # Errors
/// [`Error::Retry`] where the table is unavailable.
pub async fn drop_snapshots(
    contract: &'static Contract,
    store: &dyn PushStore,
    site: &SiteId,
    now: Timestamp,
) -> Result<bool> {
    let snapshots = store.snapshots(site).await?;
    let (older, stays) = by_age(&snapshots);
    for head in older {
        store.forget_part(site, head, &stays).await?;
    }
    take_out(contract, store, site, &stays).await?;
    Ok(is_news(&snapshots, now))
}

/// Separates the parts that are older than the accepted snapshot from all other parts.
fn by_age(snapshots: &Snapshots) -> (Vec<&PartHead>, Vec<&PartHead>) {
    let is_older = |head: &&PartHead| {
        let accepted = snapshots.accepted.as_ref();
        accepted.is_some_and(|accepted| {
            head.snapshot != accepted.snapshot && head.version.at < accepted.version.at
        })
    };
    snapshots.heads.iter().partition(is_older)
}

/// Deletes every update that is older than the accepted snapshot. Removals are kept: a late update
/// from before the removal must not restore the thing.
///
/// # Errors
/// [`Error::Retry`] where the table is unavailable.
pub async fn drop_updates(
    contract: &'static Contract,
    store: &dyn PushStore,
    site: &SiteId,
    accepted: &AcceptedSnapshot,
) -> Result<()> {
    let mut outdated = store.updates(site).await?;
    outdated.retain(|update| is_outdated(contract, update, accepted));
    if outdated.is_empty() {
        return Ok(());
    }
    let forgotten = store.forgotten_things(site).await?;
    for update in &outdated {
        store.forget_update(site, update, &forgotten).await?;
    }
    Ok(())
}

/// Returns whether an update about a thing is outdated by the accepted snapshot. One about a kind of
/// things of which the snapshot says nothing stays until the thing is long over.
fn is_outdated(contract: &Contract, update: &ThingUpdate, accepted: &AcceptedSnapshot) -> bool {
    let Some(data) = update.data.as_deref() else {
        return false;
    };
    let older = update.version < accepted.version;
    match contract.entity(&update.entity) {
        Some(entity) if older && !says(accepted, entity) => {
            let data = serde_json::from_str(data);
            data.is_ok_and(|data| is_long_over(entity, &data, accepted.version.at))
        }
        _ => older,
    }
}

/// Removes from these parts every thing that has a forgotten person's mark, if the mark is newer
/// than the part.
///
/// # Errors
/// [`Error::Retry`] where the table is unavailable. [`Error::Permanent`] for a part that cannot be
/// read.
pub async fn take_out(
    contract: &Contract,
    store: &dyn PushStore,
    site: &SiteId,
    heads: &[&PartHead],
) -> Result<()> {
    if heads.is_empty() {
        return Ok(());
    }
    let forgotten = store.forgotten_things(site).await?;
    if forgotten.is_empty() {
        return Ok(());
    }
    for head in heads {
        let here: BTreeSet<&str> = forgotten
            .iter()
            .filter(|thing| head.version < thing.until)
            .map(|thing| thing.hash.as_str())
            .collect();
        if here.is_empty() {
            continue;
        }
        let mut text = lists(store, site, head).await?;
        let taken = without(contract, &mut text, |entity, item| {
            let id = (entity.read)(item).map(|thing| thing_hash(site, entity.word, thing.id()));
            id.is_ok_and(|hash| here.contains(hash.as_str()))
        });
        if taken > 0 {
            store
                .rewrite_snapshot(site, head, &text.to_string())
                .await?;
        }
    }
    Ok(())
}

/// Removes from the lists of a snapshot every thing for which `goes` returns true. Returns their
/// number.
pub(super) fn without(
    contract: &Contract,
    lists: &mut Value,
    goes: impl Fn(&PushEntity, &Value) -> bool,
) -> usize {
    let mut taken = 0;
    for entity in contract.entities {
        let Some(Value::Array(items)) = lists.get_mut(entity.list) else {
            continue;
        };
        let before = items.len();
        items.retain(|item| !goes(entity, item));
        taken += before - items.len();
    }
    taken
}

/// Loads the lists of one part of a snapshot.
pub(super) async fn lists(store: &dyn PushStore, site: &SiteId, head: &PartHead) -> Result<Value> {
    let text = store.snapshot_text(site, head).await?;
    serde_json::from_str(&text)
        .map_err(|_| Error::permanent("a roster in the table cannot be read"))
}
