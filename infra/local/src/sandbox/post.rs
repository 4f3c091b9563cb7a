//! The webhooks of platforms.

use bytes::Bytes;
use serde_json::Value;

/// A webhook that a platform would post. It is not signed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The last part of its address, for a platform with one address per action.
    pub action: Option<u16>,
    /// The body.
    pub body: Bytes,
    /// Whether the signature covers the body as a .NET text in ASCII, in which every other UTF-16
    /// unit is a `?`.
    pub folded: bool,
}

impl Post {
    /// Creates a webhook for the single address of a platform.
    pub fn of(body: &Value) -> Post {
        Post {
            action: None,
            body: Bytes::from(body.to_string()),
            folded: false,
        }
    }

    /// Returns the bytes that the signature covers.
    pub fn signed(&self) -> Vec<u8> {
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        match self.folded {
            true => text
                .encode_utf16()
                .map(|unit| if unit < 128 { unit as u8 } else { b'?' })
                .collect(),
            false => self.body.to_vec(),
        }
    }
}
