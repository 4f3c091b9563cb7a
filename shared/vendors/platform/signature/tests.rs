//! Each step of signature verification by itself.

use http::HeaderValue;

use super::*;
use crate::secret::Secret;

fn headers(values: &[&'static str]) -> HeaderMap {
    let mut all = HeaderMap::new();
    for value in values {
        all.append("signed", HeaderValue::from_static(value));
    }
    all
}

#[test]
fn a_header_counts_only_when_it_was_sent_once() {
    assert_eq!(only(&headers(&["a"]), "signed"), Some("a"));
    assert_eq!(only(&headers(&["a"]), "Signed"), Some("a"));
    assert_eq!(only(&headers(&[]), "signed"), None);
    assert_eq!(only(&headers(&["a", "a"]), "signed"), None);
}

#[test]
fn a_header_that_is_not_text_counts_for_nothing() {
    let mut all = HeaderMap::new();
    all.append(
        "signed",
        HeaderValue::from_bytes(b"t=1\xff").expect("a header value"),
    );
    assert_eq!(only(&all, "signed"), None);
}

#[test]
fn pairs_are_read_by_name_in_any_order() {
    assert_eq!(pair("t=1,signature=ab", "t"), Some("1"));
    assert_eq!(pair("signature=ab, t=1", "t"), Some("1"));
    assert_eq!(pair("v=2,t=1", "t"), Some("1"));
    assert_eq!(pair("t=1,t=1", "t"), None);
    assert_eq!(pair("tt=1", "t"), None);
    assert_eq!(pair("t", "t"), None);
    assert_eq!(pair("", "t"), None);
}

#[test]
fn seconds_are_digits_alone() {
    assert_eq!(seconds("1767225600"), Some(1_767_225_600));
    for wrong in ["", "-1", "+1", " 1", "1.0", "1e3", "٣", "9999999999999"] {
        assert_eq!(seconds(wrong), None, "{wrong}");
    }
}

#[test]
fn exactly_300_seconds_are_fresh_either_way_and_301_are_not() {
    let now = Timestamp::new(1_767_225_600, 999_000_000).expect("an instant");
    for (away, fresh_then) in [(0, true), (299, true), (300, true), (301, false)] {
        assert_eq!(fresh(1_767_225_600 - away, now), fresh_then, "{away} s ago");
        assert_eq!(
            fresh(1_767_225_600 + away, now),
            fresh_then,
            "{away} s ahead"
        );
    }
    assert!(!fresh(i64::MAX, now) && !fresh(i64::MIN, now));
}

#[test]
fn any_secret_in_force_verifies_and_an_empty_one_never_does() {
    let tag = |key: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
        mac.update(b"ab");
        mac.finalize().into_bytes().to_vec()
    };
    let secrets = |all: &[&str]| WebhookSecrets {
        webhook_secrets: all.iter().map(|s| Secret::new(*s)).collect(),
    };
    let parts: [&[u8]; 2] = [b"a", b"b"];
    assert!(hmac_sha256(&secrets(&["new", "old"]), &parts, &tag(b"old")));
    assert!(hmac_sha256(&secrets(&["new", "old"]), &parts, &tag(b"new")));
    assert!(!hmac_sha256(&secrets(&["new"]), &parts, &tag(b"old")));
    assert!(!hmac_sha256(&secrets(&[""]), &parts, &tag(b"")));
    assert!(!hmac_sha256(&secrets(&[]), &parts, &tag(b"")));
    assert!(!hmac_sha256(
        &secrets(&["new"]),
        &parts,
        tag(b"new").split_at(16).0
    ));
}
