//! The published test vector, and variations of it.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const AT: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn secrets(all: &[&str]) -> WebhookSecrets {
    WebhookSecrets {
        webhook_secrets: all.iter().map(|secret| Secret::new(*secret)).collect(),
    }
}

fn verifies_with(headers: &[(&'static str, &str)], secret: &[&str], now: i64) -> bool {
    let mut all = HeaderMap::new();
    for (name, value) in headers {
        all.append(
            HeaderName::from_static(name),
            HeaderValue::from_str(value).expect("a header"),
        );
    }
    let delivery = Delivery {
        path: "/hooks/s/andcards".into(),
        headers: all,
        body: Bytes::from_static(BODY),
    };
    verify(
        delivery,
        &secrets(secret),
        Timestamp::from_second(now).expect("an instant"),
        &[WEBHOOK],
    )
    .is_ok()
}

fn verifies(signature: &str) -> bool {
    let at = AT.to_string();
    let headers = [
        ("webhook-id", ID),
        ("webhook-timestamp", at.as_str()),
        ("webhook-signature", signature),
    ];
    verifies_with(&headers, &[SECRET], AT)
}

#[test]
fn the_published_vector_verifies() {
    assert!(verifies(SIGNATURE));
}

#[test]
fn any_entry_of_the_list_verifies_and_other_versions_are_passed_over() {
    assert!(verifies(&format!(
        "v1,{} {SIGNATURE}",
        STANDARD.encode([0; 32])
    )));
    assert!(verifies(&format!("v1a,abc v2,def {SIGNATURE} v1,")));
    assert!(verifies(&format!("v1 {SIGNATURE}")));
    assert!(!verifies(&SIGNATURE.replace("v1,", "v2,")));
    assert!(!verifies(&SIGNATURE.replace("v1,", "v1a,")));
}

#[test]
fn what_is_no_base64_as_the_standard_writes_it_verifies_nothing() {
    let bare = SIGNATURE.trim_end_matches('=');
    for wrong in [
        bare.to_owned(),
        format!("{SIGNATURE}="),
        SIGNATURE.replace('+', "-").replace('/', "_"),
        SIGNATURE.to_lowercase(),
        SIGNATURE.trim_start_matches("v1,").to_owned(),
        SIGNATURE.replace(',', "="),
        SIGNATURE.replace(',', ", "),
        "v1,".to_owned(),
        "v1".to_owned(),
        String::new(),
        " ".to_owned(),
    ] {
        assert!(!verifies(&wrong), "{wrong}");
    }
}

#[test]
fn each_header_is_there_exactly_once() {
    let at = AT.to_string();
    let all = [
        ("webhook-id", ID),
        ("webhook-timestamp", at.as_str()),
        ("webhook-signature", SIGNATURE),
    ];
    assert!(verifies_with(&all, &[SECRET], AT));
    for place in 0..3 {
        let mut twice = all.to_vec();
        twice.push(all[place]);
        assert!(
            !verifies_with(&twice, &[SECRET], AT),
            "{} twice",
            all[place].0
        );
        let mut without = all.to_vec();
        without.remove(place);
        assert!(
            !verifies_with(&without, &[SECRET], AT),
            "without {}",
            all[place].0
        );
    }
    let long = format!("{SIGNATURE} {}", "v2,x ".repeat(1_000));
    assert!(!verifies_with(
        &[all[0], all[1], ("webhook-signature", &long)],
        &[SECRET],
        AT
    ));
    assert!(!verifies_with(
        &[("webhook-id", "msg_other"), all[1], all[2]],
        &[SECRET],
        AT
    ));
}

#[test]
fn exactly_300_seconds_still_verify_either_way() {
    let at = AT.to_string();
    let all = [
        ("webhook-id", ID),
        ("webhook-timestamp", at.as_str()),
        ("webhook-signature", SIGNATURE),
    ];
    for (away, fresh) in [
        (-301, false),
        (-300, true),
        (-299, true),
        (299, true),
        (300, true),
        (301, false),
    ] {
        assert_eq!(verifies_with(&all, &[SECRET], AT + away), fresh, "{away} s");
    }
}

#[test]
fn any_secret_in_force_verifies_and_what_is_none_never_does() {
    let at = AT.to_string();
    let all = [
        ("webhook-id", ID),
        ("webhook-timestamp", at.as_str()),
        ("webhook-signature", SIGNATURE),
    ];
    let other = format!("whsec_{}", STANDARD.encode([7; 24]));
    assert!(verifies_with(&all, &[&other, SECRET], AT));
    assert!(verifies_with(&all, &[&format!(" {SECRET}\n")], AT));
    for wrong in [
        other.as_str(),
        "",
        "whsec_",
        &SECRET[6..],
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
    ] {
        assert!(!verifies_with(&all, &[wrong], AT), "{wrong}");
    }
    let sized = |bytes: usize| {
        is_secret(&Secret::new(format!(
            "whsec_{}",
            STANDARD.encode(vec![1; bytes])
        )))
    };
    assert_eq!(
        [0, 23, 24, 25, 64, 65].map(sized),
        [false, false, true, true, true, false]
    );
    assert!(
        is_secret(&Secret::new(format!(
            "whsec_{}",
            STANDARD.encode([1; 25]).trim_end_matches('=')
        ))),
        "no padding"
    );
}

#[test]
fn a_delivery_is_the_same_as_another_of_its_id_and_body() {
    let delivery = |path: &str, body: &'static [u8]| {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", HeaderValue::from_static(ID));
        headers.insert("webhook-timestamp", HeaderValue::from(AT));
        let key = key(&Secret::new(SECRET)).expect("a secret");
        let tag = signature::tests_tag(
            &key,
            &[ID.as_bytes(), b".", AT.to_string().as_bytes(), b".", body],
        );
        let signed = format!("v1,{}", STANDARD.encode(tag));
        headers.insert(
            "webhook-signature",
            HeaderValue::from_str(&signed).expect("a header"),
        );
        let delivery = Delivery {
            path: path.into(),
            headers,
            body: Bytes::from_static(body),
        };
        let now = Timestamp::from_second(AT).expect("an instant");
        verify(delivery, &secrets(&[SECRET]), now, &[WEBHOOK])
            .expect("it proves")
            .dedup_id
    };
    assert_eq!(delivery("/a", b"{}"), delivery("/a", b"{}"));
    assert_ne!(delivery("/a", b"{}"), delivery("/b", b"{}"));
    assert_ne!(delivery("/a", b"{}"), delivery("/a", b"[]"));
}
