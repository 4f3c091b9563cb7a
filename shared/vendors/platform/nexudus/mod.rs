//! Nexudus: verifies and parses its webhooks, calls its API and translates its records into facts.
//!
//! `docs/vendors.md` lists what is known of it, with the grades in brackets. Nexudus' field names
//! stay in this module. Nothing here decides about access, and nothing writes to Nexudus.

use jiff::{SignedDuration, Timestamp};

use crate::access::{Access, WebhookSecrets};
use crate::delivery::{Delivery, Unverified, VerifiedDelivery, WebhookContent};
use crate::platform::{Platform, PlatformApi, ReadPlatform, signature};

mod actions;
mod around;
mod bridge;
mod calls;
mod entity;
mod hooks;
mod invoices;
mod list;
mod lists;
mod parse;
mod read_platform;
mod reader;
mod status;
mod successor;
mod team_members;
mod teams;
mod token;
mod visits;
mod wire;

/// The signature header, in upper-case hex. Nexudus sends it only if the webhook has a shared
/// secret. `[D]`
const SIGNATURE: &str = "x-nexudus-hook-signature";

/// Length of the time slots within which equal deliveries count as one. It bounds the reads that
/// replays cost. It is shorter than the delay of the last read after a delivery, less the lag of
/// the platform.
const SAME_WITHIN: SignedDuration = SignedDuration::from_mins(2);

/// The Nexudus platform.
pub struct Nexudus;

impl Platform for Nexudus {
    /// Verifies an HMAC-SHA256 over the body or over its ASCII form. Nexudus signs the ASCII form
    /// of its JSON. Whether it sends that form too is unknown `[?]`. No time is signed, so a
    /// captured delivery stays valid forever `[D]`: it is a hint and never more.
    ///
    /// A delivery has no id. Equal bodies that arrive at one address within `SAME_WITHIN` count as
    /// one delivery. The second may be about a second change. Its subject is therefore read again
    /// later in any case, see [`ReadPlatform::verifies_times`].
    fn verify(
        &self,
        delivery: Delivery,
        secrets: &WebhookSecrets,
        now: Timestamp,
    ) -> Result<VerifiedDelivery, Unverified> {
        if !verifies(&delivery, secrets) {
            return Err(Unverified);
        }
        let interval = now
            .as_second()
            .div_euclid(SAME_WITHIN.as_secs())
            .to_string();
        let parts = [
            delivery.path.as_bytes(),
            b"\0",
            &delivery.body,
            b"\0",
            interval.as_bytes(),
        ];
        let dedup_id = signature::digest(&parts);
        Ok(VerifiedDelivery::by(delivery, dedup_id))
    }

    /// Parses the event from the path. The path is not signed: a captured delivery can be posted to
    /// any address.
    fn parse(&self, verified: &VerifiedDelivery) -> WebhookContent {
        parse::read(verified.path(), verified.body())
    }
}

impl PlatformApi for Nexudus {
    fn reader(&self, organization: &str, access: Access) -> Box<dyn ReadPlatform> {
        Box::new(reader::NexudusReader::new(organization, access))
    }
}

fn verifies(delivery: &Delivery, secrets: &WebhookSecrets) -> bool {
    let Some(tag) =
        signature::only(&delivery.headers, SIGNATURE).and_then(|text| hex::decode(text).ok())
    else {
        return false;
    };
    let raw = signature::hmac_sha256(secrets, &[&delivery.body], &tag);
    raw | signature::hmac_sha256(secrets, &[&folded(&delivery.body)], &tag)
}

/// Returns a body as .NET converts it to ASCII: each UTF-16 unit that is not ASCII becomes a `?`.
/// `[I]`
fn folded(body: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(body) else {
        return body.to_vec();
    };
    let unit = |unit: u16| u8::try_from(unit).ok().filter(u8::is_ascii).unwrap_or(b'?');
    text.encode_utf16().map(unit).collect()
}

#[cfg(test)]
mod tests;
