//! Verification: one family of headers, never a mixture.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use crate::access::WebhookSecrets;
use crate::delivery::Delivery;
use crate::platform::spacebring::Spacebring;
use crate::platform::{Platform, signature};
use crate::secret::Secret;

const KEY: &[u8] = b"spacebring-webhook-secret-32-byte";
const BODY: &str = r#"{"type":"booking.created","booking":{"id":"i"}}"#;
const AT: i64 = 1_767_225_600;

fn verifies(names: &[&'static str], now: i64) -> bool {
    let tag = signature::tests_tag(
        KEY,
        &[b"msg_1.", AT.to_string().as_bytes(), b".", BODY.as_bytes()],
    );
    let signed = format!("v1,{}", STANDARD.encode(tag));
    let mut headers = HeaderMap::new();
    for name in names {
        let value = match name.rsplit('-').next() {
            Some("id") => "msg_1".to_owned(),
            Some("timestamp") => AT.to_string(),
            _ => signed.clone(),
        };
        headers.append(
            HeaderName::from_static(name),
            HeaderValue::from_str(&value).expect("a value"),
        );
    }
    let secrets = WebhookSecrets {
        webhook_secrets: vec![Secret::new(format!("whsec_{}", STANDARD.encode(KEY)))],
    };
    let delivery = Delivery {
        path: "/hooks/riverside/spacebring".into(),
        headers,
        body: BODY.into(),
    };
    let now = Timestamp::from_second(now).expect("an instant");
    Spacebring.verify(delivery, &secrets, now).is_ok()
}

const SVIX: [&str; 3] = ["svix-id", "svix-timestamp", "svix-signature"];
const WEBHOOK: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

#[test]
fn s1_each_family_verifies_for_five_minutes() {
    for family in [SVIX, WEBHOOK] {
        assert!(
            verifies(&family, AT) && verifies(&family, AT + 300) && verifies(&family, AT - 300)
        );
        assert!(!verifies(&family, AT + 301) && !verifies(&family, AT - 301));
    }
}

#[test]
fn s1_a_mixture_a_missing_and_a_doubled_header_are_refused() {
    for place in 0..3 {
        let mut mixed = SVIX;
        mixed[place] = WEBHOOK[place];
        assert!(!verifies(&mixed, AT), "{mixed:?}");
        let without: Vec<&'static str> = SVIX
            .into_iter()
            .filter(|name| *name != SVIX[place])
            .collect();
        assert!(!verifies(&without, AT), "{without:?}");
        let doubled: Vec<&'static str> = SVIX.into_iter().chain([SVIX[place]]).collect();
        assert!(!verifies(&doubled, AT), "{doubled:?}");
        let both: Vec<&'static str> = SVIX.into_iter().chain([WEBHOOK[place]]).collect();
        assert!(!verifies(&both, AT), "{both:?}");
    }
    assert!(!verifies(&[], AT));
}
