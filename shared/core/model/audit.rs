//! Audit entries: what Doorstep did at the doors, and why. Each is one record, chained by hash. The
//! store writes them.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::account::{AccountId, GroupId};
use crate::model::error::Error;
use crate::model::fact::FactId;
use crate::model::ids::{DoorsName, PersonId, SiteId};
use crate::model::reasons::WrittenReason;

mod fact_pairs;
mod redact;
mod verify;

pub use redact::without_addresses;
pub use verify::{ChainBreak, Verdict, Verifier, verify};

/// The kind of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditAction {
    /// Doorstep put an account into a group, or changed the end of its membership.
    Granted,
    /// Doorstep took an account out of a group.
    Revoked,
    /// The door system refused a change.
    Refused,
    /// Doorstep created an account.
    Invited,
    /// Doorstep renamed an account.
    Renamed,
    /// Doorstep suspended an account, and its seat is free.
    Suspended,
    /// Doorstep resumed an account.
    Resumed,
    /// Doorstep deleted an account.
    Deleted,
    /// Doorstep assigned a card to an account.
    Tagged,
    /// Doorstep unassigned a card from an account.
    Untagged,
    /// No action at a door: everything that was known of this person was erased.
    Forgotten,
}

/// The answer in an entry for an action that succeeded.
const DONE: &str = "done";

/// An audit entry, before it has a position in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Door system.
    pub doors: DoorsName,
    /// The account.
    pub account: AccountId,
    /// The group. `None` for a change of the account itself.
    pub group: Option<GroupId>,
    /// The action.
    pub what: AuditAction,
    /// The reason for the action.
    pub because: String,
    /// The facts behind the action, except those whose id contains an e-mail address. The key is
    /// left out of the record if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "fact_pairs")]
    pub facts: Vec<FactId>,
    /// The answer of the door system.
    pub answer: String,
    /// When the action should have happened: at the edge of the window, or when Doorstep first knew
    /// or was asked, if that was later. `None` if there is no such instant. The key is then left
    /// out of the record, so that older records keep their hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// The cause of the delay, if the action happened later than it should have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<String>,
}

impl AuditEntry {
    /// Creates an entry for an action on an account that succeeded. It has no group and no due
    /// instant. Removes e-mail addresses from the reason, and leaves out the facts whose id
    /// contains one; see [`without_addresses`].
    pub fn new(
        what: AuditAction,
        doors: &DoorsName,
        account: &AccountId,
        because: impl Into<WrittenReason>,
    ) -> Self {
        let WrittenReason { text, mut facts } = because.into();
        facts.retain(|fact| without_addresses(&fact.id) == fact.id.as_str());
        facts.sort();
        facts.dedup();
        AuditEntry {
            doors: doors.to_owned(),
            account: account.clone(),
            group: None,
            what,
            because: without_addresses(&text).into_owned(),
            facts,
            answer: DONE.to_owned(),
            due: None,
            delay: None,
        }
    }

    /// Returns the entry with the group that the action was about.
    pub fn in_group(self, group: &GroupId) -> Self {
        AuditEntry {
            group: Some(group.clone()),
            ..self
        }
    }

    /// Returns the entry with this answer of the door system. Removes e-mail addresses from it.
    pub fn answered(self, answer: &str) -> Self {
        AuditEntry {
            answer: without_addresses(answer).into_owned(),
            ..self
        }
    }
}

/// One record of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Position in the chain, counted from one.
    pub seq: u64,
    /// When the record was written.
    pub at: Timestamp,
    /// Site.
    pub site: SiteId,
    /// Id of the person.
    pub person: PersonId,
    /// The entry.
    #[serde(flatten)]
    pub action: AuditEntry,
    /// Hash of the record before this one. Empty for the first record.
    pub previous: String,
    /// Hex SHA-256 over this record as JSON with an empty `hash`; see [`Record::digest`].
    pub hash: String,
}

/// The keys of a record in the order in which they are hashed. `facts`, `due` and `delay` may be
/// absent.
pub const KEYS: [&str; 15] = [
    "seq", "at", "site", "person", "doors", "account", "group", "what", "because", "facts",
    "answer", "due", "delay", "previous", "hash",
];

/// The end of the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Position of the last record. 0 if there is none.
    pub seq: u64,
    /// Hash of the last record.
    pub hash: String,
}

impl FromStr for Head {
    type Err = Error;

    /// Reads `SEQ:HASH`, as a person noted it.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong =
            || Error::invalid("write a record that you noted as SEQ:HASH, such as 12:9f86d0…");
        let (seq, hash) = text.trim().split_once(':').ok_or_else(wrong)?;
        let hash = hash.trim().to_ascii_lowercase();
        let plain = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let seq = seq
            .trim()
            .parse()
            .ok()
            .filter(|seq| *seq > 0 && plain)
            .ok_or_else(wrong)?;
        Ok(Head { seq, hash })
    }
}

impl Head {
    /// Returns the next record, and the head after it.
    pub fn record(
        &self,
        site: &SiteId,
        person: &PersonId,
        at: Timestamp,
        action: AuditEntry,
    ) -> (Record, Head) {
        let mut record = Record {
            seq: self.seq + 1,
            at,
            site: site.to_owned(),
            person: person.to_owned(),
            action,
            previous: self.hash.clone(),
            hash: String::new(),
        };
        record.hash = record.digest();
        let head = Head {
            seq: record.seq,
            hash: record.hash.clone(),
        };
        (record, head)
    }
}

impl Record {
    /// Returns the hash that this record should have: SHA-256 over its JSON without spaces, in
    /// UTF-8 with only the required escapes, its keys in the order of [`KEYS`], absent keys left
    /// out, and `hash` an empty text. docs/audit.md has the same rule in twenty lines of another
    /// language.
    pub fn digest(&self) -> String {
        let bare = Record {
            hash: String::new(),
            ..self.clone()
        };
        hex::encode(Sha256::digest(
            serde_json::to_vec(&bare).unwrap_or_default(),
        ))
    }
}
