//! The last known state of a door system.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::account::{AccountId, Group, GroupId};
use crate::model::shared_group::Neighbour;
use crate::model::usual::is_usual;
use crate::site::DoorsConfig;

/// The read state of one door system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DoorsRead {
    /// The identity of the door system; see [`DoorsConfig::identity`]. Empty if it was not stored.
    #[serde(default)]
    pub of: String,
    /// The groups of the door system.
    pub groups: Vec<Group>,
    /// The groups that Doorstep took over.
    pub taken: BTreeSet<GroupId>,
    /// Cards were compared once. A card that is assigned by hand later therefore stays the
    /// account's.
    #[serde(default)]
    pub cards_taken: bool,
    /// The accounts of the protected people.
    pub protected: BTreeSet<AccountId>,
    /// The number of accounts at the last full read.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub accounts: Option<usize>,
    /// The groups for which it is registered that this site rules them.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub registered: BTreeSet<GroupId>,
    /// Other sites of the stack that rule one of its groups too.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub shared: BTreeSet<Neighbour>,
}

impl DoorsRead {
    /// Returns whether this is the state of the door system that `config` names, and not of an
    /// earlier one with that name.
    pub fn is_of(&self, config: &DoorsConfig) -> bool {
        self.of.is_empty() || self.of == config.identity()
    }
}
