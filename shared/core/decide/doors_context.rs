//! The context of one door system, as every decision needs it.

use std::collections::BTreeSet;

use crate::model::account::{Account, AccountId, GroupId};
use crate::model::capabilities::Capabilities;
use crate::model::doors_read::DoorsRead;
use crate::model::person::Person;
use crate::site::{DoorsConfig, ForeignPolicy, WithoutAccess};

/// The configuration of one door system, its last known state and its capabilities.
#[derive(Debug, Clone)]
pub struct DoorsContext {
    /// The door system's part of the site file.
    pub config: DoorsConfig,
    /// What the last read of the door system found.
    pub doors_read: DoorsRead,
    /// What the door system can do.
    pub capabilities: Capabilities,
    /// The groups that a rule opens.
    pub ruled: BTreeSet<GroupId>,
}

impl DoorsContext {
    /// Creates the context of a door system of which no rule is known yet.
    pub fn new(config: DoorsConfig, doors_read: DoorsRead, capabilities: Capabilities) -> Self {
        DoorsContext {
            config,
            doors_read,
            capabilities,
            ruled: BTreeSet::new(),
        }
    }

    /// Returns whether this account is protected, and therefore never revoked.
    pub fn protects(&self, id: &AccountId, account: Option<&Account>) -> bool {
        let listed = |email: &str| self.config.protects(email);
        self.doors_read.protected.contains(id)
            || account.and_then(|a| a.email.as_deref()).is_some_and(listed)
    }

    /// Returns what happens to the person's account after all access has ended.
    pub fn without_access(&self, person: &Person) -> WithoutAccess {
        if person.is_guest() {
            self.config.guest_accounts
        } else {
            self.config.without_access
        }
    }

    /// Returns whether only Doorstep may add members to a group.
    pub fn is_exclusive(&self, group: &GroupId) -> bool {
        self.config.foreign == ForeignPolicy::Remove && self.ruled.contains(group)
    }

    /// Returns whether the door system has this group, as far as is known.
    pub fn has(&self, group: &GroupId) -> bool {
        self.doors_read
            .groups
            .iter()
            .any(|known| known.id == *group)
    }
}
