//! What only the vendors know about a site, as the last reconcile read it: one item for each site.
//! The operator's views read it, so that they need no call to a vendor. No decision rests on it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Store, Write, WriteCondition, body, key};
use doorstep_core::model::account::{AccountId, GroupId};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, PersonId, SiteId};
use doorstep_core::model::usual::is_usual;

/// What a reconcile read at the vendors of one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// When a reconcile first read exactly this. The `run` item says when the last one ended.
    pub at: Timestamp,
    /// What is wrong with the platform's webhooks.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub webhooks: Vec<WebhookTrouble>,
    /// Each door system of the site file that was read at least once.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub doors: BTreeMap<DoorsName, ObservedDoors>,
}

/// What a reconcile read at one door system. What could not be read stays as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedDoors {
    /// Since when no reconcile could read all groups and accounts.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub failing: Option<Timestamp>,
    /// The seats, where the door system counts them.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub seats: Option<SeatCount>,
    /// What is wrong with the webhook that posts access attempts.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub webhook: Option<WebhookTrouble>,
    /// Accounts that a hand added to groups of the site's rules.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub foreign: Vec<ForeignAccount>,
    /// Memberships that Doorstep granted and that a hand removed.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub removed: Vec<RemovedMembership>,
    /// The number of foreign and removed memberships that did not fit into the two lists.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub left_out: usize,
}

/// The seats of a door system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatCount {
    /// The seats in use.
    pub used: u32,
    /// The seats paid for; `None` is without limit.
    pub paid: Option<u32>,
}

/// A webhook that does not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookTrouble {
    /// What is wrong and what to do, in words for the operator.
    pub what: String,
    /// When a reconcile first read it.
    pub since: Timestamp,
}

/// An account in a group of the site's rules that no site claims there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignAccount {
    /// The group.
    pub group: GroupId,
    /// The account.
    pub account: AccountId,
    /// The person that the account is linked to.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub person: Option<PersonId>,
    /// The name of the account.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub name: Option<String>,
    /// The address of the account.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub email: Option<String>,
    /// Whether Doorstep removes the account from the group.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub goes: bool,
    /// When a reconcile first read it.
    pub since: Timestamp,
}

/// A claimed membership that the door system no longer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedMembership {
    /// The group.
    pub group: GroupId,
    /// The account.
    pub account: AccountId,
    /// The person.
    pub person: PersonId,
    /// The place of the person's last audit record at that time; 0 if there was none. A later record
    /// may say that Doorstep added the person again.
    pub record: u64,
    /// When a reconcile first read it.
    pub since: Timestamp,
}

/// What was observed, as it was read for a conditional write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredObserved {
    /// The content; `None` if there is none, or if it is unreadable.
    pub observed: Option<Observed>,
    version: u64,
}

impl Observed {
    /// Returns whether both have the same content, whenever they were read.
    pub fn says_same(&self, other: &Observed) -> bool {
        let Observed {
            at: _,
            webhooks,
            doors,
        } = self;
        *webhooks == other.webhooks && *doors == other.doors
    }
}

impl Store {
    /// Loads what the last reconcile observed.
    pub async fn observed(&self, site: &SiteId) -> Result<StoredObserved> {
        let at = key::observed(site);
        let Some(item) = self.get(&at).await? else {
            return Ok(StoredObserved::default());
        };
        Ok(StoredObserved {
            observed: self.readable(&at, &item),
            version: item.version,
        })
    }

    /// Replaces what was read with `observed`.
    ///
    /// # Errors
    /// [`super::conflict`] if another function wrote since.
    pub async fn keep_observed(
        &self,
        site: &SiteId,
        read: &StoredObserved,
        observed: &Observed,
    ) -> Result<()> {
        let put = Write::put(key::observed(site), body(observed)?).version(read.version + 1);
        self.write(put.only_if(WriteCondition::Version(read.version)))
            .await
    }
}
