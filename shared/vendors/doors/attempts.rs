//! Access attempts: the traits by which door systems report them, beside the traits for access. A
//! failure here never affects access.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::AccountId;
use crate::access::WebhookSecrets;
use crate::delivery::{Delivery, Unverified, VerifiedDelivery};
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::DoorsName;

/// The webhooks of a door system that posts its access attempts: how they are verified and parsed.
pub trait PushAttempts: Send + Sync {
    /// Verifies the sender over the exact bytes. Has no side effect and reveals no reason.
    fn verify(
        &self,
        delivery: Delivery,
        secrets: &WebhookSecrets,
    ) -> Result<VerifiedDelivery, Unverified>;
    /// Parses a verified delivery of the doors named `doors`. With a `place`, an event at another
    /// place of the same organisation is [`AccessNews::NotForUs`].
    fn news(
        &self,
        doors: &DoorsName,
        place: Option<&str>,
        verified: &VerifiedDelivery,
    ) -> AccessNews;
}

/// The content of a verified delivery of a door system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessNews {
    /// An access attempt at a lock.
    AccessAttempt(AccessAttempt),
    /// An account that changed at the door system.
    Account(AccountId),
    /// A change that only a full comparison can examine.
    Unclear,
    /// An event that Doorstep does not use.
    NotForUs,
    /// A body that cannot be parsed. The text says why and quotes nothing of it.
    Unreadable(String),
}

/// The read side for access attempts. It writes nothing.
#[async_trait]
pub trait ReadAttempts: Send + Sync {
    /// Fetches the locks' names by id.
    async fn locks(&self) -> Result<BTreeMap<String, String>>;
    /// Fetches the next page of access attempts after `from`, in order of time; `None` where the
    /// door system reports them by webhook only.
    async fn page(&self, _doors: &DoorsName, _from: &Cursor) -> Result<Option<AttemptPage>> {
        Ok(None)
    }
    /// Fetches the account that holds the tag of this number, where it is known.
    async fn holder_of_tag(&self, _number: &str) -> Result<Option<AccountId>> {
        Ok(None)
    }
    /// Fetches what is wrong with the webhook whose address ends with `path`, and what to do.
    /// Returns `None` where one such webhook works or none exists.
    async fn webhook_trouble(&self, _path: &str) -> Result<Option<String>> {
        Ok(None)
    }
}

/// The position up to which the list of access attempts was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The instant from which the list is read.
    pub since: Timestamp,
    /// The door system's token for the next page; `None`: from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// One page of access attempts.
#[derive(Debug, Clone, Default)]
pub struct AttemptPage {
    /// The access attempts on the page.
    pub attempts: Vec<ListedAttempt>,
    /// The token of the next page; `None` on the last page. An empty page need not be the last one.
    pub next: Option<String>,
}

/// An access attempt as a list shows it.
#[derive(Debug, Clone)]
pub struct ListedAttempt {
    /// The access attempt.
    pub attempt: AccessAttempt,
    /// The number of the tag that was shown, where no account is named. It is looked up and never
    /// stored.
    pub tag: Option<String>,
}
