//! The cloud on one machine, asked by the real SDKs.

mod common;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem, Update};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use common::{NOON, dynamodb, events, machine, parameters, schedule, scheduler, setup, sqs, ssm};
use serde_json::{Value, json};

fn one() -> AttributeValue {
    AttributeValue::N("1".into())
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

#[tokio::test]
async fn a_transaction_is_whole_and_says_why_not() {
    let (machine, _) = machine(setup()).await;
    let table = &machine.environment().settings.table;
    let client = dynamodb(machine.environment());
    let put = |sort: &str| {
        let put = Put::builder()
            .table_name(table)
            .item("pk", text("p"))
            .item("sk", text(sort));
        TransactWriteItem::builder()
            .put(
                put.condition_expression("attribute_not_exists(pk)")
                    .build()
                    .unwrap(),
            )
            .build()
    };
    let first = client
        .transact_write_items()
        .transact_items(put("1"))
        .transact_items(put("2"))
        .send();
    first.await.expect("both are new");
    let check = ConditionCheck::builder()
        .table_name(table)
        .key("pk", text("p"))
        .key("sk", text("9"));
    let check = check
        .condition_expression("attribute_exists(pk)")
        .build()
        .unwrap();
    let check = TransactWriteItem::builder().condition_check(check).build();
    let second = client
        .transact_write_items()
        .transact_items(put("3"))
        .transact_items(check)
        .send()
        .await;
    let error = second.expect_err("there is no 9").into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        cancelled,
    ) = error
    else {
        panic!("{error:?}");
    };
    let codes: Vec<_> = cancelled
        .cancellation_reasons()
        .iter()
        .filter_map(|reason| reason.code())
        .collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    let query = client
        .query()
        .table_name(table)
        .consistent_read(true)
        .key_condition_expression("pk = :p");
    let found = query
        .expression_attribute_values(":p", text("p"))
        .send()
        .await
        .expect("it reads");
    assert_eq!(found.count(), 2);
}

#[tokio::test]
async fn a_token_stands_for_one_transaction() {
    let (machine, _) = machine(setup()).await;
    let table = &machine.environment().settings.table;
    let client = dynamodb(machine.environment());
    let bump = |sort: &str| {
        let update = Update::builder()
            .table_name(table)
            .key("pk", text("p"))
            .key("sk", text(sort));
        let update = update
            .update_expression("ADD version :one")
            .expression_attribute_values(":one", one());
        TransactWriteItem::builder()
            .update(update.build().unwrap())
            .build()
    };
    let send = |sort: &str| {
        client
            .transact_write_items()
            .transact_items(bump(sort))
            .client_request_token("keep-1")
            .send()
    };
    send("a").await.expect("it writes");
    send("a").await.expect("the same again is done already");
    let other = send("b")
        .await
        .expect_err("another transaction")
        .into_service_error();
    assert!(
        other.is_idempotent_parameter_mismatch_exception(),
        "{other:?}"
    );
    let query = client
        .query()
        .table_name(table)
        .consistent_read(true)
        .key_condition_expression("pk = :p");
    let found = query
        .expression_attribute_values(":p", text("p"))
        .send()
        .await
        .expect("it reads");
    let versions: Vec<_> = found
        .items()
        .iter()
        .map(|item| item["version"].clone())
        .collect();
    assert_eq!(versions, [one()]);
}

#[tokio::test]
async fn the_queue_refuses_what_sqs_refuses() {
    let (machine, _) = machine(setup()).await;
    let client = sqs(machine.environment());
    let send = || {
        client
            .send_message()
            .queue_url(&machine.environment().settings.trigger_queue_url)
            .message_body("x")
    };
    assert!(
        send().message_deduplication_id("1").send().await.is_err(),
        "without a group"
    );
    let elsewhere = client
        .send_message()
        .queue_url("https://sqs.local.amazonaws.com/1/other.fifo")
        .message_body("x");
    let error = elsewhere
        .message_group_id("a")
        .message_deduplication_id("1")
        .send()
        .await
        .expect_err("no such queue");
    assert!(error.into_service_error().is_queue_does_not_exist());
    let first = send()
        .message_group_id("a")
        .message_deduplication_id("1")
        .send()
        .await
        .expect("taken");
    let again = send()
        .message_group_id("a")
        .message_deduplication_id("1")
        .send()
        .await
        .expect("swallowed");
    assert_eq!(first.message_id(), again.message_id());
    assert_eq!(machine.cloud().triggers.dead().len(), 0);
    let attributes = client
        .get_queue_attributes()
        .queue_url(&machine.environment().settings.trigger_queue_url)
        .send()
        .await
        .unwrap();
    let waiting = &attributes.attributes().unwrap()
        [&aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessages];
    assert_eq!(waiting, "1");
}

#[tokio::test]
async fn schedules_have_one_name_and_no_past() {
    let (machine, _) = machine(setup()).await;
    let environment = machine.environment();
    schedule(environment, "a-1", "2026-03-01T12:30:00")
        .await
        .expect("it is set");
    let conflict = schedule(environment, "a-1", "2026-03-01T12:30:00")
        .await
        .expect_err("the name is taken");
    assert!(
        matches!(conflict, aws_sdk_scheduler::Error::ConflictException(_)),
        "{conflict:?}"
    );
    let past = schedule(environment, "a-2", "2026-03-01T11:59:59")
        .await
        .expect_err("it has passed");
    assert!(
        matches!(past, aws_sdk_scheduler::Error::ValidationException(_)),
        "{past:?}"
    );
    schedule(environment, "b-1", "2026-03-01T12:31:00")
        .await
        .expect("it is set");
    let client = scheduler(environment);
    let there = client
        .get_schedule()
        .name("a-1")
        .group_name("doorstep")
        .send()
        .await
        .expect("it is there");
    assert_eq!(there.schedule_expression(), Some("at(2026-03-01T12:30:00)"));
    let list = client
        .list_schedules()
        .group_name("doorstep")
        .max_results(1)
        .send()
        .await
        .expect("it lists");
    assert_eq!(
        (list.schedules().len(), list.next_token()),
        (1, Some("a-1"))
    );
    client
        .delete_schedule()
        .name("a-1")
        .group_name("doorstep")
        .send()
        .await
        .expect("it is deleted");
    let gone = client
        .delete_schedule()
        .name("a-1")
        .group_name("doorstep")
        .send()
        .await
        .expect_err("it is gone");
    assert!(gone.into_service_error().is_resource_not_found_exception());
    assert_eq!(
        machine.cloud().schedules.next(),
        "2026-03-01T12:31:00Z".parse().ok()
    );
}

#[tokio::test]
async fn events_are_kept_and_a_wish_starts_a_reconcile() {
    let (machine, notes) = machine(setup()).await;
    let entry = |kind: &str, detail: &str| {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name("doorstep")
            .source("doorstep");
        entry.detail_type(kind).detail(detail).build()
    };
    let put = events(machine.environment())
        .put_events()
        .entries(entry("hold", "{\"site\":\"a\"}"));
    let put = put
        .entries(entry("reconcile.wanted", "{\"site\":\"b\"}"))
        .entries(entry("hold", "nonsense"));
    let answer = put.send().await.expect("the bus takes it");
    assert_eq!(answer.failed_entry_count(), 1);
    let outbox = serde_json::to_value(machine.cloud().bus.published()).unwrap();
    let at = NOON.parse::<jiff::Timestamp>().unwrap();
    assert_eq!(
        outbox[0],
        json!({ "at": at, "type": "hold", "detail": { "site": "a" } })
    );
    assert_eq!(outbox.as_array().map(Vec::len), Some(2));
    machine.quiet().await;
    assert_eq!(notes.take(), [format!("reconcile b at {at}")]);
}

#[tokio::test]
async fn secrets_have_two_halves() {
    let secrets = "[\"a/officernd\"]\nwebhook_secrets = [\"new\", \"old\"]\nclient_id = \"me\"\nclient_secret = \"x\"\n";
    let (machine, _) = machine(doorstep_local::Setup {
        secrets: Some(secrets.into()),
        ..setup()
    })
    .await;
    let environment = machine.environment();
    let client = parameters(environment);
    let webhook = client
        .secret("/doorstep/a/officernd/webhook")
        .await
        .unwrap();
    let value: Value = serde_json::from_str(&webhook.expect("it is there")).unwrap();
    assert_eq!(value, json!({ "webhook_secrets": ["new", "old"] }));
    let names = ["/doorstep/a/officernd/api", "/doorstep/b/officernd/api"];
    let several = json!({ "Names": names, "WithDecryption": true });
    let several = ssm(environment, "GetParameters", &several).await;
    let value: Value =
        serde_json::from_str(several["Parameters"][0]["Value"].as_str().unwrap()).unwrap();
    assert_eq!(value, json!({ "client_id": "me", "client_secret": "x" }));
    assert_eq!(
        several["InvalidParameters"],
        json!(["/doorstep/b/officernd/api"])
    );
    let missing = client.secret("/doorstep/b/officernd/webhook").await;
    assert_eq!(missing.unwrap(), None, "b has none");
    let path = json!({ "Path": "/doorstep/a", "Recursive": true, "WithDecryption": true });
    let path = ssm(environment, "GetParametersByPath", &path).await;
    assert_eq!(path["Parameters"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn without_a_secrets_file_the_sandbox_has_its_own() {
    let (machine, _) = machine(setup()).await;
    let secret = parameters(machine.environment())
        .secret("/doorstep/b/officernd/webhook")
        .await;
    assert_eq!(
        secret.unwrap().as_deref(),
        Some("{\"webhook_secrets\":[\"sandbox-webhook-secret\"]}")
    );
}
