//! The webhook bodies that OfficeRnD would post after a change. They are not signed here.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::entity::{ENTITIES, OfficerndEntity};
use super::wire;
use super::world::{OfficerndWorld, instant};
use crate::sandbox::object::Object;
use crate::sandbox::quirks;

/// Returns the webhook for a created or changed thing; `None` for kinds without webhooks.
pub fn upserted(
    world: &OfficerndWorld,
    kind: usize,
    before: Option<&Object>,
    after: &Object,
    now: Timestamp,
) -> Option<Value> {
    let entity = ENTITIES.get(kind)?;
    let cancelled =
        after.flag("isCancelled") && !before.is_some_and(|before| before.flag("isCancelled"));
    if entity.name == "bookings"
        && cancelled
        && before.is_some()
        && quirks::on(&world.top, "cancel-as-removed")
    {
        return removed(world, kind, after, now);
    }
    let what = if before.is_some() {
        "updated"
    } else {
        "created"
    };
    let mut event = body(
        world,
        entity,
        what,
        wire::object(world, kind, after, now),
        now,
    )?;
    if let Some(before) = before {
        let earlier = wire::object(world, kind, before, now);
        let full = wire::object(world, kind, after, now);
        let changed: Map<String, Value> = earlier
            .into_iter()
            .filter(|(field, value)| full.get(field) != Some(value))
            .collect();
        event["data"]["previousAttributes"] = Value::Object(changed);
    }
    Some(event)
}

/// Returns the webhook for a removed thing; `None` for kinds without webhooks.
pub fn removed(
    world: &OfficerndWorld,
    kind: usize,
    before: &Object,
    now: Timestamp,
) -> Option<Value> {
    let entity = ENTITIES.get(kind).filter(|entity| entity.posts_removal)?;
    body(
        world,
        entity,
        "removed",
        wire::object(world, kind, before, now),
        now,
    )
}

fn body(
    world: &OfficerndWorld,
    entity: &OfficerndEntity,
    what: &str,
    full: Map<String, Value>,
    now: Timestamp,
) -> Option<Value> {
    let name = format!("{}.{what}", entity.event?);
    let full = if quirks::on(&world.top, "v1-events") {
        old_names(full)
    } else {
        full
    };
    Some(
        json!({ "event": name, "eventType": name, "createdAt": instant(now), "data": { "object": full } }),
    )
}

/// Renames fields to the names of the interface's first version `[C]`.
fn old_names(full: Map<String, Value>) -> Map<String, Value> {
    full.into_iter()
        .map(|(field, value)| match field.as_str() {
            "location" => ("office".to_owned(), value),
            "company" => ("team".to_owned(), value),
            "resource" => ("resourceId".to_owned(), value),
            "isCancelled" => ("canceled".to_owned(), value),
            "start" | "end" => (field, json!({ "dateTime": value })),
            _ => (field, value),
        })
        .collect()
}
