//! Serves the queues until they are empty, one batch at a time, and dispatches the requested
//! reconciles.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::SignedDuration;

use super::functions::Functions;
use super::{InvocationEnd, Runner, limit};
use crate::cloud::events::MatchedEvent;
use crate::cloud::sqs::{FifoQueue, Message};
use crate::function_role::FunctionRole;
use doorstep_cloud::environment::{Environment, Settings};
use doorstep_cloud::reconcile_request::{AskedBy, ReconcileRequest};
use doorstep_core::model::ids::SiteId;
use doorstep_jobs::reconcile::DispatchInput;
use doorstep_vendors::time::Time;

/// How often a failing dispatcher is called in total.
const DISPATCH_TRIES: u32 = 3;

/// A drain with more turns than this is in an endless loop.
const MOST_TURNS: usize = 100_000;

impl Runner {
    /// Serves everything that can be served at the present instant.
    pub(crate) async fn drain(&self) {
        let _turn = self.turn.lock().await;
        self.drain_in_turn().await;
    }

    /// Serves everything that can be served now. Returns the sites whose reconcile the timer
    /// requested, in order.
    pub(super) async fn drain_in_turn(&self) -> Vec<String> {
        let mut reconciled = Vec::new();
        for _ in 0..MOST_TURNS {
            self.cloud.send_due_schedules();
            if let Some(batch) = self.cloud.triggers.take() {
                self.serve(batch).await;
            } else if let Some(wanted) = self.cloud.bus.take_request() {
                self.grant(&wanted).await;
            } else if let Some(batch) = self.cloud.reconciles.take() {
                reconciled.extend(
                    batch
                        .iter()
                        .filter(|message| is_by_clock(message))
                        .map(|one| one.group.clone()),
                );
                self.serve_requests(batch).await;
            } else {
                reconciled.dedup();
                return reconciled;
            }
        }
        tracing::error!(
            "the queue does not become empty: a function enqueues triggers again and again"
        );
        reconciled
    }

    /// Passes one batch to settle.
    pub(super) async fn serve(&self, batch: Vec<Message>) {
        let end = match self.faults.is_double() {
            false => self.settle(&batch).await,
            true => {
                self.faults.let_both_work(true);
                let (_, last) = tokio::join!(self.settle(&batch), self.settle(&batch));
                self.faults.let_both_work(false);
                // The receipts of the first function are void.
                last
            }
        };
        self.give_back(&self.cloud.triggers, batch, end);
    }

    async fn settle(&self, batch: &[Message]) -> InvocationEnd<SqsBatchResponse> {
        let event = event(batch, &self.cloud.settings);
        let call = |functions: Arc<dyn Functions>, environment: Environment| async move {
            functions.settle(&environment, event).await
        };
        self.invoke(FunctionRole::Settle, limit::SETTLE, call).await
    }

    /// Passes one batch of requests for one site to reconcile.
    pub(super) async fn serve_requests(&self, batch: Vec<Message>) {
        let site = batch
            .first()
            .map(|message| message.group.clone())
            .unwrap_or_default();
        let event = event(&batch, &self.cloud.settings);
        let call = |functions: Arc<dyn Functions>, environment: Environment| async move {
            functions.reconcile_requests(&environment, event).await
        };
        let turn = self.turn_of(&SiteId::from(site.as_str())).await;
        let end = self
            .invoke(FunctionRole::Reconcile, limit::RECONCILE, call)
            .await;
        drop(turn);
        self.give_back(&self.cloud.reconciles, batch, end);
    }

    /// Dispatches a requested reconcile, as the rule of the bus does.
    pub(super) async fn grant(&self, wanted: &MatchedEvent) {
        match serde_json::from_value(wanted.event()) {
            Ok(asked) => self.dispatch(asked).await,
            Err(error) => {
                tracing::error!(%error, "the dispatcher cannot parse an event: dropping it")
            }
        }
        self.cloud.bus.served(wanted);
    }

    /// Calls the dispatcher, and retries after a failure or a crash, as Lambda does with
    /// asynchronous calls.
    pub(super) async fn dispatch(&self, asked: DispatchInput) {
        for tried in 1..=DISPATCH_TRIES {
            let wanted = asked.clone();
            let call = |functions: Arc<dyn Functions>, environment: Environment| async move {
                functions.dispatch(&environment, wanted).await
            };
            match self
                .invoke(FunctionRole::Reconcile, limit::RECONCILE, call)
                .await
            {
                InvocationEnd::Done(Ok(())) => return,
                InvocationEnd::Done(Err(error)) => {
                    tracing::warn!(tried, %error, "the dispatcher failed: trying again")
                }
                InvocationEnd::Crashed(why) => {
                    tracing::warn!(tried, why, "the dispatcher failed: trying again")
                }
            }
            self.clock.pass(Duration::from_secs(1 << tried)).await;
        }
    }

    /// Returns unfinished messages to the queue. With a standing clock they are visible at once. In
    /// real time they are visible after the pause that the function requested, or after a growing
    /// pause if it requested none.
    fn give_back(
        &self,
        queue: &FifoQueue,
        batch: Vec<Message>,
        end: InvocationEnd<SqsBatchResponse>,
    ) {
        let at_once = self.clock.is_standing() && !self.faults.messages_wait();
        let failed = failed(&batch, end);
        queue.give_back(batch, |message, asked| {
            let usual = SignedDuration::from_secs(1 << message.receives.min(5));
            let pause = if at_once {
                SignedDuration::ZERO
            } else {
                asked.unwrap_or(usual)
            };
            failed.contains(&message.id).then_some(pause)
        });
    }
}

/// Returns whether the timer made a request.
fn is_by_clock(message: &Message) -> bool {
    let request = serde_json::from_str::<ReconcileRequest>(&message.body);
    request.is_ok_and(|request| request.by == AskedBy::Clock)
}

/// Returns the ids of failed messages, as Lambda reads the function's answer. A crash fails the
/// whole batch, and so does an id that is not in the batch.
fn failed(batch: &[Message], end: InvocationEnd<SqsBatchResponse>) -> BTreeSet<String> {
    let all: BTreeSet<String> = batch.iter().map(|message| message.id.clone()).collect();
    let InvocationEnd::Done(answer) = end else {
        return all;
    };
    let named: BTreeSet<String> = answer
        .batch_item_failures
        .into_iter()
        .map(|failure| failure.item_identifier)
        .collect();
    if named.is_subset(&all) { named } else { all }
}

/// Returns the batch as the event source mapping passes it on.
fn event(batch: &[Message], settings: &Settings) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = batch
        .iter()
        .map(|message| record(message, settings))
        .collect();
    event
}

fn record(message: &Message, settings: &Settings) -> SqsMessage {
    let attributes = [
        ("ApproximateReceiveCount", message.receives.to_string()),
        ("SentTimestamp", message.sent.as_millisecond().to_string()),
        ("SequenceNumber", format!("{:020}", message.sequence)),
        ("MessageGroupId", message.group.clone()),
        ("MessageDeduplicationId", message.dedup_id.clone()),
    ];
    let mut record = SqsMessage::default();
    record.message_id = Some(message.id.clone());
    record.receipt_handle = Some(message.id.clone());
    record.body = Some(message.body.clone());
    record.attributes = attributes
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect::<HashMap<_, _>>();
    record.event_source = Some("aws:sqs".into());
    record.event_source_arn = Some(settings.schedules.trigger_queue_arn.clone());
    record.aws_region = Some(settings.region.clone());
    record
}
