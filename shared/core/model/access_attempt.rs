//! Access attempts: a person tried a lock, and the door system let them in or refused. They are
//! stored without names and addresses. The owner of an account is looked up when a report asks for
//! it. A person who is forgotten is thereby forgotten here too.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::account::AccountId;
use crate::model::ids::DoorsName;
use crate::model::usual::is_usual;

/// Longest vendor text that is stored with an attempt, in characters.
const LONGEST: usize = 200;

/// One attempt to open a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessAttempt {
    /// When it happened, according to the door system.
    pub at: Timestamp,
    /// Door system.
    pub doors: DoorsName,
    /// The door system's own id of the attempt. Two reports with the same id are one attempt.
    pub id: String,
    /// The lock.
    pub lock: String,
    /// The lock's name, if the door system sends it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub lock_name: Option<String>,
    /// The account. `None` if the door system recognised none.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub account: Option<AccountId>,
    /// Why the lock did not open. `None`: it opened.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub refused: Option<String>,
}

/// Returns a vendor's text as it may be stored: at most 200 characters, without control characters.
/// Returns `None` for an empty text.
pub fn kept(text: &str) -> Option<String> {
    let text: String = text
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST)
        .collect();
    (!text.is_empty()).then_some(text)
}
