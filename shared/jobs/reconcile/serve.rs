//! Serves requests of the reconcile queue. Two functions never reconcile one site at the same time.

use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::{Handed, ReconcileRequest, RequestDecision, decide};
use doorstep_cloud::store::runs::{Runs, StoredRuns};
use doorstep_core::budgets::reconcile::{GONE, PAUSE};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;

/// Serves a batch. `reconcile` compares everything of the site that it is given. The event source
/// passes one message at a time; several messages are served one after the other.
pub async fn serve<F, R>(
    environment: &Environment,
    batch: SqsEvent,
    reconcile: F,
) -> SqsBatchResponse
where
    F: Fn(SiteId) -> R,
    R: Future<Output = Result<()>>,
{
    let mut answer = SqsBatchResponse::default();
    for message in batch.records {
        if let Some(pause) = one(environment, &message, &reconcile).await {
            again(environment, &message, pause).await;
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message.message_id.unwrap_or_default();
            answer.batch_item_failures.push(failure);
        }
    }
    answer
}

/// Makes a message visible again after `pause`. If the queue rejects that, the message returns
/// later.
async fn again(environment: &Environment, message: &SqsMessage, pause: Duration) {
    if let Some(receipt) = &message.receipt_handle
        && let Err(error) = environment.reconciles.again(receipt, pause).await
    {
        tracing::warn!(%error, "a request kept its visibility timeout: it returns later");
    }
}

/// Serves one message. Returns the pause before its retry, or `None` if it is finished.
async fn one<F, R>(
    environment: &Environment,
    message: &SqsMessage,
    reconcile: &F,
) -> Option<Duration>
where
    F: Fn(SiteId) -> R,
    R: Future<Output = Result<()>>,
{
    let Some(request) = message
        .body
        .as_deref()
        .and_then(|body| serde_json::from_str(body).ok())
    else {
        tracing::error!(
            id = message.message_id,
            "malformed queue message; moving it to the dead-letter queue"
        );
        return Some(Duration::ZERO);
    };
    let request: ReconcileRequest = request;
    let site = &request.site;
    match turn(environment, &request, &handed(message)).await {
        Ok(SiteTurn::Served) => None,
        Ok(SiteTurn::Wait(until)) => Some(wait(environment.time.now(), until)),
        Ok(SiteTurn::Run(read)) => {
            again(environment, message, GONE).await;
            let ended = environment.in_time(reconcile(site.to_owned())).await;
            release(environment, site, &read, ended.is_ok()).await;
            match ended {
                Ok(()) => None,
                Err(Error::Invalid(why)) => {
                    tracing::warn!(site = site.as_str(), why, "a site is not reconciled");
                    None
                }
                Err(error) => {
                    tracing::error!(site = site.as_str(), %error, "a site could not be reconciled: its request returns to the queue");
                    Some(PAUSE)
                }
            }
        }
        Err(error) => {
            tracing::error!(site = site.as_str(), %error, "a site could not be reconciled: its request returns to the queue");
            Some(PAUSE)
        }
    }
}

enum SiteTurn {
    Served,
    Wait(Timestamp),
    Run(StoredRuns),
}

/// Takes the lease of the site if the request is to be served now. If two functions try, one of
/// them waits.
async fn turn(
    environment: &Environment,
    request: &ReconcileRequest,
    handed: &Handed,
) -> Result<SiteTurn> {
    let now = environment.time.now();
    let read = environment.store.runs(&request.site).await?;
    match decide(&read.runs, request, handed, now) {
        RequestDecision::Served => Ok(SiteTurn::Served),
        RequestDecision::Wait(until) => Ok(SiteTurn::Wait(until)),
        RequestDecision::Run(runs) => environment
            .store
            .keep_runs(&request.site, &read, runs)
            .await
            .map(SiteTurn::Run),
    }
}

/// Releases the lease. If that fails, the lease expires.
async fn release(environment: &Environment, site: &SiteId, read: &StoredRuns, well: bool) {
    let mut runs = Runs {
        lease: None,
        ..read.runs.clone()
    };
    if well {
        runs.ended = runs.begun;
        runs.ended_at = Some(environment.time.now());
    }
    if let Err(error) = environment.store.keep_runs(site, read, runs).await {
        tracing::warn!(site = site.as_str(), %error, "the lease of a reconcile could not be released; it expires by itself");
    }
}

fn handed(message: &SqsMessage) -> Handed {
    let times = message
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok());
    Handed {
        message: message.message_id.clone().unwrap_or_default(),
        times: times.unwrap_or(1),
    }
}

/// Returns the whole seconds until an instant: at least one, at most twelve hours.
fn wait(now: Timestamp, until: Timestamp) -> Duration {
    let seconds = now.duration_until(until).as_secs_f64().ceil();
    Duration::from_secs_f64(seconds.clamp(1.0, 43_200.0))
}
