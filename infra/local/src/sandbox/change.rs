//! What the `_change` of a platform's world asks for: things to set, and ids to remove.

use std::cmp::Reverse;

use serde_json::Value;

use crate::sandbox::object::{Object, list, object};

/// How the world of one platform reads the things of a `_change`.
pub trait ReadThings {
    /// Returns the index of the kind with this name.
    fn kind(&self, name: &str) -> Option<usize>;

    /// Returns the id that `value` is; `None` if it is no id.
    fn as_id(&self, value: &Value) -> Option<String> {
        value.as_str().map(str::to_owned)
    }

    /// Completes a thing, and returns its id. `before` counts the things before it in the list
    /// `name`.
    ///
    /// # Errors
    /// A message for the author, if the thing has no valid id.
    fn identify(
        &self,
        kind: usize,
        name: &str,
        item: &mut Object,
        before: usize,
    ) -> Result<String, String>;
}

/// A `_change`, in the order of the kinds.
pub struct Change {
    /// The things to set.
    pub upserts: Vec<Upsert>,
    /// The kinds and ids to remove.
    pub removals: Vec<(usize, String)>,
}

/// A thing to set.
pub struct Upsert {
    /// The index of its kind.
    pub kind: usize,
    /// Its id.
    pub id: String,
    /// Its fields. Missing ones stay as they are.
    pub item: Object,
}

impl Change {
    /// Reads a `_change`.
    ///
    /// # Errors
    /// A message about the first invalid part.
    pub fn read(body: Value, things: &impl ReadThings) -> Result<Change, String> {
        let known = |name: &str| {
            let kind = things.kind(name);
            kind.ok_or_else(|| format!("there is no entity {name}"))
        };
        let (mut upserts, mut removals) = (Vec::new(), Vec::new());
        for (key, value) in object(body, "a change")?.0 {
            if key == "remove" {
                for (name, ids) in object(value, "remove")?.0 {
                    let kind = known(&name)?;
                    for id in list(ids, &name)? {
                        let id = things.as_id(&id);
                        let wrong = || format!("remove: {name} must be a list of ids");
                        removals.push((kind, id.ok_or_else(wrong)?));
                    }
                }
                continue;
            }
            let kind = known(&key)?;
            for (before, item) in list(value, &key)?.into_iter().enumerate() {
                let mut item = object(item, &key)?;
                let id = things.identify(kind, &key, &mut item, before)?;
                upserts.push(Upsert { kind, id, item });
            }
        }
        upserts.sort_by_key(|upsert| upsert.kind);
        removals.sort_by_key(|(kind, _)| *kind);
        Ok(Change { upserts, removals })
    }

    /// Returns the change with the removals in reverse order of the kinds, for worlds in which
    /// things refer to things of earlier kinds.
    #[must_use]
    pub fn with_last_kind_removed_first(mut self) -> Self {
        self.removals.sort_by_key(|(kind, _)| Reverse(*kind));
        self
    }
}

/// Returns the text that is the id of a thing in the list `name`.
///
/// # Errors
/// A message for the author, if `field` is no text or empty.
pub fn text_id(item: &Object, field: &str, name: &str) -> Result<String, String> {
    match item.text(field) {
        Some(id) if !id.is_empty() => Ok(id.to_owned()),
        _ => Err(format!(
            "{name}: every object needs an {field}, a text that is not empty"
        )),
    }
}
