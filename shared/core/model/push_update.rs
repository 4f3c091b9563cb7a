//! Updates that platforms without a read API push, and the hints that a webhook gives.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::decide::credibility::agree;
use crate::model::fact::FactId;
use crate::model::ids::SiteId;

/// An update from a platform that has no read API.
#[derive(Debug, Clone, PartialEq)]
pub struct PushUpdate {
    /// Version of the update. The greater of two counts.
    pub version: UpdateVersion,
    /// Content of the update.
    pub body: UpdateBody,
    /// The things that the update is about. Empty for a snapshot, which is about all of them.
    pub hints: Vec<ChangeHint>,
}

/// The content of an update.
#[derive(Debug, Clone, PartialEq)]
pub enum UpdateBody {
    /// One thing as it is now.
    Thing {
        /// The kind of thing, in the platform's word.
        entity: &'static str,
        /// The platform's id of it.
        id: String,
        /// Its content as JSON. `None`: it was removed.
        data: Option<String>,
    },
    /// A snapshot: everything that the platform has, or one part of it.
    Snapshot {
        /// The id of the snapshot.
        snapshot: String,
        /// Number of this part, counted from one.
        part: u32,
        /// How many parts there are.
        parts: u32,
        /// Its lists as JSON.
        data: String,
    },
}

/// Version of an update. Of two updates about one thing, the later one counts; of two at the same
/// instant, the one with the greater hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UpdateVersion {
    /// When the content was current, according to the platform.
    pub at: Timestamp,
    /// Hex SHA-256 of the body.
    pub hash: String,
}

impl UpdateVersion {
    /// Returns a text that sorts in the same order as the versions.
    pub fn text(&self) -> String {
        let seconds = self.at.as_second() - Timestamp::MIN.as_second();
        // Before 1970 the fraction counts backwards from the second above.
        let (seconds, nanos) = match self.at.subsec_nanosecond() {
            below @ ..0 => (seconds - 1, 1_000_000_000 + below),
            above => (seconds, above),
        };
        format!("{:012}.{nanos:09}#{}", seconds + 1, self.hash)
    }
}

/// Record that an update arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When it arrived, by Doorstep's clock.
    pub at: Timestamp,
    /// SHA-256 of the sender's delivery id.
    pub delivery: String,
}

/// A hint that one thing changed, from a webhook or an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeHint {
    /// The thing.
    pub about: FactId,
    /// A refetch must return a state at least as new as this.
    pub reaches: Option<Timestamp>,
    /// The platform says that the thing was removed.
    pub removed: bool,
}

/// The latest update about one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThingUpdate {
    /// The kind of thing, in the platform's word.
    pub entity: String,
    /// The platform's id of the thing. Empty if the thing was about a person who is forgotten. Then
    /// only the version is kept, so that no older update is accepted again.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Version of the update. The greater of two counts.
    pub version: UpdateVersion,
    /// The thing as JSON. `None`: it was removed.
    pub data: Option<String>,
}

impl ThingUpdate {
    /// Returns whether only the version of the thing is kept.
    pub fn is_forgotten(&self) -> bool {
        self.id.is_empty()
    }
}

/// The latest updates about all things.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LatestUpdates {
    /// Updates that can be read.
    pub updates: Vec<ThingUpdate>,
    /// Hashes of the things whose updates cannot be read. See [`thing_hash`].
    pub unreadable: BTreeSet<String>,
}

/// One part of a snapshot, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartHead {
    /// The id of the snapshot.
    pub snapshot: String,
    /// Number of this part, counted from one.
    pub part: u32,
    /// How many parts the snapshot has, according to this part.
    pub parts: u32,
    /// Version of this part. The greater of two counts. Its hash also names the stored text.
    pub version: UpdateVersion,
    /// Number of pieces in which the text is stored.
    pub pieces: usize,
    /// When the part arrived, and with which delivery.
    pub receipt: Receipt,
}

/// The snapshot that was last accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedSnapshot {
    /// The id of the snapshot.
    pub snapshot: String,
    /// Version of the snapshot. The greater of two counts.
    pub version: UpdateVersion,
    /// How many things of each kind it listed.
    pub counts: BTreeMap<String, usize>,
}

/// Content of a snapshot that is rejected, and the updates that reported it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnconfirmedSnapshot {
    /// SHA-256 of the list.
    pub content: String,
    /// The newest snapshot with this content.
    pub latest: AcceptedSnapshot,
    /// The updates that count as reports of it, oldest first.
    pub reports: Vec<SnapshotReport>,
}

/// One update that reported a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotReport {
    /// Version of the update. The greater of two counts.
    pub version: UpdateVersion,
    /// When the update arrived, and with which delivery.
    pub receipt: Receipt,
}

/// Mark that a person was removed from the updates about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgottenThing {
    /// The kind of thing, in the platform's word.
    pub entity: String,
    /// Hash of its id. See [`thing_hash`].
    pub hash: String,
    /// Updates up to this version may not be stored again.
    pub until: UpdateVersion,
}

/// All stored snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshots {
    /// The snapshot that was last accepted.
    pub accepted: Option<AcceptedSnapshot>,
    /// The last content that was rejected.
    pub unconfirmed: Option<UnconfirmedSnapshot>,
    /// All parts of all snapshots.
    pub heads: Vec<PartHead>,
}

impl UnconfirmedSnapshot {
    /// Returns whether enough updates reported the content to ask the operator for a decision.
    pub fn is_for_a_human(&self) -> bool {
        agree(self.reports.len())
    }
}

/// Returns the hash that names a thing in the key of its stored update. Once a person is removed
/// from an update, the stored rest has no id, because an id may be an address.
pub fn thing_hash(site: &SiteId, entity: &str, id: &str) -> String {
    hex::encode(Sha256::digest(format!("{site}\0{entity}\0{id}")))
}

/// Returns the version of a snapshot that has these parts. Its instant is that of the earliest
/// part. A snapshot in one part has the hash of that part; any other has a hash over all parts. A
/// snapshot therefore never has the version of another one with which it shares a part.
pub fn version_of(heads: &[&PartHead]) -> UpdateVersion {
    let at = heads
        .iter()
        .map(|head| head.version.at)
        .min()
        .unwrap_or(Timestamp::MIN);
    let hash = match heads {
        [whole] => whole.version.hash.clone(),
        parts => {
            let all = parts.iter().fold(Sha256::new(), |all, part| {
                all.chain_update(&part.version.hash)
            });
            hex::encode(all.finalize())
        }
    };
    UpdateVersion { at, hash }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_sort_as_their_texts_do() {
        let version = |at: &str, hash: &str| UpdateVersion {
            at: at.parse().expect("an instant"),
            hash: hash.to_owned(),
        };
        let ascending = [
            UpdateVersion {
                at: Timestamp::MIN,
                hash: "ff".into(),
            },
            version("1900-01-01T00:00:00Z", "0"),
            version("1969-12-31T23:59:58.999999999Z", "0"),
            version("1969-12-31T23:59:59Z", "0"),
            version("1969-12-31T23:59:59.5Z", "0"),
            version("1969-12-31T23:59:59.75Z", "0"),
            version("1970-01-01T00:00:00Z", "0a"),
            version("1970-01-01T01:00:00+01:00", "0b"),
            version("1970-01-01T00:00:00.000000001Z", "00"),
            version("2026-03-02T08:00:00Z", "a"),
            UpdateVersion {
                at: Timestamp::MAX,
                hash: String::new(),
            },
        ];
        for pair in ascending.windows(2) {
            assert!(
                pair[0] < pair[1] && pair[0].text() < pair[1].text(),
                "{pair:?}"
            );
            assert_eq!(
                pair[0].text().split('#').next().map(str::len),
                Some(22),
                "{pair:?}"
            );
        }
    }
}
