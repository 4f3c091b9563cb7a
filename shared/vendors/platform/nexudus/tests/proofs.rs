//! Deliveries that verify and deliveries that do not. Other tools computed the vectors `[I]`.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use crate::access::WebhookSecrets;
use crate::delivery::Delivery;
use crate::platform::Platform;
use crate::platform::nexudus::Nexudus;
use crate::secret::Secret;

const ADA: &str =
    r#"[{"Id":1418686279,"CoworkerFullName":"Ada Example","FromTime":"2026-01-01T09:00:00Z"}]"#;
const ZOE: &str =
    r#"[{"Id":1418686279,"CoworkerFullName":"Zoë Example","FromTime":"2026-01-01T09:00:00Z"}]"#;
const OF_ADA: &str = "EE6CF829D5C7943182817BE5050130D5454E833888C0F524991CD38B29A25A65";
const OF_ZOE: &str = "9EB088246D6DDFB28DD8F096AD8F4CFAFC164BCF4279ECEFAF4F5BED62FF56FE";
const OF_ZOE_FOLDED: &str = "CC8649980FB2E7D07B862A4FD16BBEF88ADEFDB0BAFED62D48AE221F4216A672";

fn dedup_id(headers: &[&str], body: impl Into<Bytes>, secrets: &[&str]) -> Option<String> {
    let mut sent = HeaderMap::new();
    for value in headers {
        let name = HeaderName::from_static("x-nexudus-hook-signature");
        sent.append(name, HeaderValue::from_str(value).expect("a header"));
    }
    let delivery = Delivery {
        path: "/hooks/riverside/nexudus/6".into(),
        headers: sent,
        body: body.into(),
    };
    let secrets = WebhookSecrets {
        webhook_secrets: secrets.iter().map(|secret| Secret::new(*secret)).collect(),
    };
    Nexudus
        .verify(delivery, &secrets, Timestamp::UNIX_EPOCH)
        .ok()
        .map(|verified| verified.dedup_id)
}

fn verifies(headers: &[&str], body: &str) -> bool {
    dedup_id(headers, body.to_owned(), &["old", "nexudus-shared-secret"]).is_some()
}

#[test]
fn the_vectors_verify_raw_and_folded_in_either_case() {
    for (tag, body) in [(OF_ADA, ADA), (OF_ZOE, ZOE), (OF_ZOE_FOLDED, ZOE)] {
        assert!(verifies(&[tag], body), "{tag}");
        assert!(verifies(&[&tag.to_lowercase()], body), "{tag}");
    }
    assert!(
        verifies(&[OF_ZOE_FOLDED], &ZOE.replace('ë', "?")),
        "folded on the wire too"
    );
}

#[test]
fn a_surrogate_pair_is_two_question_marks() {
    assert_eq!(super::super::folded("aé👩b".as_bytes()), b"a???b");
    assert_eq!(super::super::folded(b"\xff"), b"\xff");
}

#[test]
fn nothing_else_proves() {
    let (odd, text) = (&OF_ADA[1..], OF_ADA.replace('E', "G"));
    let long = OF_ADA.repeat(1024);
    let padded = format!("{OF_ADA}00");
    let prefixed = format!("sha256={OF_ADA}");
    for headers in [
        &[][..],
        &[OF_ADA, OF_ADA],
        &[""],
        &[odd],
        &[&text],
        &[&long],
        &[&padded],
        &[&prefixed],
    ] {
        assert!(
            !verifies(headers, ADA),
            "{:?}",
            headers.first().map(|text| text.len())
        );
    }
    assert!(!verifies(&[OF_ADA], ZOE) && !verifies(&[OF_ZOE], ADA));
    assert!(!verifies(&[OF_ADA], &format!("{ADA} ")));
    assert!(dedup_id(&[OF_ADA], ADA, &["nexudus-shared-secret"]).is_some());
    assert!(dedup_id(&[OF_ADA], ADA, &["retired", ""]).is_none());
    assert!(dedup_id(&[OF_ADA], ADA, &[]).is_none());
}

#[test]
fn equal_bodies_are_one_delivery_within_two_minutes_and_at_one_address() {
    let at = |path: &str, now: &str| {
        let mut headers = http::HeaderMap::new();
        headers.insert(
            "x-nexudus-hook-signature",
            OF_ADA.parse().expect("a header"),
        );
        let delivery = Delivery {
            path: path.to_owned(),
            headers,
            body: bytes::Bytes::from_static(ADA.as_bytes()),
        };
        let secrets = WebhookSecrets {
            webhook_secrets: vec![Secret::new("nexudus-shared-secret")],
        };
        let verified = Nexudus.verify(delivery, &secrets, now.parse().expect("an instant"));
        verified.expect("verified").dedup_id
    };
    let (update, delete) = ("/hooks/riverside/nexudus/7", "/hooks/riverside/nexudus/8");
    assert_eq!(
        at(update, "2026-03-02T08:00:00Z"),
        at(update, "2026-03-02T08:01:59Z")
    );
    assert_ne!(
        at(update, "2026-03-02T08:00:00Z"),
        at(update, "2026-03-02T08:02:00Z")
    );
    assert_ne!(
        at(update, "2026-03-02T08:00:00Z"),
        at(delete, "2026-03-02T08:00:00Z")
    );
}
