//! Kisi's event webhooks: verified by one header over the exact body, and parsed.
//!
//! Only ids, codes and instants of an event are trusted. Of its names only the lock's is read.

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::access::WebhookSecrets;
use crate::delivery::{Delivery, Unverified, VerifiedDelivery};
use crate::doors::attempts::{AccessNews, PushAttempts};
use crate::platform::{json, signature};
use doorstep_core::model::access_attempt::{AccessAttempt, kept};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::ids::DoorsName;

/// The signature header: `sha256=<HMAC-SHA256 of the body>` `[D]`; in hex or base64, with or
/// without the prefix `[?]`.
const SIGNATURE: &str = "x-signature";
const PREFIX: &str = "sha256=";
/// The length of an HMAC-SHA256, in bytes.
const TAG: usize = 32;
/// The longest accepted id, in bytes. Kisi's have 36.
const LONGEST_ID: usize = 100;
/// The names of refusals by error code `[D]`.
const REASONS: [(&str, &str); 5] = [
    ("fcd8ef", "denied"),
    ("fcd8ff", "access disabled"),
    ("f358de", "not yet valid"),
    ("f35ade", "no longer valid"),
    ("34ffaa", "not at this moment"),
];

/// Kisi's event webhooks.
pub struct EventWebhook;

impl PushAttempts for EventWebhook {
    /// The signature covers no timestamp `[D]`, so a delivery stays valid for ever. A replay does
    /// no harm: an access attempt is stored once, and a trigger only causes a read.
    fn verify(
        &self,
        delivery: Delivery,
        secrets: &WebhookSecrets,
    ) -> Result<VerifiedDelivery, Unverified> {
        let tag = signature::only(&delivery.headers, SIGNATURE)
            .and_then(tag)
            .ok_or(Unverified)?;
        if !signature::hmac_sha256(secrets, &[&delivery.body], &tag) {
            return Err(Unverified);
        }
        let dedup_id = signature::digest(&[delivery.path.as_bytes(), b"\0", &delivery.body]);
        Ok(VerifiedDelivery::by(delivery, dedup_id))
    }

    fn news(
        &self,
        doors: &DoorsName,
        place: Option<&str>,
        verified: &VerifiedDelivery,
    ) -> AccessNews {
        read(doors, place, verified.body())
            .unwrap_or_else(|why| AccessNews::Unreadable(why.to_owned()))
    }
}

/// Decodes the signature. 64 characters are hex. Every other length is base64 of either alphabet.
fn tag(header: &str) -> Option<Vec<u8>> {
    let text = header.trim();
    let text = text.strip_prefix(PREFIX).unwrap_or(text);
    if text.len() == 2 * TAG {
        return hex::decode(text).ok();
    }
    let padding =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabets = [alphabet::STANDARD, alphabet::URL_SAFE]
        .map(|letters| GeneralPurpose::new(&letters, padding));
    let tag = alphabets
        .iter()
        .find_map(|base64| base64.decode(text).ok())?;
    (tag.len() == TAG).then_some(tag)
}

fn read(doors: &DoorsName, place: Option<&str>, body: &[u8]) -> Result<AccessNews, &'static str> {
    let Value::Object(event) = json::strict(body)? else {
        return Err("the body is not an object");
    };
    Ok(match text(&event, "type").ok_or("the event has no type")? {
        // A webhook of the organisation posts the events of all its places.
        "lock.unlock" if is_elsewhere(&event, place) => AccessNews::NotForUs,
        "lock.unlock" => AccessNews::AccessAttempt(attempt(doors, &event)?),
        // An account that was enabled, disabled or deleted by hand. Doorstep's own changes arrive
        // here too, and their trigger finds nothing to do.
        "user.update" | "user.destroy" => {
            AccessNews::Account(account("User", event.get("object_id")).ok_or(NO_OBJECT)?)
        }
        "guest.destroy" => {
            AccessNews::Account(account("Guest", event.get("object_id")).ok_or(NO_OBJECT)?)
        }
        // This delivery arrived, but a webhook fails, or was disabled because it failed. The next
        // reconcile examines all webhooks and finds what was lost.
        "integration.disable_due_to_error" | "integration.warn_due_to_error" => AccessNews::Unclear,
        // An assignment's event does not name the account `[?]`. Reconcile finds changes made by
        // hand.
        _ => AccessNews::NotForUs,
    })
}

const NO_OBJECT: &str = "the event has no usable object_id";

fn attempt(doors: &DoorsName, event: &Map<String, Value>) -> Result<AccessAttempt, &'static str> {
    let id = text(event, "uuid")
        .filter(|id| id.len() <= LONGEST_ID)
        .ok_or("the event has no usable uuid")?;
    let at = text(event, "created_at").and_then(|at| at.parse::<Timestamp>().ok());
    let lock = event.get("object_id").and_then(number).ok_or(NO_OBJECT)?;
    let opened = match event.get("success") {
        Some(Value::Bool(opened)) => *opened,
        _ => return Err("the event does not say whether the lock opened"),
    };
    Ok(AccessAttempt {
        at: at.ok_or("the event has no usable created_at")?,
        doors: doors.to_owned(),
        id: id.to_owned(),
        lock,
        lock_name: text(event, "object_name").and_then(kept),
        account: text(event, "actor_type").and_then(|kind| account(kind, event.get("actor_id"))),
        refused: (!opened).then(|| reason(text(event, "error_code"))),
    })
}

/// Returns whether the event happened at another place than `place`.
fn is_elsewhere(event: &Map<String, Value>, place: Option<&str>) -> bool {
    let there = event.get("place_id").and_then(number);
    place
        .zip(there.as_deref())
        .is_some_and(|(here, there)| here != there)
}

/// Returns the name of a refusal. An unknown code is kept if it looks like a code.
fn reason(code: Option<&str>) -> String {
    let Some(code) = code else {
        return "refused".to_owned();
    };
    match REASONS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(code))
    {
        Some((_, reason)) => (*reason).to_owned(),
        None if code.len() <= 16 && code.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            format!("refused ({code})")
        }
        None => "refused".to_owned(),
    }
}

/// Returns the account id as group lists write it. Links and apps have no account.
fn account(kind: &str, id: Option<&Value>) -> Option<AccountId> {
    let id = number(id?)?;
    match kind {
        "User" => Some(AccountId(id)),
        "Guest" => Some(AccountId(format!("guest:{id}"))),
        _ => None,
    }
}

/// Parses an id. Ids are whole numbers `[D]`; one written as text is accepted too.
fn number(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        Value::String(text) => text.parse::<u64>().ok().map(|number| number.to_string()),
        _ => None,
    }
}

fn text<'e>(event: &'e Map<String, Value>, name: &str) -> Option<&'e str> {
    event
        .get(name)?
        .as_str()
        .filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests;
