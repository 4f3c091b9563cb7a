//! Standard Webhooks: the signature scheme of Spacebring and of the platforms without a read API.
//! `[D]`
//!
//! Three headers, each exactly once:
//!
//! - `webhook-id`
//! - `webhook-timestamp`, in Unix seconds
//! - `webhook-signature`, a list of `v1,<base64>` separated by spaces
//!
//! Svix sends the same three under `svix-` names `[D]`. A delivery with headers of both families is
//! refused: two readers could each take a different one as the valid one.
//!
//! The signed content is `{id}.{timestamp}.{body}`. Any one valid entry verifies the delivery, so
//! secrets can be rotated without loss. Entries of other versions are ignored.

use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use http::HeaderMap;
use jiff::Timestamp;

use super::signature;
use crate::access::WebhookSecrets;
use crate::delivery::{Delivery, Unverified, VerifiedDelivery};
use crate::secret::Secret;

/// Prefix of a secret.
const PREFIX: &str = "whsec_";
/// Fewest and most bytes of a secret. `[D]`
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// The only supported version of a signature.
const VERSION: &str = "v1";
/// Base64 with or without padding, because people paste secrets by hand.
const SECRETS: GeneralPurposeConfig =
    NO_PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The names of the three headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderFamily {
    id: &'static str,
    timestamp: &'static str,
    signature: &'static str,
}

/// The names of the specification. `[D]`
pub const WEBHOOK: HeaderFamily = HeaderFamily {
    id: "webhook-id",
    timestamp: "webhook-timestamp",
    signature: "webhook-signature",
};
/// The names that Svix sends. `[D]`
pub const SVIX: HeaderFamily = HeaderFamily {
    id: "svix-id",
    timestamp: "svix-timestamp",
    signature: "svix-signature",
};

impl HeaderFamily {
    fn is_in(self, headers: &HeaderMap) -> bool {
        let names = [self.id, self.timestamp, self.signature];
        names.iter().any(|name| headers.contains_key(*name))
    }
}

/// Verifies a delivery whose headers have the names of one of `families`.
///
/// # Errors
/// [`Unverified`], without a reason.
pub fn verify(
    delivery: Delivery,
    secrets: &WebhookSecrets,
    now: Timestamp,
    families: &[HeaderFamily],
) -> Result<VerifiedDelivery, Unverified> {
    let mut sent = families
        .iter()
        .filter(|family| family.is_in(&delivery.headers));
    let (Some(family), None) = (sent.next(), sent.next()) else {
        return Err(Unverified);
    };
    let dedup_id = proof(&delivery, secrets, now, *family).ok_or(Unverified)?;
    Ok(VerifiedDelivery::by(delivery, dedup_id))
}

/// Returns the identity of a verified delivery: a digest of path, id and body. An id that is used
/// for two bodies gives two identities, so the second body cannot pass for the first. A retry sends
/// both id and body unchanged.
fn proof(
    delivery: &Delivery,
    secrets: &WebhookSecrets,
    now: Timestamp,
    family: HeaderFamily,
) -> Option<String> {
    let only = |name| signature::only(&delivery.headers, name).filter(|text| !text.is_empty());
    let (id, timestamp, list) = (
        only(family.id)?,
        only(family.timestamp)?,
        only(family.signature)?,
    );
    let fresh = signature::fresh(signature::seconds(timestamp)?, now);
    let keys: Vec<Vec<u8>> = secrets.webhook_secrets.iter().filter_map(key).collect();
    let parts: [&[u8]; 5] = [
        id.as_bytes(),
        b".",
        timestamp.as_bytes(),
        b".",
        &delivery.body,
    ];
    // A Function URL joins a header that was sent twice into one, with a comma. A valid entry has
    // one comma only.
    if list.split(' ').any(|entry| entry.matches(',').count() > 1) {
        return None;
    }
    let mut verified = false;
    for tag in list.split(' ').filter_map(tag) {
        verified |= signature::hmac_sha256_of(&keys, &parts, &tag);
    }
    (fresh & verified).then(|| {
        signature::digest(&[
            delivery.path.as_bytes(),
            b"\0",
            id.as_bytes(),
            b"\0",
            &delivery.body,
        ])
    })
}

/// Returns the bytes of one entry of the list; `None` if the version or the Base64 is not standard.
fn tag(entry: &str) -> Option<Vec<u8>> {
    let (version, tag) = entry.split_once(',')?;
    if version == VERSION {
        STANDARD.decode(tag).ok()
    } else {
        None
    }
}

/// Returns the bytes of a secret; `None` if the text is not a valid secret.
fn key(secret: &Secret) -> Option<Vec<u8>> {
    let text = secret.reveal().trim().strip_prefix(PREFIX)?;
    let key = GeneralPurpose::new(&alphabet::STANDARD, SECRETS)
        .decode(text)
        .ok()?;
    KEY_BYTES.contains(&key.len()).then_some(key)
}

/// Returns whether a secret is valid: `whsec_` and the Base64 of 24 to 64 bytes.
pub fn is_secret(secret: &Secret) -> bool {
    key(secret).is_some()
}

#[cfg(test)]
mod tests;
