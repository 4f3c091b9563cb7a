//! Things as Nexudus' interface shows them. Missing fields have their default, ids are numbers, and
//! a list leaves collections out.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::entity::{self, ENTITIES};
use super::id::{alias, id_text};
use super::world::NexudusWorld;
use crate::sandbox::object::Object;

/// Fields that refer to another thing.
const REFERENCES: [&str; 14] = [
    "Id",
    "BusinessId",
    "CoworkerId",
    "TariffId",
    "TimePassId",
    "ResourceId",
    "FloorPlanDeskId",
    "FloorPlanBusinessId",
    "InvoicingBusinessId",
    "IssuedById",
    "BookingId",
    "VisitorId",
    "CoworkerContractId",
    "PayingMemberId",
];
/// Fields that refer to several things.
const COLLECTIONS: [&str; 3] = ["Teams", "TeamMembers", "Desks"];

/// Returns one thing as a read by its id shows it.
pub fn whole(
    world: &NexudusWorld,
    kind: usize,
    item: &Object,
    now: Timestamp,
) -> Map<String, Value> {
    let name = ENTITIES.get(kind).map_or("", |entity| entity.name);
    let mut full = usual(name);
    full.insert("UniqueId".into(), json!(alias(kind, item)));
    full.extend(item.0.clone());
    match name {
        "Coworkers" => {
            let teams: Vec<Value> = item.list("Teams").to_vec();
            let names = teams.iter().filter_map(|id| {
                world
                    .visible(entity::find("Teams")?, &id_text(id)?, now)?
                    .text("Name")
                    .map(str::to_owned)
            });
            full.insert(
                "TeamNames".into(),
                json!(names.collect::<Vec<_>>().join(", ")),
            );
            full.insert("Teams".into(), json!(teams));
        }
        "CoworkerContracts" => {
            let desks = desks(item);
            full.insert("FloorPlanDeskIds".into(), json!(desks.join(",")));
            full.insert("Desks".into(), json!(desks));
        }
        "FloorPlanDesks" if !full.contains_key("CoworkerContractIds") => {
            let contracts = contracts_of(world, item, now).join(",");
            full.insert(
                "CoworkerContractIds".into(),
                if contracts.is_empty() {
                    Value::Null
                } else {
                    json!(contracts)
                },
            );
        }
        _ => {}
    }
    for field in REFERENCES {
        if let Some(value) = full.get_mut(field) {
            *value = number(value);
        }
    }
    for field in COLLECTIONS {
        if let Some(Value::Array(values)) = full.get_mut(field) {
            values.iter_mut().for_each(|value| *value = number(value));
        }
    }
    full
}

/// Returns one thing as a list or a webhook shows it.
pub fn listed(
    world: &NexudusWorld,
    kind: usize,
    item: &Object,
    now: Timestamp,
) -> Map<String, Value> {
    let mut full = whole(world, kind, item, now);
    for field in ENTITIES
        .get(kind)
        .map_or(&[] as &[&str], |entity| entity.collections)
    {
        full.remove(*field);
    }
    full
}

/// Returns the contracts that include a desk. `[D]`
fn contracts_of(world: &NexudusWorld, desk: &Object, now: Timestamp) -> Vec<String> {
    let Some(id) = desk.0.get("Id").and_then(id_text) else {
        return Vec::new();
    };
    let contracts = entity::find("CoworkerContracts").and_then(|kind| world.table(kind));
    let visible = contracts
        .into_iter()
        .flat_map(|table| table.iter())
        .filter_map(|record| record.visible(now));
    visible
        .filter(|item| desks(item).contains(&id))
        .filter_map(|item| item.0.get("Id").and_then(id_text))
        .collect()
}

fn desks(item: &Object) -> Vec<String> {
    match item.0.get("Desks") {
        Some(Value::Array(desks)) => desks.iter().filter_map(id_text).collect(),
        _ => {
            let text = item.text("FloorPlanDeskIds").unwrap_or_default();
            text.split(',')
                .map(str::trim)
                .filter(|id| !id.is_empty())
                .map(str::to_owned)
                .collect()
        }
    }
}

fn number(value: &Value) -> Value {
    match value {
        Value::String(text) => text
            .parse::<u64>()
            .map_or_else(|_| value.clone(), Value::from),
        _ => value.clone(),
    }
}

fn usual(name: &str) -> Map<String, Value> {
    let usual = match name {
        "Coworkers" => {
            json!({ "FullName": "", "Email": null, "Active": true, "Archived": false, "CoworkerType": 1,
            "AccessCardId": null, "AccessPincode": null, "KeyFobNumber": null })
        }
        "Teams" => {
            json!({ "Name": "", "PayingMemberId": null, "TeamMembers": [], "ShareTimePasses": false,
            "TransferCreditsToPayingMember": false })
        }
        "CoworkerContracts" => {
            json!({ "CoworkerId": null, "TariffId": null, "StartDate": null, "RenewalDate": null,
            "CancellationDate": null, "Active": true, "Cancelled": false, "CancellationReason": null })
        }
        "CoworkerInvoices" => {
            json!({ "CoworkerId": null, "DueDate": null, "TotalAmount": 100.0, "PaidAmount": 0.0,
            "CreditedAmount": 0.0, "Draft": false, "Paid": false, "PaidOn": null, "CreditNote": false,
            "OriginalInvoiceGuid": null, "Refunded": false })
        }
        "TimePasses" => {
            json!({ "Name": "", "MinutesIncluded": null, "Archived": false, "KisiGroupId": null,
            "AccessControlGroupId": null, "AccessControlGroupIds": null })
        }
        "CoworkerTimePasses" => {
            json!({ "CoworkerId": null, "TimePassId": null, "Used": false, "UsedDate": null,
            "ExpireDate": null, "RemainingUses": null, "CheckedIn": false, "IsPayAsYouGo": false })
        }
        "Resources" => {
            json!({ "Name": "", "ResourceTypeName": "", "KisiGroupId": null,
            "AccessControlGroupId": null })
        }
        "FloorPlanDesks" => {
            json!({ "Name": "", "ItemType": 1, "CoworkerId": null, "AccessControlGroupId": null })
        }
        "Bookings" => {
            json!({ "ResourceId": null, "FloorPlanDeskId": null, "CoworkerId": null, "Tentative": false,
            "CancelIfNotPaid": false, "CoworkerInvoicePaid": false })
        }
        "BookingVisitors" => {
            json!({ "BookingId": null, "VisitorId": null, "VisitorFullName": "", "VisitorEmail": null })
        }
        "Visitors" => {
            json!({ "FullName": "", "Email": null, "CoworkerId": null, "HostApprovalStatus": 1,
            "VisitorSource": 1, "ExpectedArrival": null, "Arrived": false, "ArrivalDate": null,
            "DepartureDate": null, "IsTour": false, "TourConfirmed": false })
        }
        "CancelledBookings" => {
            json!({ "OriginalBookingId": null, "ResourceId": null, "CoworkerId": null,
            "CancellationReason": 1 })
        }
        "Checkins" => json!({ "CoworkerId": null, "ToTime": null, "CoworkerTimePassGuid": null }),
        "WebHooks" => json!({ "Name": "", "Active": true, "ErrorCount": 0, "LastError": null }),
        _ => json!({}),
    };
    match usual {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
