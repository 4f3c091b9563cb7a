//! SQS: the five operations that the queues need.

use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::service::{AwsApi, AwsCaller, AwsService, CallFailure};
use doorstep_vendors::http::Http;
use doorstep_vendors::time::SharedTime;

/// SQS speaks AWS JSON 1.0. Source: SQS developer guide, "Making Query API requests using AWS JSON
/// protocol". `[D]`
static SQS: AwsApi = AwsApi {
    name: "sqs",
    target: "AmazonSQS",
    content: "application/x-amz-json-1.0",
};

/// The queues of an account and region.
#[derive(Clone)]
pub struct Sqs(AwsService);

/// A message for a FIFO queue.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Message<'a> {
    /// The body.
    pub message_body: String,
    /// The message group.
    pub message_group_id: &'a str,
    /// The deduplication id.
    pub message_deduplication_id: String,
}

/// One message of a batch.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchEntry<'a> {
    /// The id within the batch.
    pub id: String,
    /// The message.
    #[serde(flatten)]
    pub message: Message<'a>,
}

/// The attributes of a queue, by name.
pub type Attributes = HashMap<String, String>;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage<'a> {
    queue_url: &'a str,
    #[serde(flatten)]
    message: &'a Message<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sent {
    /// Proves that the queue took the message.
    #[serde(rename = "MessageId")]
    _message_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessageBatch<'a> {
    queue_url: &'a str,
    entries: &'a [BatchEntry<'a>],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentBatch {
    #[serde(default)]
    successful: Vec<SentEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentEntry {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeMessageVisibility<'a> {
    queue_url: &'a str,
    receipt_handle: &'a str,
    visibility_timeout: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueUrl<'a> {
    queue_name: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FoundQueue {
    queue_url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueAttributes<'a> {
    queue_url: &'a str,
    attribute_names: [&'a str; 1],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FoundAttributes {
    #[serde(default)]
    attributes: Attributes,
}

impl Sqs {
    /// Creates a client. Makes no call.
    pub fn new(caller: AwsCaller, http: Http, time: SharedTime) -> Self {
        Sqs(AwsService::new(&SQS, caller, http, time))
    }

    /// Sends a message to the queue at `queue_url`.
    ///
    /// # Errors
    /// AWS refused, or gave no answer that can be read. The queue may have taken the message.
    pub async fn send(&self, queue_url: &str, message: &Message<'_>) -> Result<(), CallFailure> {
        let input = SendMessage { queue_url, message };
        self.0.call::<Sent>("SendMessage", &input).await.map(drop)
    }

    /// Sends up to ten messages. Returns those that the queue did not take.
    ///
    /// # Errors
    /// As [`Sqs::send`].
    pub async fn send_batch<'a>(
        &self,
        queue_url: &str,
        mut entries: Vec<BatchEntry<'a>>,
    ) -> Result<Vec<BatchEntry<'a>>, CallFailure> {
        let input = SendMessageBatch {
            queue_url,
            entries: &entries,
        };
        let sent: SentBatch = self.0.call("SendMessageBatch", &input).await?;
        entries.retain(|entry| sent.successful.iter().all(|taken| taken.id != entry.id));
        Ok(entries)
    }

    /// Makes a message visible again after `pause`, in whole seconds.
    ///
    /// # Errors
    /// As [`Sqs::send`].
    pub async fn change_visibility(
        &self,
        queue_url: &str,
        receipt_handle: &str,
        pause: Duration,
    ) -> Result<(), CallFailure> {
        let input = ChangeMessageVisibility {
            queue_url,
            receipt_handle,
            visibility_timeout: pause.as_secs(),
        };
        self.0.order("ChangeMessageVisibility", &input).await
    }

    /// Returns the URL of a queue of the same account.
    ///
    /// # Errors
    /// As [`Sqs::send`].
    pub async fn url_of(&self, queue_name: &str) -> Result<String, CallFailure> {
        let input = GetQueueUrl { queue_name };
        let found: FoundQueue = self.0.call("GetQueueUrl", &input).await?;
        Ok(found.queue_url)
    }

    /// Returns every attribute of a queue.
    ///
    /// # Errors
    /// As [`Sqs::send`].
    pub async fn attributes(&self, queue_url: &str) -> Result<Attributes, CallFailure> {
        let input = GetQueueAttributes {
            queue_url,
            attribute_names: ["All"],
        };
        let found: FoundAttributes = self.0.call("GetQueueAttributes", &input).await?;
        Ok(found.attributes)
    }
}
