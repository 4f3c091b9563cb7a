//! Openings: somebody tried a lock at the doors, and was let in or refused. Kept without names and addresses: who an
//! account belongs to is looked up when somebody asks, so that a person who is forgotten is forgotten here too.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::account::AccountId;
use crate::model::usual::is_usual;

/// Longest text of a vendor that is kept of an opening, in characters.
const LONGEST: usize = 200;

/// One try to open a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessAttempt {
    /// When, as the door system says.
    pub at: Timestamp,
    /// Door system.
    pub doors: String,
    /// The door system's own id of it: the same one told twice is one.
    pub id: String,
    /// Which lock.
    pub lock: String,
    /// The lock's name, where the door system says it along.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub lock_name: Option<String>,
    /// Whose account; `None` where nobody was recognised.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub account: Option<AccountId>,
    /// Why the lock did not open; `None`: it opened.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub refused: Option<String>,
}

/// A vendor's text as it may be kept: of a sensible length, and without characters that cannot be seen. `None` for one
/// that says nothing.
pub fn kept(text: &str) -> Option<String> {
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    (!text.is_empty()).then_some(text)
}
