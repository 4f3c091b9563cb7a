//! How `_world` and `_change` alter the contents of one Nexudus.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::entity::{self, ENTITIES};
use super::event::{self, EntityChange};
use super::id::{alias, id, id_text};
use super::relation::TeamRelation;
use super::world::{NexudusWorld, instant};
use crate::sandbox::change::{Change, ReadThings, Upsert};
use crate::sandbox::object::{Object, list, object};
use crate::sandbox::post::Post;
use crate::sandbox::quirks;
use crate::sandbox::record::StoredThing;
use crate::sandbox::table::ThingTable;

/// How long guests of bookings take to appear with the quirk `late-visitors`.
const LATE: SignedDuration = SignedDuration::from_secs(45);
/// The first id for things that came without one.
const FIRST_ID: u64 = 7_000_000_000;

impl NexudusWorld {
    /// Creates a world from a `_world` body. A missing `UpdatedOn` is `now`.
    ///
    /// # Errors
    /// A message about the first invalid part.
    pub fn new(given: Value, now: Timestamp) -> Result<NexudusWorld, String> {
        let mut world = NexudusWorld {
            top_unsaved: true,
            ..NexudusWorld::default()
        };
        for (key, value) in object(given, "a world")?.0 {
            if key == "quirks" {
                world.top.set(&key, value);
                continue;
            }
            let kind = entity::find(&key).ok_or_else(|| format!("there is no entity {key}"))?;
            for item in list(value, &key)? {
                world.add(kind, object(item, &key)?, now)?;
            }
        }
        world.join_all(now);
        Ok(world)
    }

    fn add(&mut self, kind: usize, mut item: Object, now: Timestamp) -> Result<(), String> {
        let name = ENTITIES.get(kind).map_or("", |entity| entity.name);
        self.give_id(kind, &mut item, 0);
        let id = id(&item, name)?;
        item.set_missing("UpdatedOn", instant(now));
        match self
            .tables
            .get_mut(kind)
            .is_some_and(|table| table.add(StoredThing::new(&id, item)))
        {
            true => Ok(()),
            false => Err(format!("{name}: an Id is there twice")),
        }
    }

    /// Gives a thing without an id one. Only things that nothing refers to may lack an id. `before`
    /// counts the things before it that are not in the list yet.
    fn give_id(&self, kind: usize, item: &mut Object, before: usize) {
        if ENTITIES.get(kind).is_some_and(|entity| entity.nameless) {
            let place = self.table(kind).map_or(0, ThingTable::next_place) + before;
            item.set_missing("Id", FIRST_ID + kind as u64 * 10_000_000 + place as u64);
        }
    }

    /// Applies a `_change`. Returns the webhooks that follow.
    ///
    /// # Errors
    /// A message about the first invalid part. Nothing has changed then.
    pub fn change(&mut self, body: Value, now: Timestamp) -> Result<Vec<Post>, String> {
        let Change { upserts, removals } = Change::read(body, self)?;
        self.before_at_once = if self.last_change.replace(now) == Some(now) {
            self.before_at_once + 1
        } else {
            0
        };
        let mut changes = Vec::new();
        for upsert in upserts {
            changes.extend(self.upsert(upsert, now));
        }
        for (kind, id) in removals {
            changes.extend(self.remove(kind, &id, now));
        }
        Ok(event::posts(self, &changes, now))
    }

    fn lag(&self, kind: usize, now: Timestamp) -> Option<Timestamp> {
        let late =
            entity::find("BookingVisitors") == Some(kind) && quirks::on(&self.top, "late-visitors");
        let span = if late {
            Some(LATE)
        } else {
            quirks::lag(&self.top)
        };
        span.map(|span| now.saturating_add(span).unwrap_or(now))
    }

    fn upsert(&mut self, upsert: Upsert, now: Timestamp) -> Option<EntityChange> {
        let Upsert { kind, id, item } = upsert;
        let (lag, stamp) = (self.lag(kind, now), self.stamp(now));
        let table = self.tables.get_mut(kind)?;
        let before = table.get(&id).and_then(StoredThing::object).cloned();
        let mut after = before.clone().unwrap_or_default();
        after.set("UpdatedOn", stamp);
        let joins = item.0.contains_key("Teams") || item.0.contains_key("TeamMembers");
        after.0.extend(item.0);
        table.set(&id, after.clone(), now, lag);
        if joins {
            self.join(kind, &id, &after, now);
        }
        Some(EntityChange {
            kind,
            before,
            after: Some(after),
        })
    }

    fn remove(&mut self, kind: usize, id: &str, now: Timestamp) -> Option<EntityChange> {
        let lag = self.lag(kind, now);
        let before = self.tables.get_mut(kind)?.vanish(id, now, lag)?;
        if entity::find("Bookings") == Some(kind) {
            self.cancelled(kind, &before, now);
        }
        if let Some(relation) = TeamRelation::across(kind) {
            self.point(relation, id, |_| Some(false), now);
        }
        Some(EntityChange {
            kind,
            before: Some(before),
            after: None,
        })
    }

    /// Adds a cancelled booking for a removed one, unless the world has it already `[D]`.
    fn cancelled(&mut self, bookings: usize, booking: &Object, now: Timestamp) {
        let Some(kind) = entity::find("CancelledBookings") else {
            return;
        };
        let original = alias(bookings, booking);
        let there = |record: &StoredThing| {
            record
                .object()
                .and_then(|it| it.text("OriginalBookingId"))
                .is_some_and(|id| id.eq_ignore_ascii_case(&original))
        };
        if self
            .table(kind)
            .is_some_and(|table| table.iter().any(there))
        {
            return;
        }
        let mut item = Object::default();
        for field in ["ResourceId", "CoworkerId", "FromTime", "ToTime"] {
            item.set(field, booking.or_null(field));
        }
        item.set("OriginalBookingId", original);
        item.set("CancelledOn", instant(now));
        // The id is new, so adding it cannot fail.
        drop(self.add(kind, item, now));
    }
}

impl ReadThings for NexudusWorld {
    fn kind(&self, name: &str) -> Option<usize> {
        entity::find(name)
    }

    fn as_id(&self, value: &Value) -> Option<String> {
        id_text(value)
    }

    fn identify(
        &self,
        kind: usize,
        name: &str,
        item: &mut Object,
        before: usize,
    ) -> Result<String, String> {
        self.give_id(kind, item, before);
        id(item, name)
    }
}
