//! The machine that plays Lambda: order, failures, crashes, the clock, and what outlives a stop.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use common::{NOON, Notes, enqueue, machine, schedule, setup, site};
use jiff::Timestamp;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::Report;
use doorstep_local::run::crash::CrashStep;
use doorstep_local::run::functions::Functions;
use doorstep_local::{Data, Machine, Setup};
use doorstep_vendors::delivery::{Delivery, WebhookAnswer};

fn delivery(site: &str, body: &str) -> Delivery {
    let path = format!("/hooks/{site}/officernd");
    Delivery {
        path,
        headers: http::HeaderMap::new(),
        body: body.to_owned().into(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

#[tokio::test]
async fn each_site_is_served_in_its_order_and_equal_ids_once() {
    let (machine, notes) = machine(setup()).await;
    for n in 0..25 {
        enqueue(
            machine.environment(),
            ["a", "b"][n % 2],
            &format!("id{n}"),
            &n.to_string(),
        )
        .await;
    }
    enqueue(machine.environment(), "a", "id4", "again").await;
    enqueue(machine.environment(), "b", "id4", "25").await;
    machine.quiet().await;
    let served = notes.take();
    let of = |site: &str| {
        served
            .iter()
            .filter_map(|note| note.strip_prefix(site))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of("a: "),
        (0..25)
            .step_by(2)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
    );
    assert_eq!(
        of("b: "),
        (1..26)
            .step_by(2)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
    );
    machine
        .move_clock(at("2026-03-01T12:05:00Z"))
        .await
        .expect("it moves");
    enqueue(machine.environment(), "a", "id4", "later").await;
    machine.quiet().await;
    assert_eq!(notes.take(), ["a: later"]);
}

#[tokio::test]
async fn what_fails_is_redelivered_and_is_given_up_after_five() {
    let (machine, notes) = machine(setup()).await;
    enqueue(machine.environment(), "a", "1", "fail").await;
    enqueue(machine.environment(), "a", "2", "after").await;
    machine.quiet().await;
    // A batch may hold several groups, and a function that dies fails all of it: this one is alone.
    enqueue(machine.environment(), "b", "3", "panic").await;
    machine.quiet().await;
    let served = notes.take();
    assert_eq!(served.iter().filter(|note| *note == "a: fail").count(), 5);
    assert_eq!(served.iter().filter(|note| *note == "a: after").count(), 1);
    assert_eq!(served.iter().filter(|note| *note == "b: panic").count(), 5);
    let dead: Vec<_> = machine
        .cloud()
        .triggers
        .dead()
        .into_iter()
        .map(|message| message.body)
        .collect();
    assert_eq!(dead, ["fail", "panic"]);
}

#[tokio::test]
async fn a_function_is_shot_right_after_its_step() {
    let steps = [
        CrashStep::Read,
        CrashStep::Intend,
        CrashStep::Apply,
        CrashStep::Commit,
    ];
    let words = ["read", "intend", "apply", "commit"];
    for (n, step) in steps.into_iter().enumerate() {
        let (machine, notes) = machine(setup()).await;
        common::fill_doors(&machine).await;
        enqueue(machine.environment(), "a", "1", "steps").await;
        machine.crash(step, 2);
        machine.quiet().await;
        // The step itself was carried out, but the function never heard of it.
        let shot: Vec<_> = ["a: steps"]
            .iter()
            .chain(&words[..n])
            .chain(&["gone"])
            .copied()
            .collect();
        let whole: Vec<_> = ["a: steps"]
            .iter()
            .chain(&words)
            .chain(&["gone"])
            .copied()
            .collect();
        assert_eq!(
            notes.take(),
            [shot.clone(), shot, whole].concat(),
            "{step:?}"
        );
    }
}

#[tokio::test]
async fn a_sender_hears_of_a_shot_and_a_trigger_was_enqueued() {
    let (machine, notes) = machine(setup()).await;
    machine.crash(CrashStep::Enqueue, 1);
    assert_eq!(machine.deliver(delivery("a", "one")).await.status, 500);
    assert_eq!(machine.deliver(delivery("a", "two")).await.status, 202);
    assert_eq!(machine.deliver(delivery("panic", "")).await.status, 500);
    machine.quiet().await;
    assert_eq!(notes.take(), ["answered 3", "a: one", "a: two"]);
}

#[tokio::test]
async fn a_moved_clock_meets_everything_on_its_way_in_order() {
    let (machine, notes) = machine(Setup {
        reconcile: Some(Duration::from_secs(900)),
        ..setup()
    })
    .await;
    schedule(machine.environment(), "b-1", "2026-03-01T12:20:00")
        .await
        .expect("set");
    schedule(machine.environment(), "a-2", "2026-03-01T12:15:00")
        .await
        .expect("set");
    schedule(machine.environment(), "a-9", "2026-03-01T13:15:00")
        .await
        .expect("set");
    let ran = machine
        .move_clock(at("2026-03-01T12:29:59Z"))
        .await
        .expect("it moves");
    let ran: Vec<_> = ran
        .iter()
        .map(|ran| format!("{} {} {}", ran.at, ran.what, ran.site))
        .collect();
    let expected = [
        "2026-03-01T12:15:00Z alarm a",
        "2026-03-01T12:15:00Z reconcile a",
        "2026-03-01T12:15:00Z reconcile b",
        "2026-03-01T12:20:00Z alarm b",
    ];
    assert_eq!(ran, expected);
    let first = [
        "a: alarm a-2",
        "reconcile a at 2026-03-01T12:15:00Z",
        "reconcile b at 2026-03-01T12:15:00Z",
    ];
    assert_eq!(notes.take(), [&first[..], &["b: alarm b-1"]].concat());
    assert_eq!(
        machine
            .move_clock(machine.now())
            .await
            .expect("the same instant is no move"),
        []
    );
    assert!(machine.move_clock(at(NOON)).await.is_err(), "never back");
}

#[tokio::test]
async fn a_stopped_run_goes_on_where_it_was() {
    let folder = std::env::temp_dir().join(format!("doorstep-{}", uuid::Uuid::new_v4()));
    let setup = || Setup {
        data: Data::Folder(folder.clone()),
        ..setup()
    };
    {
        let (machine, _) = machine(setup()).await;
        machine
            .move_clock(at("2026-03-01T12:01:00Z"))
            .await
            .expect("it moves");
        common::write(machine.environment(), "read").await;
        enqueue(machine.environment(), "a", "1", "waits").await;
        schedule(machine.environment(), "b-1", "2026-03-01T12:20:00")
            .await
            .expect("set");
        let second = doorstep_local::Machine::start(setup()).await;
        assert!(second.is_err(), "two runs must not share a folder");
    }
    let (machine, notes) = machine(setup()).await;
    assert_eq!(machine.now(), at("2026-03-01T12:01:00Z"));
    enqueue(machine.environment(), "a", "1", "again").await;
    machine
        .move_clock(at("2026-03-01T12:20:00Z"))
        .await
        .expect("it moves");
    assert_eq!(notes.take(), ["a: waits", "b: alarm b-1"]);
    assert_eq!(common::written(machine.environment(), "read").await, 1);
    drop(machine);
    std::fs::remove_dir_all(folder).ok();
}

#[tokio::test]
async fn in_real_time_the_background_does_it() {
    let (machine, notes) = machine(Setup {
        clock: None,
        reconcile: Some(Duration::from_millis(50)),
        ..setup()
    })
    .await;
    assert_eq!(machine.deliver(delivery("a", "one")).await.status, 202);
    let soon = Timestamp::now() + jiff::SignedDuration::from_secs(1);
    schedule(
        machine.environment(),
        "b-1",
        &soon.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
    )
    .await
    .ok();
    machine.quiet().await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let served = notes.take();
    for wanted in ["a: one", "b: alarm b-1", "reconcile a", "reconcile b"] {
        assert!(
            served.iter().any(|note| note.starts_with(wanted)),
            "{wanted}: {served:?}"
        );
    }
    assert!(machine.move_clock(Timestamp::now()).await.is_err());
}

/// Has the first request come again a second later.
#[derive(Clone, Default)]
struct PausesOnce {
    notes: Notes,
    paused: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl Functions for PausesOnce {
    async fn receive(&self, environment: &Environment, delivery: Delivery) -> WebhookAnswer {
        self.notes.receive(environment, delivery).await
    }

    async fn settle(&self, environment: &Environment, batch: SqsEvent) -> SqsBatchResponse {
        self.notes.settle(environment, batch).await
    }

    async fn reconcile(&self, environment: &Environment, site: &SiteId) -> Result<Report> {
        self.notes.reconcile(environment, site).await
    }

    async fn reconcile_requests(
        &self,
        environment: &Environment,
        batch: SqsEvent,
    ) -> SqsBatchResponse {
        if self.paused.swap(true, Ordering::SeqCst) {
            return self.notes.reconcile_requests(environment, batch).await;
        }
        let mut answer = SqsBatchResponse::default();
        for message in batch.records {
            let receipt = message.receipt_handle.unwrap_or_default();
            environment
                .reconciles
                .again(&receipt, Duration::from_secs(1))
                .await
                .expect("it waits");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id.unwrap_or_default();
            answer.batch_item_failures.push(failure);
        }
        answer
    }
}

#[tokio::test]
async fn in_real_time_quiet_waits_for_a_reconcile_that_is_put_off() {
    let functions = PausesOnce::default();
    let setup = Setup {
        sites: vec![site("a")],
        clock: None,
        ..setup()
    };
    let machine = Machine::start_with(setup, Arc::new(functions.clone()))
        .await
        .expect("it starts");
    machine
        .environment()
        .bus
        .want_reconcile(&SiteId::from("a"), AskedBy::Operator)
        .await;
    machine.quiet().await;
    let served = functions.notes.take();
    assert!(
        served.iter().any(|note| note.starts_with("reconcile a")),
        "{served:?}"
    );
}

#[tokio::test]
async fn a_start_says_what_is_wrong() {
    let start = |sites: Vec<String>, secrets: Option<String>| {
        doorstep_local::Machine::start(Setup {
            sites,
            secrets,
            ..setup()
        })
    };
    assert!(start(vec!["site = [".into()], None).await.is_err());
    assert!(start(vec![site("a"), site("a")], None).await.is_err());
    assert!(
        start(vec![site("a")], Some("webhook_secrets = 1".into()))
            .await
            .is_err()
    );
}
