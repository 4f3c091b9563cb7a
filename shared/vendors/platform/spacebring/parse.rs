//! Parses the content of a verified delivery. Only the id of the thing is accepted.
//!
//! The bodies of `subscription.*` and `visitors.*` have no type `[D]`, so the shape of a body says
//! what it is about. The ids of other things in a body cannot be relied on: the `user.id` of a
//! subscription is a number there and a UUID elsewhere `[D]`.

use serde_json::{Map, Value};

use crate::delivery::WebhookContent;
use crate::platform::json;
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::push_update::ChangeHint;

/// Longest accepted id, in bytes. An occurrence's has 61.
const LONGEST_ID: usize = 200;

/// Parses the body of a verified delivery.
pub(super) fn read(body: &[u8]) -> WebhookContent {
    match opened(body) {
        Ok(parse) => parse,
        Err(why) => WebhookContent::Unreadable(why.to_owned()),
    }
}

fn opened(body: &[u8]) -> Result<WebhookContent, &'static str> {
    let Value::Object(body) = json::strict(body)? else {
        return Err("the body is not an object");
    };
    let event = match body.get("type") {
        None | Some(Value::Null) => None,
        Some(Value::String(event)) => Some(event.as_str()),
        Some(_) => return Err("the event's type is not a text"),
    };
    let (thing, verb) = match event {
        Some(event) if event.starts_with("visitors.") => ("visit", ""),
        Some(event) => event.rsplit_once('.').unwrap_or((event, "")),
        None => (shape(&body), ""),
    };
    let kind = match thing {
        "booking" => Kind::Booking,
        "membership" => Kind::Member,
        "company" => Kind::Team,
        "subscription" => Kind::Membership,
        "resource" => Kind::Resource,
        "location" => Kind::Location,
        "visit" => Kind::Visit,
        _ => return Ok(WebhookContent::NotForUs),
    };
    let object = match body.get(thing) {
        Some(Value::Object(object)) => object,
        None if event.is_none() => &body,
        _ => return Err("the thing of the event is missing"),
    };
    Ok(WebhookContent::About(vec![ChangeHint {
        about: FactId::new(kind, id(object).ok_or("the thing has no usable id")?),
        reaches: None,
        removed: verb == "deleted",
    }]))
}

/// Returns what a body without a type is about: a visit is under its own key, and a bare
/// subscription has items and a period `[D]`.
fn shape(body: &Map<String, Value>) -> &'static str {
    if body.get("visit").is_some_and(Value::is_object) {
        return "visit";
    }
    let is_subscription = body.get("items").is_some_and(Value::is_array)
        && body.contains_key("startDate")
        && body.contains_key("period");
    if is_subscription { "subscription" } else { "" }
}

fn id(object: &Map<String, Value>) -> Option<&str> {
    object
        .get("id")?
        .as_str()
        .filter(|id| !id.trim().is_empty() && id.len() <= LONGEST_ID)
}
