//! Serving the line until it is empty, one batch at a time, and whatever reconcile was wished for.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use doorstep::outside::{Outside, Settings};
use jiff::SignedDuration;

use super::functions::Functions;
use super::{End, Role, Runner, limit};
use crate::cloud::sqs::Message;

/// A drain that takes more turns than this is going in a circle.
const MOST_TURNS: usize = 100_000;

impl Runner {
    /// Serves whatever can be served at the present instant.
    pub(crate) async fn drain(&self) {
        let _turn = self.turn.lock().await;
        self.drain_in_turn().await;
    }

    pub(super) async fn drain_in_turn(&self) {
        for _ in 0..MOST_TURNS {
            self.cloud.ring_due();
            if let Some(batch) = self.cloud.line.take() {
                self.serve(batch).await;
            } else if let Some(wanted) = self.cloud.bus.take_wanted() {
                self.reconcile_unasked(&wanted.site).await;
                self.cloud.bus.served(&wanted);
            } else {
                return;
            }
        }
        tracing::error!("the line does not become empty: something rings itself again and again");
    }

    /// Hands one batch to settle. What it does not finish comes again: at once with a standing clock, else after the
    /// pause that it asked for, or, where it died, after one that grows.
    pub(super) async fn serve(&self, batch: Vec<Message>) {
        let event = event(&batch, &self.cloud.settings);
        let call =
            |functions: Arc<dyn Functions>, outside: Outside| async move { functions.settle(&outside, event).await };
        let end = self.invoke(Role::Settle, limit::SETTLE, call).await;
        let (failed, stands) = (failed(&batch, end), self.clock.stands());
        self.cloud.line.give_back(batch, |message, asked| {
            let usual = SignedDuration::from_secs(1 << message.receives.min(5));
            let pause = if stands { SignedDuration::ZERO } else { asked.unwrap_or(usual) };
            failed.contains(&message.id).then_some(pause)
        });
    }
}

/// Ids of what comes again, as Lambda reads the function's answer: naming a message that was not in the batch fails all
/// of it, as does dying.
fn failed(batch: &[Message], end: End<SqsBatchResponse>) -> BTreeSet<String> {
    let all: BTreeSet<String> = batch.iter().map(|message| message.id.clone()).collect();
    let End::Done(answer) = end else { return all };
    let named: BTreeSet<String> =
        answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
    if named.is_subset(&all) { named } else { all }
}

/// A batch as the event source mapping hands it over.
fn event(batch: &[Message], settings: &Settings) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = batch.iter().map(|message| record(message, settings)).collect();
    event
}

fn record(message: &Message, settings: &Settings) -> SqsMessage {
    let attributes = [
        ("ApproximateReceiveCount", message.receives.to_string()),
        ("SentTimestamp", message.sent.as_millisecond().to_string()),
        ("SequenceNumber", format!("{:020}", message.sequence)),
        ("MessageGroupId", message.group.clone()),
        ("MessageDeduplicationId", message.sameness.clone()),
    ];
    let mut record = SqsMessage::default();
    record.message_id = Some(message.id.clone());
    record.receipt_handle = Some(message.id.clone());
    record.body = Some(message.body.clone());
    record.attributes = attributes.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<HashMap<_, _>>();
    record.event_source = Some("aws:sqs".into());
    record.event_source_arn = Some(settings.alarms.line_arn.clone());
    record.aws_region = Some(settings.region.clone());
    record
}
