//! What AWS refuses, leaves undone or answers strangely: nothing of an answer reaches a text of
//! ours, what is left undone of a batch is sent again, and a schedule or an event that cannot be
//! set fails nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::journeys::{ROOM, booking, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World};
use doorstep_cloud::bus::Notice;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_cloud::store::Write;
use doorstep_cloud::store::key::Key;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::SiteId;
use doorstep_vendors::http::{Http, Request, Response};

/// What must be seen nowhere.
const SECRET: &str = "hunter2 ada@example.test";

async fn world() -> World {
    Scenario::at(Doors::Kisi, ROOM)
        .begin(town(json!({})), DoorsFixture::with(&["Meeting"]))
        .await
}

/// The world's outside, whose calls `answer` may answer instead, given the operation and what was
/// asked.
fn instead(
    world: &World,
    answer: impl Fn(&str, &Value) -> Option<Response> + Send + Sync + 'static,
) -> Environment {
    let environment = world.machine.environment();
    let (http, answer) = (environment.http.clone(), Arc::new(answer));
    let service = tower::service_fn(move |request: Request| {
        let target = request
            .headers()
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok());
        let operation = target
            .and_then(|target| target.rsplit('.').next())
            .unwrap_or("Scheduler");
        let asked = serde_json::from_slice(request.body()).unwrap_or_default();
        let (other, http) = (answer(operation, &asked), http.clone());
        async move {
            match other {
                Some(answer) => Ok(answer),
                None => http.send(request).await,
            }
        }
    });
    Environment::new(
        environment.settings.clone(),
        Http::new(service),
        environment.time.clone(),
    )
}

fn said(status: StatusCode, body: impl Into<String>) -> Response {
    let answer = http::Response::builder()
        .status(status)
        .header("x-amzn-requestid", "4f1c-22");
    answer.body(Bytes::from(body.into())).expect("an answer")
}

fn key(sk: &str) -> Key {
    Key {
        pk: "p".into(),
        sk: sk.into(),
    }
}

/// Every call once, with its failure.
async fn failures(environment: &Environment) -> Vec<Error> {
    let at: jiff::Timestamp = "2026-03-02T09:00:00Z".parse().expect("an instant");
    let unset = environment
        .schedules
        .try_set(&SiteId::from(SITE), at.into())
        .await
        .expect_err("Scheduler");
    let (doorstep_cloud::schedules::Unset::Schedule(unset)
    | doorstep_cloud::schedules::Unset::Queue(unset)) = unset;
    vec![
        environment
            .secrets
            .api("riverside/doors", at)
            .await
            .expect_err("SSM"),
        environment.store.get(&key("a")).await.expect_err("GetItem"),
        environment.store.list("p", "").await.expect_err("Query"),
        environment
            .store
            .get_many(&[key("a")])
            .await
            .expect_err("BatchGetItem"),
        environment
            .store
            .write(Write::put(key("a"), SECRET.into()))
            .await
            .expect_err("PutItem"),
        environment
            .store
            .write_many(vec![Write::put(key("a"), SECRET.into())])
            .await
            .expect_err("BatchWriteItem"),
        environment
            .triggers
            .enqueue(
                &TriggerMessage::new(&SiteId::from(SITE), Trigger::Due),
                None,
            )
            .await
            .expect_err("SendMessage"),
        environment
            .bus
            .publish(
                &SiteId::from(SITE),
                &[Notice::ReconcileWanted(AskedBy::Function)],
            )
            .await
            .expect_err("PutEvents"),
        unset,
    ]
}

#[tokio::test]
async fn i8_no_text_of_ours_holds_anything_that_aws_answered() {
    let world = world().await;
    let refused = |kind: &str| json!({ "__type": format!("com.amazon#{kind}"), "message": SECRET, "Message": SECRET });
    let answers = [
        (
            StatusCode::BAD_REQUEST,
            refused("AccessDeniedException").to_string(),
        ),
        (
            StatusCode::BAD_REQUEST,
            refused("ValidationException").to_string(),
        ),
        (
            StatusCode::OK,
            format!(r#"{{"Parameter":{{"Name":"/x","Value":"{SECRET}"#),
        ),
        (
            StatusCode::OK,
            format!(r#"{{"Item":{{"body":{{"S":"{SECRET}"#),
        ),
        (StatusCode::FORBIDDEN, SECRET.to_owned()),
        (
            StatusCode::BAD_REQUEST,
            refused(&format!("{SECRET}\n{}", "x".repeat(500))).to_string(),
        ),
    ];
    for (status, body) in answers {
        let environment = instead(&world, move |_, _| Some(said(status, body.clone())));
        for error in failures(&environment).await {
            for text in [
                error.to_string(),
                format!("{error:?}"),
                error.why().to_owned(),
            ] {
                let told = ["hunter2", "example.test", "\n"]
                    .iter()
                    .any(|part| text.contains(part));
                assert!(!told && text.len() < 250, "{text}");
            }
        }
    }
}

#[tokio::test]
async fn a_failure_says_the_call_the_code_and_the_request() {
    let world = world().await;
    let refused =
        json!({ "__type": "com.amazon#AccessDeniedException", "message": SECRET }).to_string();
    let environment = instead(&world, move |_, _| {
        Some(said(StatusCode::BAD_REQUEST, refused.clone()))
    });
    let said = environment
        .secrets
        .api("riverside/doors", world.machine.now())
        .await
        .expect_err("SSM")
        .to_string();
    let expected = "ssm GetParameter: AccessDeniedException (HTTP 400, request 4f1c-22)";
    assert!(said.ends_with(expected), "{said}");
}

#[tokio::test]
async fn what_the_table_leaves_undone_of_a_batch_is_sent_again() {
    let world = world().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    // Every first, second and third call leaves all of its items but the first one undone.
    let environment = instead(&world, move |operation, asked| {
        let busy = matches!(operation, "BatchWriteItem" | "BatchGetItem")
            && count.fetch_add(1, Ordering::SeqCst) % 4 != 3;
        let (name, whole) = asked["RequestItems"].as_object()?.iter().next()?;
        let left = match operation {
            "BatchWriteItem" => json!({ "UnprocessedItems": { name: whole } }),
            _ => json!({ "Responses": { name: [] }, "UnprocessedKeys": { name: whole } }),
        };
        busy.then(|| said(StatusCode::OK, left.to_string()))
    });
    let items = (0..60)
        .map(|n| Write::put(key(&format!("{n:03}")), n.to_string()))
        .collect();
    environment
        .store
        .write_many(items)
        .await
        .expect("all of them");
    let keys: Vec<Key> = (0..60).map(|n| key(&format!("{n:03}"))).collect();
    assert_eq!(
        environment
            .store
            .get_many(&keys)
            .await
            .expect("all of them")
            .len(),
        60
    );
    let calls = calls.load(Ordering::SeqCst);
    assert!(
        (4 * 4..=4 * 5).contains(&calls),
        "three batches of writes and one of reads, and what the local cloud leaves: {calls}"
    );
}

#[tokio::test]
async fn a_table_that_finishes_nothing_is_not_asked_for_ever() {
    let world = world().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let environment = instead(&world, move |operation, asked| {
        count.fetch_add(1, Ordering::SeqCst);
        let whole = &asked["RequestItems"];
        let key = if operation == "BatchWriteItem" {
            "UnprocessedItems"
        } else {
            "UnprocessedKeys"
        };
        Some(said(
            StatusCode::OK,
            json!({ "Responses": {}, key: whole }).to_string(),
        ))
    });
    let written = environment
        .store
        .write_many(vec![Write::put(key("a"), "1".into())])
        .await;
    assert!(matches!(written, Err(Error::Retry { .. })), "{written:?}");
    let read = environment
        .store
        .get_many(&[key("a")])
        .await
        .map(|found| found.len());
    assert!(matches!(read, Err(Error::Retry { .. })), "{read:?}");
    assert_eq!(calls.load(Ordering::SeqCst), 2 * 9);
}

#[tokio::test]
async fn an_event_that_the_bus_left_undone_is_sent_again_alone() {
    let world = world().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let environment = instead(&world, move |operation, _| {
        let first = operation == "PutEvents" && count.fetch_add(1, Ordering::SeqCst) == 0;
        let results = json!([{ "EventId": "1" }, { "ErrorCode": "ThrottlingException", "ErrorMessage": "x" }]);
        first.then(|| {
            said(
                StatusCode::OK,
                json!({ "FailedEntryCount": 1, "Entries": results }).to_string(),
            )
        })
    });
    let before = world.machine.cloud().bus.published().len();
    let refused = |why: &str| Notice::ReadRefused(why.to_owned());
    environment
        .bus
        .publish(&SiteId::from(SITE), &[refused("first"), refused("second")])
        .await
        .expect("both");
    let published = world.machine.cloud().bus.published();
    let said: Vec<&str> = published[before..]
        .iter()
        .filter_map(|event| event.detail["why"].as_str())
        .collect();
    assert_eq!(said, ["second"], "the first one was taken at once");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

/// Scheduler takes nothing while a booking is made, for as long as it likes; what it would have
/// rung for is set by the next reconcile, and nothing else waits for that.
#[tokio::test]
async fn i2_a_schedule_that_cannot_be_set_fails_no_batch_and_is_set_by_the_next_reconcile() {
    let world = world().await;
    world.machine.cloud().schedules.refuse(1000);
    let now = booking("eve", "2026-03-02T07:00:00Z", "2026-03-02T10:00:00Z");
    let later = booking("bob", "2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z");
    world
        .change_and_deliver(json!({ "bookings": [now, later] }))
        .await;
    assert_eq!(
        world.inside("Meeting").await,
        ["eve"],
        "who may come in now comes in now"
    );
    assert!(
        world.machine.cloud().triggers.dead().is_empty()
            && world.machine.cloud().triggers.is_empty()
    );
    let wished = world
        .machine
        .cloud()
        .bus
        .published()
        .iter()
        .filter(|event| event.kind == "reconcile.wanted")
        .count();
    assert!(
        (1..=2).contains(&wished),
        "asked for once in a function's life: {wished}"
    );
    let report = world.reconcile().await;
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.contains("schedules could not be set")),
        "{report:?}"
    );
    world.machine.cloud().schedules.refuse(0);
    assert_eq!(world.reconcile().await.problems, [""; 0]);
    world.at("2026-03-02T10:15:00Z", "Meeting", &[]).await;
    world.at("2026-03-02T11:45:00Z", "Meeting", &["bob"]).await;
    world.at("2026-03-02T13:15:00Z", "Meeting", &[]).await;
    world.ends_well().await;
}

/// The bus takes nothing: what would have been said on it is missing there, and nothing else is.
#[tokio::test]
async fn an_event_that_cannot_be_published_fails_no_reconcile() {
    let world = world().await;
    let environment = instead(&world, |operation, _| {
        (operation == "PutEvents").then(|| {
            said(
                StatusCode::BAD_REQUEST,
                r#"{"__type":"AccessDeniedException"}"#,
            )
        })
    });
    world
        .change(
            json!({ "bookings": [booking("eve", "2026-03-02T07:00:00Z", "2026-03-02T10:00:00Z")] }),
        )
        .await;
    doorstep_jobs::reconcile::reconcile(&environment, &SiteId::from(SITE))
        .await
        .expect("it goes on");
    assert_eq!(world.inside("Meeting").await, ["eve"]);
}
