//! The line: one FIFO queue, one message group per site, served one bell at a time and in order.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::delivery::Mention;
use crate::error::{Error, Result};

/// "Something may have changed": never what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bell {
    /// About these things at the platform.
    Things(Vec<Mention>),
    /// Somebody is due until this minute.
    Alarm(Timestamp),
    /// Somebody is due now.
    Due,
    /// A delivery could not be read: everything must be read.
    Unread,
}

/// A bell and whose it is: the content of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    /// Site.
    pub site: String,
    /// Bell.
    pub bell: Bell,
}

impl Ring {
    /// The text of the message.
    pub fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|_| Error::report("a bell cannot be written"))
    }
}

/// The line.
#[derive(Clone)]
pub struct Line {
    queue: Client,
    url: String,
}

impl Line {
    /// The queue at `url`.
    pub fn new(queue: Client, url: String) -> Self {
        Line { queue, url }
    }

    /// Rings. Equal `sameness` within five minutes is swallowed; a bell of our own has none.
    ///
    /// # Errors
    /// [`Error::Later`] where the queue did not take it.
    pub async fn ring(&self, ring: &Ring, sameness: Option<&str>) -> Result<()> {
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
            .map_err(|error| Error::later(format!("the line did not take a bell: {}", DisplayErrorContext(&error))))
    }
}
