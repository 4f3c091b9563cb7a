//! Removes a person from the stored push updates and snapshots. By then the platform no longer
//! pushes anything about the person. The remaining content is in updates and snapshots that newer
//! ones outdate.
//!
//! Each affected thing gets a mark that contains no id. The same content, posted again, therefore
//! restores nothing. Newer content counts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::outdated::{lists, without};
use super::snapshot::ThingName;
use super::store::PushStore;
use super::{Contract, PushEntity};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::push_update::{
    ForgottenThing, PartHead, ThingUpdate, UpdateVersion, thing_hash,
};

/// Things that say something about a person: the kind in the platform's word, and the id. The value
/// is the version up to which no content of the thing may be stored again.
type Things = BTreeMap<ThingName, UpdateVersion>;

/// Removes everything that was pushed about these profiles. The marks are stored first, so an
/// interrupted run can be repeated. Returns the number of removed entries.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where the table is unavailable, or content changed
/// in the meantime.
pub async fn forget(
    contract: &Contract,
    store: &dyn PushStore,
    site: &SiteId,
    profiles: &BTreeSet<FactId>,
) -> Result<usize> {
    let (updates, heads) = (
        store.updates(site).await?,
        store.snapshots(site).await?.heads,
    );
    let mut things = Things::new();
    for head in &heads {
        listed(
            contract,
            &lists(store, site, head).await?,
            profiles,
            &mut things,
        );
    }
    for update in &updates {
        if let Some(entity) = contract
            .entity(&update.entity)
            .filter(|entity| update_concerns(entity, update, profiles))
        {
            note(&mut things, (entity.word, update.id.clone()));
        }
    }
    for (entity, id) in profiles
        .iter()
        .filter_map(|profile| contract.pushed_in(profile))
    {
        note(&mut things, (entity.word, id));
    }
    raise(&mut things, &updates, &heads);
    let mut erased = 0;
    for (name, until) in things {
        let latest_update = latest_update(contract, &updates, &name, profiles);
        erased += usize::from(latest_update.is_some_and(|update| update.data.is_some()));
        let thing = ForgottenThing {
            entity: name.0.to_owned(),
            hash: thing_hash(site, name.0, &name.1),
            until,
        };
        store.note_forgotten(site, &thing, latest_update).await?;
    }
    for head in &heads {
        let mut text = lists(store, site, head).await?;
        let taken = without(contract, &mut text, |entity, item| {
            concerns(entity, item, profiles)
        });
        if taken > 0 {
            store
                .rewrite_snapshot(site, head, &text.to_string())
                .await?;
            erased += taken;
        }
    }
    Ok(erased)
}

/// Returns the update about a thing, if it is about one of these profiles or is a removal. A newer
/// update about other people stays.
fn latest_update<'l>(
    contract: &Contract,
    updates: &'l [ThingUpdate],
    name: &ThingName,
    profiles: &BTreeSet<FactId>,
) -> Option<&'l ThingUpdate> {
    let entity = contract.entity(name.0)?;
    let update = updates
        .iter()
        .find(|update| update.entity == name.0 && update.id == name.1)?;
    (update.data.is_none() || update_concerns(entity, update, profiles)).then_some(update)
}

/// Adds the things of one snapshot part that are about these profiles.
fn listed(contract: &Contract, lists: &Value, profiles: &BTreeSet<FactId>, things: &mut Things) {
    for entity in contract.entities {
        let items = lists
            .get(entity.list)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        for item in items.filter(|item| concerns(entity, item, profiles)) {
            if let Ok(thing) = (entity.read)(item) {
                note(things, (entity.word, thing.id().to_owned()));
            }
        }
    }
}

fn note(things: &mut Things, name: ThingName) {
    things.entry(name).or_insert_with(|| UpdateVersion {
        at: jiff::Timestamp::MIN,
        hash: String::new(),
    });
}

/// Raises each version to the newest known one. Nothing that is known by now may be stored again,
/// neither in a snapshot nor in an update about the same thing.
fn raise(things: &mut Things, updates: &[ThingUpdate], heads: &[PartHead]) {
    let newest = heads.iter().map(|head| &head.version).max();
    for ((word, id), until) in things {
        let own = updates
            .iter()
            .filter(|update| update.entity == *word && update.id == *id)
            .map(|update| &update.version);
        if let Some(version) = own.chain(newest).max().filter(|version| *until < **version) {
            until.clone_from(version);
        }
    }
}

/// Returns whether an update is about one of these profiles, or removes one.
fn update_concerns(entity: &PushEntity, update: &ThingUpdate, profiles: &BTreeSet<FactId>) -> bool {
    match update.data.as_deref().map(serde_json::from_str::<Value>) {
        Some(Ok(data)) => concerns(entity, &data, profiles),
        Some(Err(_)) => false,
        None => entity
            .kinds
            .iter()
            .any(|kind| profiles.contains(&FactId::new(*kind, update.id.as_str()))),
    }
}

fn concerns(entity: &PushEntity, item: &Value, profiles: &BTreeSet<FactId>) -> bool {
    (entity.read)(item).is_ok_and(|thing| {
        thing
            .facts()
            .iter()
            .any(|fact| profiles.contains(&fact.name()))
    })
}
