//! Who came and went: what door systems tell of openings, beside what they tell of access. A failure here is never one
//! of access.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::AccountId;
use crate::access::WebhookSecrets;
use crate::delivery::{Delivery, Unverified, VerifiedDelivery};
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::error::Result;

/// A door system that posts its openings as signed webhooks: how they are proven and read.
pub trait TellOpenings: Send + Sync {
    /// Proves who sent the exact bytes. Touches nothing and tells no reason.
    fn prove(&self, delivery: Delivery, secrets: &WebhookSecrets) -> Result<VerifiedDelivery, Unverified>;
    /// Reads what a proven delivery says, of the doors called `doors`. Where these are one `place` of several, what
    /// happens at another one is none of our business.
    fn news(&self, doors: &str, place: Option<&str>, proven: &VerifiedDelivery) -> AccessNews;
}

/// What a proven delivery of a door system turned out to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessNews {
    /// Somebody tried a lock.
    AccessAttempt(AccessAttempt),
    /// Something changed about this account there.
    Account(AccountId),
    /// Something changed that only a comparison of everything can look at.
    Unclear,
    /// An event that is none of our business.
    NotForUs,
    /// Proven, but it cannot be read; the text says why without quoting it.
    Unreadable(String),
}

/// What can be asked of a door system about openings. Nothing here writes.
#[async_trait]
pub trait ReadOpenings: Send + Sync {
    /// The locks' names by id.
    async fn locks(&self) -> Result<BTreeMap<String, String>>;
    /// The next page of what happened from `from` on, in order of time; `None` where the door system tells by webhook
    /// alone.
    async fn page(&self, _doors: &str, _from: &Cursor) -> Result<Option<Page>> {
        Ok(None)
    }
    /// Whose tag of this number is, where that is known.
    async fn holder_of_tag(&self, _number: &str) -> Result<Option<AccountId>> {
        Ok(None)
    }
    /// What is wrong with the webhook that posts to an address which ends with `path`, and what to do. Without such a
    /// webhook nothing is.
    async fn webhook_trouble(&self, _path: &str) -> Result<Option<String>> {
        Ok(None)
    }
}

/// How far the list of openings was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// From this instant on.
    pub since: Timestamp,
    /// Where it goes on, in the door system's own words; `None`: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// One page of openings.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// What happened.
    pub openings: Vec<Seen>,
    /// Where it goes on; `None`: this was the last page. An empty page need not be.
    pub next: Option<String>,
}

/// An opening as a list shows it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The opening.
    pub opening: AccessAttempt,
    /// The number of the tag that was shown, where no account is named. It is looked up and never kept.
    pub tag: Option<String>,
}
