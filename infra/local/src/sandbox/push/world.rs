//! The contents of one push platform, and the push updates that it sends. They are not signed here.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::entity::PushWorldEntity;
use crate::sandbox::change::{Change, ReadThings, Upsert, text_id};
use crate::sandbox::object::{Object, list, object};
use crate::sandbox::table::{Keyed, Shelf, ThingTable};

/// The smallest distance between two updates. With equal instants, the receiver could not tell
/// which one is later.
const APART: SignedDuration = SignedDuration::from_micros(1);

/// The world of one platform.
pub struct PushWorld {
    entities: &'static [PushWorldEntity],
    tables: BTreeMap<&'static str, ThingTable<PushedObject>>,
    top: Top,
    top_unsaved: bool,
}

/// The values stored beside the lists.
#[derive(Default, Serialize, Deserialize)]
struct Top {
    /// The instant of the last update.
    last: Option<Timestamp>,
    /// The number of snapshots sent.
    snapshots: u64,
}

/// One thing, as it was given.
#[derive(Serialize, Deserialize)]
struct PushedObject {
    id: String,
    object: Object,
}

impl Keyed for PushedObject {
    fn key(&self) -> String {
        self.id.clone()
    }
}

impl PushWorld {
    fn empty(entities: &'static [PushWorldEntity]) -> PushWorld {
        let tables = entities
            .iter()
            .map(|entity| (entity.list, ThingTable::default()))
            .collect();
        PushWorld {
            entities,
            tables,
            top: Top::default(),
            top_unsaved: true,
        }
    }

    /// Creates a world from a `_world` body.
    ///
    /// # Errors
    /// A message about the first invalid part.
    pub fn new(entities: &'static [PushWorldEntity], given: Value) -> Result<PushWorld, String> {
        let mut world = PushWorld::empty(entities);
        for (key, value) in object(given, "a world")?.0 {
            if key == "quirks" {
                continue;
            }
            let table = world
                .tables
                .get_mut(key.as_str())
                .ok_or_else(|| format!("there is no entity {key}"))?;
            for item in list(value, &key)? {
                let item = object(item, &key)?;
                if !table.add(PushedObject {
                    id: text_id(&item, "id", &key)?,
                    object: item,
                }) {
                    return Err(format!("{key}: an id is there twice"));
                }
            }
        }
        Ok(world)
    }

    /// Returns everything, as `_world` shows it.
    pub fn show(&self) -> Value {
        let mut shown = Map::new();
        for (list, table) in &self.tables {
            shown.insert(
                (*list).to_owned(),
                table.iter().map(|thing| json!(thing.object)).collect(),
            );
        }
        Value::Object(shown)
    }

    /// Applies a `_change`. Returns the push updates that follow.
    ///
    /// # Errors
    /// A message about the first invalid part. Nothing has changed then.
    pub fn change(&mut self, body: Value, now: Timestamp) -> Result<Vec<Value>, String> {
        // Things that others refer to are created first and removed last.
        let change = Change::read(body, self)?.with_last_kind_removed_first();
        let mut posts = Vec::new();
        for Upsert { kind, id, item } in change.upserts {
            posts.extend(self.upsert(kind, &id, item, now));
        }
        for (place, id) in change.removals {
            posts.extend(self.remove(place, &id, now));
        }
        Ok(posts)
    }

    fn upsert(&mut self, place: usize, id: &str, item: Object, now: Timestamp) -> Option<Value> {
        let entity = self.entities.get(place)?;
        let table = self.tables.get_mut(entity.list)?;
        if table.get(id).is_none() {
            table.add(PushedObject {
                id: id.to_owned(),
                object: Object::default(),
            });
        }
        let thing = table.change(id)?;
        thing.object.0.extend(item.0);
        let data = sent(entity, &thing.object);
        Some(self.post(&format!("{}.updated", entity.word), data, now))
    }

    fn remove(&mut self, place: usize, id: &str, now: Timestamp) -> Option<Value> {
        let entity = self.entities.get(place)?;
        self.tables.get_mut(entity.list)?.remove(id)?;
        Some(self.post(
            &format!("{}.removed", entity.word),
            json!({ "id": id }),
            now,
        ))
    }

    /// Returns a snapshot of everything, in this many updates.
    pub fn roster(&mut self, parts: usize, now: Timestamp) -> Vec<Value> {
        let mut all: Vec<(&'static str, Value)> = Vec::new();
        for entity in self.entities {
            let things = self
                .tables
                .get(entity.list)
                .into_iter()
                .flat_map(ThingTable::iter);
            all.extend(things.map(|thing| (entity.list, sent(entity, &thing.object))));
        }
        self.top.snapshots += 1;
        let roster = format!("roster-{}-{}", now.as_second(), self.top.snapshots);
        let parts = parts.max(1);
        let share = all.len().div_ceil(parts).max(1);
        let mut rest = all.into_iter();
        let mut posts = Vec::new();
        for part in 1..=parts {
            let mut data = Map::new();
            for entity in self.entities {
                data.insert(entity.list.to_owned(), json!([]));
            }
            for (list, thing) in rest.by_ref().take(share) {
                if let Some(things) = data.get_mut(list).and_then(Value::as_array_mut) {
                    things.push(thing);
                }
            }
            if parts > 1 {
                data.extend([
                    ("roster".to_owned(), json!(roster)),
                    ("part".to_owned(), json!(part)),
                    ("parts".to_owned(), json!(parts)),
                ]);
            }
            posts.push(self.post("roster.replaced", Value::Object(data), now));
        }
        posts
    }

    fn post(&mut self, kind: &str, data: Value, now: Timestamp) -> Value {
        let after = self.top.last.and_then(|last| last.checked_add(APART).ok());
        let at = after.map_or(now, |after| after.max(now));
        self.top.last = Some(at);
        self.top_unsaved = true;
        json!({ "type": kind, "timestamp": at.to_string(), "data": data })
    }

    /// Writes what changed since the last write.
    pub fn save(&mut self, shelf: &Shelf<'_>) {
        for (list, table) in &mut self.tables {
            table.save(shelf, list);
        }
        if std::mem::take(&mut self.top_unsaved) {
            shelf.put("top", &self.top);
        }
    }

    /// Loads a stored world.
    pub fn load(entities: &'static [PushWorldEntity], shelf: &Shelf<'_>) -> PushWorld {
        let tables = entities
            .iter()
            .map(|entity| (entity.list, ThingTable::load(shelf, entity.list)))
            .collect();
        PushWorld {
            entities,
            tables,
            top: shelf.get("top").unwrap_or_default(),
            top_unsaved: false,
        }
    }

    /// Removes a stored world.
    pub fn erase(entities: &'static [PushWorldEntity], shelf: &Shelf<'_>) {
        for entity in entities {
            ThingTable::<PushedObject>::erase(shelf, entity.list);
        }
    }
}

impl ReadThings for PushWorld {
    fn kind(&self, name: &str) -> Option<usize> {
        self.entities.iter().position(|entity| entity.list == name)
    }

    fn identify(
        &self,
        _kind: usize,
        name: &str,
        item: &mut Object,
        _before: usize,
    ) -> Result<String, String> {
        text_id(item, "id", name)
    }
}

/// Returns a thing as it is sent: with exactly the keys of the contract, and defaults for missing
/// ones.
fn sent(entity: &PushWorldEntity, object: &Object) -> Value {
    let keys = entity.keys.iter();
    let pairs = keys.map(|(key, usual)| ((*key).to_owned(), object.or(key, usual.value())));
    Value::Object(pairs.collect())
}
