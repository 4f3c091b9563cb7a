//! Two at once: what the platform says changes just when it is written down what will be done
//! because of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{ROOM, booking, town};
use crate::support::{Doors, DoorsFixture, SITE, Scenario, at_both};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::Store;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{FactId, Kind, What};
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::Report;
use doorstep_local::run::functions::{Doorstep, Functions};
use doorstep_vendors::delivery::{Delivery, WebhookAnswer};
use doorstep_vendors::http::{Http, NoAnswer, Request, Response};
use doorstep_vendors::time::Time;

at_both!(
    i4_a_run_that_decided_before_a_fact_was_known_does_nothing_about_it,
    i1_a_minute_that_goes_by_while_settle_refetches_keeps_no_one_in,
);

/// The library's store, but right after settle stores its intents, another writer stores another
/// fact.
struct Interrupted {
    times: Arc<AtomicU32>,
}

#[async_trait]
impl Functions for Interrupted {
    async fn receive(&self, environment: &Environment, delivery: Delivery) -> WebhookAnswer {
        Doorstep.receive(environment, delivery).await
    }

    async fn settle(&self, environment: &Environment, batch: SqsEvent) -> SqsBatchResponse {
        let (http, store, times) = (
            environment.http.clone(),
            environment.store.clone(),
            self.times.clone(),
        );
        let watched = Http::new(tower::service_fn(move |request: Request| {
            let (http, store, times) = (http.clone(), store.clone(), times.clone());
            async move { pass(http, store, times, request).await }
        }));
        Doorstep
            .settle(
                &Environment::new(
                    environment.settings.clone(),
                    watched,
                    environment.time.clone(),
                ),
                batch,
            )
            .await
    }

    async fn reconcile(&self, environment: &Environment, site: &SiteId) -> Result<Report> {
        Doorstep.reconcile(environment, site).await
    }
}

async fn pass(
    http: Http,
    store: Store,
    times: Arc<AtomicU32>,
    request: Request,
) -> std::result::Result<Response, NoAnswer> {
    let intends = String::from_utf8_lossy(request.body()).contains("intend");
    let answer = http.send(request).await?;
    if intends && times.fetch_add(1, Ordering::SeqCst) == 0 {
        call_off(&store).await.expect("it is kept");
    }
    Ok(answer)
}

async fn call_off(store: &Store) -> Result<()> {
    let name = FactId::new(Kind::Booking, "b-eve");
    let mut record = store
        .fact(&SiteId::from(SITE), &name)
        .await?
        .expect("it is known");
    if let What::Booking(booking) = &mut Arc::make_mut(&mut record.fact).what {
        booking.cancelled = true;
    }
    store
        .keep_fact(&SiteId::from(SITE), &record)
        .await
        .map(drop)
}

async fn i4_a_run_that_decided_before_a_fact_was_known_does_nothing_about_it(at: Doors) {
    let times = Arc::new(AtomicU32::new(0));
    let functions = Arc::new(Interrupted {
        times: times.clone(),
    });
    let fixture = DoorsFixture::with(&["Meeting"]).person("eve");
    let world = Scenario::at(at, ROOM)
        .start_with(town(json!({})), fixture, functions)
        .await;
    world.reconcile().await;
    world
        .change_and_deliver(
            json!({ "bookings": [booking("eve", "2026-03-02T08:10:00Z", "2026-03-02T09:00:00Z")] }),
        )
        .await;
    assert_eq!(world.inside("Meeting").await, [""; 0]);
    assert_eq!(times.load(Ordering::SeqCst), 1, "it was about to open");
    assert_eq!(
        world.actions("eve").await,
        [""; 0],
        "no access was granted and revoked again"
    );
    let people = world.people().await;
    assert_eq!(people[0]["problems"], json!([]));
}

/// The library's store, but a minute passes during each fetch from the platform.
struct Slow;

/// A clock that is a minute ahead once it was told so.
struct AMinuteLater {
    clock: Arc<dyn Time>,
    later: Arc<AtomicU32>,
}

#[async_trait]
impl Time for AMinuteLater {
    fn now(&self) -> Timestamp {
        let ahead = i64::from(self.later.load(Ordering::SeqCst).min(1));
        self.clock.now() + SignedDuration::from_mins(ahead)
    }

    async fn pass(&self, span: Duration) {
        self.clock.pass(span).await;
    }
}

#[async_trait]
impl Functions for Slow {
    async fn receive(&self, environment: &Environment, delivery: Delivery) -> WebhookAnswer {
        Doorstep.receive(environment, delivery).await
    }

    async fn settle(&self, environment: &Environment, batch: SqsEvent) -> SqsBatchResponse {
        let (http, later) = (environment.http.clone(), Arc::new(AtomicU32::new(0)));
        let clock = Arc::new(AMinuteLater {
            clock: environment.time.clone(),
            later: later.clone(),
        });
        let watched = Http::new(tower::service_fn(move |request: Request| {
            let (http, later) = (http.clone(), later.clone());
            async move {
                later.fetch_add(
                    u32::from(request.uri().path().contains("b-eve")),
                    Ordering::SeqCst,
                );
                http.send(request).await
            }
        }));
        Doorstep
            .settle(
                &Environment::new(environment.settings.clone(), watched, clock),
                batch,
            )
            .await
    }

    async fn reconcile(&self, environment: &Environment, site: &SiteId) -> Result<Report> {
        Doorstep.reconcile(environment, site).await
    }
}

/// People whom a removal concerns are due in the minute of the fetch, which may follow the minute
/// of the trigger.
async fn i1_a_minute_that_goes_by_while_settle_refetches_keeps_no_one_in(at: Doors) {
    let fixture = DoorsFixture::with(&["Meeting"]).person("eve");
    let world = Scenario::at(at, ROOM)
        .start_with(town(json!({})), fixture, Arc::new(Slow))
        .await;
    world.reconcile().await;
    world
        .change_and_deliver(
            json!({ "bookings": [booking("eve", "2026-03-02T08:10:00Z", "2026-03-02T09:00:00Z")] }),
        )
        .await;
    assert_eq!(world.inside("Meeting").await, ["eve"]);
    world
        .change_and_deliver(json!({ "remove": { "bookings": ["b-eve"] } }))
        .await;
    assert_eq!(
        world.inside("Meeting").await,
        [""; 0],
        "without a reconcile, and without another bell"
    );
}
