//! The reconcile queue: a FIFO queue with one message group for each site. Its event source limits
//! how many sites are compared at the same time.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::aws::{Lazy, failure};
use crate::reconcile_request::ReconcileRequest;
use doorstep_core::model::error::{Error, Result};
use doorstep_vendors::backoff::BackOff;
use doorstep_vendors::time::SharedTime;

/// Maximum number of messages in one call (SQS quotas: a batch holds at most 10).
const MOST_ENTRIES: usize = 10;
/// Maximum number of batches that are sent at the same time.
const AT_ONCE: usize = 8;

/// A client of the reconcile queue.
#[derive(Clone)]
pub struct ReconcileQueue {
    queue: Lazy<Client>,
    url: String,
    time: SharedTime,
}

impl ReconcileQueue {
    /// Creates a client of the queue at `url`.
    pub fn new(queue: Lazy<Client>, url: String, time: SharedTime) -> Self {
        ReconcileQueue { queue, url, time }
    }

    /// Sends requests. Requests that the queue refuses are sent again, a limited number of times.
    ///
    /// # Errors
    /// [`Error::Retry`] if the queue did not take all of them. Some may have been taken.
    pub async fn send(&self, requests: &[ReconcileRequest]) -> Result<()> {
        let batches = requests
            .chunks(MOST_ENTRIES)
            .map(|chunk| self.send_batch(chunk))
            .collect::<Vec<_>>();
        stream::iter(batches)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn send_batch(&self, requests: &[ReconcileRequest]) -> Result<()> {
        let mut entries = requests
            .iter()
            .enumerate()
            .map(|(number, request)| entry(number, request))
            .collect::<Result<Vec<_>>>()?;
        let mut back_off = BackOff::new(&self.time);
        while !entries.is_empty() {
            let sent = entries.len();
            let call = self
                .queue
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries.clone()));
            let answer = call.send().await.map_err(|error| {
                Error::retry(format!(
                    "the reconcile queue is away: {}",
                    failure("sqs SendMessageBatch", &error)
                ))
            })?;
            entries.retain(|entry| answer.failed.iter().any(|failed| failed.id == entry.id));
            if !entries.is_empty() && !back_off.may_send_again(sent, entries.len()).await {
                return Err(Error::retry(format!(
                    "the reconcile queue did not take {} requests",
                    entries.len()
                )));
            }
        }
        Ok(())
    }

    /// Makes a message visible again after `pause`, in whole seconds, instead of after the queue's
    /// visibility timeout.
    ///
    /// # Errors
    /// [`Error::Retry`] if the queue refused. The message returns later, after its visibility
    /// timeout.
    pub async fn again(&self, receipt: &str, pause: Duration) -> Result<()> {
        let seconds = i32::try_from(pause.as_secs()).unwrap_or(i32::MAX);
        let asked = self
            .queue
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt);
        let answer = asked.visibility_timeout(seconds).send().await;
        answer.map(|_| ()).map_err(|error| {
            Error::retry(format!(
                "a request keeps its pause: {}",
                failure("sqs ChangeMessageVisibility", &error)
            ))
        })
    }
}

fn entry(number: usize, request: &ReconcileRequest) -> Result<SendMessageBatchRequestEntry> {
    let text = serde_json::to_string(request)
        .map_err(|_| Error::permanent("a request cannot be written"))?;
    SendMessageBatchRequestEntry::builder()
        .id(number.to_string())
        .message_group_id(&request.site)
        .message_deduplication_id(request.dedup_id())
        .message_body(text)
        .build()
        .map_err(|error| Error::permanent(format!("a request cannot be put together: {error}")))
}
