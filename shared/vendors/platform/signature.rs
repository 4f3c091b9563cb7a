//! What proofs of every platform have in common: one header, fresh, signed with one of several secrets.
//!
//! Nothing here says why a proof failed, and nothing takes longer or shorter by how much of it was right.

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::access::WebhookSecrets;

/// How far a signed timestamp may be from now, either way, in seconds. Exactly this far still proves.
pub const FRESH_SECONDS: u64 = 300;
/// Longest header that is looked at, in bytes: several signatures fit, and nobody sends more.
const LONGEST_HEADER: usize = 4_096;
/// More digits than any timestamp has before the year 30000.
const MOST_DIGITS: usize = 12;

/// The text of the header `name`, where it was sent exactly once and is plain text of a sensible length.
///
/// Sent twice it proves nothing: two readers could each take another one for the true one.
pub fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    if all.next().is_some() {
        return None;
    }
    first.to_str().ok().filter(|text| text.len() <= LONGEST_HEADER)
}

/// The value of the pair `name` in `a=1,b=2`, where it occurs exactly once. Pairs of other names are passed over.
pub fn pair<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut found =
        text.split(',').filter_map(|pair| pair.trim().split_once('=')).filter(|(this, _)| *this == name).map(|p| p.1);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Unix seconds written in digits alone: no sign, no space, no fraction.
pub fn seconds(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.len() <= MOST_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Whether `signed_at`, in Unix seconds, is at most [`FRESH_SECONDS`] from `now`, judged in whole seconds.
pub fn fresh(signed_at: i64, now: Timestamp) -> bool {
    now.as_second().abs_diff(signed_at) <= FRESH_SECONDS
}

/// Whether `tag` is the HMAC-SHA256 of `parts`, one behind the other, under any of `secrets`, taken as they are written.
pub fn hmac_sha256(secrets: &WebhookSecrets, parts: &[&[u8]], tag: &[u8]) -> bool {
    let keys: Vec<&[u8]> = secrets.webhook_secrets.iter().map(|secret| secret.reveal().as_bytes()).collect();
    hmac_sha256_of(&keys, parts, tag)
}

/// The same under any of `keys`.
///
/// Every key is tried whatever the others gave, each compared in constant time. An empty key never proves.
pub fn hmac_sha256_of(keys: &[impl AsRef<[u8]>], parts: &[&[u8]], tag: &[u8]) -> bool {
    let mut proven = false;
    for key in keys.iter().map(AsRef::as_ref) {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { continue };
        for part in parts {
            mac.update(part);
        }
        proven |= mac.verify_slice(tag).is_ok() & !key.is_empty();
    }
    proven
}

/// The hex SHA-256 of `parts`, one behind the other: what tells a delivery without an id of its own from others.
pub fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// The HMAC-SHA256 of `parts`, for tests that sign.
#[cfg(test)]
pub(crate) fn tests_tag(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests;
