//! The contents of one Nexudus, as they are kept and stored. Knows nothing of changes, calls and
//! pages.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::entity::ENTITIES;
use crate::sandbox::object::Object;
use crate::sandbox::record::StoredThing;
use crate::sandbox::table::{Shelf, ThingTable};

/// The locations of one operator.
#[derive(Default)]
pub struct NexudusWorld {
    pub(super) tables: [ThingTable<StoredThing>; ENTITIES.len()],
    /// The other keys of `_world`.
    pub top: Object,
    pub(super) top_unsaved: bool,
    /// The instant of the last change, and the number of earlier changes at that instant.
    pub(super) last_change: Option<Timestamp>,
    pub(super) before_at_once: i64,
}

impl NexudusWorld {
    /// Returns the list of one kind, by its index in [`ENTITIES`].
    pub fn table(&self, kind: usize) -> Option<&ThingTable<StoredThing>> {
        self.tables.get(kind)
    }

    /// Returns a thing as reads show it at `now`.
    pub fn visible(&self, kind: usize, id: &str, now: Timestamp) -> Option<&Object> {
        self.table(kind)?.get(id)?.visible(now)
    }

    /// Returns everything, as `_world` shows it.
    pub fn show(&self) -> Value {
        let mut shown = self.top.0.clone();
        for (entity, table) in ENTITIES.iter().zip(&self.tables) {
            let all: Vec<&Object> = table.iter().filter_map(StoredThing::object).collect();
            shown.insert(entity.name.to_owned(), json!(all));
        }
        Value::Object(shown)
    }

    /// Returns the `UpdatedOn` for this change. The second of two changes at one instant gets a
    /// later value, so that no two deliveries have the same bytes.
    pub fn stamp(&self, now: Timestamp) -> String {
        match self.before_at_once {
            0 => instant(now),
            before => format!(
                "{:.3}",
                now.saturating_add(SignedDuration::from_millis(before))
                    .unwrap_or(now)
            ),
        }
    }

    /// Writes what changed since the last write.
    pub fn save(&mut self, shelf: &Shelf<'_>) {
        for (entity, table) in ENTITIES.iter().zip(&mut self.tables) {
            table.save(shelf, entity.name);
        }
        if std::mem::take(&mut self.top_unsaved) {
            shelf.put("top", &self.top);
        }
    }

    /// Loads a stored world.
    pub fn load(shelf: &Shelf<'_>) -> NexudusWorld {
        let tables = ENTITIES
            .each_ref()
            .map(|entity| ThingTable::load(shelf, entity.name));
        NexudusWorld {
            tables,
            top: Object(shelf.get::<Map<_, _>>("top").unwrap_or_default()),
            top_unsaved: false,
            ..NexudusWorld::default()
        }
    }

    /// Removes a stored world.
    pub fn erase(shelf: &Shelf<'_>) {
        for entity in &ENTITIES {
            ThingTable::<StoredThing>::erase(shelf, entity.name);
        }
    }
}

/// Formats an instant as Nexudus does: UTC, seconds.
pub fn instant(at: Timestamp) -> String {
    format!("{at:.0}")
}
