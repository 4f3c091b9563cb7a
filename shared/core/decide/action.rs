//! Actions of Doorstep for one person at one door system.

use std::fmt;

use jiff::Timestamp;

use crate::decide::cards::CardChange;
use crate::model::account::{GroupId, GroupMember};
use crate::model::reasons::{Reasons, RevokeReason};

/// One action at a door system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Create an account.
    Create,
    /// Resume an account that Doorstep suspended.
    Resume,
    /// Rename an account.
    Rename(String),
    /// Put the account into a group.
    Grant {
        /// Group.
        group: GroupId,
        /// The end to set at the door system.
        until: Option<Timestamp>,
        /// Group members that the new one replaces.
        replaces: Vec<GroupMember>,
        /// The reasons for the action.
        because: Reasons,
    },
    /// Take an account out of a group.
    Revoke {
        /// Group.
        group: GroupId,
        /// The group member to remove.
        row: GroupMember,
        /// The reason for the action.
        because: RevokeReason,
    },
    /// Remove an older group member that a claimed one replaced. The account keeps its access, with
    /// the same end.
    Tidy {
        /// Group.
        group: GroupId,
        /// The older group member.
        row: GroupMember,
    },
    /// Suspend an account that has no access left.
    Suspend,
    /// Delete an account that has no access left.
    Delete,
    /// Assign a card to the account.
    Tag(CardChange),
    /// Unassign a card from the account.
    Untag(CardChange),
}

impl Action {
    /// Returns whether the action creates an account or changes the account itself.
    pub fn is_of_the_account(&self) -> bool {
        match self {
            Action::Create
            | Action::Resume
            | Action::Rename(_)
            | Action::Suspend
            | Action::Delete => true,
            Action::Grant { .. }
            | Action::Revoke { .. }
            | Action::Tidy { .. }
            | Action::Tag(_)
            | Action::Untag(_) => false,
        }
    }

    /// Returns whether the action only removes group members or cards. Such an action needs no
    /// fresh read of an account.
    pub fn takes_out(&self) -> bool {
        matches!(
            self,
            Action::Revoke { .. } | Action::Tidy { .. } | Action::Untag(_)
        )
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Create => f.write_str("make an account"),
            Action::Resume => f.write_str("wake the account"),
            Action::Rename(_) => f.write_str("rename the account"),
            Action::Grant { group, because, .. } => write!(f, "open {group}: {because}"),
            Action::Revoke { group, .. } => write!(f, "close {group}"),
            Action::Tidy { group, .. } => write!(f, "tidy {group}"),
            Action::Suspend => f.write_str("suspend the account"),
            Action::Delete => f.write_str("delete the account"),
            Action::Tag(change) => write!(f, "give {}", change.because),
            Action::Untag(change) => write!(f, "take back: {}", change.because),
        }
    }
}
