//! The local cloud has AWS's inconvenient behaviour by default: each test checks a row of
//! docs/aws.md.

mod common;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use bytes::Bytes;
use common::{
    NOON, Seam, dynamodb, enqueue, events, machine, parameters, schedule, scheduler, setup, sqs,
};
use jiff::Timestamp;

use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::Report;
use doorstep_local::Machine;
use doorstep_local::run::functions::Functions;
use doorstep_vendors::delivery::{Delivery, WebhookAnswer};

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// Functions that note the batches that they are handed, and what AWS says to a call that their
/// role does not allow.
#[derive(Clone, Default)]
struct Watching {
    batches: Arc<Mutex<Vec<Vec<String>>>>,
    said: Arc<Mutex<Vec<String>>>,
}

impl Watching {
    async fn start(&self) -> Machine {
        Machine::start_with(setup(), Arc::new(self.clone()))
            .await
            .expect("it starts")
    }

    fn take(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.batches.lock().expect("whole"))
    }

    fn say(&self, what: Option<&str>) {
        self.said
            .lock()
            .expect("whole")
            .push(what.unwrap_or("nothing").to_owned());
    }
}

#[async_trait]
impl Functions for Watching {
    async fn receive(&self, environment: &Environment, _: Delivery) -> WebhookAnswer {
        let (table, settings) = (dynamodb(environment), &environment.settings);
        let get = table
            .get_item()
            .table_name(&settings.table)
            .consistent_read(true);
        let get = get
            .key("pk", text("a#person#1"))
            .key("sk", text("person"))
            .send()
            .await;
        self.say(get.expect_err("it reads routes alone").code());
        let query = table
            .query()
            .table_name(&settings.table)
            .key_condition_expression("pk = :p");
        let query = query.expression_attribute_values(":p", text("sites"));
        query
            .clone()
            .consistent_read(true)
            .send()
            .await
            .expect("this one");
        self.say(query.send().await.expect_err("a stale read").code());
        let put = table
            .put_item()
            .table_name(&settings.table)
            .item("pk", text("a#person#1"))
            .item("sk", text("person"));
        self.say(put.send().await.expect_err("not in this partition").code());
        let put = table
            .put_item()
            .table_name(&settings.table)
            .item("pk", text("a#unreadable"))
            .item("sk", text("1"));
        put.send().await.expect("in this one");
        let secret = parameters(environment)
            .secret("/doorstep/a/officernd/api")
            .await;
        self.say(secret.expect_err("not the other half").code());
        let set = schedule(environment, "a-1", "2026-03-01T12:30:00")
            .await
            .expect_err("it sets no schedules");
        self.say(set.code());
        WebhookAnswer {
            status: 202,
            body: String::new(),
        }
    }

    async fn settle(&self, _: &Environment, batch: SqsEvent) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        let mut bodies = Vec::new();
        for record in batch.records {
            let body = record.body.unwrap_or_default();
            if body.ends_with("stranger") {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = "a message of another batch".to_owned();
                response.batch_item_failures.push(failure);
            }
            if body.ends_with("fails") {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = record.message_id.unwrap_or_default();
                response.batch_item_failures.push(failure);
            }
            bodies.push(format!("{} {body}", record.attributes["MessageGroupId"]));
        }
        self.batches.lock().expect("whole").push(bodies);
        response
    }

    async fn reconcile(&self, _: &Environment, _: &SiteId) -> Result<Report> {
        Ok(Report::default())
    }
}

#[tokio::test]
async fn a_batch_holds_several_groups_and_what_failed_of_it_is_redelivered_alone() {
    let functions = Watching::default();
    let machine = functions.start().await;
    for (n, (site, body)) in [("a", "1"), ("b", "fails"), ("a", "2"), ("c", "3")]
        .into_iter()
        .enumerate()
    {
        enqueue(machine.environment(), site, &format!("id{n}"), body).await;
    }
    for n in 4..14 {
        enqueue(
            machine.environment(),
            "d",
            &format!("id{n}"),
            &n.to_string(),
        )
        .await;
    }
    machine.quiet().await;
    let batches = functions.take();
    assert_eq!(
        batches[0],
        [
            "a 1", "a 2", "b fails", "c 3", "d 4", "d 5", "d 6", "d 7", "d 8", "d 9"
        ]
    );
    assert_eq!(
        batches[1],
        ["b fails", "d 10", "d 11", "d 12", "d 13"],
        "a group goes on when it was given back"
    );
    assert_eq!(
        batches
            .iter()
            .flatten()
            .filter(|one| *one == "b fails")
            .count(),
        5
    );
    assert_eq!(machine.cloud().triggers.dead().len(), 1);
}

#[tokio::test]
async fn a_function_that_names_a_message_it_was_not_handed_fails_the_whole_batch() {
    let functions = Watching::default();
    let machine = functions.start().await;
    enqueue(machine.environment(), "a", "1", "well").await;
    enqueue(machine.environment(), "b", "2", "stranger").await;
    machine.quiet().await;
    assert_eq!(
        functions.take(),
        vec![["a well", "b stranger"]; 5],
        "both return each time"
    );
    assert_eq!(machine.cloud().triggers.dead().len(), 2);
}

#[tokio::test]
async fn a_message_without_an_id_is_known_by_the_hash_of_its_body() {
    let functions = Watching::default();
    let machine = functions.start().await;
    let client = sqs(machine.environment());
    let send = |site: &str, body: &str| {
        let send = client
            .send_message()
            .queue_url(&machine.environment().settings.trigger_queue_url);
        send.message_group_id(site).message_body(body)
    };
    let first = send("a", "x").send().await.expect("taken");
    let again = send("a", "x").send().await.expect("swallowed");
    assert_eq!(first.message_id(), again.message_id());
    // printf x | sha256sum
    let hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    let same = send("a", "y")
        .message_deduplication_id(hash)
        .send()
        .await
        .expect("swallowed, too");
    assert_eq!(same.message_id(), first.message_id());
    let own = send("a", "x")
        .message_deduplication_id("1")
        .send()
        .await
        .expect("taken: its own id takes precedence");
    let other = send("b", "x").send().await.expect("taken: another group");
    assert_eq!(
        BTreeSet::from([first.message_id(), own.message_id(), other.message_id()]).len(),
        3
    );
}

#[tokio::test]
async fn a_function_may_do_what_its_role_in_the_template_allows_and_nothing_else() {
    let functions = Watching::default();
    let machine = functions.start().await;
    let path = "/hooks/a/officernd".to_owned();
    machine
        .deliver(Delivery {
            path,
            headers: http::HeaderMap::new(),
            body: "{}".into(),
        })
        .await;
    let denied = "AccessDeniedException";
    assert_eq!(
        *functions.said.lock().expect("whole"),
        [denied, "ValidationException", denied, denied, denied]
    );
    assert_eq!(
        machine.cloud().rights.missing().len(),
        4,
        "{:?}",
        machine.cloud().rights.missing()
    );
}

#[tokio::test]
async fn a_secret_that_no_parameter_holds_is_not_there() {
    let long = |length: usize| {
        format!(
            "[\"a/officernd\"]\nclient_id = \"{}\"\n",
            "x".repeat(length)
        )
    };
    for (length, there) in [
        ((8 << 10) - "{\"client_id\":\"\"}".len(), true),
        (8 << 10, false),
    ] {
        let (machine, _) = machine(doorstep_local::Setup {
            secrets: Some(long(length)),
            ..setup()
        })
        .await;
        let found = parameters(machine.environment())
            .secret("/doorstep/a/officernd/api")
            .await
            .expect("an answer");
        assert_eq!(found.is_some(), there, "{length}");
    }
}

#[tokio::test]
async fn a_part_of_a_batch_is_left_undone_now_and_then() {
    let (machine, _) = machine(setup()).await;
    let (client, table) = (
        dynamodb(machine.environment()),
        &machine.environment().settings.table,
    );
    let mut undone = Vec::new();
    for batch in 0..10 {
        let put = |n: usize| {
            let put = PutRequest::builder()
                .item("pk", text("p"))
                .item("sk", text(&format!("{batch}-{n}")));
            WriteRequest::builder()
                .put_request(put.build().expect("whole"))
                .build()
        };
        let written = client
            .batch_write_item()
            .request_items(table, (0..10).map(put).collect())
            .send()
            .await;
        let left = written
            .expect("an answer")
            .unprocessed_items
            .unwrap_or_default();
        undone.push(left.get(table).map_or(0, Vec::len));
    }
    assert_eq!(undone, [0, 0, 0, 0, 5, 0, 0, 0, 0, 5]);
    let there = client
        .query()
        .table_name(table)
        .key_condition_expression("pk = :p");
    let there = there
        .expression_attribute_values(":p", text("p"))
        .send()
        .await
        .expect("it reads");
    assert_eq!(there.count(), 90);
}

#[tokio::test]
async fn the_table_throttles_a_call_now_and_then() {
    let (machine, _) = machine(setup()).await;
    let environment = machine.environment();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(environment.settings.region.clone()))
        .credentials_provider(environment.settings.credentials.clone())
        .http_client(Seam(environment.http.clone()))
        .retry_config(RetryConfig::disabled());
    let client = aws_sdk_dynamodb::Client::from_conf(config.build());
    let mut codes = Vec::new();
    for _ in 0..422 {
        let get = client
            .get_item()
            .table_name(&environment.settings.table)
            .key("pk", text("p"))
            .key("sk", text("s"));
        codes.extend(
            get.send()
                .await
                .err()
                .and_then(|error| error.code().map(str::to_owned)),
        );
    }
    codes.sort();
    assert_eq!(
        codes,
        [
            "ProvisionedThroughputExceededException",
            "ThrottlingException"
        ]
    );
}

#[tokio::test]
async fn what_is_throttled_is_sent_again_and_no_one_notices() {
    let (machine, _) = machine(setup()).await;
    for _ in 0..500 {
        machine
            .environment()
            .store
            .list("p", "")
            .await
            .expect("it reads");
    }
}

#[tokio::test]
async fn parameters_are_given_at_most_40_times_a_second() {
    let (machine, _) = machine(setup()).await;
    let environment = machine.environment();
    let mut refused = Vec::new();
    for n in 1..=82 {
        // Without the client, which tries again.
        let get = http::Request::post("https://ssm.local.amazonaws.com/")
            .header("x-amz-target", "AmazonSSM.GetParameter")
            .body(Bytes::from_static(br#"{"Name":"/doorstep/stack"}"#))
            .expect("whole");
        let answer = environment.http.send(get).await.expect("an answer");
        if !answer.status().is_success() {
            refused.push(n);
        }
    }
    assert_eq!(refused, [41, 82]);
}

#[tokio::test]
async fn one_call_publishes_at_most_256_kb() {
    let (machine, _) = machine(setup()).await;
    let publish = |size: usize| {
        let detail = format!(
            "{{\"x\":\"{}\"}}",
            "x".repeat(size - "doorstep".len() - "kind".len() - "{\"x\":\"\"}".len())
        );
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name("doorstep")
            .source("doorstep")
            .detail_type("kind");
        events(machine.environment())
            .put_events()
            .entries(entry.detail(detail).build())
            .send()
    };
    publish(256 << 10).await.expect("as much as it takes");
    publish((256 << 10) + 1).await.expect_err("more");
}

#[tokio::test]
async fn one_call_publishes_at_most_10_events() {
    let (machine, _) = machine(setup()).await;
    let publish = |count: usize| {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name("doorstep")
            .source("doorstep");
        let entry = entry.detail_type("kind").detail("{}").build();
        events(machine.environment())
            .put_events()
            .set_entries(Some(vec![entry; count]))
            .send()
    };
    publish(10).await.expect("as many as it takes");
    publish(11).await.expect_err("more");
}

#[tokio::test]
async fn the_queue_refuses_ids_and_bodies_that_sqs_refuses() {
    let (machine, _) = machine(setup()).await;
    let client = sqs(machine.environment());
    let send = |group: &str, id: &str, body: &str| {
        let send = client
            .send_message()
            .queue_url(&machine.environment().settings.trigger_queue_url);
        send.message_group_id(group)
            .message_deduplication_id(id)
            .message_body(body)
            .send()
    };
    let (longest, largest) = ("x".repeat(128), "x".repeat(1 << 20));
    send(&longest, &longest, &largest)
        .await
        .expect("as long and as large as it takes");
    send("a", "1", "\t\n\r\u{fffd}\u{10ffff}")
        .await
        .expect("text");
    let (longer, larger) = ("x".repeat(129), "x".repeat((1 << 20) + 1));
    let refused = [
        (&*longer, "2", "x"),
        ("a", &longer, "x"),
        ("a b", "2", "x"),
        ("a", "2", ""),
        ("a", "2", &larger),
    ];
    for (group, id, body) in refused
        .into_iter()
        .chain([("a", "2", "\u{b}"), ("a", "2", "\u{ffff}")])
    {
        send(group, id, body).await.expect_err("SQS refuses it");
    }
}

#[tokio::test]
async fn a_batch_of_messages_has_at_most_10_and_1_mib_and_fails_one_by_one() {
    use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
    let (machine, _) = machine(setup()).await;
    let client = sqs(machine.environment());
    let entry = |id: usize, group: &str, body: &str| {
        let entry = SendMessageBatchRequestEntry::builder()
            .id(id.to_string())
            .message_group_id(group);
        entry
            .message_deduplication_id(uuid::Uuid::new_v4().to_string())
            .message_body(body)
            .build()
            .expect("whole")
    };
    let send = |entries: Vec<SendMessageBatchRequestEntry>| {
        let send = client
            .send_message_batch()
            .queue_url(&machine.environment().settings.trigger_queue_url);
        send.set_entries(Some(entries)).send()
    };
    send((0..10).map(|id| entry(id, "a", "x")).collect())
        .await
        .expect("ten");
    send((0..11).map(|id| entry(id, "a", "x")).collect())
        .await
        .expect_err("eleven");
    send(vec![entry(1, "a", "x"), entry(1, "a", "y")])
        .await
        .expect_err("one id twice");
    let half = "x".repeat(1 << 19);
    send(vec![entry(1, "a", &half), entry(2, "a", &half)])
        .await
        .expect("1 MiB together");
    send(vec![
        entry(1, "a", &half),
        entry(2, "a", &format!("{half}x")),
    ])
    .await
    .expect_err("more");
    let mixed = send(vec![entry(1, "a", "x"), entry(2, "a b", "x")])
        .await
        .expect("an answer");
    assert_eq!((mixed.successful().len(), mixed.failed()[0].id()), (1, "2"));
}

#[tokio::test]
async fn every_event_that_wants_a_reconcile_is_dispatched_and_the_queue_merges_them() {
    let (machine, notes) = machine(setup()).await;
    let wanted = || {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name("doorstep")
            .source("doorstep");
        entry
            .detail_type("reconcile.wanted")
            .detail("{\"site\":\"a\"}")
            .build()
    };
    let put = events(machine.environment())
        .put_events()
        .entries(wanted())
        .entries(wanted());
    put.send().await.expect("the bus takes it");
    machine.quiet().await;
    assert_eq!(machine.cloud().bus.published().len(), 2);
    assert_eq!(
        notes.take(),
        [format!("reconcile a at {NOON}")],
        "no reconcile began between the two requests"
    );
}

#[tokio::test]
async fn schedules_are_late_by_less_than_a_minute_and_some_fire_twice() {
    let (machine, notes) = machine(setup()).await;
    machine.late_schedules(Some(7));
    let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
    for n in 0..50 {
        schedule(
            machine.environment(),
            &format!("a-{n}"),
            &format!("2026-03-01T12:{:02}:00", 1 + n),
        )
        .await
        .expect("it is set");
    }
    let ran = machine
        .move_clock(at("2026-03-01T13:00:00Z"))
        .await
        .expect("it moves");
    let first: BTreeSet<i64> = ran.iter().map(|one| one.at.as_second() % 60).collect();
    assert!(first.len() > 10, "at many seconds: {first:?}");
    let heard = notes.take();
    let of = |n: usize| {
        heard
            .iter()
            .filter(|note| **note == format!("a: alarm a-{n}"))
            .count()
    };
    assert!((0..50).all(|n| of(n) >= 1), "each at least once: {heard:?}");
    assert!(ran.len() > 50, "some fire twice");
    assert!(
        (0..50).any(|n| of(n) == 2),
        "and some of these after the queue forgot their message: {heard:?}"
    );
    let client = scheduler(machine.environment());
    assert!(
        client
            .list_schedules()
            .group_name("doorstep")
            .send()
            .await
            .expect("it lists")
            .schedules()
            .is_empty()
    );
}

#[tokio::test]
async fn a_schedule_is_set_for_an_instant_to_come() {
    let (machine, _) = machine(setup()).await;
    for refused in ["2026-03-01T11:59:59", "2026-03-01T12:00:00"] {
        let error = schedule(machine.environment(), "a-1", refused)
            .await
            .expect_err("it is not to come");
        assert_eq!(error.code(), Some("ValidationException"), "{refused}");
    }
    let long = "a".repeat(65);
    let error = schedule(machine.environment(), &long, "2026-03-01T12:30:00")
        .await
        .expect_err("too long a name");
    assert_eq!(error.code(), Some("ValidationException"));
    schedule(machine.environment(), &long[1..], "2026-03-01T12:30:00")
        .await
        .expect("64 are not too long");
}
