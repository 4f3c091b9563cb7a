//! One request for each site: which of them are one, which wait, and that no site waits for another
//! one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{PLAN, hot_desk, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, World};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::{AskedBy, ReconcileRequest};
use doorstep_core::model::error::Error;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::site::route::SiteRoute;
use doorstep_jobs::reconcile::{DispatchInput, dispatch, serve};
use doorstep_vendors::http::{Http, Request};

const READS: &str = "GET /api/v2/organizations/{slug}/memberships";

async fn world() -> World {
    Scenario::at(Doors::Kisi, PLAN)
        .begin(town(json!({})), DoorsFixture::with(&["Members"]))
        .await
}

/// A batch of one request, handed out for the first or another time.
fn batch(id: &str, begun: u64, by: AskedBy, times: u32) -> SqsEvent {
    let site = SITE.into();
    batch_of(id, ReconcileRequest { site, begun, by }, times)
}

fn batch_of(id: &str, request: ReconcileRequest, times: u32) -> SqsEvent {
    let mut message = SqsMessage::default();
    (message.message_id, message.receipt_handle) = (Some(id.to_owned()), Some(id.to_owned()));
    message.body = serde_json::to_string(&request).ok();
    message
        .attributes
        .insert("ApproximateReceiveCount".to_owned(), times.to_string());
    let mut batch = SqsEvent::default();
    batch.records = vec![message];
    batch
}

/// Serves a request with a reconcile that only counts. Returns whether the request is redelivered.
async fn served(environment: &Environment, batch: SqsEvent, count: &Arc<AtomicUsize>) -> bool {
    let run = |_| async {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(())
    };
    !serve(environment, batch, run)
        .await
        .batch_item_failures
        .is_empty()
}

#[tokio::test]
async fn l1_a_site_that_cannot_be_reconciled_stops_no_other() {
    let world = world().await;
    let environment = world.machine.environment();
    let site_route = SiteRoute {
        site: "harbour".into(),
        platform: PlatformKind::OfficeRnd,
        secret: "harbour".into(),
        doors: Default::default(),
        keep_days: 90,
    };
    environment
        .store
        .store_site(
            &site_route,
            "written = \"by a later version\"",
            world.machine.now(),
        )
        .await
        .expect("stored");
    world
        .change(json!({ "memberships": [hot_desk("ada")] }))
        .await;
    dispatch(environment, DispatchInput::everything())
        .await
        .expect("both are asked for");
    assert_eq!(world.inside("Members").await, ["ada"]);
    let dead: Vec<String> = world
        .machine
        .cloud()
        .reconciles
        .dead()
        .into_iter()
        .map(|message| message.group)
        .collect();
    assert_eq!(dead, ["harbour"], "it was tried five times");
    world.ends_well().await;
}

/// The platform of the first site answers nothing until the other site was compared.
#[tokio::test]
async fn l1_a_site_that_hangs_delays_no_other() {
    let world = world().await;
    let environment = world.machine.environment().clone();
    let (began, over) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (hangs, ends) = (environment.clone(), (began.clone(), over.clone()));
    let hanging = tokio::spawn(async move {
        let run = |_| async {
            ends.0.notify_one();
            ends.1.notified().await;
            Ok(())
        };
        serve(&hangs, batch("one", 1, AskedBy::Clock, 1), run).await
    });
    began.notified().await;
    let count = Arc::default();
    let other = ReconcileRequest {
        site: "harbour".into(),
        begun: 0,
        by: AskedBy::Clock,
    };
    assert!(!served(&environment, batch_of("two", other, 1), &count).await);
    assert_eq!(count.load(Ordering::SeqCst), 1, "it was compared meanwhile");
    assert!(
        served(
            &environment,
            batch("three", 2, AskedBy::Operator, 1),
            &count
        )
        .await,
        "the site that hangs is one function's"
    );
    over.notify_one();
    let answer = hanging.await.expect("it ends");
    assert!(answer.batch_item_failures.is_empty());
}

#[tokio::test]
async fn l1_wishes_of_one_time_are_one_reconcile_and_none_is_lost() {
    let world = world().await;
    let environment = world.machine.environment();
    let before = world
        .calls("officernd")
        .await
        .get(READS)
        .copied()
        .unwrap_or_default();
    assert!(
        before > 0,
        "the site was read: {:?}",
        world.calls("officernd").await
    );
    for _ in 0..10 {
        dispatch_one(environment, AskedBy::Function).await;
    }
    world.machine.quiet().await;
    assert_eq!(world.calls("officernd").await[READS], before + 1);
    dispatch_one(environment, AskedBy::Function).await;
    world.machine.quiet().await;
    assert_eq!(
        world.calls("officernd").await[READS],
        before + 2,
        "what is asked for afterwards is served afterwards"
    );
}

async fn dispatch_one(environment: &Environment, by: AskedBy) {
    let asked = json!({ "source": "doorstep", "detail-type": "reconcile.wanted", "time": "2026-03-02T08:00:00Z",
        "detail": { "version": 1, "site": SITE, "asked_by": by } });
    dispatch(
        environment,
        serde_json::from_value(asked).expect("an event"),
    )
    .await
    .expect("it is asked for");
}

#[tokio::test]
async fn l1_a_wish_that_comes_while_a_reconcile_runs_is_served_once_more_afterwards() {
    let world = world().await;
    let environment = world.machine.environment();
    let begun = environment
        .store
        .runs(&SiteId::from(SITE))
        .await
        .expect("the table")
        .runs
        .begun;
    let run = |_| async {
        for _ in 0..3 {
            dispatch_one(environment, AskedBy::Function).await;
        }
        Ok(())
    };
    assert!(
        serve(environment, batch("m", begun, AskedBy::Clock, 1), run)
            .await
            .batch_item_failures
            .is_empty()
    );
    world.machine.quiet().await;
    let runs = environment
        .store
        .runs(&SiteId::from(SITE))
        .await
        .expect("the table")
        .runs;
    assert_eq!(
        (runs.begun, runs.ended, runs.lease),
        (begun + 2, begun + 2, None)
    );
}

#[tokio::test]
async fn l1_two_functions_never_reconcile_a_site_side_by_side() {
    let world = world().await;
    let (environment, count) = (world.machine.environment(), Arc::new(AtomicUsize::new(0)));
    let run = |_| async {
        count.fetch_add(1, Ordering::SeqCst);
        assert!(
            served(environment, batch("other", 9, AskedBy::Operator, 1), &count).await,
            "it waits"
        );
        Ok(())
    };
    assert!(
        serve(environment, batch("m", 0, AskedBy::Clock, 1), run)
            .await
            .batch_item_failures
            .is_empty()
    );
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert!(!served(environment, batch("other", 9, AskedBy::Operator, 2), &count).await);
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

/// Serves a request with a function that dies once its reconcile has begun.
async fn dies(environment: &Environment, batch: SqsEvent) {
    let began = Notify::new();
    let run = |_| async {
        began.notify_one();
        std::future::pending().await
    };
    tokio::select! {
        _ = serve(environment, batch, run) => panic!("it dies first"),
        () = began.notified() => {}
    }
}

#[tokio::test]
async fn l1_the_lease_of_a_function_that_died_ends_by_itself() {
    let world = world().await;
    let (environment, count) = (world.machine.environment(), Arc::new(AtomicUsize::new(0)));
    dies(environment, batch("m", 0, AskedBy::Clock, 1)).await;
    assert!(
        served(environment, batch("other", 1, AskedBy::Clock, 1), &count).await,
        "it waits"
    );
    assert!(
        !served(environment, batch("m", 0, AskedBy::Clock, 2), &count).await,
        "its own message is redelivered"
    );
    assert_eq!(count.load(Ordering::SeqCst), 1);
    dies(environment, batch("n", 2, AskedBy::Clock, 1)).await;
    world.clock("2026-03-02T08:15:00Z").await;
    assert!(!served(environment, batch("other", 3, AskedBy::Clock, 1), &count).await);
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

/// The queue's own time-out is six times as long.
#[tokio::test]
async fn l1_a_request_whose_function_dies_is_redelivered_after_its_longest_life() {
    let world = world().await;
    let environment = world.machine.environment();
    let (http, pauses) = (environment.http.clone(), Arc::new(Mutex::new(Vec::new())));
    let seen = pauses.clone();
    let watched = Http::new(tower::service_fn(move |request: Request| {
        let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        seen.lock()
            .expect("pauses")
            .extend(asked["VisibilityTimeout"].as_i64());
        let http = http.clone();
        async move { http.send(request).await }
    }));
    let environment = Environment::new(
        environment.settings.clone(),
        watched,
        environment.time.clone(),
    );
    dies(&environment, batch("m", 0, AskedBy::Clock, 1)).await;
    assert_eq!(*pauses.lock().expect("pauses"), [960]);
}

#[tokio::test]
async fn l1_functions_ask_at_most_every_five_minutes_and_a_person_at_once() {
    let world = world().await;
    let (environment, count) = (world.machine.environment(), Arc::new(AtomicUsize::new(0)));
    assert!(!served(environment, batch("a", 0, AskedBy::Clock, 1), &count).await);
    assert!(
        served(environment, batch("b", 1, AskedBy::Function, 1), &count).await,
        "it waits"
    );
    assert!(!served(environment, batch("c", 1, AskedBy::Operator, 1), &count).await);
    assert!(
        !served(environment, batch("b", 1, AskedBy::Function, 2), &count).await,
        "the person's one served it too"
    );
    assert_eq!(count.load(Ordering::SeqCst), 2);
    world.clock("2026-03-02T08:05:00Z").await;
    assert!(!served(environment, batch("d", 2, AskedBy::Function, 1), &count).await);
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_reconcile_that_fails_serves_no_one_and_is_redelivered() {
    let world = world().await;
    let (environment, count) = (world.machine.environment(), Arc::new(AtomicUsize::new(0)));
    let fails = |_| async { Err(Error::retry("the table is away")) };
    assert_eq!(
        serve(environment, batch("m", 0, AskedBy::Clock, 1), fails)
            .await
            .batch_item_failures
            .len(),
        1
    );
    assert!(!served(environment, batch("m", 0, AskedBy::Clock, 2), &count).await);
    assert_eq!(count.load(Ordering::SeqCst), 1);
    let gone = |_| async { Err(Error::invalid("there is no site riverside")) };
    let ended = serve(environment, batch("n", 2, AskedBy::Clock, 1), gone).await;
    assert!(
        ended.batch_item_failures.is_empty(),
        "a site that was retired meanwhile is done with"
    );
}
