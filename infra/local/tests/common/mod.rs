//! What the tests of the machine share: the real SDKs over the machine's way out, and functions of
//! their own.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use axum::body::Body;
use axum::http::{Request as Sent, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::Value;
use tower::ServiceExt;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::parameters::{ParameterStore, SSM};
use doorstep_cloud::service::AwsService;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::Report;
use doorstep_local::run::functions::Functions;
use doorstep_local::{Data, Machine, Setup};
use doorstep_vendors::delivery::{Delivery, WebhookAnswer};
use doorstep_vendors::http::{Http, Request};

pub const NOON: &str = "2026-03-01T12:00:00Z";

/// The machine's way out, as the SDKs want it.
#[derive(Debug, Clone)]
pub struct Seam(pub Http);

impl HttpConnector for Seam {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(error.into()))?;
            let request: Request =
                request.map(|body| Bytes::copy_from_slice(body.bytes().unwrap_or_default()));
            let response = http
                .send(request)
                .await
                .map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(response.map(SdkBody::from))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

impl HttpClient for Seam {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

macro_rules! client {
    ($name:ident, $sdk:ident) => {
        pub fn $name(environment: &Environment) -> $sdk::Client {
            let config = $sdk::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                .region($sdk::config::Region::new(
                    environment.settings.region.clone(),
                ))
                .credentials_provider(environment.settings.credentials.clone())
                .http_client(Seam(environment.http.clone()))
                .build();
            $sdk::Client::from_conf(config)
        }
    };
}
client!(dynamodb, aws_sdk_dynamodb);
client!(sqs, aws_sdk_sqs);
client!(scheduler, aws_sdk_scheduler);
client!(events, aws_sdk_eventbridge);

/// Parameter Store, as the functions reach it.
pub fn parameters(environment: &Environment) -> ParameterStore {
    let Environment { http, time, .. } = environment;
    ParameterStore::new(environment.settings.caller(), http.clone(), time.clone())
}

/// Calls an operation of Parameter Store that no function needs.
pub async fn ssm(environment: &Environment, operation: &str, input: &Value) -> Value {
    let Environment { http, time, .. } = environment;
    AwsService::new(
        &SSM,
        environment.settings.caller(),
        http.clone(),
        time.clone(),
    )
    .call(operation, input)
    .await
    .expect("an answer")
}

/// Rings the line.
pub async fn enqueue(environment: &Environment, site: &str, dedup_id: &str, body: &str) {
    let send = sqs(environment)
        .send_message()
        .queue_url(&environment.settings.trigger_queue_url)
        .message_body(body);
    send.message_group_id(site)
        .message_deduplication_id(dedup_id)
        .send()
        .await
        .expect("the line takes it");
}

/// Sets an alarm.
pub async fn schedule(
    environment: &Environment,
    name: &str,
    at: &str,
) -> std::result::Result<(), aws_sdk_scheduler::Error> {
    use aws_sdk_scheduler::types::{
        ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, SqsParameters, Target,
    };
    let settings = &environment.settings;
    let site = name.split('-').next().unwrap_or_default();
    let parameters = SqsParameters::builder().message_group_id(site).build();
    let target = Target::builder()
        .arn(&settings.schedules.trigger_queue_arn)
        .role_arn(&settings.schedules.role_arn);
    let target = target
        .input(format!("alarm {name}"))
        .sqs_parameters(parameters)
        .build()?;
    let create = scheduler(environment)
        .create_schedule()
        .name(name)
        .group_name(&settings.schedules.group);
    let window = FlexibleTimeWindow::builder()
        .mode(FlexibleTimeWindowMode::Off)
        .build()?;
    let create = create
        .schedule_expression(format!("at({at})"))
        .flexible_time_window(window)
        .target(target);
    create
        .action_after_completion(ActionAfterCompletion::Delete)
        .send()
        .await?;
    Ok(())
}

/// Writes one item in a transaction with a token that begins with `step-`.
pub async fn write(environment: &Environment, step: &str) {
    use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
    let key = uuid::Uuid::new_v4().to_string();
    let put = Put::builder().table_name(&environment.settings.table);
    let put = put
        .item("pk", AttributeValue::S(step.into()))
        .item("sk", AttributeValue::S(key.clone()))
        .build()
        .expect("whole");
    let write = dynamodb(environment)
        .transact_write_items()
        .client_request_token(format!("{step}-{}", &key[..8]));
    write
        .transact_items(TransactWriteItem::builder().put(put).build())
        .send()
        .await
        .expect("the table takes it");
}

/// How many items [`write`] has written for a step.
pub async fn written(environment: &Environment, step: &str) -> i32 {
    use aws_sdk_dynamodb::types::AttributeValue;
    let query = dynamodb(environment)
        .query()
        .table_name(&environment.settings.table)
        .key_condition_expression("pk = :pk");
    query
        .expression_attribute_values(":pk", AttributeValue::S(step.into()))
        .send()
        .await
        .expect("it reads")
        .count()
}

/// Adds a person to the sandbox of Kisi.
pub async fn fill_doors(machine: &Machine) {
    let world = r#"{"groups":[],"users":[{"id":"7","email":"ada@example.test","name":"Ada"}]}"#;
    let put = Request::new(Bytes::from_static(world.as_bytes()));
    let (mut parts, body) = put.into_parts();
    (parts.method, parts.uri) = (http::Method::PUT, http::Uri::from_static("/_world"));
    let response = machine
        .sandboxes()
        .back_door("kisi", Request::from_parts(parts, body))
        .await;
    assert!(response.status().is_success());
}

/// Changes something at a door, however often.
async fn rename_at_the_door(environment: &Environment) {
    let request = http::Request::patch("sandbox://kisi/users/7")
        .header("authorization", "KISI-LOGIN sandbox");
    let request = request.header("content-type", "application/json");
    let request = request
        .body(Bytes::from_static(br#"{"user":{"name":"Ada L."}}"#))
        .expect("whole");
    let response = environment
        .http
        .send(request)
        .await
        .expect("the sandbox answers");
    assert!(response.status().is_success(), "{response:?}");
}

/// Functions that write down what they were asked, and do what a bell's words say.
#[derive(Clone, Default)]
pub struct Notes(pub Arc<Mutex<Vec<String>>>);

impl Notes {
    pub fn note(&self, what: impl Into<String>) {
        self.0.lock().expect("whole").push(what.into());
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("whole"))
    }
}

/// Says when a function's future is gone.
struct Gone(Notes);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.note("gone");
    }
}

#[async_trait]
impl Functions for Notes {
    async fn receive(&self, environment: &Environment, delivery: Delivery) -> WebhookAnswer {
        let site = delivery
            .path
            .split('/')
            .nth(2)
            .unwrap_or_default()
            .to_owned();
        assert_ne!(site, "panic", "as the test asked");
        enqueue(
            environment,
            &site,
            &uuid::Uuid::new_v4().to_string(),
            &String::from_utf8_lossy(delivery.body.get(..9).unwrap_or(&delivery.body)),
        )
        .await;
        self.note(format!("answered {}", delivery.body.len()));
        WebhookAnswer {
            status: 202,
            body: r#"{"accepted":true}"#.into(),
        }
    }

    async fn settle(&self, environment: &Environment, batch: SqsEvent) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        for record in batch.records {
            let (body, site) = (
                record.body.unwrap_or_default(),
                record.attributes["MessageGroupId"].clone(),
            );
            self.note(format!("{site}: {body}"));
            match body.as_str() {
                "fail" => {
                    let mut failure = BatchItemFailure::default();
                    failure.item_identifier = record.message_id.unwrap_or_default();
                    response.batch_item_failures.push(failure);
                }
                "panic" => panic!("as the test asked"),
                "steps" => {
                    let _gone = Gone(self.clone());
                    for step in ["read", "intend"] {
                        write(environment, step).await;
                        self.note(step);
                    }
                    rename_at_the_door(environment).await;
                    self.note("apply");
                    write(environment, "commit").await;
                    self.note("commit");
                }
                _ => {}
            }
        }
        response
    }

    async fn reconcile(&self, environment: &Environment, site: &SiteId) -> Result<Report> {
        self.note(format!("reconcile {site} at {}", environment.time.now()));
        Ok(Report::default())
    }
}

/// A whole site file, as small as one can be.
pub fn site(name: &str) -> String {
    format!(
        r#"
site     = "{name}"
timezone = "Europe/London"
mode     = "observe"

[platform]
kind         = "officernd"
organization = "{name}"
secret       = "{name}/officernd"
url          = "sandbox"

[doors.main]
kind   = "kisi"
secret = "{name}/kisi"
url    = "sandbox"

[[rule]]
plan  = "*"
opens = ["Members"]
"#
    )
}

/// A setup with a standing clock, two sites, and nothing kept.
pub fn setup() -> Setup {
    let clock = NOON.parse::<Timestamp>().ok();
    Setup {
        sites: vec![site("a"), site("b")],
        secrets: None,
        clock,
        reconcile: None,
        data: Data::Memory,
    }
}

pub async fn machine(setup: Setup) -> (Machine, Notes) {
    let notes = Notes::default();
    let machine = Machine::start_with(setup, Arc::new(notes.clone()))
        .await
        .expect("it starts");
    (machine, notes)
}

/// Calls the one port, without a socket.
pub async fn call(
    machine: &Machine,
    method: &str,
    path: &str,
    body: impl Into<Body>,
) -> (StatusCode, Value) {
    let request = Sent::builder()
        .method(method)
        .uri(path)
        .body(body.into())
        .expect("whole");
    let response = machine.router().oneshot(request).await.expect("it answers");
    let status = response.status();
    let bytes = response
        .into_body()
        .collect()
        .await
        .expect("whole")
        .to_bytes();
    let json = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).expect("JSON or empty")
    };
    (status, json)
}

/// The same where nothing but 200 will do.
pub async fn ok(machine: &Machine, method: &str, path: &str, body: Value) -> Value {
    let body = if body.is_null() {
        Body::empty()
    } else {
        Body::from(body.to_string())
    };
    let (status, json) = call(machine, method, path, body).await;
    assert_eq!(status, StatusCode::OK, "{method} {path}: {json}");
    json
}
