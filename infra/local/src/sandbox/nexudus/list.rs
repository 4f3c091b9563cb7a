//! Nexudus' lists: numbered pages, an order, filters. Unknown parameters are ignored.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::entity::{ENTITIES, NexudusWorldEntity};
use super::id::id_text;
use super::wire;
use super::world::NexudusWorld;
use crate::sandbox::ask::Ask;
use crate::sandbox::object::Object;
use crate::sandbox::quirks;

/// Default page size `[D]`.
const PAGE: usize = 25;
/// Largest page size.
const MOST: usize = 1000;

/// Returns one page of the list of the entity with index `kind`.
///
/// # Errors
/// What is wrong with the query, for a 400.
pub fn page(world: &NexudusWorld, kind: usize, ask: &Ask) -> Result<Value, String> {
    let number = |name: &str, usual: usize| match ask.param(name) {
        None => Ok(usual),
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| format!("{name} is not a number")),
    };
    let (page, size) = (number("page", 1)?, number("size", PAGE)?.min(MOST));
    let Some((entity, table)) = ENTITIES.get(kind).zip(world.table(kind)) else {
        return Err("no such list".into());
    };
    let ignores = quirks::on(&world.top, "ignore-filters");
    if ask.param("id").is_some() && quirks::on(&world.top, "no-id-lists") {
        return Err("The value of id is not valid.".to_owned());
    }
    let visible = table.iter().filter_map(|record| record.visible(ask.now));
    let mut all: Vec<_> = match ask.param("id").filter(|_| !ignores).map(ids) {
        // Things that are requested by several ids include their collections [?].
        Some(ids) => {
            let asked = |item: &&Object| {
                item.0
                    .get("Id")
                    .and_then(id_text)
                    .is_some_and(|id| ids.contains(&id))
            };
            visible
                .filter(asked)
                .map(|item| wire::whole(world, kind, item, ask.now))
                .collect()
        }
        None => {
            let shown = visible.map(|item| wire::listed(world, kind, item, ask.now));
            shown
                .filter(|record| ignores || takes(entity, record, &ask.query))
                .collect()
        }
    };
    order(&mut all, ask);
    let (total, from) = (all.len(), (page - 1).saturating_mul(size));
    let records: Vec<Value> = all
        .into_iter()
        .skip(from)
        .take(size)
        .map(Value::Object)
        .collect();
    let pages = total.div_ceil(size);
    Ok(json!({
        "CurrentPage": page,
        "CurrentPageSize": size,
        "TotalItems": total,
        "TotalPages": pages,
        "HasNextPage": page < pages,
        "HasPreviousPage": page > 1,
        "Records": records,
    }))
}

/// Returns the ids of `[1,2]`.
fn ids(text: &str) -> Vec<String> {
    text.trim_matches(['[', ']'])
        .split(',')
        .map(|id| id.trim().to_owned())
        .collect()
}

/// Sorts the list. The default order begins with the last change, so it shifts while things change
/// `[C]`.
fn order(all: &mut [Map<String, Value>], ask: &Ask) {
    let (field, down) = match ask.param("orderBy") {
        Some(field) => (field.to_owned(), ask.param("dir") == Some("-1")),
        None => ("UpdatedOn".to_owned(), true),
    };
    all.sort_by(|one, other| {
        let order = one
            .get(&field)
            .zip(other.get(&field))
            .map_or(Ordering::Equal, |(one, other)| compare(one, other));
        if down { order.reverse() } else { order }
    });
}

fn takes(
    entity: &NexudusWorldEntity,
    record: &Map<String, Value>,
    query: &[(String, String)],
) -> bool {
    query.iter().all(|(name, wanted)| {
        let (bound, rest) = match (name.strip_prefix("from_"), name.strip_prefix("to_")) {
            (Some(rest), _) => (Some(Ordering::Greater), rest),
            (None, Some(rest)) => (Some(Ordering::Less), rest),
            (None, None) => (None, name.as_str()),
        };
        let Some(field) = rest
            .strip_prefix(entity.filter)
            .and_then(|rest| rest.strip_prefix('_'))
        else {
            return true;
        };
        let Some(value) = record
            .get(field)
            .or_else(|| record.get(&format!("{field}Id")))
        else {
            return true;
        };
        let order = compare(value, &Value::String(wanted.clone()));
        order == Ordering::Equal || Some(order) == bound
    })
}

/// Compares numbers by size, instants by time, and everything else as texts ignoring case.
fn compare(one: &Value, other: &Value) -> Ordering {
    let text = |value: &Value| match value {
        Value::String(text) => text.to_lowercase(),
        Value::Null => String::new(),
        value => value.to_string(),
    };
    let (one, other) = (text(one), text(other));
    if let (Ok(one), Ok(other)) = (one.parse::<u64>(), other.parse::<u64>()) {
        return one.cmp(&other);
    }
    match (instant(&one), instant(&other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.cmp(&other),
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    let text = text.to_uppercase();
    let utc = || format!("{}Z", text.trim_end_matches('Z'));
    text.parse().ok().or_else(|| utc().parse().ok())
}
