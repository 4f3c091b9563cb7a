//! A world in Spacebring's words. What only Spacebring has is in `spacebring_things`.

use chrono::{DateTime, NaiveDate, NaiveTime};
use serde_json::{Value, json};

use super::{fit_guests, named, place_of_plan, things};
use crate::reference_model::{at_local, list, text};

/// The end of inactive people, of bookings that are nowhere, of zones of bookings, of first days of passes, of passes
/// that are used up, and of check-ins, which are uses of passes here.
pub fn fit(world: &mut Value) {
    fit_guests(world);
    for location in things(world, "locations") {
        if text(location, "timezone").is_none() {
            location["timezone"] = json!("UTC");
        }
    }
    for member in things(world, "members") {
        member
            .as_object_mut()
            .expect("an object")
            .remove("inactive");
    }
    for membership in things(world, "memberships") {
        membership["location"] = json!(place_of_plan(&membership["plan"]));
        if !membership["member"].is_null() {
            membership["company"] = Value::Null;
        }
    }
    // A subscription's desk is where the subscription is.
    let desk_of = |one: &Value| match text(one, "plan") {
        Some("p0" | "p2") => json!("d0"),
        _ => json!("d1"),
    };
    let memberships = list(world, "memberships").iter();
    let desks: Vec<(Value, Value)> = memberships
        .map(|one| (one["_id"].clone(), desk_of(one)))
        .collect();
    things(world, "assignments")
        .retain(|one| desks.contains(&(one["membership"].clone(), one["resource"].clone())));
    let places: Vec<(Value, Value)> = list(world, "resources")
        .iter()
        .map(|room| (room["_id"].clone(), room["location"].clone()))
        .collect();
    let zones: Vec<(Value, Value)> = list(world, "locations")
        .iter()
        .map(|location| (location["_id"].clone(), location["timezone"].clone()))
        .collect();
    let visitors: Vec<Value> = list(world, "visitors")
        .iter()
        .map(|visitor| visitor["_id"].clone())
        .collect();
    let of = |pairs: &[(Value, Value)], key: &Value| {
        let found = pairs.iter().find(|(known, _)| known == key);
        found.map_or(Value::Null, |(_, value)| value.clone())
    };
    for booking in things(world, "bookings") {
        booking["location"] = of(&places, &booking["resource"]);
        booking["timezone"] = of(&zones, &booking["location"]);
        booking["visitors"]
            .as_array_mut()
            .expect("a list")
            .retain(|id| visitors.contains(id));
    }
    things(world, "bookings").retain(|booking| !booking["resource"].is_null());
    for pass in things(world, "passes") {
        pass["validFrom"] = Value::Null;
        if !pass["member"].is_null() {
            pass["company"] = Value::Null;
        }
    }
    things(world, "passes").retain(|pass| pass["usedCount"].as_f64() < pass["count"].as_f64());
    things(world, "checkins").clear();
}

/// Returns an id as a UUID, as Spacebring has it.
fn id(text: &Value) -> Value {
    let text = text.as_str().unwrap_or_default();
    let hash = text.bytes().fold(14_695_981_039_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(1_099_511_627)
    });
    if text.is_empty() {
        Value::Null
    } else {
        json!(format!(
            "00000000-0000-4000-8000-{:012}",
            hash % 1_000_000_007
        ))
    }
}

/// Returns the same world.
pub fn world(world: &Value) -> Value {
    let of = |kind: &str, say: &dyn Fn(&Value) -> Value| -> Vec<Value> {
        list(world, kind).iter().map(say).collect()
    };
    let titled = |one: &Value| json!({ "id": id(&one["_id"]), "title": one["name"], "locationRef": id(&one["location"]) });
    let floor = |one: &Value| {
        let rooms = list(world, "resources").iter();
        let on: Vec<Value> = rooms
            .filter(|room| room["floor"] == one["_id"])
            .map(|room| id(&room["_id"]))
            .collect();
        let mut floor = titled(one);
        floor["mappings"] = json!({ "drawing": on });
        floor
    };
    let plan = |one: &Value| json!({ "id": id(&one["_id"]), "title": one["name"], "locationRef": id(&json!(place_of_plan(&one["_id"]))) });
    json!({
        "locations": of("locations", &|one| json!({ "id": id(&one["_id"]), "title": one["name"], "timezoneId": one["timezone"] })),
        "floors": of("floors", &floor),
        "resources": of("resources", &titled),
        "plans": of("plans", &plan),
        "companies": of("companies", &titled),
        "memberships": of("members", &member),
        "subscriptions": of("memberships", &|one| subscription(world, one)),
        "assignments": of("assignments", &|one| assignment(world, one)),
        "bookings": of("bookings", &|one| booking(world, one)),
        "visits": of("visits", &visit),
        "dayPasses": list(world, "passes").iter().flat_map(|one| pass(world, one)).collect::<Vec<_>>(),
        "quirks": world["quirks"],
    })
}

fn member(one: &Value) -> Value {
    let apart = matches!(
        text(one, "status"),
        Some("former" | "lead" | "not_approved")
    );
    let mut member = json!({
        "id": id(&one["_id"]), "locationRef": id(&one["location"]),
        "user": { "id": id(&json!(format!("user {}", one["_id"]))), "name": one["name"], "email": one["email"] },
        "status": if apart { "requested" } else { "approved" },
    });
    if !one["company"].is_null() {
        member["companyRef"] = id(&one["company"]);
    }
    member
}

/// Returns the first moment of a local day, some days after it.
fn midnight(world: &Value, location: &Value, day: &Value, later: u64) -> Value {
    let Some(day) = day
        .as_str()
        .and_then(|day| day.get(..10)?.parse::<NaiveDate>().ok())
    else {
        return Value::Null;
    };
    let places = list(world, "locations");
    let place = places.iter().find(|place| place["_id"] == *location);
    let zone = place
        .and_then(|place| text(place, "timezone"))
        .unwrap_or("UTC");
    let day = day + chrono::Days::new(later);
    let at = at_local(zone, day.and_time(NaiveTime::MIN));
    let at = DateTime::from_timestamp(at, 0).expect("an instant");
    json!(at.format("%Y-%m-%dT%H:%M:%S.000Z").to_string())
}

fn subscription(world: &Value, one: &Value) -> Value {
    let at = |field: &str| midnight(world, &one["location"], &one[field], 0);
    let (kind, customer) = match one["member"].is_null() {
        true => ("company", id(&one["company"])),
        false => ("user", id(&one["member"])),
    };
    let holder = if kind == "user" {
        "membershipRef"
    } else {
        "companyRef"
    };
    json!({
        "id": id(&one["_id"]), "locationRef": id(&one["location"]),
        "customer": { "id": customer, "type": kind }, holder: customer,
        "status": status(one), "startDate": at("startDate"), "endDate": at("endDate"), "items": items(world, one),
    })
}

/// Returns the plans of a subscription, each with its own days.
fn items(world: &Value, one: &Value) -> Vec<Value> {
    let at = |day: &Value| midnight(world, &one["location"], day, 0);
    let item = |item: &Value| {
        json!({
            "planRef": id(&item["plan"]), "startDate": at(&item["startDate"]), "endDate": at(&item["endDate"]),
        })
    };
    match list(one, "items") {
        [] => vec![json!({ "planRef": id(&one["plan"]) })],
        items => items.iter().map(item).collect(),
    }
}

/// Returns the status of a subscription. One that is scheduled counts from its start on, too.
fn status(one: &Value) -> &'static str {
    let is_odd = text(one, "_id").is_some_and(|id| id.ends_with(['1', '3', '5', '7', '9']));
    match text(one, "status") {
        Some("approved") if is_odd => "scheduled",
        Some("approved") => "active",
        Some("unpaid") => "incomplete",
        _ if is_odd => "incompleteExpired",
        _ => "canceled",
    }
}

fn visit(one: &Value) -> Value {
    json!({
        "id": id(&one["_id"]), "locationRef": id(&one["location"]), "date": one["start"],
        "visitor": { "email": one["email"], "name": one["name"], "surname": "" },
    })
}

fn assignment(world: &Value, one: &Value) -> Value {
    let all = list(world, "memberships");
    let of = all
        .iter()
        .find(|membership| membership["_id"] == one["membership"]);
    let location = of.map_or(Value::Null, |of| of["location"].clone());
    let at = |field: &str| midnight(world, &location, &one[field], 0);
    json!({
        "id": id(&one["_id"]), "resourceRef": id(&one["resource"]),
        "subscription": { "id": id(&one["membership"]), "startDate": at("startDate"), "endDate": at("endDate") },
    })
}

fn booking(world: &Value, one: &Value) -> Value {
    let guest = |guest: &Value| {
        let visitors = list(world, "visitors");
        let known = visitors.iter().find(|visitor| visitor["_id"] == *guest);
        let email = known.map(|known| known["email"].clone());
        json!({ "user": { "id": id(guest), "name": named(world, "visitors", guest), "email": email } })
    };
    let members = list(one, "members").iter();
    let members = members.map(|member| json!({ "membershipRef": id(member) }));
    let attendees: Vec<Value> = members
        .chain(list(one, "visitors").iter().map(guest))
        .collect();
    let status = match (
        one["isCancelled"] == json!(true),
        one["isTentative"] == json!(true),
    ) {
        (true, _) => "canceled",
        (false, true) => "tentative",
        (false, false) => "confirmed",
    };
    let mut booking = json!({
        "id": id(&one["_id"]), "resourceRef": id(&one["resource"]), "attendees": attendees,
        "startDate": one["start"], "endDate": one["end"], "status": status,
        "recurrence": one["recurrence"]["rrule"], "exdates": list(&one["recurrence"], "exdates"),
    });
    if !one["member"].is_null() {
        booking["membershipRefOwner"] = id(&one["member"]);
    }
    booking
}

/// Returns what was bought and what was used.
fn pass(world: &Value, one: &Value) -> Vec<Value> {
    let (kind, holder) = match one["member"].is_null() {
        true => ("companies", &one["company"]),
        false => ("members", &one["member"]),
    };
    let record = list(world, kind)
        .iter()
        .find(|record| record["_id"] == *holder);
    let location = record.map_or(Value::Null, |record| record["location"].clone());
    let expires = midnight(world, &location, &one["validTo"], 1);
    let field = if kind == "companies" {
        "companyRef"
    } else {
        "membershipRef"
    };
    let part = |suffix: &str, kind: &str, amount: &Value| {
        let id = id(&json!(format!(
            "{}{suffix}",
            one["_id"].as_str().unwrap_or_default()
        )));
        json!({
            "id": id, field: self::id(holder), "locationRef": self::id(&location), "type": kind, "amount": amount,
            "amounts": [{ "amount": amount, "expirationDate": expires, "subscriptionRef": self::id(&one["_id"]), "type": "expiring" }],
        })
    };
    vec![
        part("", "purchaseAllocation", &one["count"]),
        part(" used", "adminCharge", &one["usedCount"]),
    ]
}
