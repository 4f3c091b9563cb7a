//! OfficeRnD's lists: the query parameters of each, the filters, and the pages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::entity::OfficerndEntity;
use super::wire;
use super::world::OfficerndWorld;
use crate::sandbox::ask::Ask;
use crate::sandbox::object::Object;
use crate::sandbox::quirks;

/// Largest and default page size `[D]`.
const PAGE: usize = 50;

/// The query of a list.
#[derive(Default)]
struct ListQuery<'a> {
    limit: Option<usize>,
    /// Index of the first thing.
    next: Option<usize>,
    /// Index after the last thing.
    before: Option<usize>,
    /// Bounds of the date field: the comparison, and the instant to compare with.
    bounds: Vec<(Bound, Timestamp)>,
    /// Field and value that things must have.
    exact: Option<(&'static str, &'a str)>,
}

#[derive(Clone, Copy)]
enum Bound {
    Least,
    Above,
    Most,
    Below,
}

/// Returns one page of the list of `entity`, whose index is `kind`.
///
/// # Errors
/// What is wrong with the query, for a 400.
pub fn page(
    world: &OfficerndWorld,
    kind: usize,
    entity: &OfficerndEntity,
    ask: &Ask,
) -> Result<Value, String> {
    let query = ListQuery::read(entity, ask)?;
    let Some(table) = world.table(kind) else {
        return Err("no such list".into());
    };
    let visible = table
        .placed()
        .filter_map(|(place, record)| Some((place, record.visible(ask.now)?)));
    let all: Vec<(usize, &Object)> = visible
        .filter(|(_, item)| query.takes(entity, item))
        .collect();
    let whole = quirks::on(&world.top, "bare-array");
    let limit = if whole {
        all.len()
    } else {
        query.limit.unwrap_or(PAGE)
    };
    let (start, end) = match (query.next, query.before) {
        (_, Some(before)) => {
            let end = all.partition_point(|(place, _)| *place < before);
            (end.saturating_sub(limit), end)
        }
        (next, None) => {
            let start = next.map_or(0, |next| all.partition_point(|(place, _)| *place < next));
            (start, all.len().min(start + limit))
        }
    };
    let shown = all.get(start..end).unwrap_or_default();
    let results: Vec<Value> = shown
        .iter()
        .map(|(_, item)| Value::Object(wire::object(world, kind, item, ask.now)))
        .collect();
    Ok(json!({
        "rangeStart": if results.is_empty() { 0 } else { start + 1 },
        "rangeEnd": start + results.len(),
        "cursorNext": all.get(end).map(|(place, _)| cursor(*place)),
        "cursorPrev": if start > 0 { shown.first().map(|(place, _)| cursor(*place)) } else { None },
        "results": results,
    }))
}

impl<'a> ListQuery<'a> {
    fn read(entity: &OfficerndEntity, ask: &'a Ask) -> Result<ListQuery<'a>, String> {
        let mut query = ListQuery::default();
        for (name, value) in &ask.query {
            match name.as_str() {
                "$limit" => query.limit = Some(limit(value)?),
                "$cursorNext" => query.next = Some(place(value)?),
                "$cursorPrev" => query.before = Some(place(value)?),
                "resource" if entity.name == "assignments" => query.only("resource", value)?,
                "membership" if entity.name == "assignments" => query.only("membership", value)?,
                _ => match bound(entity, name) {
                    Some(bound) => query
                        .bounds
                        .push((bound, instant(value).ok_or("a date is expected")?)),
                    None => return Err(format!("property {name} should not exist")),
                },
            }
        }
        if entity.name == "assignments" && query.exact.is_none() {
            return Err("one of resource or membership is required".into());
        }
        Ok(query)
    }

    fn only(&mut self, field: &'static str, value: &'a str) -> Result<(), String> {
        if self.exact.is_some() {
            return Err("one of resource or membership is required, not both".into());
        }
        self.exact = Some((field, value));
        Ok(())
    }

    fn takes(&self, entity: &OfficerndEntity, item: &Object) -> bool {
        if self
            .exact
            .is_some_and(|(field, value)| item.text(field) != Some(value))
        {
            return false;
        }
        if self.bounds.is_empty() {
            return true;
        }
        let Some(at) = entity.since.and_then(|field| instant(item.text(field)?)) else {
            return true;
        };
        self.bounds.iter().all(|(bound, limit)| match bound {
            Bound::Least => at >= *limit,
            Bound::Above => at > *limit,
            Bound::Most => at <= *limit,
            Bound::Below => at < *limit,
        })
    }
}

fn bound(entity: &OfficerndEntity, name: &str) -> Option<Bound> {
    match name.strip_prefix(entity.since?)? {
        "[$gte]" => Some(Bound::Least),
        "[$gt]" => Some(Bound::Above),
        "[$lte]" => Some(Bound::Most),
        "[$lt]" => Some(Bound::Below),
        _ => None,
    }
}

fn limit(value: &str) -> Result<usize, String> {
    match value.parse() {
        Ok(limit) if (1..=PAGE).contains(&limit) => Ok(limit),
        _ => Err(format!("$limit must be between 1 and {PAGE}")),
    }
}

/// Returns an instant, or the first moment of a day in UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let day = || {
        Some(
            text.parse::<Date>()
                .ok()?
                .to_zoned(TimeZone::UTC)
                .ok()?
                .timestamp(),
        )
    };
    text.parse().ok().or_else(day)
}

/// Returns a cursor. It contains an index, and is opaque to callers.
fn cursor(place: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("at {place}"))
}

fn place(cursor: &str) -> Result<usize, String> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        text.strip_prefix("at ")?.parse().ok()
    };
    read().ok_or_else(|| "the cursor is not one of ours".to_owned())
}
