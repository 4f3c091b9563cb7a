//! Answers that are lost on the way, and answers that no engine on one machine gives but AWS does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::{at, body, is_for_nothing, machine, put};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::{Store, Write, WriteCondition, WriteStep, conflict};
use doorstep_core::model::error::{Error, Result};
use doorstep_vendors::http::{Http, NoAnswer, Request, Response};

/// The table of a machine, seen over a way on which the answer to the first write gets lost; and
/// how many writes there were.
async fn forgetful() -> (Store, Arc<AtomicU32>) {
    let machine = machine().await;
    let environment = machine.environment();
    let (http, writes) = (environment.http.clone(), Arc::new(AtomicU32::new(0)));
    let count = writes.clone();
    let forgetful = Http::new(tower::service_fn(move |request: Request| {
        let (http, count) = (http.clone(), count.clone());
        async move {
            let target = request
                .headers()
                .get("x-amz-target")
                .map(|target| target.as_bytes().to_vec());
            let answer = http.send(request).await?;
            let reads = target
                .is_some_and(|target| target.ends_with(b".GetItem") || target.ends_with(b".Query"));
            match reads || count.fetch_add(1, Ordering::SeqCst) > 0 {
                true => Ok(answer),
                false => Err(NoAnswer::Lost("it got lost".into())),
            }
        }
    }));
    (
        Environment::new(
            environment.settings.clone(),
            forgetful,
            environment.time.clone(),
        )
        .store,
        writes,
    )
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_is_asked_again_and_counts_once() {
    let (store, writes) = forgetful().await;
    let all = vec![
        Write::bump(at("v")),
        put("a", "new").only_if(WriteCondition::New),
    ];
    store
        .write_all(WriteStep::Commit, all)
        .await
        .expect("it is known by its token");
    assert_eq!(writes.load(Ordering::SeqCst), 2);
    assert_eq!(
        store
            .get(&at("v"))
            .await
            .expect("it reads")
            .map(|item| item.version),
        Some(1)
    );
    store
        .write_all(WriteStep::Commit, vec![Write::bump(at("v"))])
        .await
        .expect("another one has another token");
    assert_eq!(
        store
            .get(&at("v"))
            .await
            .expect("it reads")
            .map(|item| item.version),
        Some(2)
    );
}

#[tokio::test]
async fn a_single_write_whose_answer_was_lost_reads_as_a_conflict() {
    let (store, writes) = forgetful().await;
    let ended = store
        .write(put("a", "new").only_if(WriteCondition::New))
        .await;
    assert_eq!(
        ended,
        Err(conflict()),
        "it was our own write, but that is unknown"
    );
    assert_eq!(writes.load(Ordering::SeqCst), 2);
    assert_eq!(body(&store, "a").await.as_deref(), Some("new"));
}

/// What becomes of a transaction and of a single write where AWS answers so.
async fn answered(kind: &str, more: Value) -> [Result<()>; 2] {
    let mut text =
        json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "no" });
    text.as_object_mut()
        .expect("an object")
        .extend(more.as_object().cloned().unwrap_or_default());
    let text = Bytes::from(text.to_string());
    let http = Http::from_fn(move |_| {
        let mut answer = Response::new(text.clone());
        *answer.status_mut() = StatusCode::BAD_REQUEST;
        async move { answer }
    });
    let machine = machine().await;
    let environment = machine.environment();
    let store =
        Environment::new(environment.settings.clone(), http, environment.time.clone()).store;
    [
        store.write_all(WriteStep::Keep, vec![put("a", "")]).await,
        store.write(put("a", "")).await,
    ]
}

fn reasons(codes: &[&str]) -> Value {
    json!({ "CancellationReasons": codes.iter().map(|code| json!({ "Code": code })).collect::<Vec<_>>() })
}

#[tokio::test]
async fn two_on_one_item_at_once_is_a_conflict() {
    for codes in [
        ["TransactionConflict", "None"],
        ["None", "ConditionalCheckFailed"],
    ] {
        let [together, _] = answered("TransactionCanceledException", reasons(&codes)).await;
        assert_eq!(together, Err(conflict()), "{codes:?}");
    }
    let [_, alone] = answered("TransactionConflictException", json!({})).await;
    assert_eq!(alone, Err(conflict()));
}

#[tokio::test]
async fn what_the_table_will_never_take_is_not_tried_again() {
    let [together, _] = answered(
        "TransactionCanceledException",
        reasons(&["None", "ValidationError"]),
    )
    .await;
    assert!(together.as_ref().is_err_and(is_for_nothing), "{together:?}");
    for ended in answered("ValidationException", json!({})).await {
        assert!(ended.as_ref().is_err_and(is_for_nothing), "{ended:?}");
    }
}

#[tokio::test]
async fn a_table_that_is_busy_may_take_it_later() {
    let [together, _] = answered(
        "TransactionCanceledException",
        reasons(&["ThrottlingError"]),
    )
    .await;
    assert!(
        matches!(&together, Err(Error::Retry { .. })) && together != Err(conflict()),
        "{together:?}"
    );
    for ended in answered("ResourceNotFoundException", json!({})).await {
        assert!(matches!(ended, Err(Error::Retry { .. })), "{ended:?}");
    }
}
