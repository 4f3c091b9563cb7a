//! Nexudus: its deliveries proven and read, its interface asked, its records said in our words.
//!
//! What is known of it, and how surely, is in `docs/vendors.md`; the grades in brackets are from there. Its field names
//! stay in this room. Nothing here decides who may come in, and nothing writes to Nexudus.

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{Access, WebhookSecrets};
use crate::delivery::{Delivery, Letter, Proven, Unproven};
use crate::platform::{Platform, ReadPlatform, signature};

mod actions;
mod around;
mod calls;
mod entity;
mod hooks;
mod letters;
mod list;
mod lists;
mod reader;
mod teams;
mod token;
mod wire;

/// The header that signs, in upper-case hex. It is sent only where the webhook has a shared secret. `[D]`
const SIGNATURE: &str = "x-nexudus-hook-signature";

/// Nexudus.
pub struct Nexudus;

impl Platform for Nexudus {
    /// HMAC-SHA256 over the body, or over what is left of it in ASCII: the vendor signs the ASCII form of its JSON, and
    /// whether it sends that form too is unknown `[?]`. No time is signed, so a delivery that somebody caught is good for
    /// ever `[D]`: it is a bell and never more.
    fn prove(&self, delivery: Delivery, secrets: &WebhookSecrets, _now: Timestamp) -> Result<Proven, Unproven> {
        if !proves(&delivery, secrets) {
            return Err(Unproven);
        }
        // It has no id and no time, and an equal body may well be a new change.
        Ok(Proven::by(delivery, Uuid::new_v4().simple().to_string()))
    }

    /// The path says what happened and is not signed, so a forged one must cost no more than a look.
    fn letter(&self, proven: &Proven) -> Letter {
        letters::read(proven.path(), proven.body())
    }

    fn reader(&self, organization: &str, access: Access) -> Box<dyn ReadPlatform> {
        Box::new(reader::Reader::new(organization, access))
    }
}

fn proves(delivery: &Delivery, secrets: &WebhookSecrets) -> bool {
    let Some(tag) = signature::only(&delivery.headers, SIGNATURE).and_then(|text| hex::decode(text).ok()) else {
        return false;
    };
    let raw = signature::hmac_sha256(secrets, &[&delivery.body], &tag);
    raw | signature::hmac_sha256(secrets, &[&folded(&delivery.body)], &tag)
}

/// A body as .NET makes ASCII of it: each UTF-16 unit that is none becomes a `?`. `[I]`
fn folded(body: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else { return body.to_vec() };
    let unit = |unit: u16| u8::try_from(unit).ok().filter(u8::is_ascii).unwrap_or(b'?');
    text.encode_utf16().map(unit).collect()
}

#[cfg(test)]
mod tests;
