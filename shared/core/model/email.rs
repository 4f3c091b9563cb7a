//! E-mail addresses: the form in which they are compared, and their digest in keys.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

/// Returns the form in which addresses are compared: trimmed, in lower case. Returns `None` for a
/// text that cannot be an address.
pub fn email_key(email: &str) -> Option<String> {
    compared_email(email).map(Cow::into_owned)
}

/// Returns the same as [`email_key`]. It borrows an address that is in this form already, as most
/// are.
pub fn compared_email(email: &str) -> Option<Cow<'_, str>> {
    let email = email.trim();
    let as_it_is = email
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    let key = if as_it_is {
        Cow::Borrowed(email)
    } else {
        Cow::Owned(email.to_lowercase())
    };
    (key.contains('@') && !key.contains(char::is_whitespace)).then_some(key)
}

/// Returns the hex SHA-256 of an address in compared form. Keys hold this digest, so that the
/// address itself is stored in one place only.
pub fn email_digest(email: &str) -> String {
    hex::encode(Sha256::digest(email.as_bytes()))
}
