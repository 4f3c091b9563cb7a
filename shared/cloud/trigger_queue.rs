//! The trigger queue: a FIFO queue with one message group for each site. SQS delivers the triggers
//! of a site in order, one batch at a time.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::service::CallFailure;
use crate::sqs::{Attributes, Message, Sqs};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::minute::Minute;
use doorstep_core::model::push_update::ChangeHint;

/// A trigger: it says that something may have changed, and never what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// These things at the platform may have changed.
    Hints(Vec<ChangeHint>),
    /// A person or thing is due at this minute or earlier.
    Schedule(Minute),
    /// A person or thing is due now.
    Due,
    /// The account was refused at a door or changed at the door system. The trigger concerns its
    /// person.
    Account {
        /// The door system.
        doors: DoorsName,
        /// The account.
        id: AccountId,
    },
    /// A delivery could not be parsed: the whole platform must be read.
    Unreadable,
    /// A complete snapshot arrived: the whole platform must be read.
    Snapshot,
}

/// A trigger with its site: the body of a queue message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriggerMessage {
    /// The site.
    pub site: SiteId,
    /// The trigger.
    pub trigger: Trigger,
    /// The delivery that caused it, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
    /// When the delivery arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl TriggerMessage {
    /// Creates a message that no delivery caused.
    pub fn new(site: &SiteId, trigger: Trigger) -> Self {
        TriggerMessage {
            site: site.to_owned(),
            trigger,
            delivery: None,
            at: None,
        }
    }

    /// Sets the delivery that caused it, and when it arrived.
    pub fn by(mut self, delivery: &str, at: Timestamp) -> Self {
        (self.delivery, self.at) = (Some(delivery.to_owned()), Some(at));
        self
    }

    /// Returns the body of the message. SQS accepts every character that JSON accepts, except
    /// U+FFFE and U+FFFF. A platform may use these in an id, so they are escaped. Source: API
    /// reference of `SendMessage`, `MessageBody`. `[D]`
    pub fn text(&self) -> Result<String> {
        let text = serde_json::to_string(self)
            .map_err(|_| Error::permanent("the trigger cannot be serialised"))?;
        Ok(text
            .replace('\u{fffe}', "\\ufffe")
            .replace('\u{ffff}', "\\uffff"))
    }
}

/// The number of messages in the queue, of all sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueDepth {
    /// Messages that wait to be served.
    pub waiting: u64,
    /// Messages in the dead-letter queue; `None` if the queue has none.
    pub dead: Option<u64>,
}

/// The redrive policy: the dead-letter queue's ARN.
#[derive(Deserialize)]
struct Redrive {
    #[serde(rename = "deadLetterTargetArn")]
    target: String,
}

fn count(attributes: &Attributes) -> u64 {
    let text = attributes.get("ApproximateNumberOfMessages");
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn unasked(failure: CallFailure) -> Error {
    Error::retry(format!("the queue cannot be asked: {failure}"))
}

/// A client of the trigger queue.
#[derive(Clone)]
pub struct TriggerQueue {
    sqs: Sqs,
    url: String,
}

impl TriggerQueue {
    /// Creates a client of the queue at `url`.
    pub fn new(sqs: Sqs, url: String) -> Self {
        TriggerQueue { sqs, url }
    }

    /// Enqueues a trigger. SQS drops a second message with an equal deduplication id within five
    /// minutes. Without `dedup_id` the id is random.
    ///
    /// # Errors
    /// [`Error::Retry`] if the queue did not take it.
    pub async fn enqueue(&self, message: &TriggerMessage, dedup_id: Option<&str>) -> Result<()> {
        let own = || Uuid::new_v4().simple().to_string();
        let message = Message {
            message_body: message.text()?,
            message_group_id: message.site.as_str(),
            message_deduplication_id: dedup_id.map_or_else(own, str::to_owned),
        };
        self.sqs
            .send(&self.url, &message)
            .await
            .map_err(|failure| Error::retry(format!("the queue did not take a trigger: {failure}")))
    }

    /// Returns how many messages wait, and how many are in the dead-letter queue. Only the operator
    /// has the rights for it.
    ///
    /// # Errors
    /// [`Error::Retry`] if the queue is unreachable.
    pub async fn waiting(&self) -> Result<QueueDepth> {
        let here = self.sqs.attributes(&self.url).await.map_err(unasked)?;
        let policy = here.get("RedrivePolicy");
        let policy = policy.and_then(|policy| serde_json::from_str::<Redrive>(policy).ok());
        let dead = match policy
            .as_ref()
            .and_then(|policy| policy.target.rsplit(':').next())
        {
            Some(name) => {
                let url = self.sqs.url_of(name).await.map_err(unasked)?;
                let there = self.sqs.attributes(&url).await.map_err(unasked)?;
                Some(count(&there))
            }
            None => None,
        };
        Ok(QueueDepth {
            waiting: count(&here),
            dead,
        })
    }

    /// Makes a message visible again after `pause`, in whole seconds, instead of after the queue's
    /// visibility timeout. Until then SQS delivers no other message of its site.
    ///
    /// # Errors
    /// [`Error::Retry`] if the queue refused. The message returns later, after its visibility
    /// timeout.
    pub async fn again(&self, receipt: &str, pause: Duration) -> Result<()> {
        let asked = self.sqs.change_visibility(&self.url, receipt, pause).await;
        asked.map_err(|failure| Error::retry(format!("a message keeps its pause: {failure}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_without_a_delivery_is_stored_without_one_and_read_again() {
        let stored = r#"{"site":"riverside","trigger":"due"}"#;
        let message: TriggerMessage = serde_json::from_str(stored).expect("a trigger");
        assert_eq!(
            message,
            TriggerMessage::new(&SiteId::from("riverside"), Trigger::Due)
        );
        assert_eq!(message.text().as_deref(), Ok(stored));
        let by = message.by("abc", Timestamp::UNIX_EPOCH);
        assert_eq!(
            serde_json::from_str::<TriggerMessage>(&by.text().expect("JSON")).expect("a trigger"),
            by
        );
    }

    #[test]
    fn a_message_has_no_character_that_sqs_refuses_and_says_the_same() {
        let odd = TriggerMessage::new(&SiteId::from("riverside"), Trigger::Due).by(
            "\u{0}\u{1f}\u{fffe}\u{ffff}\u{10ffff}",
            Timestamp::UNIX_EPOCH,
        );
        let text = odd.text().expect("JSON");
        assert!(
            !text.contains(['\u{0}', '\u{1f}', '\u{fffe}', '\u{ffff}']),
            "{text}"
        );
        assert_eq!(
            serde_json::from_str::<TriggerMessage>(&text).expect("a trigger"),
            odd
        );
    }
}
