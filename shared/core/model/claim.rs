//! Claims: the group memberships that belong to Doorstep, and the facts behind them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::account::{AccountId, GroupId};
use crate::model::cause::Cause;
use crate::model::fact::FactId;
use crate::model::few::exactly;
use crate::model::ids::DoorsName;
use crate::model::usual::is_usual;

/// Record that a group membership belongs to Doorstep, because Doorstep granted or adopted it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Door system.
    pub doors: DoorsName,
    /// Group.
    pub group: GroupId,
    /// Account.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub account: AccountId,
    /// When Doorstep granted or adopted the membership.
    pub since: Timestamp,
    /// The end that Doorstep set at the door system, if the door system supports ends.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub until: Option<Timestamp>,
    /// The reason for the membership.
    pub because: String,
    /// The facts behind the membership, as they were when it was granted.
    #[serde(
        default,
        skip_serializing_if = "is_usual",
        deserialize_with = "exactly"
    )]
    pub basis: Vec<Basis>,
    /// What requested the evaluation. `None`: the due minute had come.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub cause: Option<Cause>,
    /// Older group members of this account that the claimed one replaced. Doorstep still has to
    /// remove them; each is named by its id at the door system.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub surplus: Vec<String>,
}

/// A fact behind a claim when the claim was made, and the rule that used it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Basis {
    /// The fact.
    pub fact: FactId,
    /// When the fact last changed according to the platform, if the platform says so.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub version: Option<Timestamp>,
    /// Number of the rule, counted from one.
    pub rule: usize,
    /// Line of the rule in the site file.
    pub line: usize,
}
