//! A world in the words of the push platforms. They name rooms, plans and places by name, without
//! an id.

use serde_json::{Value, json};

use super::{fit_bookings, fit_guests, fit_holders, named, things};
use crate::reference_model::{list, text};

/// No floors, desks, passes, check-ins or time zones. At Deskworks members may have a master, and
/// companies do not exist.
pub fn fit(world: &mut Value, masters: bool) {
    fit_guests(world);
    fit_bookings(world, false);
    fit_holders(world, "memberships", !masters);
    for kind in ["passes", "checkins", "assignments"] {
        things(world, kind).clear();
    }
    for location in things(world, "locations") {
        location
            .as_object_mut()
            .expect("an object")
            .remove("timezone");
    }
    for (place, member) in things(world, "members").iter_mut().enumerate() {
        member["status"] = json!("active");
        if masters {
            member["company"] = Value::Null;
            if member["master"].is_null() && place % 3 == 2 {
                member["master"] = json!("members0");
            }
        }
    }
    for booking in things(world, "bookings") {
        if !booking["member"].is_null() && masters {
            booking["visitors"] = json!([]);
        }
        let most = if booking["member"].is_null() {
            1
        } else {
            usize::MAX
        };
        booking["visitors"]
            .as_array_mut()
            .expect("a list")
            .truncate(most);
        booking["bookedByGuest"] = if most == 1 {
            booking["visitors"][0].clone()
        } else {
            Value::Null
        };
    }
    things(world, "bookings")
        .retain(|booking| !booking["member"].is_null() || !list(booking, "visitors").is_empty());
}

/// Returns a local day.
fn day(at: &Value) -> Value {
    at.as_str().map_or(Value::Null, |at| json!(at[..10]))
}

fn guests(world: &Value, booking: &Value) -> Vec<Value> {
    let known = |id: &Value| {
        list(world, "visitors")
            .iter()
            .find(|visitor| visitor["_id"] == *id)
    };
    let guest = |visitor: &Value| json!({ "name": visitor["name"], "email": visitor["email"] });
    list(booking, "visitors")
        .iter()
        .filter_map(known)
        .map(guest)
        .collect()
}

/// Makes the person who booked a guest, if no member booked.
fn booker(world: &Value, booking: &Value) -> (Value, Vec<Value>) {
    let mut guests = guests(world, booking);
    match text(booking, "member") {
        Some(_) => (Value::Null, guests),
        None => (guests.remove(0), guests),
    }
}

/// Returns the list with one more thing that opens nothing, because an empty list is rejected.
fn never_empty(mut things: Vec<Value>, more: Value) -> Vec<Value> {
    things.push(more);
    things
}

/// Returns the same world in andcards' words.
pub fn andcards(world: &Value) -> Value {
    let of = |kind: &str, say: &dyn Fn(&Value) -> Value| -> Vec<Value> {
        list(world, kind).iter().map(say).collect()
    };
    let mut own = json!({
        "users": of("members", &|one| json!({
            "id": one["_id"], "name": one["name"], "email": one["email"], "company": one["company"],
            "active": one["inactive"] != json!(true) })),
        "companies": of("companies", &|one| json!({ "id": one["_id"], "name": one["name"] })),
        "subscriptions": of("memberships", &|one| json!({
            "id": one["_id"], "plan": named(world, "plans", &one["plan"]), "location": named(world, "locations", &one["location"]),
            "user": one["member"], "company": one["company"], "start": day(&one["startDate"]), "end": day(&one["endDate"]),
            "active": one["status"] == json!("approved") })),
        "bookings": of("bookings", &|one| {
            let (guest, guests) = booker(world, one);
            json!({
                "id": one["_id"], "room": named(world, "resources", &one["resource"]),
                "location": named(world, "locations", &one["location"]), "user": one["member"], "guest": guest,
                "guests": guests, "start": one["start"], "end": one["end"], "cancelled": one["isCancelled"] })
        }),
    });
    let user =
        json!({ "id": "gone", "name": "Gone", "email": null, "company": "gone", "active": false });
    let subscription = json!({ "id": "gone", "plan": "Gone", "location": "Gone", "user": "gone", "company": null,
        "start": "2020-01-01", "end": "2020-01-02", "active": false });
    let company = json!({ "id": "gone", "name": "Gone" });
    for (kind, more) in [
        ("users", user),
        ("companies", company),
        ("subscriptions", subscription),
    ] {
        own[kind] = json!(never_empty(list(&own, kind).to_vec(), more));
    }
    own
}

/// Returns the same world in Deskworks' words.
pub fn deskworks(world: &Value) -> Value {
    let of = |kind: &str, say: &dyn Fn(&Value) -> Value| -> Vec<Value> {
        list(world, kind).iter().map(say).collect()
    };
    let mut own = json!({
        "members": of("members", &|one| json!({
            "id": one["_id"], "name": one["name"], "email": one["email"],
            "center": named(world, "locations", &one["location"]), "active": one["inactive"] != json!(true),
            "master": one["master"] })),
        "billings": of("memberships", &|one| json!({
            "id": one["_id"], "member": one["member"], "product": named(world, "plans", &one["plan"]),
            "center": named(world, "locations", &one["location"]), "start": day(&one["startDate"]), "end": day(&one["endDate"]),
            "active": one["status"] == json!("approved") })),
        "reservations": of("bookings", &|one| json!({
            "id": one["_id"], "unit": named(world, "resources", &one["resource"]),
            "center": named(world, "locations", &one["location"]), "member": one["member"], "guest": booker(world, one).0,
            "start": one["start"], "end": one["end"], "cancelled": one["isCancelled"] })),
    });
    let member = json!({ "id": "gone", "name": "Gone", "email": null, "center": "Gone", "active": false, "master": null });
    let billing = json!({ "id": "gone", "member": "gone", "product": "Gone", "center": "Gone", "start": "2020-01-01",
        "end": "2020-01-02", "active": false });
    for (kind, more) in [("members", member), ("billings", billing)] {
        own[kind] = json!(never_empty(list(&own, kind).to_vec(), more));
    }
    own
}
