//! The table.

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, DeleteRequest, KeysAndAttributes, Put, PutRequest,
    TransactWriteItem, Update, WriteRequest,
};
use jiff::Timestamp;

use crate::common::{dynamodb, machine, setup};
use crate::wire::{taken, watched};
use doorstep_cloud::store::deliveries::HourOfDeliveries;
use doorstep_cloud::store::key::Key;
use doorstep_cloud::store::{Write, WriteCondition, WriteStep};
use doorstep_core::model::delivery_counts::{DeliveryCounts, DeliveryOutcome};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::webhook_sender::WebhookSender;

fn key(sk: &str) -> Key {
    Key {
        pk: "a#b".to_owned(),
        sk: sk.to_owned(),
    }
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn number(number: &str) -> AttributeValue {
    AttributeValue::N(number.to_owned())
}

fn map<const N: usize>(
    of: [(&str, AttributeValue); N],
) -> std::collections::HashMap<String, AttributeValue> {
    of.map(|(name, value)| (name.to_owned(), value)).into()
}

fn at(sk: &str) -> Option<std::collections::HashMap<String, AttributeValue>> {
    Some(map([("pk", text("a#b")), ("sk", text(sk))]))
}

#[tokio::test]
async fn single_writes_are_sent_as_the_sdk_sends_them() {
    let (machine, _) = machine(setup()).await;
    let (ours, sent) = watched(&machine);
    let (store, table) = (&ours.store, &ours.settings.table);
    let expiry = Timestamp::from_second(1_800_000_000).expect("an instant");
    let whole = Write::put(key("1"), "{}".to_owned())
        .version(2)
        .versioned("5".to_owned())
        .expires(expiry);
    for write in [
        whole.only_if(WriteCondition::New),
        Write::put(key("2"), "{}".to_owned()).only_if(WriteCondition::Version(0)),
        Write::put(key("3"), "{}".to_owned()).only_if(WriteCondition::Below("7".to_owned())),
    ] {
        store.write(write).await.expect("written");
    }
    let bump = Write::bump(key("4"));
    store
        .write_as(WriteStep::Read, bump)
        .await
        .expect("written");
    let delete = Write::delete(key("2")).only_if(WriteCondition::Body("{}".to_owned()));
    store
        .write_as(WriteStep::Commit, delete)
        .await
        .expect("deleted");
    let by_hand = taken(&sent);

    let client = dynamodb(&ours);
    let put = || client.put_item().table_name(table);
    let item = map([
        ("pk", text("a#b")),
        ("sk", text("1")),
        ("body", text("{}")),
        ("version", number("2")),
        ("update_version", text("5")),
        ("expires", number("1800000000")),
    ]);
    let short = |sk| {
        Some(map([
            ("pk", text("a#b")),
            ("sk", text(sk)),
            ("body", text("{}")),
        ]))
    };
    let new = "attribute_not_exists(pk)";
    // The items are there already: what counts is the request.
    put()
        .set_item(Some(item))
        .condition_expression(new)
        .send()
        .await
        .ok();
    let first = put().set_item(short("2"));
    first
        .condition_expression("attribute_not_exists(version)")
        .send()
        .await
        .ok();
    let later = put().set_item(short("3"));
    let later = later.condition_expression("attribute_not_exists(pk) OR update_version < :keep");
    later
        .expression_attribute_values(":keep", text("7"))
        .send()
        .await
        .ok();
    let bump = client.update_item().table_name(table).set_key(at("4"));
    let bump = bump.update_expression("ADD version :read");
    bump.expression_attribute_values(":read", number("1"))
        .send()
        .await
        .expect("written");
    let delete = client.delete_item().table_name(table).set_key(at("2"));
    let delete = delete.condition_expression("body = :commit");
    delete
        .expression_attribute_values(":commit", text("{}"))
        .send()
        .await
        .ok();
    assert_eq!(by_hand, taken(&sent));
    assert_eq!(by_hand.len(), 5);
}

#[tokio::test]
async fn many_writes_are_sent_as_the_sdk_sends_them() {
    let (machine, _) = machine(setup()).await;
    let (ours, sent) = watched(&machine);
    let (store, table) = (&ours.store, ours.settings.table.clone());
    let writes = vec![
        Write::put(key("1"), "{}".to_owned()).version(1),
        Write::bump(key("2")),
        Write::check(key("3"), WriteCondition::New),
        Write::delete(key("4")),
    ];
    store
        .write_all(WriteStep::Intend, writes)
        .await
        .expect("written");
    let writes = vec![
        Write::put(key("5"), "{}".to_owned()),
        Write::delete(key("6")),
    ];
    store.write_many(writes).await.expect("written");
    let by_hand = taken(&sent);

    let client = dynamodb(&ours);
    let item = map([
        ("pk", text("a#b")),
        ("sk", text("1")),
        ("body", text("{}")),
        ("version", number("1")),
    ]);
    let put = Put::builder()
        .table_name(&table)
        .set_item(Some(item))
        .build();
    let bump = Update::builder().table_name(&table).set_key(at("2"));
    let bump = bump.update_expression("ADD version :one");
    let bump = bump
        .expression_attribute_values(":one", number("1"))
        .build();
    let check = ConditionCheck::builder()
        .table_name(&table)
        .set_key(at("3"));
    let check = check
        .condition_expression("attribute_not_exists(pk)")
        .build();
    let delete = Delete::builder()
        .table_name(&table)
        .set_key(at("4"))
        .build();
    let one = TransactWriteItem::builder;
    let transaction = client
        .transact_write_items()
        .transact_items(one().put(put.expect("whole")).build())
        .transact_items(one().update(bump.expect("whole")).build())
        .transact_items(one().condition_check(check.expect("whole")).build())
        .transact_items(one().delete(delete.expect("whole")).build());
    transaction
        .client_request_token("a-token")
        .send()
        .await
        .expect("written");
    let item = map([("pk", text("a#b")), ("sk", text("5")), ("body", text("{}"))]);
    let put = PutRequest::builder().set_item(Some(item)).build();
    let delete = DeleteRequest::builder().set_key(at("6")).build();
    let one = WriteRequest::builder;
    let writes = vec![
        one().put_request(put.expect("whole")).build(),
        one().delete_request(delete.expect("whole")).build(),
    ];
    client
        .batch_write_item()
        .request_items(&table, writes)
        .send()
        .await
        .expect("written");
    let (mut by_hand, by_sdk) = (by_hand, taken(&sent));
    let token = by_hand[0].body["ClientRequestToken"].take();
    assert!(
        token
            .as_str()
            .is_some_and(|token| token.starts_with("intend-"))
    );
    by_hand[0].body["ClientRequestToken"] = "a-token".into();
    assert_eq!(by_hand, by_sdk);
    assert_eq!(by_hand.len(), 2);
}

#[tokio::test]
async fn reads_are_sent_as_the_sdk_sends_them() {
    let (machine, _) = machine(setup()).await;
    let (ours, sent) = watched(&machine);
    let (store, table) = (&ours.store, &ours.settings.table);
    store.get(&key("1")).await.expect("read");
    store.get_many(&[key("2"), key("1")]).await.expect("read");
    store.list("a#b", "").await.expect("read");
    store.list("a#b", "x").await.expect("read");
    store.list_from("a#b", "x").await.expect("read");
    store.last_below("a#b", "x").await.expect("read");
    store
        .page_below("a#b", "x", Some("c"), 5)
        .await
        .expect("read");
    let by_hand = taken(&sent);

    let client = dynamodb(&ours);
    let get = client.get_item().table_name(table).set_key(at("1"));
    get.consistent_read(true).send().await.expect("read");
    let keys = KeysAndAttributes::builder()
        .set_keys(Some(vec![at("1").expect("a key"), at("2").expect("a key")]));
    let keys = keys.consistent_read(true).build().expect("whole");
    client
        .batch_get_item()
        .request_items(table, keys)
        .send()
        .await
        .expect("read");
    let of = |condition: &str, bound: Option<&str>| {
        let query = client.query().table_name(table).consistent_read(true);
        let query = query.key_condition_expression(condition);
        let query = query.expression_attribute_values(":pk", text("a#b"));
        match bound {
            Some(bound) => query.expression_attribute_values(":a", text(bound)),
            None => query,
        }
    };
    let below = || of("pk = :pk AND sk < :a", Some("x"));
    for query in [
        of("pk = :pk", None),
        of("pk = :pk AND begins_with(sk, :a)", Some("x")),
        of("pk = :pk AND sk >= :a", Some("x")),
        below().scan_index_forward(false).limit(1),
        below().set_exclusive_start_key(at("c")).limit(5),
    ] {
        query.send().await.expect("read");
    }
    assert_eq!(by_hand, taken(&sent));
    assert_eq!(by_hand.len(), 7);
}

#[tokio::test]
async fn counts_are_sent_as_the_sdk_sends_them() {
    let (machine, _) = machine(setup()).await;
    let (ours, sent) = watched(&machine);
    let hour: Timestamp = "2026-03-01T12:00:00Z".parse().expect("an instant");
    let mut counts = DeliveryCounts::default();
    let verified = counts.of_mut(DeliveryOutcome::Verified);
    (verified.count, verified.last) = (3, Some(hour));
    let add = HourOfDeliveries {
        hour,
        sender: WebhookSender::Platform,
        counts,
    };
    ours.store
        .add_deliveries(&SiteId::from("a"), &add)
        .await
        .expect("added");
    let by_hand = taken(&sent);

    let update = dynamodb(&ours)
        .update_item()
        .table_name(&ours.settings.table);
    let update = update
        .key("pk", text("a#delivery"))
        .key("sk", text("2026-03-01T12#platform"))
        .update_expression(
            "ADD verified :verified SET expires = :expires, last_verified = :last_verified",
        )
        .expression_attribute_values(":verified", number("3"))
        .expression_attribute_values(":last_verified", text("2026-03-01T12:00:00Z"))
        .expression_attribute_values(":expires", number("1773057600"));
    update.send().await.expect("added");
    assert_eq!(by_hand, taken(&sent));
}
