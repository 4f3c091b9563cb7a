//! Things as Spacebring's interface shows them. Fields that the world leaves out have their usual
//! value, and fields that the interface does not have are left out.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{ledger, usual};
use crate::sandbox::object::Object;
use crate::sandbox::platform_tables::PlatformTables;

/// Fields that every record has.
const ALWAYS: [&str; 3] = ["id", "createDate", "locationRef"];

/// Returns one thing as the interface shows it.
pub fn shown(things: &PlatformTables, list: &str, item: &Object, now: Timestamp) -> Value {
    let Value::Object(usual) = usual::record(list) else {
        return Value::Null;
    };
    let mut shown = Object(usual);
    let known = usual::optional(list);
    for (field, value) in &item.0 {
        let is_known = shown.0.contains_key(field) || known.contains(&field.as_str());
        // The interface leaves out what is null.
        if !value.is_null() && (is_known || ALWAYS.contains(&field.as_str())) {
            shown.set(field, value.clone());
        }
    }
    if !matches!(list, "locations" | "bookings" | "assignments") {
        let at = location(things, list, item, now).unwrap_or_else(|| uuid("location"));
        shown.set("locationRef", at);
    }
    match list {
        "locations" => shown.set_missing("networkRef", network(things)),
        "resources" => resource(things, &mut shown, now),
        "memberships" => member(things, &mut shown, now),
        "companies" => shown.set_missing("dayPasses", days(things, item, now)),
        "subscriptions" => subscription(things, &mut shown, now),
        "assignments" => assignment(things, item, &mut shown, now),
        "bookings" => booking(things, &mut shown, now),
        "visits" => visit(things, &mut shown, now),
        "dayPasses" => transaction(things, item, &mut shown),
        _ => {}
    }
    if list == "assignments" {
        shown.0.remove("createDate");
    }
    Value::Object(shown.0)
}

/// Returns the location of a thing: its own, its resource's or its holder's. In a world with one
/// location, that one.
pub fn location(
    things: &PlatformTables,
    list: &str,
    item: &Object,
    now: Timestamp,
) -> Option<String> {
    let of = |list: &str, id: &str| {
        let other = things.one(list, id, now)?;
        other.text("locationRef").map(str::to_owned)
    };
    let own = item.text("locationRef").map(str::to_owned);
    let related = || match list {
        "locations" => item.text("id").map(str::to_owned),
        "bookings" | "assignments" => of("resources", item.text("resourceRef")?),
        "subscriptions" | "dayPasses" => {
            let holder = ledger::holder(item)?;
            of("memberships", &holder).or_else(|| of("companies", &holder))
        }
        _ => None,
    };
    let only = || {
        let mut all = things
            .visible("locations", now)
            .map(|(_, location)| location);
        let first = all.next()?.text("id")?;
        all.next().is_none().then(|| first.to_owned())
    };
    own.or_else(related).or_else(only)
}

/// Formats an instant as Spacebring does: UTC, milliseconds.
pub fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Returns a UUID that follows from a text.
pub fn uuid(of: &str) -> String {
    let digest = Sha256::digest(of.as_bytes());
    let bytes = digest.first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .to_string()
}

/// Returns the id of the network.
pub fn network(things: &PlatformTables) -> Value {
    things.top.or("network", uuid("network"))
}

/// Returns the assignments that subscriptions of the world name themselves.
pub fn assigned_in_subscriptions(
    things: &PlatformTables,
    now: Timestamp,
) -> impl Iterator<Item = Object> {
    let all = things.visible("subscriptions", now).map(|(_, item)| item);
    let live = all.filter(|item| item.text("deleteDate").is_none());
    let named = live.flat_map(|subscription| {
        let of = subscription.or_null("id");
        subscription
            .list("assignments")
            .iter()
            .filter_map(move |named| {
                let resource = named.get("resource")?.get("id")?;
                let mut assignment = Object::default();
                assignment.set("resourceRef", resource.clone());
                assignment.set("subscription", json!({ "id": of }));
                if let Some(id) = named.get("id") {
                    assignment.set("id", id.clone());
                }
                Some(assignment)
            })
    });
    named.collect::<Vec<_>>().into_iter()
}

fn resource(things: &PlatformTables, shown: &mut Object, now: Timestamp) {
    shown.set_missing("networkRef", network(things));
    let id = shown.text("id").map(str::to_owned);
    let parts = things.visible("resources", now).map(|(_, part)| part);
    let parts = parts.filter(|part| part.text("parentRef") == id.as_deref());
    let parts =
        parts.map(|part| json!({ "id": part.or_null("id"), "title": part.or("title", "") }));
    let parts: Vec<Value> = parts.collect();
    shown.set("children", parts);
}

fn member(things: &PlatformTables, shown: &mut Object, now: Timestamp) {
    let days = days(things, shown, now);
    shown.set_missing("dayPasses", days);
    let id = shown.text("id").unwrap_or_default();
    let user = shown
        .text("userRef")
        .map_or_else(|| uuid(&format!("user {id}")), str::to_owned);
    let mut person = shown
        .0
        .get("user")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    person.entry("id").or_insert_with(|| json!(user));
    let user = person.get("id").cloned().unwrap_or_default();
    shown.set_missing("userRef", user);
    shown.set("user", Value::Object(person));
}

fn days(things: &PlatformTables, item: &Object, now: Timestamp) -> Value {
    let id = item.text("id").unwrap_or_default();
    json!({ "expiring": ledger::days(things, id, now) })
}

fn subscription(things: &PlatformTables, shown: &mut Object, now: Timestamp) {
    let (member, company) = (shown.text("membershipRef"), shown.text("companyRef"));
    let given = shown.0.get("customer").cloned();
    let customer = given.unwrap_or_else(|| match (member, company) {
        (Some(member), _) => json!({ "id": member, "type": "user" }),
        (None, Some(company)) => json!({ "id": company, "type": "company" }),
        (None, None) => json!({ "id": uuid("nobody"), "type": "user" }),
    });
    let zone = shown
        .text("locationRef")
        .and_then(|location| things.one("locations", location, now))
        .map_or_else(|| json!("UTC"), |location| location.or("timezoneId", "UTC"));
    shown.set_missing(
        "subscriptionType",
        customer.get("type").cloned().unwrap_or_default(),
    );
    shown.set_missing(
        "customerRef",
        customer.get("id").cloned().unwrap_or_default(),
    );
    shown.set("customer", customer);
    shown.set_missing("timezoneId", zone);
    shown.set_missing("networkRef", network(things));
    let created = shown.or_null("createDate");
    shown.set_missing("startDate", created);
    shown.set("status", status(shown, now));
    let items: Vec<Value> = shown
        .list("items")
        .iter()
        .enumerate()
        .map(|(place, item)| full_item(shown, place, item))
        .collect();
    shown.set("items", items);
    let assigned = assigned(things, shown, now);
    shown.set("assignments", assigned);
}

/// Returns the status. A subscription without one has the status of its dates, and a scheduled one
/// becomes active at its start.
fn status(shown: &Object, now: Timestamp) -> String {
    let at = |field: &str| {
        shown
            .text(field)
            .and_then(|at| at.parse::<Timestamp>().ok())
    };
    let is_future = at("startDate").is_some_and(|start| start > now);
    match shown.text("status") {
        Some("scheduled") if !is_future => "active".to_owned(),
        Some(said) => said.to_owned(),
        None if is_future => "scheduled".to_owned(),
        None => "active".to_owned(),
    }
}

fn full_item(subscription: &Object, place: usize, item: &Value) -> Value {
    let Value::Object(mut full) = usual::item() else {
        return item.clone();
    };
    let id = subscription.text("id").unwrap_or_default();
    full.insert(
        "id".to_owned(),
        json!(uuid(&format!("item {place} of {id}"))),
    );
    full.insert("createDate".to_owned(), subscription.or_null("createDate"));
    full.extend(item.as_object().cloned().unwrap_or_default());
    Value::Object(full)
}

/// Returns the assignments of a subscription: its own, and those of the world's list.
fn assigned(things: &PlatformTables, shown: &Object, now: Timestamp) -> Vec<Value> {
    let id = shown.text("id").map(str::to_owned);
    let listed = things.visible("assignments", now).map(|(_, item)| item);
    let theirs = listed.filter(|item| subscription_of(item) == id);
    let listed: Vec<Value> = theirs.map(|item| {
        json!({ "id": item.or_null("id"), "resource": { "id": item.or_null("resourceRef") } })
    }).collect();
    let own = shown.list("assignments").iter().cloned().chain(listed);
    let full = own.map(|mut named| {
        let resource = named
            .pointer("/resource/id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let record = things
            .one("resources", resource, now)
            .cloned()
            .unwrap_or_default();
        let (title, kind) = (record.or("title", ""), record.or("type", "room"));
        let id = uuid(&format!("assignment of {resource}"));
        if let Some(named) = named.as_object_mut() {
            named.entry("id").or_insert_with(|| json!(id));
            named.entry("title").or_insert_with(|| title.clone());
            if let Some(resource) = named.get_mut("resource").and_then(Value::as_object_mut) {
                resource.entry("title").or_insert(title);
                resource.entry("type").or_insert(kind);
            }
        }
        named
    });
    full.collect()
}

fn subscription_of(assignment: &Object) -> Option<String> {
    let named = assignment
        .0
        .get("subscription")
        .and_then(|subscription| subscription.get("id"));
    let named = named
        .and_then(Value::as_str)
        .or_else(|| assignment.text("subscriptionRef"));
    named.map(str::to_owned)
}

fn assignment(things: &PlatformTables, item: &Object, shown: &mut Object, now: Timestamp) {
    let of = subscription_of(item).unwrap_or_default();
    let record = things
        .one("subscriptions", &of, now)
        .cloned()
        .unwrap_or_default();
    let mut subscription = Map::new();
    subscription.insert("id".to_owned(), json!(of));
    let start = record.or("startDate", record.or_null("createDate"));
    subscription.insert("startDate".to_owned(), start);
    if let Some(end) = record.0.get("endDate") {
        subscription.insert("endDate".to_owned(), end.clone());
    }
    let own = item.0.get("subscription").and_then(Value::as_object);
    subscription.extend(own.cloned().unwrap_or_default());
    shown.set("subscription", Value::Object(subscription));
    shown.0.remove("locationRef");
}

fn booking(things: &PlatformTables, shown: &mut Object, now: Timestamp) {
    shown.0.remove("locationRef");
    let owner = shown
        .text("membershipRefOwner")
        .and_then(|id| user(things, id, now));
    if let Some(owner) = owner {
        shown.set_missing("userOwner", owner);
    }
    if let Some(Value::Object(owner)) = shown.0.get_mut("userOwner") {
        let id = uuid(&json!(owner).to_string());
        owner.entry("id").or_insert_with(|| json!(id));
    }
    let attendees = shown.list("attendees").iter().map(|attendee| {
        let mut attendee = Object(attendee.as_object().cloned().unwrap_or_default());
        let known = attendee
            .text("membershipRef")
            .and_then(|id| user(things, id, now));
        let mut person = attendee
            .0
            .get("user")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        for (field, value) in known
            .and_then(|known| known.as_object().cloned())
            .unwrap_or_default()
        {
            person.entry(field).or_insert(value);
        }
        let id = uuid(&json!(person).to_string());
        person.entry("id").or_insert_with(|| json!(id));
        attendee.set("user", Value::Object(person));
        Value::Object(attendee.0)
    });
    let attendees: Vec<Value> = attendees.collect();
    shown.set("attendees", attendees);
}

/// Returns the user of a membership.
fn user(things: &PlatformTables, membership: &str, now: Timestamp) -> Option<Value> {
    let mut record = things.one("memberships", membership, now)?.clone();
    record.set_missing("id", membership);
    member(things, &mut record, now);
    record.0.get("user").cloned()
}

fn visit(things: &PlatformTables, shown: &mut Object, now: Timestamp) {
    let id = shown.text("id").unwrap_or_default().to_owned();
    let at = shown.text("locationRef").unwrap_or_default().to_owned();
    let location = things
        .one("locations", &at, now)
        .cloned()
        .unwrap_or_default();
    let (zone, title) = (location.or("timezoneId", "UTC"), location.or("title", ""));
    shown.set_missing(
        "location",
        json!({ "id": at, "timezoneId": zone, "title": title }),
    );
    let host = uuid(&format!("host of {id}"));
    shown.set_missing("membershipRefHost", host.clone());
    let membership = shown
        .text("membershipRefHost")
        .unwrap_or_default()
        .to_owned();
    let user = user(things, &membership, now).unwrap_or_else(|| json!({ "id": host }));
    shown.set_missing("userRefHost", user.get("id").cloned().unwrap_or_default());
    shown.set_missing(
        "customer",
        json!({ "id": membership, "user": user.clone() }),
    );
    shown.set_missing("userHost", user);
    shown.set_missing("userRefVisitor", uuid(&format!("visitor of {id}")));
    let given = shown
        .0
        .get("visitor")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let mut visitor = Map::new();
    for field in ["email", "name", "surname"] {
        visitor.insert(field.to_owned(), json!(""));
    }
    visitor.extend(given);
    shown.set("visitor", Value::Object(visitor));
    let created = shown.or_null("createDate");
    shown.set_missing("date", created);
}

fn transaction(things: &PlatformTables, item: &Object, shown: &mut Object) {
    let holder = ledger::holder(item).unwrap_or_else(|| uuid("nobody"));
    let is_company = item.text("companyRef") == Some(&holder);
    let kind = if is_company { "company" } else { "user" };
    shown.set_missing("customer", json!({ "id": holder, "type": kind }));
    if !is_company {
        shown.set_missing("membershipRef", holder);
    }
    shown.set_missing("networkRef", network(things));
    if shown.list("amounts").is_empty() {
        let amounts = ledger::amounts(item)
            .into_iter()
            .map(|((expires, subscription), amount)| {
                let kind = if expires.is_some() {
                    "expiring"
                } else {
                    "permanent"
                };
                let mut one = json!({ "amount": amount, "type": kind });
                if let Some(expires) = expires {
                    one["expirationDate"] = json!(expires);
                }
                if let Some(subscription) = subscription {
                    one["subscriptionRef"] = json!(subscription);
                }
                one
            });
        let amounts: Vec<Value> = amounts.collect();
        shown.set("amounts", amounts);
    }
}
