//! Intents: the door changes that are stored before they are made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::account::{AccountId, GroupId};
use crate::model::ids::DoorsName;
use crate::model::reasons::{Reasons, RevokeReason};
use crate::model::usual::is_usual;

/// A door change that is stored before it is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Door system.
    pub doors: DoorsName,
    /// Group. `None` for a change of the account itself.
    pub group: Option<GroupId>,
    /// The change.
    pub action: IntentKind,
}

/// The kind of change that an intent records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntentKind {
    /// Puts the account into the group.
    Grant {
        /// The account. `None` until the account is created.
        account: Option<AccountId>,
        /// The end to set at the door system.
        until: Option<Timestamp>,
        /// Group members that the new one replaces, by their ids at the door system.
        #[serde(default)]
        replaces: Vec<String>,
        /// The reasons for the change.
        #[serde(default, skip_serializing_if = "is_usual")]
        because: Reasons,
    },
    /// Takes the account out of the group.
    Revoke {
        /// The account.
        #[serde(default, skip_serializing_if = "is_usual")]
        account: AccountId,
        /// The group member's id at the door system. Empty if the door system names members by
        /// account.
        #[serde(default, skip_serializing_if = "is_usual")]
        handle: String,
        /// The reason for the change. The claim has the rest of it.
        because: RevokeReason,
    },
    /// Creates a guest account. A guest has no address by which it could be found. The intent
    /// therefore lists the accounts of the same name that existed before; one that exists only
    /// afterwards is the new account.
    Create {
        /// Accounts of that name before the call.
        before: Vec<AccountId>,
    },
    /// Suspends the account.
    Suspend,
    /// Resumes the account.
    Resume,
    /// Deletes the account.
    Delete,
}
