//! Verification steps that the platforms share: one header, a fresh timestamp, a signature with one
//! of several secrets.
//!
//! No function gives a reason for a refusal. The duration of a comparison does not depend on how
//! much of a signature is right.

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::access::WebhookSecrets;

/// Largest distance of a signed timestamp from now, before or after, in seconds. Exactly this
/// distance is still valid.
pub const FRESH_SECONDS: u64 = 300;
/// Longest header that is read, in bytes. Several signatures fit, and no sender needs more.
const LONGEST_HEADER: usize = 4_096;
/// Most digits of a timestamp. They suffice until after the year 30000.
const MOST_DIGITS: usize = 12;

/// Returns the text of the header `name`, if it was sent exactly once and is plain text of at most
/// 4,096 bytes.
///
/// A header that was sent twice is refused: two readers could each take a different one as the
/// valid one.
pub fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?;
    if all.next().is_some() {
        return None;
    }
    first
        .to_str()
        .ok()
        .filter(|text| text.len() <= LONGEST_HEADER)
}

/// Returns the value of the pair `name` in `a=1,b=2`, if the pair occurs exactly once. Pairs of
/// other names are ignored.
pub fn pair<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut found = text
        .split(',')
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(this, _)| *this == name)
        .map(|p| p.1);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Parses Unix seconds that consist of digits only: no sign, no space, no fraction.
pub fn seconds(text: &str) -> Option<i64> {
    let plain =
        !text.is_empty() && text.len() <= MOST_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// Returns whether `signed_at`, in Unix seconds, is at most [`FRESH_SECONDS`] from `now`, compared
/// in whole seconds.
pub fn fresh(signed_at: i64, now: Timestamp) -> bool {
    now.as_second().abs_diff(signed_at) <= FRESH_SECONDS
}

/// Returns whether `tag` is the HMAC-SHA256 of the concatenated `parts` under any of `secrets`. The
/// bytes of a secret's text are the key.
pub fn hmac_sha256(secrets: &WebhookSecrets, parts: &[&[u8]], tag: &[u8]) -> bool {
    let keys: Vec<&[u8]> = secrets
        .webhook_secrets
        .iter()
        .map(|secret| secret.reveal().as_bytes())
        .collect();
    hmac_sha256_of(&keys, parts, tag)
}

/// Returns whether `tag` is the HMAC-SHA256 of the concatenated `parts` under any of `keys`.
///
/// Every key is tried, whatever the others gave, and each comparison takes constant time. An empty
/// key never verifies.
pub fn hmac_sha256_of(keys: &[impl AsRef<[u8]>], parts: &[&[u8]], tag: &[u8]) -> bool {
    let mut verified = false;
    for key in keys.iter().map(AsRef::as_ref) {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
            continue;
        };
        for part in parts {
            mac.update(part);
        }
        verified |= mac.verify_slice(tag).is_ok() & !key.is_empty();
    }
    verified
}

/// Returns the hex SHA-256 of the concatenated `parts`. It identifies a delivery that has no id of
/// its own.
pub fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// Returns the HMAC-SHA256 of `parts`, for tests that sign.
#[cfg(test)]
pub(crate) fn tests_tag(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests;
