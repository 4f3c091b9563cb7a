//! What a proven delivery is about. Of the object it carries only the id and the version are believed.
//!
//! Objects may have the names of the first interface (`office`, `team`, `start.dateTime`) `[C]`: the id is the same in
//! both, and everything else is read again.

use serde_json::{Map, Value};

use crate::delivery::WebhookContent;
use crate::platform::{fields, json};
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::push_update::ChangeHint;

/// Longest id that is taken, in bytes. Theirs have 24.
const LONGEST_ID: usize = 200;
/// Names under which an occurrence may give the booking it belongs to `[?]`.
const BOOKING_OF_SLOT: [&str; 3] = ["booking", "bookingId", "reservation"];

/// Reads the body of a proven delivery.
pub(super) fn read(body: &[u8]) -> WebhookContent {
    match opened(body) {
        Ok(letter) => letter,
        Err(why) => WebhookContent::Unreadable(why.to_owned()),
    }
}

fn opened(body: &[u8]) -> Result<WebhookContent, &'static str> {
    let Value::Object(envelope) = json::strict(body)? else { return Err("the body is not an object") };
    // Exactly two words: `member.paymentdetails.removed` is not the removal of a member.
    let Some((thing, verb)) = event(&envelope)?.split_once('.').filter(|(_, verb)| !verb.contains('.')) else {
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
        about: FactId::new(kind, id(object.get("_id")).ok_or("data.object has no usable _id")?),
        reaches: object.get("modifiedAt").and_then(fields::instant),
        removed: verb == "removed",
    }]))
}

/// The event's name, which is sent under one or both of two keys. `[C]`
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
    envelope.get("data").and_then(|data| data.get("object")).and_then(Value::as_object).ok_or("data.object is missing")
}

/// An occurrence came or went, so its booking may have changed. Its own version says nothing about the booking's.
fn about_slot(slot: &Map<String, Value>) -> WebhookContent {
    let booking = BOOKING_OF_SLOT.iter().find_map(|name| id(Some(fields::referred(slot.get(*name)?))));
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
    value?.as_str().filter(|id| !id.trim().is_empty() && id.len() <= LONGEST_ID)
}
