//! The lists of a platform's world, and how they are stored.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::sandbox::object::Object;
use crate::sandbox::record::StoredThing;
use crate::sandbox::table::{Shelf, ThingTable};

/// The lists of one world, each with a name, and the other keys of `_world`.
pub struct PlatformTables {
    names: &'static [&'static str],
    tables: Vec<ThingTable<StoredThing>>,
    /// The keys of `_world` that are no lists.
    pub top: Object,
    top_unsaved: bool,
}

impl PlatformTables {
    /// Creates empty lists with these names.
    pub fn new(names: &'static [&'static str]) -> PlatformTables {
        PlatformTables {
            names,
            tables: names.iter().map(|_| ThingTable::default()).collect(),
            top: Object::default(),
            top_unsaved: true,
        }
    }

    /// Loads stored lists.
    pub fn load(names: &'static [&'static str], shelf: &Shelf<'_>) -> PlatformTables {
        PlatformTables {
            names,
            tables: names
                .iter()
                .map(|name| ThingTable::load(shelf, name))
                .collect(),
            top: Object(shelf.get::<Map<_, _>>("top").unwrap_or_default()),
            top_unsaved: false,
        }
    }

    /// Removes stored lists.
    pub fn erase(names: &'static [&'static str], shelf: &Shelf<'_>) {
        for name in names {
            ThingTable::<StoredThing>::erase(shelf, name);
        }
    }

    /// Writes what changed since the last write.
    pub fn save(&mut self, shelf: &Shelf<'_>) {
        for (name, table) in self.names.iter().zip(&mut self.tables) {
            table.save(shelf, name);
        }
        if std::mem::take(&mut self.top_unsaved) {
            shelf.put("top", &self.top);
        }
    }

    /// Returns everything, as `_world` shows it.
    pub fn show(&self) -> Value {
        let mut shown = self.top.0.clone();
        for (name, table) in self.names.iter().zip(&self.tables) {
            let all: Vec<&Object> = table.iter().filter_map(StoredThing::object).collect();
            shown.insert((*name).to_owned(), json!(all));
        }
        Value::Object(shown)
    }

    /// Returns the index of the list with this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| *known == name)
    }

    /// Returns the list with this index.
    pub fn table(&mut self, kind: usize) -> Option<&mut ThingTable<StoredThing>> {
        self.tables.get_mut(kind)
    }

    /// Returns the things of a list as reads show them at `now`, each with its position.
    pub fn visible(&self, name: &str, now: Timestamp) -> impl Iterator<Item = (usize, &Object)> {
        let table = self.find(name).and_then(|kind| self.tables.get(kind));
        let placed = table.into_iter().flat_map(ThingTable::placed);
        placed.filter_map(move |(place, thing)| Some((place, thing.visible(now)?)))
    }

    /// Returns one thing as reads show it at `now`.
    pub fn one(&self, name: &str, id: &str, now: Timestamp) -> Option<&Object> {
        self.tables.get(self.find(name)?)?.get(id)?.visible(now)
    }
}
