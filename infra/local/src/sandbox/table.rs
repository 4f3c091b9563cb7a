//! Lists of a world, in the order of insertion, stored page by page. A change of one thing among
//! ten thousand writes a few kilobytes. Positions are never reused, so that paging by position is
//! stable.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keep::Keep;

/// How many things share one stored page.
const PAGE: usize = 64;

/// The place where one world is stored.
pub struct Shelf<'a> {
    /// The store.
    pub keep: &'a Keep,
    /// The prefix of every key.
    pub prefix: String,
}

impl Shelf<'_> {
    /// Stores `value` under `name`.
    pub fn put(&self, name: &str, value: &impl Serialize) {
        if let Ok(bytes) = serde_json::to_vec(value) {
            self.keep.put(&self.key(name), &bytes);
        }
    }

    /// Returns the value of `name`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_slice(&self.keep.get(&self.key(name))?).ok()
    }

    fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }
}

/// A thing in a list.
pub trait Keyed: Serialize + DeserializeOwned {
    /// Returns its key, which never changes.
    fn key(&self) -> String;
}

/// A list of things.
pub struct ThingTable<T> {
    places: Vec<Option<T>>,
    by_key: HashMap<String, usize>,
    unsaved: BTreeSet<usize>,
    saved_places: usize,
}

impl<T> Default for ThingTable<T> {
    fn default() -> Self {
        ThingTable {
            places: Vec::new(),
            by_key: HashMap::new(),
            unsaved: BTreeSet::new(),
            saved_places: 0,
        }
    }
}

impl<T: Keyed> ThingTable<T> {
    /// Appends `item`. Returns `false` and changes nothing if its key exists.
    pub fn add(&mut self, item: T) -> bool {
        let key = item.key();
        if self.by_key.contains_key(&key) {
            return false;
        }
        let place = self.places.len();
        self.by_key.insert(key, place);
        self.places.push(Some(item));
        self.unsaved.insert(place / PAGE);
        true
    }

    /// Returns the thing of that key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.places.get(*self.by_key.get(key)?)?.as_ref()
    }

    /// Returns the thing of that key for changes of everything but the key.
    pub fn change(&mut self, key: &str) -> Option<&mut T> {
        let place = *self.by_key.get(key)?;
        self.unsaved.insert(place / PAGE);
        self.places.get_mut(place)?.as_mut()
    }

    /// Removes the thing of that key, and returns it.
    pub fn remove(&mut self, key: &str) -> Option<T> {
        let place = self.by_key.remove(key)?;
        self.unsaved.insert(place / PAGE);
        self.places.get_mut(place)?.take()
    }

    /// Iterates over everything, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.places.iter().flatten()
    }

    /// Iterates over everything, in order, each with its position.
    pub fn placed(&self) -> impl DoubleEndedIterator<Item = (usize, &T)> {
        self.places
            .iter()
            .enumerate()
            .filter_map(|(place, item)| Some((place, item.as_ref()?)))
    }

    /// Returns the position of the next new thing.
    pub fn next_place(&self) -> usize {
        self.places.len()
    }

    /// Writes what changed since the last write.
    pub fn save(&mut self, shelf: &Shelf<'_>, name: &str) {
        for page in std::mem::take(&mut self.unsaved) {
            let end = self.places.len().min((page + 1) * PAGE);
            shelf.put(
                &format!("{name}/{page}"),
                &self.places.get(page * PAGE..end).unwrap_or_default(),
            );
        }
        if self.saved_places != self.places.len() {
            self.saved_places = self.places.len();
            shelf.put(name, &self.saved_places);
        }
    }

    /// Loads the list.
    pub fn load(shelf: &Shelf<'_>, name: &str) -> ThingTable<T> {
        let mut table = ThingTable::default();
        let count: usize = shelf.get(name).unwrap_or(0);
        for page in 0..count.div_ceil(PAGE) {
            let mut items: Vec<Option<T>> =
                shelf.get(&format!("{name}/{page}")).unwrap_or_default();
            items.resize_with(PAGE.min(count - page * PAGE), || None);
            table.places.extend(items);
        }
        for (place, item) in table.places.iter().enumerate() {
            if let Some(item) = item {
                table.by_key.insert(item.key(), place);
            }
        }
        table.saved_places = table.places.len();
        table
    }

    /// Removes the list stored in `shelf` under `name`.
    pub fn erase(shelf: &Shelf<'_>, name: &str) {
        let count: usize = shelf.get(name).unwrap_or(0);
        for page in 0..count.div_ceil(PAGE) {
            shelf.keep.remove(&shelf.key(&format!("{name}/{page}")));
        }
        shelf.keep.remove(&shelf.key(name));
    }
}
