//! Parses the content of a verified delivery. Only the id and the version of the object are
//! accepted.
//!
//! Objects may have the field names of the first API (`office`, `team`, `start.dateTime`) `[C]`.
//! The id is the same in both APIs, and Doorstep reads everything else again.

use serde_json::{Map, Value};

use crate::delivery::WebhookContent;
use crate::platform::{fields, json};
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::push_update::ChangeHint;

/// Longest accepted id, in bytes. OfficeRnD's ids have 24.
const LONGEST_ID: usize = 200;
/// Fields in which an occurrence may name its booking `[?]`.
const BOOKING_OF_SLOT: [&str; 3] = ["booking", "bookingId", "reservation"];

/// Parses the body of a verified delivery.
pub(super) fn read(body: &[u8]) -> WebhookContent {
    match opened(body) {
        Ok(parse) => parse,
        Err(why) => WebhookContent::Unreadable(why.to_owned()),
    }
}

fn opened(body: &[u8]) -> Result<WebhookContent, &'static str> {
    let Value::Object(envelope) = json::strict(body)? else {
        return Err("the body is not an object");
    };
    // An event has exactly two words: `member.paymentdetails.removed` does not remove a member.
    let Some((thing, verb)) = event(&envelope)?
        .split_once('.')
        .filter(|(_, verb)| !verb.contains('.'))
    else {
        return Ok(WebhookContent::NotForUs);
    };
    let kind = match thing {
        "booking" => Kind::Booking,
        "member" => Kind::Member,
        "company" => Kind::Team,
        "membership" => Kind::Membership,
        "pass" => Kind::Pass,
        "occupancyslot" => return Ok(about_slot(object(&envelope)?)),
        _ => return Ok(WebhookContent::NotForUs),
    };
    let object = object(&envelope)?;
    Ok(WebhookContent::About(vec![ChangeHint {
        about: FactId::new(
            kind,
            id(object.get("_id")).ok_or("data.object has no usable _id")?,
        ),
        reaches: object.get("modifiedAt").and_then(fields::instant),
        removed: verb == "removed",
    }]))
}

/// Returns the event's name, which is sent under one or both of two keys. `[C]`
fn event(envelope: &Map<String, Value>) -> Result<&str, &'static str> {
    let said = |key| match envelope.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) => Ok(Some(name.as_str())),
        Some(_) => Err("the event's name is not a text"),
    };
    match (said("event")?, said("eventType")?) {
        (Some(one), Some(other)) if one != other => Err("event and eventType differ"),
        (Some(name), _) | (None, Some(name)) if !name.is_empty() => Ok(name),
        _ => Err("the event has no name"),
    }
}

fn object(envelope: &Map<String, Value>) -> Result<&Map<String, Value>, &'static str> {
    envelope
        .get("data")
        .and_then(|data| data.get("object"))
        .and_then(Value::as_object)
        .ok_or("data.object is missing")
}

/// Returns the booking of an occurrence that was added or removed. The occurrence's version says
/// nothing about the booking's.
fn about_slot(slot: &Map<String, Value>) -> WebhookContent {
    let booking = BOOKING_OF_SLOT
        .iter()
        .find_map(|name| id(Some(fields::referred(slot.get(*name)?))));
    match booking {
        Some(booking) => WebhookContent::About(vec![ChangeHint {
            about: FactId::new(Kind::Booking, booking),
            reaches: None,
            removed: false,
        }]),
        None => WebhookContent::NotForUs,
    }
}

fn id(value: Option<&Value>) -> Option<&str> {
    value?
        .as_str()
        .filter(|id| !id.trim().is_empty() && id.len() <= LONGEST_ID)
}
