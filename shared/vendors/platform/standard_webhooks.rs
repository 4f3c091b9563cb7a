//! Standard Webhooks: how deliveries of platforms without an interface of their own are proven. `[D]`
//!
//! Three headers, each exactly once: `webhook-id`, `webhook-timestamp` (Unix seconds) and `webhook-signature`, a list of
//! `v1,<base64>` between spaces. Any one that is right proves the delivery, so that secrets can be changed without loss;
//! entries of other versions are passed over. Signed is `{id}.{timestamp}.{body}`.

use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use jiff::Timestamp;

use super::signature;
use crate::access::WebhookSecrets;
use crate::delivery::{Delivery, Unverified, VerifiedDelivery};
use crate::secret::Secret;

/// How a secret begins.
const PREFIX: &str = "whsec_";
/// Fewest and most bytes of a secret. `[D]`
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// The only version of a signature that is read.
const VERSION: &str = "v1";
/// Secrets are pasted by people: with or without padding they are the same bytes.
const SECRETS: GeneralPurposeConfig = NO_PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Proves a delivery.
///
/// # Errors
/// [`Unverified`], whatever was wrong.
pub fn prove(delivery: Delivery, secrets: &WebhookSecrets, now: Timestamp) -> Result<VerifiedDelivery, Unverified> {
    let sameness = proof(&delivery, secrets, now).ok_or(Unverified)?;
    Ok(VerifiedDelivery::by(delivery, sameness))
}

/// What tells a proven delivery from every other one: its id with its body, for an id that is used for two bodies must
/// not let the second one pass for the first. A sender that tries again sends both as they were.
fn proof(delivery: &Delivery, secrets: &WebhookSecrets, now: Timestamp) -> Option<String> {
    let only = |name| signature::only(&delivery.headers, name).filter(|text| !text.is_empty());
    let (id, timestamp, list) = (only("webhook-id")?, only("webhook-timestamp")?, only("webhook-signature")?);
    let fresh = signature::fresh(signature::seconds(timestamp)?, now);
    let keys: Vec<Vec<u8>> = secrets.webhook_secrets.iter().filter_map(key).collect();
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &delivery.body];
    // A header that was sent twice arrives from a Function URL as one, joined with a comma. No entry has two commas.
    if list.split(' ').any(|entry| entry.matches(',').count() > 1) {
        return None;
    }
    let mut proven = false;
    for tag in list.split(' ').filter_map(tag) {
        proven |= signature::hmac_sha256_of(&keys, &parts, &tag);
    }
    (fresh & proven)
        .then(|| signature::digest(&[delivery.path.as_bytes(), b"\0", id.as_bytes(), b"\0", &delivery.body]))
}

/// The bytes of one entry of the list. Base64 that is not written as the standard says is no signature.
fn tag(entry: &str) -> Option<Vec<u8>> {
    let (version, tag) = entry.split_once(',')?;
    if version == VERSION { STANDARD.decode(tag).ok() } else { None }
}

/// The bytes of a secret; `None` where it is not one.
fn key(secret: &Secret) -> Option<Vec<u8>> {
    let text = secret.reveal().trim().strip_prefix(PREFIX)?;
    let key = GeneralPurpose::new(&alphabet::STANDARD, SECRETS).decode(text).ok()?;
    KEY_BYTES.contains(&key.len()).then_some(key)
}

/// Whether a secret is one that can prove: `whsec_` and the base64 of 24 to 64 bytes.
pub fn is_secret(secret: &Secret) -> bool {
    key(secret).is_some()
}

#[cfg(test)]
mod tests;
