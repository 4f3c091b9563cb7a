//! What is done for one person at one door system.

use std::fmt;

use jiff::Timestamp;

use crate::decide::cards::Change;
use crate::model::account::{GroupId, Row};

/// One thing to do at a door system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
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
        replaces: Vec<Row>,
        /// Why.
        because: String,
    },
    /// Take an account out of a group.
    Revoke {
        /// Group.
        group: GroupId,
        /// The line.
        row: Row,
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
        row: Row,
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

impl Move {
    /// Whether it makes an account, or changes one itself.
    pub fn is_of_the_account(&self) -> bool {
        match self {
            Move::Create | Move::Resume | Move::Rename(_) | Move::Suspend | Move::Delete => true,
            Move::Grant { .. } | Move::Revoke { .. } | Move::Tidy { .. } | Move::Tag(_) | Move::Untag(_) => false,
        }
    }

    /// Whether it only takes lines out, for which nobody's account must be known anew.
    pub fn takes_out(&self) -> bool {
        matches!(self, Move::Revoke { .. } | Move::Tidy { .. } | Move::Untag(_))
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Move::Create => f.write_str("make an account"),
            Move::Resume => f.write_str("wake the account"),
            Move::Rename(_) => f.write_str("rename the account"),
            Move::Grant { group, because, .. } => write!(f, "open {group}: {because}"),
            Move::Revoke { group, because, .. } => write!(f, "close {group}: {because}"),
            Move::Tidy { group, .. } => write!(f, "tidy {group}"),
            Move::Suspend => f.write_str("suspend the account"),
            Move::Delete => f.write_str("delete the account"),
            Move::Tag(change) => write!(f, "give {}", change.because),
            Move::Untag(change) => write!(f, "take back: {}", change.because),
        }
    }
}
