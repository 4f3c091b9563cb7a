use serde_json::{Value, json};

use super::*;

/// Builds an event as Lambda sends it, with `more` in place of its own fields.
fn event(more: Value) -> String {
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/hooks/riverside/officernd", "rawQueryString": "",
        "headers": { "officernd-signature": "t=1,signature=ab", "host": "x.lambda-url.eu-west-1.on.aws" },
        "requestContext": {
            "accountId": "anonymous", "apiId": "x", "domainName": "x.lambda-url.eu-west-1.on.aws", "domainPrefix": "x",
            "requestId": "1", "routeKey": "$default", "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1,
            "http": { "method": "POST", "path": "/hooks/riverside/officernd", "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1", "userAgent": "x" },
        },
        "body": "{}", "isBase64Encoded": false,
    });
    for (key, value) in more.as_object().cloned().unwrap_or_default() {
        event[key] = value;
    }
    event.to_string()
}

fn delivery(more: Value) -> Result<Delivery, NotBase64> {
    serde_json::from_str::<FunctionUrlRequest>(&event(more))
        .expect("an event")
        .delivery()
}

#[test]
fn a_query_that_is_no_uri_is_never_parsed() {
    for query in ["q=a b", "%", "\u{0}", "?#[]", "a=%zz&=&&", "🔑"] {
        let delivery =
            delivery(json!({ "rawQueryString": query, "queryStringParameters": { "q": query } }));
        assert_eq!(
            delivery.map(|delivery| delivery.path),
            Ok("/hooks/riverside/officernd".to_owned()),
            "{query}"
        );
    }
}

#[test]
fn a_path_is_taken_as_it_is() {
    for path in ["/hooks/a b/c", "", "//", "/hooks/%zz", "not a path", "/🔑"] {
        assert_eq!(
            delivery(json!({ "rawPath": path })).map(|delivery| delivery.path),
            Ok(path.to_owned())
        );
    }
}

#[test]
fn a_header_that_is_not_one_is_left_out_and_the_others_count() {
    let headers = json!({ "a b": "1", "": "2", "x-line": "a\nb", "x-null": null, "officernd-signature": "t=1" });
    let delivery = delivery(json!({ "headers": headers })).expect("a delivery");
    assert_eq!(delivery.headers.len(), 1);
    assert_eq!(
        delivery
            .headers
            .get("officernd-signature")
            .map(HeaderValue::as_bytes),
        Some(&b"t=1"[..])
    );
}

#[test]
fn a_header_in_two_cases_was_sent_twice() {
    let headers = json!({ "X-Signature": "1", "x-signature": "2" });
    let delivery = delivery(json!({ "headers": headers })).expect("a delivery");
    assert_eq!(delivery.headers.get_all("x-signature").iter().count(), 2);
}

#[test]
fn a_body_in_base64_is_the_bytes_that_were_signed() {
    let bytes = b"\xff\x00{\"event\":1}\n";
    let encoded = delivery(json!({ "body": STANDARD.encode(bytes), "isBase64Encoded": true }))
        .expect("a delivery");
    assert_eq!(&encoded.body[..], bytes);
    let text = " {\"a\": \"é\"} ";
    assert_eq!(
        &delivery(json!({ "body": text })).expect("a delivery").body[..],
        text.as_bytes()
    );
    assert!(
        delivery(json!({ "body": null }))
            .expect("a delivery")
            .body
            .is_empty()
    );
}

#[tokio::test]
async fn a_body_that_is_no_base64_is_answered_400_and_not_taken() {
    for body in ["!", "a", "YQ", "YQ== ", "🔑"] {
        let event = event(json!({ "body": body, "isBase64Encoded": true }));
        let request = serde_json::from_str(&event).expect("an event");
        let answer = answer(request, async |_: Delivery| panic!("it is not taken")).await;
        assert_eq!(answer.status_code, 400, "{body}");
    }
}

#[tokio::test]
async fn an_answer_is_written_as_a_function_url_reads_it() {
    let request = serde_json::from_str(&event(json!({}))).expect("an event");
    let answer = answer(request, async |_: Delivery| WebhookAnswer::accepted()).await;
    let written = serde_json::to_value(answer).expect("JSON");
    let expected = json!({ "statusCode": 202, "headers": { "content-type": "application/json" },
        "body": "{\"accepted\":true}", "isBase64Encoded": false });
    assert_eq!(written, expected);
}

#[test]
fn an_event_without_anything_is_a_delivery_to_nowhere() {
    let delivery = serde_json::from_str::<FunctionUrlRequest>("{}")
        .expect("an event")
        .delivery()
        .expect("a delivery");
    assert_eq!(
        (
            delivery.path.as_str(),
            delivery.headers.len(),
            delivery.body.len()
        ),
        ("", 0, 0)
    );
}
