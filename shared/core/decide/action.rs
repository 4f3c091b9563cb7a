//! What is done for one person at one door system.

use std::fmt;

use jiff::Timestamp;

use crate::decide::cards::Change;
use crate::model::account::{GroupId, GroupMember};

/// One thing to do at a door system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make an account.
    Create,
    /// Wake an account that we suspended.
    Resume,
    /// Give an account another name.
    Rename(String),
    /// Put the account into a group.
    Grant {
        /// Group.
        group: GroupId,
        /// The end to give at the door system.
        until: Option<Timestamp>,
        /// Lines that the new one takes the place of.
        replaces: Vec<GroupMember>,
        /// Why.
        because: String,
    },
    /// Take an account out of a group.
    Revoke {
        /// Group.
        group: GroupId,
        /// The line.
        row: GroupMember,
        /// It was never ours.
        foreign: bool,
        /// Why.
        because: String,
    },
    /// Take out an older line that ours took the place of. What is open, and until when, does not change.
    Tidy {
        /// Group.
        group: GroupId,
        /// The older line.
        row: GroupMember,
    },
    /// Suspend an account that has no access left.
    Suspend,
    /// Delete an account that has no access left.
    Delete,
    /// Make a card theirs.
    Tag(Change),
    /// Make a card of theirs nobody's.
    Untag(Change),
}

impl Action {
    /// Whether it makes an account, or changes one itself.
    pub fn is_of_the_account(&self) -> bool {
        match self {
            Action::Create | Action::Resume | Action::Rename(_) | Action::Suspend | Action::Delete => true,
            Action::Grant { .. } | Action::Revoke { .. } | Action::Tidy { .. } | Action::Tag(_) | Action::Untag(_) => {
                false
            }
        }
    }

    /// Whether it only takes lines out, for which nobody's account must be known anew.
    pub fn takes_out(&self) -> bool {
        matches!(self, Action::Revoke { .. } | Action::Tidy { .. } | Action::Untag(_))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Create => f.write_str("make an account"),
            Action::Resume => f.write_str("wake the account"),
            Action::Rename(_) => f.write_str("rename the account"),
            Action::Grant { group, because, .. } => write!(f, "open {group}: {because}"),
            Action::Revoke { group, because, .. } => write!(f, "close {group}: {because}"),
            Action::Tidy { group, .. } => write!(f, "tidy {group}"),
            Action::Suspend => f.write_str("suspend the account"),
            Action::Delete => f.write_str("delete the account"),
            Action::Tag(change) => write!(f, "give {}", change.because),
            Action::Untag(change) => write!(f, "take back: {}", change.because),
        }
    }
}
