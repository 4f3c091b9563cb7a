//! Deliveries as their senders sign them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_vendors::access::WebhookSecrets;
use doorstep_vendors::delivery::Delivery;
use doorstep_vendors::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

use crate::NOW_SECONDS;

/// The key of every delivery.
const KEY: &[u8] = b"a key of thirty-two bytes, maybe";

/// The senders of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A platform.
    Platform(PlatformKind),
    /// The door system Kisi.
    Kisi,
}

impl Sender {
    /// Every sender.
    pub const ALL: [Sender; 6] = [
        Sender::Platform(PlatformKind::OfficeRnd),
        Sender::Platform(PlatformKind::Nexudus),
        Sender::Platform(PlatformKind::Spacebring),
        Sender::Platform(PlatformKind::Andcards),
        Sender::Platform(PlatformKind::Deskworks),
        Sender::Kisi,
    ];

    /// Returns the path that the sender posts to. At Nexudus `action` is part of it.
    pub fn path(self, action: u8) -> String {
        match self {
            Sender::Platform(PlatformKind::Nexudus) => format!("/hooks/site/nexudus/{action}"),
            Sender::Platform(kind) => format!("/hooks/site/{}", kind.word()),
            Sender::Kisi => "/hooks/site/kisi/main".to_owned(),
        }
    }

    /// Returns the secrets that verify the sender's deliveries.
    pub fn secrets(self) -> WebhookSecrets {
        let text = if self.is_standard() {
            format!("whsec_{}", STANDARD.encode(KEY))
        } else {
            String::from_utf8_lossy(KEY).into_owned()
        };
        WebhookSecrets {
            webhook_secrets: vec![Secret::new(text)],
        }
    }

    /// Returns the headers of a valid delivery of `body`.
    pub fn headers(self, body: &[u8]) -> Vec<(&'static str, String)> {
        let seconds = NOW_SECONDS.to_string();
        let at = seconds.as_bytes();
        match self {
            Sender::Platform(PlatformKind::OfficeRnd) => {
                let tag = hex::encode(tag(&[body, b".", at]));
                vec![(
                    "officernd-signature",
                    format!("t={seconds},signature={tag}"),
                )]
            }
            Sender::Platform(PlatformKind::Nexudus) => {
                vec![("x-nexudus-hook-signature", hex::encode(tag(&[body])))]
            }
            Sender::Platform(_) => {
                let tag = STANDARD.encode(tag(&[b"msg_1", b".", at, b".", body]));
                vec![
                    ("webhook-id", "msg_1".to_owned()),
                    ("webhook-timestamp", seconds),
                    ("webhook-signature", format!("v1,{tag}")),
                ]
            }
            Sender::Kisi => vec![(
                "x-signature",
                format!("sha256={}", hex::encode(tag(&[body]))),
            )],
        }
    }

    fn is_standard(self) -> bool {
        !matches!(
            self,
            Sender::Kisi | Sender::Platform(PlatformKind::OfficeRnd | PlatformKind::Nexudus)
        )
    }
}

/// Returns a delivery. Headers that HTTP does not allow are left out.
pub fn delivery(path: String, headers: &[(&str, Vec<u8>)], body: &[u8]) -> Delivery {
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value))
        {
            all.append(name, value);
        }
    }
    Delivery {
        path,
        headers: all,
        body: Bytes::copy_from_slice(body),
    }
}

fn tag(parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}
