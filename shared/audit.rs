//! What was done at the doors, and why: one record each, chained by hash. Pure; the table is the ledger's business.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::doors::{AccountId, GroupId};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Happened {
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
}

/// Something that happened, before it has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// Door system.
    pub doors: String,
    /// Whose account.
    pub account: AccountId,
    /// Which group; none for a change of the account itself.
    pub group: Option<GroupId>,
    /// What.
    pub what: Happened,
    /// Why.
    pub because: String,
    /// What the door system said.
    pub answer: String,
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
    pub deed: Deed,
    /// Hash of the record before; empty for the first.
    pub previous: String,
    /// SHA-256 over this record without its hash, as JSON.
    pub hash: String,
}

/// The end of the chain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Place of the last record; 0 where there is none.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

impl Head {
    /// The next record, and the head behind it.
    pub fn record(&self, site: &str, person: &str, at: Timestamp, deed: Deed) -> (Record, Head) {
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
    /// The hash that this record should have.
    pub fn digest(&self) -> String {
        let bare = Record { hash: String::new(), ..self.clone() };
        hex::encode(Sha256::digest(serde_json::to_vec(&bare).unwrap_or_default()))
    }
}
