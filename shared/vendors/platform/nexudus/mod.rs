//! Nexudus: its deliveries proven and read, its interface asked, its records said in our words.
//!
//! What is known of it, and how surely, is in `docs/vendors.md`; the grades in brackets are from there. Its field names
//! stay in this room. Nothing here decides who may come in, and nothing writes to Nexudus.

use jiff::{SignedDuration, Timestamp};

use crate::access::{Access, WebhookSecrets};
use crate::delivery::{Delivery, Unverified, VerifiedDelivery, WebhookContent};
use crate::platform::{Platform, ReadPlatform, signature};

mod actions;
mod around;
mod calls;
mod entity;
mod hooks;
mod letters;
mod list;
mod lists;
mod read_platform;
mod reader;
mod roster;
mod status;
mod teams;
mod token;
mod wire;

/// The header that signs, in upper-case hex. It is sent only where the webhook has a shared secret. `[D]`
const SIGNATURE: &str = "x-nexudus-hook-signature";

/// Equal deliveries within one such stretch of time are one: so replays cost a bounded number of reads. It is shorter than
/// the time until the last look that follows a delivery, less the lag of the platform.
const SAME_WITHIN: SignedDuration = SignedDuration::from_mins(2);

/// Nexudus.
pub struct Nexudus;

impl Platform for Nexudus {
    /// HMAC-SHA256 over the body, or over what is left of it in ASCII: the vendor signs the ASCII form of its JSON, and
    /// whether it sends that form too is unknown `[?]`. No time is signed, so a delivery that somebody caught is good for
    /// ever `[D]`: it is a hint and never more.
    ///
    /// It has no id either. Equal bodies that come to one address within `SAME_WITHIN` are one delivery. The second may
    /// be about a second change: what it is about is read again later in any case, see
    /// [`ReadPlatform::proves_times`].
    fn prove(
        &self,
        delivery: Delivery,
        secrets: &WebhookSecrets,
        now: Timestamp,
    ) -> Result<VerifiedDelivery, Unverified> {
        if !proves(&delivery, secrets) {
            return Err(Unverified);
        }
        let stretch = now.as_second().div_euclid(SAME_WITHIN.as_secs()).to_string();
        let parts = [delivery.path.as_bytes(), b"\0", &delivery.body, b"\0", stretch.as_bytes()];
        let sameness = signature::digest(&parts);
        Ok(VerifiedDelivery::by(delivery, sameness))
    }

    /// The path says what happened and is not signed: a delivery that was caught can be posted to any address.
    fn letter(&self, proven: &VerifiedDelivery) -> WebhookContent {
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
