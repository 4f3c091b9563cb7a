//! One thing of a platform's world, with what it was a moment ago for as long as reads lag behind.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sandbox::object::Object;
use crate::sandbox::table::Item;

/// One thing, removed or not.
#[derive(Serialize, Deserialize)]
pub struct Record {
    id: String,
    object: Option<Object>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<(Timestamp, Option<Object>)>,
}

impl Item for Record {
    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Record {
    /// A thing of that id.
    pub fn new(id: &str, object: Object) -> Record {
        Record { id: id.to_owned(), object: Some(object), earlier: Vec::new() }
    }

    /// A place for a thing that is not there yet.
    pub fn absent(id: &str) -> Record {
        Record { id: id.to_owned(), object: None, earlier: Vec::new() }
    }

    /// What it is.
    pub fn object(&self) -> Option<&Object> {
        self.object.as_ref()
    }

    /// What reads show at `now`.
    pub fn seen(&self, now: Timestamp) -> Option<&Object> {
        let late = self.earlier.iter().find(|(until, _)| *until > now);
        late.map_or(self.object.as_ref(), |(_, object)| object.as_ref())
    }

    /// Makes it `object` (`None`: removed). With `lag_until`, reads show what it was until then.
    pub fn become_(&mut self, object: Option<Object>, now: Timestamp, lag_until: Option<Timestamp>) {
        self.earlier.retain(|(until, _)| *until > now);
        let before = std::mem::replace(&mut self.object, object);
        if let Some(until) = lag_until {
            self.earlier.push((until, before));
        }
    }

    /// Whether nothing of it can be seen any more.
    pub fn is_gone(&self) -> bool {
        self.object.is_none() && self.earlier.is_empty()
    }
}
