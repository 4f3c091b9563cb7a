//! What was done at the doors, and why: one record each, chained by hash. Pure; the table is the ledger's business.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::account::{AccountId, GroupId};
use crate::model::error::Error;

mod redact;
mod verify;

pub use redact::without_addresses;
pub use verify::{Broken, Verdict, Verifier, verify};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditAction {
    /// An account came into a group, or its time there was changed.
    Granted,
    /// An account was taken out of a group.
    Revoked,
    /// A change that the door system did not let us make.
    Refused,
    /// An account was made.
    Invited,
    /// An account got another name.
    Renamed,
    /// An account was suspended, and its seat is free.
    Suspended,
    /// An account was woken.
    Resumed,
    /// An account was deleted.
    Deleted,
    /// A card became an account's.
    Tagged,
    /// A card that was an account's is nobody's.
    Untagged,
    /// Nothing at a door: whatever was known of this person was erased.
    Forgotten,
}

/// Something that happened, before it has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Door system.
    pub doors: String,
    /// Whose account.
    pub account: AccountId,
    /// Which group; none for a change of the account itself.
    pub group: Option<GroupId>,
    /// What.
    pub what: AuditAction,
    /// Why.
    pub because: String,
    /// What the door system said.
    pub answer: String,
    /// When it should have happened: at the window's edge, or, where that was known or asked for only later, then. None
    /// where there is no such instant. Left out of the record then, so that older ones keep their hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// What stood in the way, where it happened later than it should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<String>,
}

impl AuditEntry {
    /// Something that has no instant at which it should have happened. Its texts hold no e-mail address; see
    /// [`without_addresses`].
    pub fn new(
        doors: &str,
        account: &AccountId,
        group: Option<&GroupId>,
        what: AuditAction,
        because: &str,
        answer: &str,
    ) -> Self {
        AuditEntry {
            doors: doors.to_owned(),
            account: account.clone(),
            group: group.cloned(),
            what,
            because: without_addresses(because).into_owned(),
            answer: without_addresses(answer).into_owned(),
            due: None,
            delay: None,
        }
    }
}

/// One record of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place, from one.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Site.
    pub site: String,
    /// Our person.
    pub person: String,
    /// What happened.
    #[serde(flatten)]
    pub deed: AuditEntry,
    /// Hash of the record before; empty for the first.
    pub previous: String,
    /// Hex SHA-256 over this record as JSON with an empty `hash`; see [`Record::digest`].
    pub hash: String,
}

/// The keys of a record in the order in which they are hashed. `due` and `delay` may be absent.
pub const KEYS: [&str; 14] = [
    "seq", "at", "site", "person", "doors", "account", "group", "what", "because", "answer", "due", "delay",
    "previous", "hash",
];

/// The end of the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Place of the last record; 0 where there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

impl FromStr for Head {
    type Err = Error;

    /// Reads `SEQ:HASH`, as somebody noted it.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid("write a record that you noted as SEQ:HASH, such as 12:9f86d0…");
        let (seq, hash) = text.trim().split_once(':').ok_or_else(wrong)?;
        let hash = hash.trim().to_ascii_lowercase();
        let plain = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let seq = seq.trim().parse().ok().filter(|seq| *seq > 0 && plain).ok_or_else(wrong)?;
        Ok(Head { seq, hash })
    }
}

impl Head {
    /// The next record, and the head behind it.
    pub fn record(&self, site: &str, person: &str, at: Timestamp, deed: AuditEntry) -> (Record, Head) {
        let mut record = Record {
            seq: self.seq + 1,
            at,
            site: site.to_owned(),
            person: person.to_owned(),
            deed,
            previous: self.hash.clone(),
            hash: String::new(),
        };
        record.hash = record.digest();
        let head = Head { seq: record.seq, hash: record.hash.clone() };
        (record, head)
    }
}

impl Record {
    /// The hash that this record should have: over its JSON without spaces, in UTF-8 with nothing escaped that need not
    /// be, its keys in the order of [`KEYS`], absent ones left out, and `hash` an empty text. docs/audit.md has the same
    /// rule in twenty lines of another language.
    pub fn digest(&self) -> String {
        let bare = Record { hash: String::new(), ..self.clone() };
        hex::encode(Sha256::digest(serde_json::to_vec(&bare).unwrap_or_default()))
    }
}
