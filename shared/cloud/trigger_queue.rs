//! The line: one FIFO queue, one message group per site, served one bell at a time and in order.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::aws::{Lazy, failure};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::push_update::ChangeHint;

/// "Something may have changed": never what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// About these things at the platform.
    Things(Vec<ChangeHint>),
    /// Somebody is due until this minute.
    Alarm(Timestamp),
    /// Somebody is due now.
    Due,
    /// About whoever has this account: they were refused at a door, or somebody changed the account there.
    Account {
        /// Door system.
        doors: String,
        /// Account.
        id: AccountId,
    },
    /// A delivery could not be read: everything must be read.
    Unread,
    /// Everything was told anew: everything must be read.
    Roster,
}

/// A bell and whose it is: the content of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerMessage {
    /// Site.
    pub site: String,
    /// Bell.
    pub bell: Trigger,
    /// The delivery that it is of, where it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// When that came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl TriggerMessage {
    /// A bell of our own.
    pub fn new(site: &str, bell: Trigger) -> Self {
        TriggerMessage { site: site.to_owned(), bell, cause: None, at: None }
    }

    /// By a delivery that came at this instant.
    pub fn by(mut self, delivery: &str, at: Timestamp) -> Self {
        (self.cause, self.at) = (Some(delivery.to_owned()), Some(at));
        self
    }

    /// Returns the text of the message. SQS takes every character that JSON takes, except U+FFFE and U+FFFF; a platform may
    /// write these into an id, so they are escaped. Source: API reference of `SendMessage`, `MessageBody`. `[D]`
    pub fn text(&self) -> Result<String> {
        let text = serde_json::to_string(self).map_err(|_| Error::permanent("a bell cannot be written"))?;
        Ok(text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
    }
}

/// What waits in the line, of all sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Bells that nobody serves yet.
    pub waiting: u64,
    /// Bells that could not be served five times; `None` where the queue gives up none.
    pub dead: Option<u64>,
}

/// Where a queue gives what it gives up.
#[derive(Deserialize)]
struct Redrive {
    #[serde(rename = "deadLetterTargetArn")]
    target: String,
}

type Attributes = std::collections::HashMap<QueueAttributeName, String>;

fn count(attributes: &Attributes) -> u64 {
    let text = attributes.get(&QueueAttributeName::ApproximateNumberOfMessages);
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn unasked(why: String) -> Error {
    Error::retry(format!("the queue cannot be asked: {why}"))
}

/// The line.
#[derive(Clone)]
pub struct TriggerQueue {
    queue: Lazy<Client>,
    url: String,
}

impl TriggerQueue {
    /// The queue at `url`.
    pub fn new(queue: Lazy<Client>, url: String) -> Self {
        TriggerQueue { queue, url }
    }

    /// Builds the client now, where nobody did.
    pub fn build(&self) {
        self.queue.build();
    }

    /// Rings. Equal `sameness` within five minutes is swallowed; a bell of our own has none.
    ///
    /// # Errors
    /// [`Error::Retry`] where the queue did not take it.
    pub async fn enqueue(&self, ring: &TriggerMessage, sameness: Option<&str>) -> Result<()> {
        let own = || Uuid::new_v4().simple().to_string();
        self.queue
            .send_message()
            .queue_url(&self.url)
            .message_group_id(&ring.site)
            .message_deduplication_id(sameness.map_or_else(own, str::to_owned))
            .message_body(ring.text()?)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| {
                Error::retry(format!("the queue did not take a trigger: {}", failure("sqs SendMessage", &error)))
            })
    }

    /// How many bells wait, and how many were given up. It needs rights that no function has: for the operator.
    ///
    /// # Errors
    /// [`Error::Retry`] where the queue cannot be asked.
    pub async fn waiting(&self) -> Result<Waiting> {
        let here = self.attributes(&self.url).await?;
        let policy = here.get(&QueueAttributeName::RedrivePolicy);
        let policy = policy.and_then(|policy| serde_json::from_str::<Redrive>(policy).ok());
        let dead = match policy.as_ref().and_then(|policy| policy.target.rsplit(':').next()) {
            Some(name) => {
                let found = self.queue.get_queue_url().queue_name(name).send().await;
                let url =
                    found.map_err(|error| unasked(failure("sqs GetQueueUrl", &error)))?.queue_url.unwrap_or_default();
                Some(count(&self.attributes(&url).await?))
            }
            None => None,
        };
        Ok(Waiting { waiting: count(&here), dead })
    }

    async fn attributes(&self, url: &str) -> Result<Attributes> {
        let asked = self.queue.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let answer = asked.send().await;
        let answer = answer.map_err(|error| unasked(failure("sqs GetQueueAttributes", &error)))?;
        Ok(answer.attributes.unwrap_or_default())
    }

    /// Lets a message that could not be served come again after `pause`, whole seconds, rather than when the queue
    /// takes its function for dead. Until then no other message of its site is handed out.
    ///
    /// # Errors
    /// [`Error::Retry`] where the queue did not take it; the message comes again all the same, later.
    pub async fn again(&self, receipt: &str, pause: Duration) -> Result<()> {
        let seconds = i32::try_from(pause.as_secs()).unwrap_or(i32::MAX);
        let asked = self.queue.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        let answer = asked.visibility_timeout(seconds).send().await;
        answer.map(|_| ()).map_err(|error| {
            Error::retry(format!("a message keeps its pause: {}", failure("sqs ChangeMessageVisibility", &error)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bells_of_an_earlier_version_are_read_and_our_own_are_as_they_were() {
        let old = r#"{"site":"riverside","bell":"due"}"#;
        let ring: TriggerMessage = serde_json::from_str(old).expect("a bell");
        assert_eq!(ring, TriggerMessage::new("riverside", Trigger::Due));
        assert_eq!(ring.text().as_deref(), Ok(old));
        let by = ring.by("abc", Timestamp::UNIX_EPOCH);
        assert_eq!(serde_json::from_str::<TriggerMessage>(&by.text().expect("JSON")).expect("a bell"), by);
    }

    #[test]
    fn a_message_has_no_character_that_sqs_refuses_and_says_the_same() {
        let odd = TriggerMessage::new("riverside", Trigger::Due)
            .by("\u{0}\u{1f}\u{fffe}\u{ffff}\u{10ffff}", Timestamp::UNIX_EPOCH);
        let text = odd.text().expect("JSON");
        assert!(!text.contains(['\u{0}', '\u{1f}', '\u{fffe}', '\u{ffff}']), "{text}");
        assert_eq!(serde_json::from_str::<TriggerMessage>(&text).expect("a bell"), odd);
    }
}
