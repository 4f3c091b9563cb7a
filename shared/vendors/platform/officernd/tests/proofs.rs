//! Verification: the published vector, and close variations that must be refused.

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use crate::access::WebhookSecrets;
use crate::delivery::{Delivery, Unverified, VerifiedDelivery};
use crate::platform::officernd::OfficeRnd;
use crate::platform::{Platform, signature};
use crate::secret::Secret;

const SECRET: &str = "1b1b1b1b-1b1b-1b1b-1b1b-1b1b1b1b1b1b";
const T: i64 = 1_767_225_600;
const BODY: &str = r#"{"event":"booking.created","eventType":"booking.created","data":{"object":{"_id":"603dfbc260f4054084125d39"}}}"#;
const HEX: &str = "fcfbfbfb8b46fc272c32582275abfe2e74829f95d1556d6676a0f2f30eed2a58";

fn delivery(headers: &[&str], body: &str) -> Delivery {
    let mut all = HeaderMap::new();
    for value in headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header value");
        all.append(HeaderName::from_static("officernd-signature"), value);
    }
    Delivery {
        path: "/hooks/riverside/officernd".into(),
        headers: all,
        body: body.to_owned().into(),
    }
}

fn secrets(all: &[&str]) -> WebhookSecrets {
    WebhookSecrets {
        webhook_secrets: all.iter().map(|secret| Secret::new(*secret)).collect(),
    }
}

fn verified(
    headers: &[&str],
    secrets: &WebhookSecrets,
    now: i64,
) -> Result<VerifiedDelivery, Unverified> {
    OfficeRnd.verify(
        delivery(headers, BODY),
        secrets,
        Timestamp::from_second(now).expect("an instant"),
    )
}

#[test]
fn the_published_vector_verifies_in_any_order_and_either_case() {
    let (lower, upper) = (HEX.to_owned(), HEX.to_uppercase());
    for header in [
        format!("t={T},signature={lower}"),
        format!("signature={upper},t={T}"),
        format!("t={T}, signature={lower}"),
        format!("v=2,t={T},signature={lower}"),
    ] {
        assert!(
            verified(&[&header], &secrets(&[SECRET]), T).is_ok(),
            "{header}"
        );
    }
}

#[test]
fn sameness_is_path_body_and_signed_time() {
    let proof =
        verified(&[&format!("t={T},signature={HEX}")], &secrets(&[SECRET]), T).expect("verified");
    let t = T.to_string();
    let parts: [&[u8]; 5] = [
        b"/hooks/riverside/officernd",
        b"\0",
        BODY.as_bytes(),
        b"\0",
        t.as_bytes(),
    ];
    assert_eq!(proof.dedup_id, signature::digest(&parts));
    assert_eq!(proof.body(), BODY);
}

#[test]
fn exactly_300_seconds_verify_and_301_do_not() {
    let header = format!("t={T},signature={HEX}");
    for (away, verifies) in [(0, true), (299, true), (300, true), (301, false)] {
        assert_eq!(
            verified(&[&header], &secrets(&[SECRET]), T + away).is_ok(),
            verifies,
            "{away} s old"
        );
        assert_eq!(
            verified(&[&header], &secrets(&[SECRET]), T - away).is_ok(),
            verifies,
            "{away} s ahead"
        );
    }
}

#[test]
fn a_retired_secret_verifies_only_while_it_is_kept() {
    let header = format!("t={T},signature={HEX}");
    assert!(verified(&[&header], &secrets(&["new", SECRET]), T).is_ok());
    assert_eq!(
        verified(&[&header], &secrets(&["new"]), T).err(),
        Some(Unverified)
    );
    assert_eq!(
        verified(&[&header], &secrets(&[]), T).err(),
        Some(Unverified)
    );
    assert_eq!(
        verified(&[&header], &secrets(&[""]), T).err(),
        Some(Unverified)
    );
}

#[test]
fn whatever_else_is_wrong_is_reported_alike() {
    let good = format!("t={T},signature={HEX}");
    let long = format!("{good},{}", "x".repeat(65_536));
    let wrong = [
        String::new(),
        "t=".into(),
        format!("t={T}"),
        format!("signature={HEX}"),
        format!("t={T},signature="),
        format!("t={T},signature={}", &HEX[1..]),
        format!("t={T},signature={}", &HEX[2..]),
        format!("t={T},signature=zz{}", &HEX[2..]),
        format!("t={T},signature=sha256={HEX}"),
        format!("t={T},t={T},signature={HEX}"),
        format!("t={T},signature={HEX},signature={HEX}"),
        format!("t=+{T},signature={HEX}"),
        format!("t={T}.0,signature={HEX}"),
        format!("t=0{T},signature={HEX}"),
        format!("t={},signature={HEX}", T + 1),
        format!("t={T};signature={HEX}"),
        format!("t={T},signature={HEX}ff"),
    ];
    for header in &wrong {
        assert_eq!(
            verified(&[header], &secrets(&[SECRET]), T).err(),
            Some(Unverified),
            "{header}"
        );
    }
    assert_eq!(
        verified(&[], &secrets(&[SECRET]), T).err(),
        Some(Unverified)
    );
    assert_eq!(
        verified(&[&good, &good], &secrets(&[SECRET]), T).err(),
        Some(Unverified)
    );
    assert_eq!(
        verified(&[&long], &secrets(&[SECRET]), T).err(),
        Some(Unverified)
    );
}

#[test]
fn another_body_does_not_verify() {
    let header = format!("t={T},signature={HEX}");
    let now = Timestamp::from_second(T).expect("an instant");
    for body in ["", "{}", &format!("{BODY} ")] {
        assert!(
            OfficeRnd
                .verify(delivery(&[&header], body), &secrets(&[SECRET]), now)
                .is_err()
        );
    }
}
