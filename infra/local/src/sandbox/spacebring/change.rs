//! How `_world` and `_change` alter the contents of one network.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{LISTS, event, is_deleted, wire};
use crate::sandbox::change::{Change, ReadThings, Upsert, text_id};
use crate::sandbox::object::{Object, list, object};
use crate::sandbox::platform_tables::PlatformTables;
use crate::sandbox::quirks;
use crate::sandbox::record::StoredThing;

/// Keys of a world other than its lists.
const OTHER_KEYS: [&str; 3] = ["quirks", "name", "network"];
/// The lists whose removed things keep a record with a `deleteDate`. `[D]`
const KEEP_REMOVED: [&str; 5] = [
    "companies",
    "memberships",
    "subscriptions",
    "bookings",
    "visits",
];

impl PlatformTables {
    /// Creates the lists of a `_world` body.
    ///
    /// # Errors
    /// A message about the first invalid part.
    pub(super) fn given(given: Value, now: Timestamp) -> Result<PlatformTables, String> {
        let mut things = PlatformTables::new(LISTS);
        for (key, value) in object(given, "a world")?.0 {
            if OTHER_KEYS.contains(&key.as_str()) {
                things.top.set(&key, value);
                continue;
            }
            let kind = things
                .find(&key)
                .ok_or_else(|| format!("there is no entity {key}"))?;
            for (before, item) in list(value, &key)?.into_iter().enumerate() {
                let mut item = object(item, &key)?;
                let id = things.identify(kind, &key, &mut item, before)?;
                item.set_missing("createDate", wire::instant(now));
                let table = things.table(kind).ok_or("there is no such list")?;
                if !table.add(StoredThing::new(&id, item)) {
                    return Err(format!("{key}: an id is there twice"));
                }
            }
        }
        Ok(things)
    }

    /// Applies a `_change`. Returns the bodies of the webhooks that follow.
    ///
    /// # Errors
    /// A message about the first invalid part. Nothing has changed then.
    pub(super) fn change(&mut self, body: Value, now: Timestamp) -> Result<Vec<Value>, String> {
        let Change { upserts, removals } = Change::read(body, self)?;
        let lag_until = quirks::lag(&self.top).map(|lag| now.saturating_add(lag).unwrap_or(now));
        let mut events = Vec::new();
        for upsert in upserts {
            events.extend(self.upsert(upsert, now, lag_until));
        }
        for (kind, id) in removals {
            events.extend(self.remove_one(kind, &id, now, lag_until));
        }
        Ok(events)
    }

    fn upsert(
        &mut self,
        upsert: Upsert,
        now: Timestamp,
        lag_until: Option<Timestamp>,
    ) -> Option<Value> {
        let Upsert { kind, id, item } = upsert;
        let name = LISTS.get(kind)?;
        let table = self.table(kind)?;
        // A thing that was removed and comes back begins anew.
        let before = table.get(&id).and_then(StoredThing::object);
        let before = before.filter(|before| !is_deleted(before)).cloned();
        let mut after = before.clone().unwrap_or_default();
        after.set_missing("createDate", wire::instant(now));
        if *name == "bookings" {
            after.set("updateDate", wire::instant(now));
        }
        after.0.extend(item.0);
        table.set(&id, after.clone(), now, lag_until);
        event::upserted(self, name, before.as_ref(), &after, now)
    }

    fn remove_one(
        &mut self,
        kind: usize,
        id: &str,
        now: Timestamp,
        lag_until: Option<Timestamp>,
    ) -> Option<Value> {
        let name = LISTS.get(kind)?;
        let table = self.table(kind)?;
        let before = match KEEP_REMOVED.contains(name) {
            true => {
                // An occurrence of a series may have no record of its own yet.
                let is_occurrence = *name == "bookings" && id.contains('_');
                let before = table.get(id).and_then(StoredThing::object).cloned();
                let before =
                    before.or_else(|| is_occurrence.then(|| Object(Default::default())))?;
                let mut after = before;
                after.set("id", id);
                after.set("deleteDate", wire::instant(now));
                table.set(id, after.clone(), now, lag_until);
                after
            }
            false => table.vanish(id, now, lag_until)?,
        };
        event::removed(self, name, &before, now)
    }
}

impl ReadThings for PlatformTables {
    fn kind(&self, name: &str) -> Option<usize> {
        self.find(name)
    }

    /// An assignment and a use of day passes may come without an id.
    fn identify(
        &self,
        _kind: usize,
        name: &str,
        item: &mut Object,
        before: usize,
    ) -> Result<String, String> {
        if matches!(name, "assignments" | "dayPasses") && item.text("id").is_none() {
            let said = json!([name, item, before]).to_string();
            item.set("id", wire::uuid(&said));
        }
        text_id(item, "id", name)
    }
}
