//! The webhook bodies that Spacebring would post after a change. They are not signed here.
//!
//! Bodies about subscriptions and visits have no type `[D]`. Nothing is posted about plans, floors,
//! assignments and day passes, and about changes of memberships and companies `[D]`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::wire;
use crate::sandbox::object::Object;
use crate::sandbox::platform_tables::PlatformTables;

/// The fields of a subscription in a webhook. `[D]`
const OF_SUBSCRIPTION: [&str; 20] = [
    "company",
    "companyRef",
    "createDate",
    "credits",
    "currentInterval",
    "dayPasses",
    "deleteDate",
    "endDate",
    "id",
    "items",
    "locationRef",
    "membershipRef",
    "nextInterval",
    "payWithInvoice",
    "period",
    "price",
    "purchaseDate",
    "startDate",
    "timezoneId",
    "user",
];

/// Returns the webhook for a created or changed thing; `None` where there is none.
pub fn upserted(
    things: &PlatformTables,
    list: &str,
    before: Option<&Object>,
    after: &Object,
    now: Timestamp,
) -> Option<Value> {
    let shown = || wire::shown(things, list, after, now);
    let is_new = before.is_none();
    let checked_in = |field: &str| {
        after.text(field).is_some() && before.is_none_or(|before| before.text(field).is_none())
    };
    match list {
        "bookings" => {
            let verb = match (before, after) {
                (None, _) => "created",
                (Some(before), after) if is_paid(after) && !is_paid(before) => "paid",
                (Some(_), after) if after.text("status") == Some("canceled") => "deleted",
                _ => "updated",
            };
            Some(json!({ "type": format!("booking.{verb}"), "booking": shown() }))
        }
        "resources" | "locations" => {
            let thing = list.trim_end_matches('s');
            let verb = if is_new { "created" } else { "updated" };
            Some(json!({ "type": format!("{thing}.{verb}"), thing: shown() }))
        }
        "memberships" if is_new => {
            Some(json!({ "type": "membership.created", "membership": shown() }))
        }
        "companies" if is_new => Some(json!({ "type": "company.created", "company": shown() })),
        "subscriptions" => Some(bare_subscription(shown())),
        "visits" if is_new || checked_in("checkInDate") || checked_in("checkOutDate") => {
            Some(json!({ "visit": shown() }))
        }
        _ => None,
    }
}

/// Returns the webhook for a removed thing; `None` where there is none.
pub fn removed(
    things: &PlatformTables,
    list: &str,
    before: &Object,
    now: Timestamp,
) -> Option<Value> {
    let shown = || wire::shown(things, list, before, now);
    match list {
        "bookings" => Some(json!({ "type": "booking.deleted", "booking": shown() })),
        "companies" => Some(json!({ "type": "company.deleted", "company": shown() })),
        "resources" => Some(json!({ "type": "resource.deleted", "resource": shown() })),
        "locations" => Some(json!({ "type": "location.deleted", "location": shown() })),
        "subscriptions" => Some(bare_subscription(shown())),
        _ => None,
    }
}

fn is_paid(booking: &Object) -> bool {
    let payments = booking.list("payments");
    let status =
        |payment: &Value| payment.get("status").and_then(Value::as_str) == Some("succeeded");
    !payments.is_empty() && payments.iter().all(status)
}

/// Returns a subscription as webhooks show it. Its user's id is a number there. `[D]`
fn bare_subscription(shown: Value) -> Value {
    let Value::Object(all) = shown else {
        return shown;
    };
    let known = |(field, _): &(String, Value)| OF_SUBSCRIPTION.contains(&field.as_str());
    let mut bare: Map<String, Value> = all.into_iter().filter(known).collect();
    bare.insert("user".to_owned(), json!({ "id": 123_456 }));
    Value::Object(bare)
}
