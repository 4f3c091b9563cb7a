//! The services that Doorstep calls without an SDK are sent what their SDKs would send.

mod common;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, SqsParameters, Target,
};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use common::{machine, scheduler, setup, sqs};
use serde_json::Value;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::{AskedBy, ReconcileRequest};
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::minute::Minute;
use doorstep_local::Machine;
use doorstep_vendors::http::{Http, Request};

/// What a service reads of a request.
#[derive(Debug, PartialEq)]
struct Read {
    method: String,
    host: Option<String>,
    path: String,
    query: BTreeSet<String>,
    operation: Option<String>,
    content: Option<String>,
    body: Value,
    scope: Option<String>,
}

fn read(request: &Request) -> Read {
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let (uri, mut body) = (
        request.uri(),
        serde_json::from_slice(request.body()).unwrap_or_default(),
    );
    if let Value::Object(body) = &mut body {
        // The SDK makes one up for each call: see ADR 13.
        body.remove("ClientToken");
    }
    let without_token = |part: &&str| !part.starts_with("clientToken=");
    let query = uri.query().unwrap_or_default().split('&');
    let scope = header("authorization").and_then(|header| {
        let (_, rest) = header.split_once("Credential=")?;
        rest.split(',').next().map(str::to_owned)
    });
    Read {
        method: request.method().to_string(),
        host: uri.host().map(str::to_owned),
        path: uri.path().to_owned(),
        query: query.filter(without_token).map(str::to_owned).collect(),
        operation: header("x-amz-target"),
        // Without a body it says nothing.
        content: header("content-type").filter(|_| !request.body().is_empty()),
        body,
        scope: scope.map(|scope| scope.split('/').skip(2).collect::<Vec<_>>().join("/")),
    }
}

/// A machine's environment, and what it sends.
fn watched(machine: &Machine) -> (Environment, Arc<Mutex<Vec<Read>>>) {
    let environment = machine.environment();
    let sent = Arc::<Mutex<Vec<Read>>>::default();
    let (http, seen) = (environment.http.clone(), sent.clone());
    let http = Http::new(tower::service_fn(move |request: Request| {
        seen.lock().expect("requests").push(read(&request));
        let http = http.clone();
        async move { http.send(request).await }
    }));
    let watched = Environment::new(environment.settings.clone(), http, environment.time.clone());
    (watched, sent)
}

fn taken(sent: &Mutex<Vec<Read>>) -> Vec<Read> {
    std::mem::take(&mut *sent.lock().expect("requests"))
}

#[tokio::test]
async fn the_queues_are_sent_what_the_sdk_sends() {
    let (machine, _) = machine(setup()).await;
    let (ours, sent) = watched(&machine);
    let (site, receipt) = (SiteId::from("a"), "receipt");
    let message = TriggerMessage::new(&site, Trigger::Due);
    let request = ReconcileRequest {
        site: site.clone(),
        begun: 3,
        by: AskedBy::Operator,
    };
    ours.triggers
        .enqueue(&message, Some("id"))
        .await
        .expect("taken");
    ours.triggers
        .again(receipt, Duration::from_secs(5))
        .await
        .expect("set");
    ours.triggers.waiting().await.expect("an answer");
    ours.reconciles
        .send(std::slice::from_ref(&request))
        .await
        .expect("taken");
    let by_hand = taken(&sent);

    let (client, settings) = (sqs(&ours), &ours.settings);
    let _answers = (
        client
            .send_message()
            .queue_url(&settings.trigger_queue_url)
            .message_body(message.text().expect("JSON"))
            .message_group_id("a")
            .message_deduplication_id("id")
            .send()
            .await,
        client
            .change_message_visibility()
            .queue_url(&settings.trigger_queue_url)
            .receipt_handle(receipt)
            .visibility_timeout(5)
            .send()
            .await,
        client
            .get_queue_attributes()
            .queue_url(&settings.trigger_queue_url)
            .attribute_names(QueueAttributeName::All)
            .send()
            .await,
    );
    let name = "doorstep-dead-letters.fifo";
    let dead = client.get_queue_url().queue_name(name).send().await;
    let dead = dead.expect("an answer").queue_url.expect("a URL");
    let dead = client.get_queue_attributes().queue_url(dead);
    dead.attribute_names(QueueAttributeName::All)
        .send()
        .await
        .expect("an answer");
    let entry = SendMessageBatchRequestEntry::builder()
        .id("0")
        .message_group_id("a")
        .message_deduplication_id(request.dedup_id())
        .message_body(serde_json::to_string(&request).expect("JSON"))
        .build()
        .expect("whole");
    let batch = client.send_message_batch().entries(entry);
    batch
        .queue_url(&settings.reconcile_url)
        .send()
        .await
        .expect("taken");
    assert_eq!(by_hand, taken(&sent));
    assert_eq!(by_hand.len(), 6);
}

#[tokio::test]
async fn scheduler_is_sent_what_the_sdk_sends() {
    let (machine, _) = machine(setup()).await;
    let (ours, sent) = watched(&machine);
    let (site, minute) = (SiteId::from("a"), "2026-03-01T12:30:00Z");
    let minute = Minute::from(minute.parse::<jiff::Timestamp>().expect("an instant"));
    assert!(ours.schedules.try_set(&site, minute).await.is_ok());
    ours.schedules.clear(&site).await.expect("deleted");
    let by_hand = taken(&sent);

    let (client, settings) = (scheduler(&ours), &ours.settings.schedules);
    let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off);
    let group = SqsParameters::builder().message_group_id("a").build();
    let body = TriggerMessage::new(&site, Trigger::Schedule(minute)).text();
    let target = Target::builder()
        .arn(&settings.trigger_queue_arn)
        .role_arn(&settings.role_arn)
        .input(body.expect("JSON"))
        .sqs_parameters(group);
    let name = format!("a-{minute}");
    client
        .create_schedule()
        .name(&name)
        .group_name(&settings.group)
        .schedule_expression("at(2026-03-01T12:30:00)")
        .schedule_expression_timezone("UTC")
        .flexible_time_window(window.build().expect("whole"))
        .action_after_completion(ActionAfterCompletion::Delete)
        .target(target.build().expect("whole"))
        .send()
        .await
        .expect("set");
    let listed = client.list_schedules().group_name(&settings.group);
    listed.name_prefix("a-").send().await.expect("listed");
    let delete = client.delete_schedule().group_name(&settings.group);
    delete.name(&name).send().await.expect("deleted");
    assert_eq!(by_hand, taken(&sent));
    assert_eq!(by_hand.len(), 3);
}
