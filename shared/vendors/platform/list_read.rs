//! The result of one read of a list that comes in pages.
//!
//! A record may move between two pages while they are read. Its id then occurs twice, and another
//! record may be missing. The reader reads the list once more. After that, two equal records count
//! as one, and two different ones cost the list.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use doorstep_core::model::fact::Id;

/// The things of one read of a list.
pub(crate) struct ListRead<T> {
    /// What was read, in the order of the list.
    pub(crate) things: Vec<T>,
    /// Whether an id occurred twice.
    pub(crate) twice: bool,
    /// Whether an id occurred twice with different records.
    pub(crate) differing: bool,
    /// Hash of the record behind each id.
    seen: HashMap<Id, u64>,
    nameless: usize,
}

impl<T> Default for ListRead<T> {
    fn default() -> Self {
        ListRead {
            things: Vec::new(),
            twice: false,
            differing: false,
            seen: HashMap::new(),
            nameless: 0,
        }
    }
}

impl<T> ListRead<T> {
    /// Adds a record, unless its id is known. `id` is `None` for a record without one.
    pub(crate) fn add(
        &mut self,
        id: Option<Id>,
        record: &Value,
        read: impl Fn(&Value) -> Option<T>,
    ) {
        if let Some(id) = id {
            let mut hasher = DefaultHasher::new();
            record.to_string().hash(&mut hasher);
            let said = hasher.finish();
            if let Some(known) = self.seen.insert(id, said) {
                self.twice = true;
                self.differing |= known != said;
                return;
            }
        } else {
            self.nameless += 1;
        }
        self.things.extend(read(record));
    }

    /// Returns the number of different records.
    pub(crate) fn records(&self) -> usize {
        self.seen.len() + self.nameless
    }
}
