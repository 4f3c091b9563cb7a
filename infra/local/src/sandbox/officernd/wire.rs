//! Things as OfficeRnD's interface shows them. Missing fields have their default, and values
//! derived from dates follow the clock.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde_json::{Map, Value, json};

use super::entity::{self, ENTITIES};
use super::world::OfficerndWorld;
use crate::sandbox::object::Object;

/// Returns one thing with every field of its kind `[C]`.
pub fn object(
    world: &OfficerndWorld,
    kind: usize,
    item: &Object,
    now: Timestamp,
) -> Map<String, Value> {
    let name = ENTITIES.get(kind).map_or("", |entity| entity.name);
    let mut full = usual(name, item);
    match name {
        "memberships" => drop(full.insert(
            "calculatedStatus".into(),
            json!(membership(world, item, now)),
        )),
        "passes" => drop(full.insert("status".into(), json!(pass(item, now)))),
        "bookings" => {
            if let Some(zone) = zone_name(world, item, now) {
                full.insert("timezone".into(), json!(zone));
            }
        }
        _ => {}
    }
    full.extend(item.0.clone());
    full
}

fn usual(name: &str, item: &Object) -> Map<String, Value> {
    let usual = match name {
        "members" => {
            json!({ "name": "", "email": null, "phone": null, "company": null, "location": null,
            "status": "active", "properties": {} })
        }
        "companies" => json!({ "name": "", "location": null }),
        "memberships" => {
            json!({ "status": "approved", "company": null, "member": null, "location": null,
            "endDate": null })
        }
        "bookings" => {
            json!({ "location": null, "resource": null, "company": null, "member": null, "members": [],
            "visitors": [], "isCancelled": false, "isTentative": false, "recurrence": null,
            "seriesStart": item.or_null("start"), "seriesEnd": series_end(item),
            "serviceSlots": { "before": 0, "after": 0 } })
        }
        "passes" => json!({ "count": 1, "usedCount": 0, "member": null, "company": null,
            "isPersonal": item.text("member").is_some(), "intervalLength": "day", "resourceType": "hotdesk" }),
        "assignments" => json!({ "endDate": null }),
        "resources" => json!({ "location": null, "floor": null, "parents": [] }),
        "floors" => json!({ "location": null }),
        "visitors" => json!({ "email": null, "phone": null, "member": null, "company": null }),
        "visits" => json!({ "visitor": null, "member": null, "company": null, "location": null,
            "end": null }),
        "webhooks" => json!({ "isEnabled": true }),
        "checkins" => json!({ "member": null, "company": null, "location": null, "end": null }),
        _ => json!({}),
    };
    match usual {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// Returns the end of a series. A single booking is its own series. A repeating one ends where its
/// rule says, so the field stays empty.
fn series_end(item: &Object) -> Value {
    let repeats = item
        .0
        .get("recurrence")
        .is_some_and(|recurrence| !recurrence.is_null());
    if repeats {
        Value::Null
    } else {
        item.or_null("end")
    }
}

/// Returns `calculatedStatus`: by local days, including the last one.
fn membership(world: &OfficerndWorld, item: &Object, now: Timestamp) -> &'static str {
    if item
        .text("status")
        .is_some_and(|status| status != "approved")
    {
        return "not_approved";
    }
    let zone = zone_name(world, item, now)
        .and_then(|name| TimeZone::get(name).ok())
        .unwrap_or(TimeZone::UTC);
    let today = Zoned::new(now, zone).date();
    match (day(item, "startDate"), day(item, "endDate")) {
        (Some(start), _) if today < start => "not_started",
        (_, Some(end)) if today > end => "expired",
        _ => "active",
    }
}

fn pass(item: &Object, now: Timestamp) -> &'static str {
    let number =
        |field: &str, usual: f64| item.0.get(field).and_then(Value::as_f64).unwrap_or(usual);
    let today = now.to_zoned(TimeZone::UTC).date();
    if number("usedCount", 0.0) >= number("count", 1.0) {
        return "used";
    }
    match (day(item, "validFrom"), day(item, "validTo")) {
        (Some(from), _) if today < from => "pending",
        (_, Some(to)) if to.checked_add(1.day()).is_ok_and(|after| today >= after) => "expired",
        _ => "valid",
    }
}

/// Returns the time zone of the thing's location, if it has one.
fn zone_name<'a>(world: &'a OfficerndWorld, item: &Object, now: Timestamp) -> Option<&'a str> {
    world
        .visible(entity::find("locations")?, item.text("location")?, now)?
        .text("timezone")
}

/// Returns the day of a field. Its time of day has no meaning.
fn day(item: &Object, field: &str) -> Option<Date> {
    item.text(field)?.get(..10)?.parse().ok()
}
