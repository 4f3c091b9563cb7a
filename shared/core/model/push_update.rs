//! What platforms without a read API tell, and what a webhook is about.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::decide::guard::credibility::BELIEVED_AFTER;
use crate::model::fact::FactId;

/// What a platform that cannot be asked says of something.
#[derive(Debug, Clone, PartialEq)]
pub struct PushUpdate {
    /// Which of two tellings counts.
    pub rank: UpdateVersion,
    /// What it says.
    pub news: UpdateBody,
    /// The things that it is about; none for a roster, which is about all of them.
    pub mentions: Vec<ChangeHint>,
}

/// What is told.
#[derive(Debug, Clone, PartialEq)]
pub enum UpdateBody {
    /// One thing as it is.
    Thing {
        /// What kind of thing, in the platform's word.
        entity: &'static str,
        /// The platform's id of it.
        id: String,
        /// Its content as JSON; `None`: it was removed.
        data: Option<String>,
    },
    /// Everything there is, or a part of it.
    Roster {
        /// What tells this roster from others.
        roster: String,
        /// Which part this is, from one.
        part: u32,
        /// How many parts there are.
        parts: u32,
        /// Its lists as JSON.
        data: String,
    },
}

/// Which of two tellings of one thing counts: the later one, and of one instant that with the greater hash of its body.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UpdateVersion {
    /// When the platform says that it was so.
    pub at: Timestamp,
    /// Hex SHA-256 of the body that said it.
    pub hash: String,
}

impl UpdateVersion {
    /// As a text that sorts as ranks do.
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

/// Record that a letter came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When, by our clock.
    pub at: Timestamp,
    /// SHA-256 of the sender's id of the delivery.
    pub delivery: String,
}

/// One thing that a letter is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeHint {
    /// The thing.
    pub about: FactId,
    /// A re-read must show a state at least as new as this.
    pub reaches: Option<Timestamp>,
    /// The platform says that it is gone.
    pub removed: bool,
}

/// The latest letter about one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThingUpdate {
    /// What kind of thing, in the platform's word.
    pub entity: String,
    /// The platform's id of it; empty where it was about a person who is forgotten: then only the rank is kept, so that no
    /// older letter is taken again.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Which of two letters counts.
    pub rank: UpdateVersion,
    /// The thing, as JSON; `None`: it was removed.
    pub data: Option<String>,
}

impl ThingUpdate {
    /// Returns whether only the rank is left of it.
    pub fn is_forgotten(&self) -> bool {
        self.id.is_empty()
    }
}

/// The latest letters about all things.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mailbox {
    /// Those that can be read.
    pub letters: Vec<ThingUpdate>,
    /// Hashes of the things whose letters cannot be read; see [`thing_hash`].
    pub unreadable: BTreeSet<String>,
}

/// One part of a roster, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// What tells this roster from others.
    pub roster: String,
    /// Which part, from one.
    pub part: u32,
    /// How many parts there are, as this one says.
    pub parts: u32,
    /// Which of two tellings of this part counts. Its hash also names the text.
    pub rank: UpdateVersion,
    /// In how many pieces the text is kept.
    pub pieces: usize,
    /// When and with which delivery it came.
    pub receipt: Receipt,
}

/// The roster that was last believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Believed {
    /// What tells it from others.
    pub roster: String,
    /// Which of two rosters counts.
    pub rank: UpdateVersion,
    /// How many of each kind of thing it listed.
    pub counts: BTreeMap<String, usize>,
}

/// Content of a snapshot that is not believed, and the letters that reported it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoubtedSnapshot {
    /// SHA-256 of what it lists.
    pub content: String,
    /// The newest letter with this content.
    pub latest: Believed,
    /// The letters that count as reports of it, oldest first.
    pub reports: Vec<SnapshotReport>,
}

/// One letter that reported a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotReport {
    /// Which of two letters counts.
    pub rank: UpdateVersion,
    /// When and with which delivery it came.
    pub receipt: Receipt,
}

/// Mark that a person was taken out of what was told of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgottenThing {
    /// What kind of thing, in the platform's word.
    pub entity: String,
    /// Hash of its id; see [`thing_hash`].
    pub hash: String,
    /// What was told up to this rank may not be kept again.
    pub until: UpdateVersion,
}

/// Every roster that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rosters {
    /// Which of them was last believed.
    pub believed: Option<Believed>,
    /// The last content that was not believed.
    pub doubted: Option<DoubtedSnapshot>,
    /// All parts of all of them.
    pub heads: Vec<Head>,
}

impl DoubtedSnapshot {
    /// Whether as many letters reported it as it takes to put it before a human.
    pub fn is_for_a_human(&self) -> bool {
        self.reports.len() >= BELIEVED_AFTER as usize
    }
}

/// Stands for a thing in the key of its letter. What stays of the letter once a person was taken out of it holds no id, for
/// an id may be an address.
pub fn thing_hash(site: &str, entity: &str, id: &str) -> String {
    hex::encode(Sha256::digest(format!("{site}\0{entity}\0{id}")))
}

/// Which of two rosters of such parts counts: it was so when the earliest of them was. One in a single part has that
/// part's hash, and any other the hash of all of them, so that none is taken for another that has a part of it.
pub fn rank_of(heads: &[&Head]) -> UpdateVersion {
    let at = heads.iter().map(|head| head.rank.at).min().unwrap_or(Timestamp::MIN);
    let hash = match heads {
        [whole] => whole.rank.hash.clone(),
        parts => {
            let all = parts.iter().fold(Sha256::new(), |all, part| all.chain_update(&part.rank.hash));
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
        let rank = |at: &str, hash: &str| UpdateVersion { at: at.parse().expect("an instant"), hash: hash.to_owned() };
        let ascending = [
            UpdateVersion { at: Timestamp::MIN, hash: "ff".into() },
            rank("1900-01-01T00:00:00Z", "0"),
            rank("1969-12-31T23:59:58.999999999Z", "0"),
            rank("1969-12-31T23:59:59Z", "0"),
            rank("1969-12-31T23:59:59.5Z", "0"),
            rank("1969-12-31T23:59:59.75Z", "0"),
            rank("1970-01-01T00:00:00Z", "0a"),
            rank("1970-01-01T01:00:00+01:00", "0b"),
            rank("1970-01-01T00:00:00.000000001Z", "00"),
            rank("2026-03-02T08:00:00Z", "a"),
            UpdateVersion { at: Timestamp::MAX, hash: String::new() },
        ];
        for pair in ascending.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].text() < pair[1].text(), "{pair:?}");
            assert_eq!(pair[0].text().split('#').next().map(str::len), Some(22), "{pair:?}");
        }
    }
}
