//! The reconcile queue: a FIFO queue with one message group for each site. Its event source limits
//! how many sites are compared at the same time.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::reconcile_request::ReconcileRequest;
use crate::sqs::{BatchEntry, Message, Sqs};
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
    sqs: Sqs,
    url: String,
    time: SharedTime,
}

impl ReconcileQueue {
    /// Creates a client of the queue at `url`.
    pub fn new(sqs: Sqs, url: String, time: SharedTime) -> Self {
        ReconcileQueue { sqs, url, time }
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
            let left = self.sqs.send_batch(&self.url, entries).await;
            entries = left.map_err(|failure| {
                Error::retry(format!("the reconcile queue is away: {failure}"))
            })?;
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
        let asked = self.sqs.change_visibility(&self.url, receipt, pause).await;
        asked.map_err(|failure| Error::retry(format!("a request keeps its pause: {failure}")))
    }
}

fn entry(number: usize, request: &ReconcileRequest) -> Result<BatchEntry<'_>> {
    let text = serde_json::to_string(request)
        .map_err(|_| Error::permanent("a request cannot be written"))?;
    Ok(BatchEntry {
        id: number.to_string(),
        message: Message {
            message_body: text,
            message_group_id: request.site.as_str(),
            message_deduplication_id: request.dedup_id(),
        },
    })
}
