//! SQS: one FIFO queue with its order, its deduplication and its dead-letter queue.
//!
//! The machine serves it (`run`). Checksums of bodies are left out: the SDK for Rust does not check
//! them, and they would be the only use of MD5.

mod queue;

use std::collections::BTreeSet;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::template::Template;
use super::wire::{self, ServiceError};
use super::{ACCOUNT, Changes};
use crate::keep::Keep;
use crate::locked::locked;
use doorstep_vendors::http::Response;
use doorstep_vendors::time::SharedTime;
pub use queue::Message;
use queue::{Queue, Returned};
use sha2::{Digest, Sha256};

/// Largest body, in bytes, and largest sum of the bodies of one batch.
const LARGEST_BODY: usize = 1 << 20;
/// Longest visibility timeout of a message, in seconds.
const LONGEST_PAUSE: i64 = 43_200;
/// The names of the trigger queue and of its dead-letter queue.
const LINE: &str = "doorstep-triggers.fifo";
const DEAD: &str = "doorstep-dead-letters.fifo";
/// Most messages of one batch, sent or received.
const LARGEST_BATCH: usize = 10;
/// Longest group id and deduplication id.
const LONGEST_ID: usize = 128;

/// The queue's configuration in the template.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueueConfig {
    /// Whether a message without a deduplication id gets the hash of its body.
    hashes_bodies: bool,
    /// Whether equal deduplication ids of two message groups are two messages.
    dedup_by_group: bool,
    /// How often a message is received before it moves to the dead-letter queue.
    most_receives: u32,
    /// Most messages per batch for the function.
    batch: usize,
}

impl QueueConfig {
    /// Reads the rules from the properties of the queue and of the function that it invokes.
    /// Missing properties have the defaults of AWS.
    pub(super) fn of(template: &Template, queue: &str, function: &str) -> Self {
        let queue = template.properties(queue);
        let events = template.properties(function)["Events"].as_object();
        let batch = events.and_then(|events| {
            events
                .values()
                .find_map(|one| one["Properties"]["BatchSize"].as_u64())
        });
        let most_receives = queue["RedrivePolicy"]["maxReceiveCount"].as_u64();
        QueueConfig {
            hashes_bodies: queue["ContentBasedDeduplication"] == true,
            dedup_by_group: queue["DeduplicationScope"] == "messageGroup",
            most_receives: most_receives
                .and_then(|most| most.try_into().ok())
                .unwrap_or(u32::MAX),
            batch: batch
                .and_then(|most| most.try_into().ok())
                .unwrap_or(LARGEST_BATCH),
        }
    }
}

/// A FIFO queue.
pub struct FifoQueue {
    url: String,
    rules: QueueConfig,
    time: SharedTime,
    queue: Mutex<Queue>,
    changes: Changes,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Send {
    #[serde(default)]
    id: String,
    message_body: String,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeVisibility {
    receipt_handle: String,
    visibility_timeout: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SentMessage {
    message_id: String,
    sequence_number: String,
}

impl FifoQueue {
    pub(super) fn new(
        url: &str,
        rules: QueueConfig,
        keep: Keep,
        time: SharedTime,
        changes: Changes,
    ) -> Self {
        FifoQueue {
            url: url.to_owned(),
            rules,
            time,
            queue: Mutex::new(Queue::kept(keep, rules)),
            changes,
        }
    }

    /// Performs one operation.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Response {
        wire::answer(wire::read(body).and_then(|request: Value| self.run(operation, request)))
    }

    fn run(&self, operation: &str, mut request: Value) -> Result<Value, ServiceError> {
        let dead = self.url.replace(LINE, DEAD);
        match operation {
            "GetQueueUrl" if request["QueueName"].as_str() == Some(DEAD) => {
                return Ok(json!({ "QueueUrl": dead }));
            }
            "GetQueueAttributes"
                if dead != self.url && request["QueueUrl"].as_str() == Some(&dead) =>
            {
                let count = self.dead().len().to_string();
                return Ok(
                    json!({ "Attributes": { "ApproximateNumberOfMessages": count, "FifoQueue": "true" } }),
                );
            }
            _ => {}
        }
        if request["QueueUrl"].as_str() != Some(&self.url) {
            return Err(ServiceError::new(
                "AWS.SimpleQueueService.NonExistentQueue",
                "the queue does not exist",
            ));
        }
        match operation {
            "SendMessage" => Ok(json!(self.take_in(&one(request)?)?)),
            "SendMessageBatch" => self.take_in_all(&one::<Vec<Send>>(request["Entries"].take())?),
            "ChangeMessageVisibility" => self.change_visibility(one(request)?),
            "GetQueueAttributes" => Ok(json!({ "Attributes": self.attributes() })),
            _ => Err(ServiceError::unknown_operation(operation)),
        }
    }

    fn change_visibility(&self, change: ChangeVisibility) -> Result<Value, ServiceError> {
        if !(0..=LONGEST_PAUSE).contains(&change.visibility_timeout) {
            return Err(ServiceError::new(
                "InvalidParameterValue",
                "a visibility timeout is 0 to 43200 seconds",
            ));
        }
        let pause = SignedDuration::from_secs(change.visibility_timeout);
        locked(&self.queue)
            .asked
            .insert(change.receipt_handle, pause);
        Ok(json!({}))
    }

    fn take_in_all(&self, entries: &[Send]) -> Result<Value, ServiceError> {
        if entries.is_empty() {
            return Err(ServiceError::new(
                "EmptyBatchRequest",
                "a batch holds at least one message",
            ));
        }
        if entries.len() > LARGEST_BATCH {
            return Err(ServiceError::new(
                "TooManyEntriesInBatchRequest",
                "a batch holds at most ten messages",
            ));
        }
        if entries
            .iter()
            .map(|entry| entry.message_body.len())
            .sum::<usize>()
            > LARGEST_BODY
        {
            return Err(ServiceError::new(
                "BatchRequestTooLong",
                "a batch holds at most 1 MiB",
            ));
        }
        if entries
            .iter()
            .map(|entry| &entry.id)
            .collect::<BTreeSet<_>>()
            .len()
            < entries.len()
        {
            return Err(ServiceError::new(
                "BatchEntryIdsNotDistinct",
                "an id of a batch names one message",
            ));
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            match self.take_in(entry) {
                Ok(sent) => successful.push(
                    json!({ "Id": entry.id, "MessageId": sent.message_id, "SequenceNumber": sent.sequence_number }),
                ),
                Err(refusal) => failed.push(
                    json!({ "Id": entry.id, "SenderFault": true, "Code": "Refused", "Message": refusal.to_string() }),
                ),
            }
        }
        Ok(json!({ "Successful": successful, "Failed": failed }))
    }

    fn take_in(&self, send: &Send) -> Result<SentMessage, ServiceError> {
        let missing =
            |what| ServiceError::new("MissingParameter", format!("a FIFO queue needs {what}"));
        let group = send
            .message_group_id
            .as_deref()
            .ok_or_else(|| missing("MessageGroupId"))?;
        self.send(
            group,
            send.message_deduplication_id.as_deref(),
            &send.message_body,
        )
        .map(|(message_id, sequence)| SentMessage {
            message_id,
            sequence_number: format!("{sequence:020}"),
        })
    }

    /// Appends a message to its group, unless the queue received the same deduplication id in the
    /// last five minutes. Then it returns the id of the earlier message. Without `dedup_id` it uses
    /// the SHA-256 of the body, if the queue allows that.
    ///
    /// # Errors
    /// The refusal of SQS, or a data folder that cannot be written.
    pub fn send(
        &self,
        group: &str,
        dedup_id: Option<&str>,
        body: &str,
    ) -> Result<(String, u64), ServiceError> {
        let hash = || hex::encode(Sha256::digest(body));
        let dedup_id = match dedup_id {
            Some(given) => given.to_owned(),
            None if self.rules.hashes_bodies => hash(),
            None => {
                let why = "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided";
                return Err(ServiceError::new("InvalidParameterValue", why));
            }
        };
        let invalid = |what: &str| Err(ServiceError::new("InvalidParameterValue", what));
        if !is_id(group) || !is_id(&dedup_id) {
            return invalid(
                "group and deduplication ids are 1 to 128 letters, digits or punctuation",
            );
        }
        if body.is_empty() || body.len() > LARGEST_BODY {
            return invalid("a body has 1 byte to 1 MiB");
        }
        if !body.chars().all(is_text) {
            return Err(ServiceError::new(
                "InvalidMessageContents",
                "a body has a character that SQS does not take",
            ));
        }
        let sent = locked(&self.queue).send(group, &dedup_id, body, self.time.now());
        self.changes.notify();
        sent.ok_or_else(ServiceError::not_kept)
    }

    /// Takes a batch: the messages of the group whose head waited longest, and if there is room,
    /// those of the next groups. These groups deliver nothing more until the batch is given back.
    pub(crate) fn take(&self) -> Option<Vec<Message>> {
        locked(&self.queue).take(self.time.now())
    }

    /// Ends a batch of [`FifoQueue::take`]. A message for which `pause` returns a pause is visible
    /// again after it, or moves to the dead-letter queue after its last try. The others are
    /// finished. `pause` receives the pause that the function requested.
    pub(crate) fn give_back(
        &self,
        batch: Vec<Message>,
        pause: impl Fn(&Message, Option<SignedDuration>) -> Option<SignedDuration>,
    ) {
        let now = self.time.now();
        let mut queue = locked(&self.queue);
        let returned: Vec<Returned> = batch
            .into_iter()
            .map(|message| {
                let asked = queue.asked.remove(&message.id);
                let pause = pause(&message, asked);
                let visible =
                    pause.map(|pause| now.saturating_add(pause).unwrap_or(Timestamp::MAX));
                Returned { message, visible }
            })
            .collect();
        queue.give_back(returned);
        drop(queue);
        self.changes.notify();
    }

    /// Returns whether no message is waiting or in flight.
    pub fn is_empty(&self) -> bool {
        locked(&self.queue).len() == (0, 0)
    }

    /// Returns the earliest instant at which a failed message is visible again.
    pub(crate) fn next_visible(&self) -> Option<Timestamp> {
        locked(&self.queue).next_visible()
    }

    /// Returns the messages of the dead-letter queue, oldest first.
    pub fn dead(&self) -> Vec<Message> {
        locked(&self.queue).dead()
    }

    fn attributes(&self) -> Value {
        let (waiting, in_flight) = locked(&self.queue).len();
        json!({
            "ApproximateNumberOfMessages": waiting.to_string(),
            "ApproximateNumberOfMessagesNotVisible": in_flight.to_string(),
            "ApproximateNumberOfMessagesDelayed": "0",
            "FifoQueue": "true",
            "RedrivePolicy": json!({
                "deadLetterTargetArn": format!("arn:aws:sqs:local:{ACCOUNT}:{DEAD}"), "maxReceiveCount": 5,
            }).to_string(),
        })
    }
}

fn one<T: serde::de::DeserializeOwned>(request: Value) -> Result<T, ServiceError> {
    serde_json::from_value(request)
        .map_err(|error| ServiceError::new("SerializationException", error.to_string()))
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Returns whether a body may contain this character. `[D]`
fn is_text(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests;
