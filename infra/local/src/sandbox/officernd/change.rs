//! How `_world` and `_change` alter the contents of one OfficeRnD organisation.

use jiff::Timestamp;
use serde_json::Value;

use super::entity::{self, ENTITIES};
use super::event;
use super::world::{OfficerndWorld, instant};
use crate::sandbox::change::{Change, ReadThings, Upsert, text_id};
use crate::sandbox::object::{Object, list, object};
use crate::sandbox::quirks;
use crate::sandbox::record::StoredThing;
use crate::sandbox::table::ThingTable;

/// Keys of a world other than its lists. `ungranted` lists scopes that the application lacks.
const OTHER_KEYS: [&str; 4] = ["quirks", "regionInfo", "name", "ungranted"];

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
        let id = text_id(&item, "_id", name)?;
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
        let Change { upserts, removals } = Change::read(body, self)?;
        let lag_until = quirks::lag(&self.top).map(|lag| now.saturating_add(lag).unwrap_or(now));
        let mut events = Vec::new();
        for upsert in upserts {
            events.extend(self.upsert(upsert, now, lag_until));
        }
        for (kind, id) in removals {
            events.extend(self.remove(kind, &id, now, lag_until));
        }
        Ok(events)
    }

    fn upsert(
        &mut self,
        upsert: Upsert,
        now: Timestamp,
        lag_until: Option<Timestamp>,
    ) -> Option<Value> {
        let Upsert { kind, id, item } = upsert;
        let table = self.tables.get_mut(kind)?;
        let before = table.get(&id).and_then(StoredThing::object).cloned();
        let mut after = before.clone().unwrap_or_default();
        after.set("modifiedAt", instant(now));
        after.0.extend(item.0);
        table.set(&id, after.clone(), now, lag_until);
        event::upserted(self, kind, before.as_ref(), &after, now)
    }

    fn remove(
        &mut self,
        kind: usize,
        id: &str,
        now: Timestamp,
        lag_until: Option<Timestamp>,
    ) -> Option<Value> {
        let before = self.tables.get_mut(kind)?.vanish(id, now, lag_until)?;
        event::removed(self, kind, &before, now)
    }
}

impl ReadThings for OfficerndWorld {
    fn kind(&self, name: &str) -> Option<usize> {
        entity::find(name)
    }

    fn identify(
        &self,
        kind: usize,
        name: &str,
        item: &mut Object,
        _before: usize,
    ) -> Result<String, String> {
        self.name_checkin(kind, item);
        text_id(item, "_id", name)
    }
}
