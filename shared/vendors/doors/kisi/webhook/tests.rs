use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use serde_json::json;
use sha2::Sha256;

use super::*;
use crate::secret::Secret;

const BODY: &[u8] = br#"{"type":"lock.unlock"}"#;

fn mac(secret: &str, body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

fn verified(headers: &[&str], secrets: &[&str]) -> bool {
    let mut sent = HeaderMap::new();
    for header in headers {
        sent.append("X-Signature", header.parse().unwrap());
    }
    let delivery = Delivery {
        path: "/hooks/riverside/kisi/main".into(),
        headers: sent,
        body: Bytes::from_static(BODY),
    };
    let secrets = WebhookSecrets {
        webhook_secrets: secrets.iter().map(|secret| Secret::new(*secret)).collect(),
    };
    EventWebhook.verify(delivery, &secrets).is_ok()
}

#[test]
fn hex_and_base64_verify_with_and_without_the_prefix() {
    let tag = mac("hush", BODY);
    let hex = hex::encode(&tag);
    let written = [
        hex.clone(),
        hex.to_uppercase(),
        STANDARD.encode(&tag),
        STANDARD_NO_PAD.encode(&tag),
        URL_SAFE.encode(&tag),
        URL_SAFE_NO_PAD.encode(&tag),
    ];
    for text in written {
        assert!(verified(&[&text], &["hush"]), "{text}");
        assert!(
            verified(&[&format!(" sha256={text} ")], &["hush"]),
            "{text}"
        );
        assert!(
            verified(&[&text], &["new", "hush"]),
            "any of several secrets"
        );
        assert!(!verified(&[&text], &["new"]), "a retired secret");
        assert!(!verified(&[&text, &text], &["hush"]), "sent twice");
        assert!(
            !verified(&[&format!("sha1={text}")], &["hush"]),
            "another prefix"
        );
    }
}

#[test]
fn whatever_else_is_sent_verifies_nothing() {
    let tag = mac("hush", BODY);
    let hex = hex::encode(&tag);
    let base64 = STANDARD.encode(&tag);
    for wrong in [
        "",
        "sha256=",
        "=",
        &hex[1..],
        &hex[..62],
        &format!("{hex}00"),
        &hex.replace(|digit: char| digit.is_ascii_digit(), "g"),
        &format!("sha256=sha256={hex}"),
        &format!("{base64}="),
        &base64[..40],
        &STANDARD.encode(&hex),
        &hex::encode(mac("hush", b"another body")),
        &hex::encode(mac("", BODY)),
        &"a".repeat(64 << 10),
    ] {
        assert!(!verified(&[wrong], &["hush"]), "{wrong:.80}");
    }
    assert!(!verified(&[], &["hush"]), "no header");
    assert!(!verified(&[&hex], &[]), "no secret");
    assert!(
        !verified(&[&hex::encode(mac("", BODY))], &[""]),
        "an empty secret"
    );
}

fn event(more: Value) -> Vec<u8> {
    let mut event = json!({ "uuid": "0d8e", "type": "lock.unlock", "actor_type": "User", "actor_id": 7,
        "actor_name": "Ada Byron", "actor_email": "ada@example.test", "object_type": "Lock", "object_id": 5,
        "place_id": 1, "success": true, "error_code": null, "created_at": "2026-03-02T09:00:00.250Z" });
    event
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    event.to_string().into_bytes()
}

fn opened(more: Value) -> AccessAttempt {
    match read(&DoorsName::from("main"), None, &event(more)) {
        Ok(AccessNews::AccessAttempt(attempt)) => attempt,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_opening_is_reported_without_names() {
    let told = opened(json!({ "object_name": " Front\u{7} door " }));
    let wanted = AccessAttempt {
        at: "2026-03-02T09:00:00.25Z".parse().unwrap(),
        doors: "main".into(),
        id: "0d8e".into(),
        lock: "5".into(),
        lock_name: Some("Front door".into()),
        account: Some(AccountId("7".into())),
        refused: None,
    };
    assert_eq!(told, wanted);
    assert_eq!(
        opened(json!({ "actor_type": "Guest" })).account,
        Some(AccountId("guest:7".into()))
    );
    for unknown in [
        json!({ "actor_type": "GroupLink" }),
        json!({ "actor_type": null, "actor_id": null }),
    ] {
        assert_eq!(opened(unknown).account, None);
    }
}

#[test]
fn what_happens_at_another_place_is_none_of_our_business() {
    let told = |place: Option<&str>, id: Value| {
        read(
            &DoorsName::from("main"),
            place,
            &event(json!({ "place_id": id })),
        )
        .unwrap()
    };
    for (place, id) in [(Some("42"), json!(43)), (Some("42"), json!("43"))] {
        assert_eq!(told(place, id), AccessNews::NotForUs);
    }
    for (place, id) in [
        (Some("42"), json!(42)),
        (Some("42"), Value::Null),
        (None, json!(43)),
    ] {
        assert!(matches!(told(place, id), AccessNews::AccessAttempt(_)));
    }
}

#[test]
fn each_refusal_has_its_reason() {
    let reason = |code: Value| {
        opened(json!({ "success": false, "error_code": code }))
            .refused
            .unwrap()
    };
    let told = [
        "fcd8ef", "fcd8ff", "f358de", "f35ade", "34ffaa", "FCD8EF", "abc123",
    ]
    .map(|code| reason(json!(code)));
    let wanted = [
        "denied",
        "access disabled",
        "not yet valid",
        "no longer valid",
        "not at this moment",
        "denied",
    ];
    assert_eq!(told[..6], wanted);
    assert_eq!(told[6], "refused (abc123)");
    assert_eq!(reason(json!("<b>Ada Byron</b>")), "refused");
    assert_eq!(reason(Value::Null), "refused");
}

#[test]
fn other_events_enqueue_a_trigger_for_an_account_or_are_none_of_our_business() {
    let news = |kind: &str| {
        read(
            &DoorsName::from("main"),
            None,
            &event(json!({ "type": kind })),
        )
        .unwrap()
    };
    assert_eq!(
        news("user.update"),
        AccessNews::Account(AccountId("5".into()))
    );
    assert_eq!(
        news("guest.destroy"),
        AccessNews::Account(AccountId("guest:5".into()))
    );
    assert_eq!(
        news("integration.disable_due_to_error"),
        AccessNews::Unclear
    );
    assert_eq!(news("integration.warn_due_to_error"), AccessNews::Unclear);
    for other in [
        "role_assignment.create",
        "card.assign",
        "lock.opened",
        "user.update.x",
        "LOCK.UNLOCK",
    ] {
        assert_eq!(news(other), AccessNews::NotForUs, "{other}");
    }
}

#[test]
fn what_cannot_be_read_says_why_without_quoting() {
    for (more, why) in [
        (json!({ "uuid": null }), "the event has no usable uuid"),
        (
            json!({ "uuid": "x".repeat(101) }),
            "the event has no usable uuid",
        ),
        (json!({ "type": 5 }), "the event has no type"),
        (json!({ "object_id": -5 }), NO_OBJECT),
        (json!({ "object_id": "front" }), NO_OBJECT),
        (
            json!({ "created_at": "yesterday" }),
            "the event has no usable created_at",
        ),
        (
            json!({ "success": "yes" }),
            "the event does not say whether the lock opened",
        ),
    ] {
        assert_eq!(
            read(&DoorsName::from("main"), None, &event(more)).unwrap_err(),
            why
        );
    }
    assert_eq!(
        read(&DoorsName::from("main"), None, b"[]").unwrap_err(),
        "the body is not an object"
    );
    assert_eq!(
        read(&DoorsName::from("main"), None, b"").unwrap_err(),
        "the body is empty"
    );
    assert_eq!(
        read(
            &DoorsName::from("main"),
            None,
            br#"{"type":"a","type":"b"}"#
        )
        .unwrap_err(),
        "the body has a key twice"
    );
}
