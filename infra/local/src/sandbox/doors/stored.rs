//! Shows a place as `_world` does, and stores it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{DoorsThing, DoorsWorld, Member};
use crate::sandbox::object::Object;
use crate::sandbox::table::{Keyed, Shelf, ThingTable};

impl DoorsWorld {
    /// Returns everything, as `_world` shows it.
    pub fn show(&self) -> Value {
        let mut by_group: HashMap<&str, Vec<&Object>> = HashMap::new();
        for member in self.members.iter() {
            by_group
                .entry(&member.group)
                .or_default()
                .push(&member.shown);
        }
        let group = |group: &DoorsThing| {
            let mut shown = group.0.clone();
            shown.set(
                "members",
                json!(
                    by_group
                        .get(group.key().as_str())
                        .map_or(&[] as &[_], Vec::as_slice)
                ),
            );
            shown
        };
        let mut shown = self.top.clone();
        shown.set(
            "groups",
            json!(self.groups.iter().map(group).collect::<Vec<_>>()),
        );
        shown.set("users", json!(self.users.iter().collect::<Vec<_>>()));
        shown.set_missing("tags", json!([]));
        Value::Object(shown.0)
    }

    /// Writes what changed since the last write.
    pub fn save(&mut self, shelf: &Shelf<'_>) {
        self.groups.save(shelf, "groups");
        self.users.save(shelf, "users");
        self.members.save(shelf, "members");
        if std::mem::take(&mut self.top_unsaved) {
            shelf.put("top", &self.top);
            shelf.put("counters", &self.counters);
        }
    }

    /// Loads a stored place.
    pub fn load(shelf: &Shelf<'_>) -> DoorsWorld {
        DoorsWorld {
            groups: ThingTable::load(shelf, "groups"),
            users: ThingTable::load(shelf, "users"),
            members: ThingTable::load(shelf, "members"),
            top: Object(shelf.get::<Map<_, _>>("top").unwrap_or_default()),
            counters: shelf.get("counters").unwrap_or_default(),
            top_unsaved: false,
            membership_changes: Vec::new(),
            by_hand: false,
        }
    }

    /// Removes a stored place.
    pub fn erase(shelf: &Shelf<'_>) {
        ThingTable::<DoorsThing>::erase(shelf, "groups");
        ThingTable::<DoorsThing>::erase(shelf, "users");
        ThingTable::<Member>::erase(shelf, "members");
    }
}
