//! Deliveries: both families of headers, and every event of the catalogue.

use serde_json::{Value, json};

use super::{EVE, PLAN, begin, id, subscription};
use crate::support::{self, Doors, Platform, SECRET, SITE, World};

/// Posts a body with headers of these names, signed now.
async fn post(world: &World, names: [&'static str; 3], body: &Value) -> u16 {
    let body = body.to_string();
    let at = world.machine.now().as_second();
    let signature = support::webhook_signature(support::KEY, "msg-1", at, body.as_bytes());
    let values = ["msg-1".to_owned(), at.to_string(), signature];
    let headers: Vec<(&str, &str)> = names
        .into_iter()
        .zip(values.iter().map(String::as_str))
        .collect();
    world
        .send(
            &Platform::Spacebring.path(SITE, None),
            &headers,
            body.as_bytes(),
        )
        .await
        .0
}

const SVIX: [&str; 3] = ["svix-id", "svix-timestamp", "svix-signature"];
const WEBHOOK: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];

#[tokio::test]
async fn s1_both_families_of_headers_verify_and_a_mixture_never_does() {
    let world = begin(Doors::Kisi, PLAN, json!({}), &["Members"]).await;
    let body = json!({ "type": "booking.created", "booking": { "id": id(1) } });
    assert_eq!(post(&world, SVIX, &body).await, 202);
    assert_eq!(post(&world, WEBHOOK, &body).await, 202);
    for mixed in [
        ["svix-id", "svix-timestamp", "webhook-signature"],
        ["webhook-id", "svix-timestamp", "svix-signature"],
        ["svix-id", "webhook-timestamp", "svix-signature"],
    ] {
        assert_eq!(post(&world, mixed, &body).await, 401, "{mixed:?}");
    }
    let at = world.machine.now().as_second();
    let text = body.to_string();
    let mut headers = Platform::Spacebring.headers(SECRET, at, text.as_bytes(), text.as_bytes());
    let path = Platform::Spacebring.path(SITE, None);
    let sent =
        |headers: &[(&'static str, String)]| -> Vec<(&'static str, String)> { headers.to_vec() };
    let whole = sent(&headers);
    let borrowed: Vec<(&str, &str)> = whole
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(world.send(&path, &borrowed, text.as_bytes()).await.0, 202);
    headers.push(("webhook-id", "msg-2".to_owned()));
    let both = sent(&headers);
    let borrowed: Vec<(&str, &str)> = both
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(
        world.send(&path, &borrowed, text.as_bytes()).await.0,
        401,
        "headers of both families"
    );
    world.ends_well().await;
}

#[tokio::test]
async fn s1_a_delivery_is_a_hint_and_the_thing_is_read_again() {
    let world = begin(Doors::Kisi, PLAN, json!({}), &["Members"]).await;
    // The body says that the subscription is Eve's; the platform does not know it.
    let mut forged = subscription(EVE);
    forged["period"] = json!("month");
    assert_eq!(post(&world, SVIX, &forged).await, 202);
    world.machine.quiet().await;
    assert!(world.inside("Members").await.is_empty());
    world
        .change(json!({ "subscriptions": [subscription(EVE)] }))
        .await;
    // The thing is looked for again after one and after five minutes.
    world.clock("2026-03-02T08:06:00Z").await;
    assert_eq!(world.inside("Members").await, ["eve"]);
    world.ends_well().await;
}

#[tokio::test]
async fn s1_every_other_event_is_accepted_and_ignored() {
    let world = begin(Doors::Kisi, PLAN, json!({}), &["Members"]).await;
    world.forget_calls("spacebring").await;
    for (event, thing) in [
        ("invoice.issued", "invoice"),
        ("event.ticket.paid", "ticket"),
        ("shop.order.created", "order"),
        ("support.ticket.created", "ticket"),
        ("benefit.application.created", "application"),
        ("something.new", "something"),
    ] {
        let body = json!({ "type": event, thing: { "id": id(7) } });
        assert_eq!(post(&world, SVIX, &body).await, 202, "{event}");
    }
    world.machine.quiet().await;
    assert!(world.calls("spacebring").await.is_empty());
    world.ends_well().await;
}

#[tokio::test]
async fn s1_a_lagging_read_is_repeated() {
    let things = json!({ "quirks": ["lag"] });
    let world = begin(Doors::Kisi, PLAN, things, &["Members"]).await;
    world
        .change_and_deliver(json!({ "subscriptions": [subscription(EVE)] }))
        .await;
    assert!(world.inside("Members").await.is_empty());
    world.at("2026-03-02T08:01:00Z", "Members", &["eve"]).await;
    let ended = json!({ "id": id(100 + EVE), "status": "canceled" });
    world
        .change_and_deliver(json!({ "subscriptions": [ended] }))
        .await;
    world.at("2026-03-02T08:02:00Z", "Members", &[]).await;
    world.ends_well().await;
}
