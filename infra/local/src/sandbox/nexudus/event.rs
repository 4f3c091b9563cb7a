//! The webhooks that Nexudus would post after a change. They are not signed here.
//!
//! Each action has its own address, and the body is an array of one entity `[D]``[C]`. Passes,
//! pauses and guests have no action. `AccessControlUpdate` announces the people whose access
//! changed, after all other webhooks.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::entity::{self, ACCESS_CONTROL_UPDATE, CONTRACT_CANCEL, ENTITIES, VISITOR_CHECKED_IN};
use super::id::id_text;
use super::wire;
use super::world::NexudusWorld;
use crate::sandbox::object::Object;
use crate::sandbox::post::Post;
use crate::sandbox::quirks;

/// The state of a thing before and after a change.
pub struct EntityChange {
    /// Its kind.
    pub kind: usize,
    /// The state before.
    pub before: Option<Object>,
    /// The state after.
    pub after: Option<Object>,
}

/// Returns the webhooks that follow from these changes, in order.
pub fn posts(world: &NexudusWorld, changes: &[EntityChange], now: Timestamp) -> Vec<Post> {
    let mut posts = Vec::new();
    let mut concerned_people = BTreeSet::new();
    for change in changes {
        let Some(entity) = ENTITIES.get(change.kind) else {
            continue;
        };
        let Some(item) = change.after.as_ref().or(change.before.as_ref()) else {
            continue;
        };
        if let Some(actions) = &entity.actions {
            let cancels = |item: &Object| {
                item.flag("Cancelled")
                    || item
                        .0
                        .get("CancellationDate")
                        .is_some_and(|day| !day.is_null())
            };
            let action = match (&change.before, &change.after) {
                (None, _) => actions.create,
                (Some(_), None) => actions.delete,
                (Some(before), Some(after))
                    if entity.name == "CoworkerContracts" && cancels(after) && !cancels(before) =>
                {
                    CONTRACT_CANCEL
                }
                (Some(_), Some(_)) => actions.update,
            };
            let came = |item: &Option<Object>| item.as_ref().is_some_and(|it| it.flag("Arrived"));
            let silent =
                action == VISITOR_CHECKED_IN && came(&change.before) == came(&change.after);
            if !silent {
                let shown = wire::listed(world, change.kind, item, now);
                posts.extend(post(world, action, shown));
            }
        }
        concerned_people.extend(concerned(world, change));
    }
    let coworkers = entity::find("Coworkers").unwrap_or_default();
    for coworker in concerned_people {
        if let Some(item) = world.visible(coworkers, &coworker, now) {
            let mut shown = wire::listed(world, coworkers, item, now);
            shown.insert("UpdatedOn".into(), world.stamp(now).into());
            posts.extend(post(world, ACCESS_CONTROL_UPDATE, shown));
        }
    }
    posts
}

/// Returns the people whose access a change concerns.
fn concerned(world: &NexudusWorld, change: &EntityChange) -> Vec<String> {
    let Some(entity) = ENTITIES.get(change.kind) else {
        return Vec::new();
    };
    let both = || change.before.iter().chain(&change.after);
    let coworkers = |item: &Object| item.0.get("CoworkerId").and_then(id_text);
    match entity.name {
        "Teams" => both()
            .flat_map(|team| {
                team.list("TeamMembers")
                    .iter()
                    .filter_map(id_text)
                    .collect::<Vec<_>>()
            })
            .collect(),
        "Coworkers" => {
            let cards =
                |item: &Option<Object>| item.as_ref().map(|item| item.or_null("AccessCardId"));
            let changed = change.before.is_some() && cards(&change.before) != cards(&change.after);
            both()
                .filter(|_| changed)
                .filter_map(|item| item.0.get("Id").and_then(id_text))
                .collect()
        }
        "ContractPausedPeriods" => {
            let contracts = entity::find("CoworkerContracts").and_then(|kind| world.table(kind));
            let contract = |pause: &Object| {
                contracts?
                    .get(&id_text(pause.0.get("CoworkerContractId")?)?)?
                    .object()
            };
            both()
                .filter_map(|pause| coworkers(contract(pause)?))
                .collect()
        }
        "Bookings" if change.after.is_none() => both().filter_map(coworkers).collect(),
        _ if entity.access => both().filter_map(coworkers).collect(),
        _ => Vec::new(),
    }
}

/// Returns one webhook; `None` if the world has it switched off.
fn post(world: &NexudusWorld, action: u16, entity: Map<String, Value>) -> Option<Post> {
    let hooks = entity::find("WebHooks").and_then(|kind| world.table(kind))?;
    let of_action = || {
        hooks
            .iter()
            .filter_map(|hook| hook.object())
            .filter(|hook| hook.0.get("Action") == Some(&json!(action)))
    };
    if of_action().next().is_some()
        && of_action().all(|hook| hook.0.get("Active") == Some(&json!(false)))
    {
        return None;
    }
    let lone = quirks::on(&world.top, "lone-object");
    let body = if lone {
        Value::Object(entity)
    } else {
        json!([entity])
    };
    let folded = quirks::on(&world.top, "ascii-signature");
    Some(Post {
        action: Some(action),
        body: Bytes::from(body.to_string()),
        folded,
    })
}
