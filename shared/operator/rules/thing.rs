//! The rows and cells of the table of rules.

use serde::{Deserialize, Serialize};

use doorstep_core::model::account::GroupRef;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::Selector;

/// What one row is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThingKey {
    /// Every thing of the selector: `"*"`.
    Every,
    /// A name that a rule has and that no thing of the platform's list has.
    Unlisted(String),
    /// The thing with this id of the platform's list; a pass by its name.
    Listed(String),
}

/// A group that a rule names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum GroupKey {
    /// A group of a door system's list.
    Listed(GroupRef),
    /// A name that no group has which Doorstep may manage.
    Unlisted(DoorsName, String),
}

impl GroupKey {
    /// Returns whether this is the group.
    pub(super) fn is(&self, group: &GroupRef) -> bool {
        matches!(self, GroupKey::Listed(listed) if listed == group)
    }
}

/// One cell: a thing, as one selector names it, and a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellKey {
    /// The kind of fact.
    pub selector: Selector,
    /// The thing.
    pub thing: ThingKey,
    /// The group.
    pub group: GroupRef,
}
