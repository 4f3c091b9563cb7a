//! One thing of a platform's world, with its previous state while reads lag behind.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sandbox::object::Object;
use crate::sandbox::table::{Keyed, ThingTable};

/// One thing, existing or removed.
#[derive(Serialize, Deserialize)]
pub struct StoredThing {
    id: String,
    object: Option<Object>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<(Timestamp, Option<Object>)>,
}

impl Keyed for StoredThing {
    fn key(&self) -> String {
        self.id.clone()
    }
}

impl StoredThing {
    /// Creates a thing with that id.
    pub fn new(id: &str, object: Object) -> StoredThing {
        StoredThing {
            id: id.to_owned(),
            object: Some(object),
            earlier: Vec::new(),
        }
    }

    /// Creates a placeholder for a thing that does not exist yet.
    fn absent(id: &str) -> StoredThing {
        StoredThing {
            id: id.to_owned(),
            object: None,
            earlier: Vec::new(),
        }
    }

    /// Returns the current state.
    pub fn object(&self) -> Option<&Object> {
        self.object.as_ref()
    }

    /// Returns the state that reads show at `now`.
    pub fn visible(&self, now: Timestamp) -> Option<&Object> {
        let late = self.earlier.iter().find(|(until, _)| *until > now);
        late.map_or(self.object.as_ref(), |(_, object)| object.as_ref())
    }

    /// Sets the state to `object` (`None`: removed). With `lag_until`, reads show the previous
    /// state until then.
    pub fn become_(
        &mut self,
        object: Option<Object>,
        now: Timestamp,
        lag_until: Option<Timestamp>,
    ) {
        self.earlier.retain(|(until, _)| *until > now);
        let before = std::mem::replace(&mut self.object, object);
        if let Some(until) = lag_until {
            self.earlier.push((until, before));
        }
    }

    /// Returns whether no state of it is visible any more.
    fn is_gone(&self) -> bool {
        self.object.is_none() && self.earlier.is_empty()
    }
}

impl ThingTable<StoredThing> {
    /// Sets the state of a thing, which need not exist. See [`StoredThing::become_`].
    pub fn set(&mut self, id: &str, object: Object, now: Timestamp, lag_until: Option<Timestamp>) {
        if self.get(id).is_none() {
            self.add(StoredThing::absent(id));
        }
        if let Some(thing) = self.change(id) {
            thing.become_(Some(object), now, lag_until);
        }
    }

    /// Removes an existing thing, and returns its last state. Reads show it until `lag_until`.
    pub fn vanish(
        &mut self,
        id: &str,
        now: Timestamp,
        lag_until: Option<Timestamp>,
    ) -> Option<Object> {
        let before = self.get(id).and_then(StoredThing::object).cloned()?;
        let thing = self.change(id)?;
        thing.become_(None, now, lag_until);
        if thing.is_gone() {
            self.remove(id);
        }
        Some(before)
    }
}
