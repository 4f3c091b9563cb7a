//! A world in Nexudus' words. Teams share nothing here as a company of OfficeRnD would, so teams
//! are empty.

use serde_json::{Value, json};

use super::{fit_bookings, fit_guests, fit_holders, named, place_of_plan, things};
use crate::reference_model::{list, text};

/// The end of `floor` rules, of series, of companies, of dates of assignments, and of bookings that
/// staff made.
pub fn fit(world: &mut Value) {
    fit_guests(world);
    fit_bookings(world, true);
    fit_holders(world, "memberships", false);
    fit_holders(world, "passes", false);
    for member in things(world, "members") {
        member["company"] = Value::Null;
    }
    for membership in things(world, "memberships") {
        membership["location"] = json!(place_of_plan(&membership["plan"]));
    }
    // A contract's desk is where the contract is.
    let desk_of = |one: &Value| {
        json!(if one["plan"] == json!("p0") {
            "d0"
        } else {
            "d1"
        })
    };
    let desks: Vec<(Value, Value)> = list(world, "memberships")
        .iter()
        .map(|one| (one["_id"].clone(), desk_of(one)))
        .collect();
    let assignments = things(world, "assignments");
    assignments.retain(|one| desks.contains(&(one["membership"].clone(), one["resource"].clone())));
    for assignment in assignments {
        (assignment["startDate"], assignment["endDate"]) = (Value::Null, Value::Null);
    }
    for booking in things(world, "bookings")
        .iter_mut()
        .filter(|booking| booking["member"].is_null())
    {
        booking["visitors"] = json!([]);
    }
    for pass in things(world, "passes") {
        pass["validFrom"] = Value::Null;
    }
}

/// Returns an id as a number, as Nexudus has it.
fn id(text: &Value) -> Value {
    let text = text.as_str().unwrap_or_default();
    let hash = text.bytes().fold(14_695_981_039_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(1_099_511_627)
    });
    if text.is_empty() {
        Value::Null
    } else {
        json!(hash % 1_000_000_007)
    }
}

/// Returns the same world.
pub fn world(world: &Value) -> Value {
    let of = |kind: &str, say: &dyn Fn(&Value) -> Value| -> Vec<Value> {
        list(world, kind).iter().map(say).collect()
    };
    let desk = |thing: &&Value| text(thing, "_id").is_some_and(|id| id.starts_with('d'));
    let resources = list(world, "resources");
    let place = |thing: &Value| json!({ "Id": id(&thing["_id"]), "Name": thing["name"], "BusinessId": id(&thing["location"]) });
    let floor = |thing: &Value| json!({ "Id": id(&thing["_id"]), "Name": thing["name"], "FloorPlanBusinessId": id(&thing["location"]) });
    let bookings = list(world, "bookings")
        .iter()
        .filter(|booking| booking["isCancelled"] != json!(true));
    json!({
        "Businesses": of("locations", &|one| json!({ "Id": id(&one["_id"]), "Name": one["name"], "TimeZoneIana": one["timezone"] })),
        "Tariffs": of("plans", &|one| json!({
            "Id": id(&one["_id"]), "Name": one["name"], "BusinessId": id(&json!(place_of_plan(&one["_id"]))) })),
        "Resources": resources.iter().filter(|one| !desk(one)).map(place).collect::<Vec<_>>(),
        "FloorPlanDesks": resources.iter().filter(desk).map(floor).collect::<Vec<_>>(),
        "Coworkers": of("members", &|one| json!({
            "Id": id(&one["_id"]), "FullName": one["name"], "Email": one["email"],
            "InvoicingBusinessId": id(&one["location"]), "Active": one["inactive"] != json!(true) })),
        "CoworkerContracts": of("memberships", &|one| contract(world, one)),
        "CoworkerTimePasses": of("passes", &|one| pass(world, one)),
        "Checkins": of("checkins", &|one| json!({
            "Id": id(&one["_id"]), "CoworkerId": id(&one["member"]), "FromTime": one["start"] })),
        "Bookings": bookings.clone().map(booking).collect::<Vec<_>>(),
        "BookingVisitors": bookings.flat_map(|one| visitors(world, one)).collect::<Vec<_>>(),
    })
}

fn contract(world: &Value, one: &Value) -> Value {
    let assigned = list(world, "assignments")
        .iter()
        .filter(|assignment| assignment["membership"] == one["_id"]);
    json!({
        "Id": id(&one["_id"]), "CoworkerId": id(&one["member"]), "TariffId": id(&one["plan"]),
        "StartDate": one["startDate"], "CancellationDate": one["endDate"],
        "Active": one["status"] == json!("approved"), "Desks": assigned.map(|one| id(&one["resource"])).collect::<Vec<_>>(),
    })
}

fn pass(world: &Value, one: &Value) -> Value {
    let (count, used) = (
        one["count"].as_f64().unwrap_or(1.0),
        one["usedCount"].as_f64().unwrap_or(0.0),
    );
    let holder = list(world, "members")
        .iter()
        .find(|member| member["_id"] == one["member"]);
    json!({
        "Id": id(&one["_id"]), "CoworkerId": id(&one["member"]), "RemainingUses": count - used, "ExpireDate": one["validTo"],
        "BusinessId": holder.map_or(Value::Null, |holder| id(&holder["location"])), "TimePassName": "Day",
    })
}

fn booking(one: &Value) -> Value {
    json!({
        "Id": id(&one["_id"]), "UniqueId": format!("b-{}", one["_id"]), "ResourceId": id(&one["resource"]),
        "CoworkerId": id(&one["member"]), "FromTime": one["start"], "ToTime": one["end"], "Tentative": one["isTentative"],
    })
}

fn visitors(world: &Value, one: &Value) -> Vec<Value> {
    let visitor = |guest: &Value| {
        let known = list(world, "visitors")
            .iter()
            .find(|visitor| visitor["_id"] == *guest);
        json!({
            "Id": id(&json!(format!("{}-{guest}", one["_id"]))), "BookingId": id(&one["_id"]),
            "VisitorFullName": named(world, "visitors", guest), "VisitorEmail": known.map(|known| known["email"].clone()),
        })
    };
    let mut guests = list(one, "visitors").to_vec();
    guests.dedup();
    guests.iter().map(visitor).collect()
}
