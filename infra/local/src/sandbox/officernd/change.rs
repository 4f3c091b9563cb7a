//! How `_world` and `_change` alter the contents of one OfficeRnD organisation.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::entity::{self, ENTITIES};
use super::event;
use super::world::{OfficerndWorld, instant};
use crate::sandbox::object::{Object, list, object};
use crate::sandbox::quirks;
use crate::sandbox::record::StoredThing;
use crate::sandbox::table::ThingTable;

/// How long reads lag behind a `_change` with the quirk `lag`.
const LAG: SignedDuration = SignedDuration::from_mins(1);
/// Keys of a world other than its lists.
const OTHER_KEYS: [&str; 3] = ["quirks", "regionInfo", "name"];

impl OfficerndWorld {
    /// Creates a world from a `_world` body. A missing `modifiedAt` is `now`.
    ///
    /// # Errors
    /// A message about the first invalid part.
    pub fn new(given: Value, now: Timestamp) -> Result<OfficerndWorld, String> {
        let mut world = OfficerndWorld {
            top_unsaved: true,
            ..OfficerndWorld::default()
        };
        for (key, value) in object(given, "a world")?.0 {
            if OTHER_KEYS.contains(&key.as_str()) {
                world.top.set(&key, value);
                continue;
            }
            let kind = entity::find(&key).ok_or_else(|| format!("there is no entity {key}"))?;
            for item in list(value, &key)? {
                world.add(kind, object(item, &key)?, now)?;
            }
        }
        Ok(world)
    }

    fn add(&mut self, kind: usize, mut item: Object, now: Timestamp) -> Result<(), String> {
        let name = ENTITIES.get(kind).map_or("", |entity| entity.name);
        self.name_checkin(kind, &mut item);
        let id = id(&item, name)?;
        item.set_missing("modifiedAt", instant(now));
        match self
            .tables
            .get_mut(kind)
            .is_some_and(|table| table.add(StoredThing::new(&id, item)))
        {
            true => Ok(()),
            false => Err(format!("{name}: an _id is there twice")),
        }
    }

    /// Gives a check-in without `_id` an id. No call names a check-in.
    fn name_checkin(&self, kind: usize, item: &mut Object) {
        if ENTITIES
            .get(kind)
            .is_some_and(|entity| entity.name == "checkins")
        {
            let place = self.table(kind).map_or(0, ThingTable::next_place);
            item.set_missing(
                "_id",
                format!("{:024x}", 0xc4ec_0000_0000_0000_u64 + place as u64),
            );
        }
    }

    /// Applies a `_change`. Returns the bodies of the webhooks that follow.
    ///
    /// # Errors
    /// A message about the first invalid part. Nothing has changed then.
    pub fn change(&mut self, body: Value, now: Timestamp) -> Result<Vec<Value>, String> {
        let (upserts, removals) = self.read_change(body)?;
        let lag_until =
            quirks::on(&self.top, "lag").then(|| now.saturating_add(LAG).unwrap_or(now));
        let mut events = Vec::new();
        for (kind, item) in upserts {
            events.extend(self.upsert(kind, item, now, lag_until));
        }
        for (kind, id) in removals {
            events.extend(self.remove(kind, &id, now, lag_until));
        }
        Ok(events)
    }

    #[allow(clippy::type_complexity, reason = "two lists that live for one call")]
    fn read_change(
        &self,
        body: Value,
    ) -> Result<(Vec<(usize, Object)>, Vec<(usize, String)>), String> {
        let (mut upserts, mut removals) = (Vec::new(), Vec::new());
        for (key, value) in object(body, "a change")?.0 {
            if key == "remove" {
                for (name, ids) in object(value, "remove")?.0 {
                    let kind =
                        entity::find(&name).ok_or_else(|| format!("there is no entity {name}"))?;
                    for id in list(ids, &name)? {
                        let id = id
                            .as_str()
                            .ok_or_else(|| format!("remove: {name} must be a list of ids"))?;
                        removals.push((kind, id.to_owned()));
                    }
                }
                continue;
            }
            let kind = entity::find(&key).ok_or_else(|| format!("there is no entity {key}"))?;
            for item in list(value, &key)? {
                let mut item = object(item, &key)?;
                self.name_checkin(kind, &mut item);
                id(&item, &key)?;
                upserts.push((kind, item));
            }
        }
        upserts.sort_by_key(|(kind, _)| *kind);
        removals.sort_by_key(|(kind, _)| *kind);
        Ok((upserts, removals))
    }

    fn upsert(
        &mut self,
        kind: usize,
        item: Object,
        now: Timestamp,
        lag_until: Option<Timestamp>,
    ) -> Option<Value> {
        let id = item.text("_id")?.to_owned();
        let table = self.tables.get_mut(kind)?;
        let before = table.get(&id).and_then(StoredThing::object).cloned();
        let mut after = before.clone().unwrap_or_default();
        after.set("modifiedAt", instant(now));
        after.0.extend(item.0);
        if table.get(&id).is_none() {
            table.add(StoredThing::absent(&id));
        }
        table
            .change(&id)?
            .become_(Some(after.clone()), now, lag_until);
        event::upserted(self, kind, before.as_ref(), &after, now)
    }

    fn remove(
        &mut self,
        kind: usize,
        id: &str,
        now: Timestamp,
        lag_until: Option<Timestamp>,
    ) -> Option<Value> {
        let table = self.tables.get_mut(kind)?;
        let before = table.get(id).and_then(StoredThing::object).cloned()?;
        let record = table.change(id)?;
        record.become_(None, now, lag_until);
        if record.is_gone() {
            table.remove(id);
        }
        event::removed(self, kind, &before, now)
    }
}

fn id(item: &Object, name: &str) -> Result<String, String> {
    match item.text("_id") {
        Some(id) if !id.is_empty() => Ok(id.to_owned()),
        _ => Err(format!(
            "{name}: every object needs an _id, a text that is not empty"
        )),
    }
}
