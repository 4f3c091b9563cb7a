//! The guard: what would take access from many at once, and that nobody vouched for, waits for a human. [`removal`] is
//! the one place through which everything passes that takes something away.
//!
//! A revoke is *planned* when a window's recorded end passed, when a signed delivery announced the change of that very
//! thing, or when the platform, asked for it by its id, says that it is over. Everything else is *inferred*: found by a
//! full read alone, or caused by a new site file. [`former`] tells the two apart, [`judge`] decides about inferred ones
//! as a set, before any of it is done. Pure; reconcile asks and remembers, settle does only what was released.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::account::{AccountId, GroupId};
use crate::model::fact::FactId;
use crate::model::subject::Subject;

pub mod credibility;
pub mod former;
pub mod judge;
pub mod removal;

#[cfg(test)]
mod tests;

/// Inferred revokes count together for so long.
pub const TOGETHER: SignedDuration = SignedDuration::from_hours(24);
/// What was released may be done for so long.
pub const RELEASED_FOR: SignedDuration = SignedDuration::from_hours(1);
/// A hold is published again after so long.
pub const TOLD_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// More new accounts than this at one door system at once wait for a human.
pub const MOST_NEW: usize = 100;

/// One change that nobody vouched for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnconfirmedChange {
    /// An account leaves a group.
    Leaves {
        /// Door system.
        doors: String,
        /// Group.
        group: GroupId,
        /// Account.
        account: AccountId,
    },
    /// An account is made.
    Made {
        /// Door system.
        doors: String,
        /// The first of their profiles.
        profile: FactId,
    },
    /// A card of ours is taken from an account.
    Card {
        /// Door system.
        doors: String,
        /// Account.
        account: AccountId,
        /// The door system's own id of the card.
        card: String,
    },
    /// An account is suspended or deleted.
    Rests {
        /// Door system.
        doors: String,
        /// Account.
        account: AccountId,
    },
    /// A profile becomes another person's, by an address that is not confirmed.
    Moves {
        /// Profile.
        profile: FactId,
        /// SHA-256 of the address.
        to: String,
    },
}

impl UnconfirmedChange {
    /// Where.
    pub fn doors(&self) -> Option<&str> {
        match self {
            UnconfirmedChange::Leaves { doors, .. } | UnconfirmedChange::Made { doors, .. } => Some(doors),
            UnconfirmedChange::Card { doors, .. } | UnconfirmedChange::Rests { doors, .. } => Some(doors),
            UnconfirmedChange::Moves { .. } => None,
        }
    }

    /// The account from which something is taken.
    pub fn place(&self) -> Option<(&str, &AccountId)> {
        match self {
            UnconfirmedChange::Leaves { doors, account, .. }
            | UnconfirmedChange::Card { doors, account, .. }
            | UnconfirmedChange::Rests { doors, account } => Some((doors, account)),
            UnconfirmedChange::Made { .. } | UnconfirmedChange::Moves { .. } => None,
        }
    }

    /// The group that is left.
    pub fn group(&self) -> Option<&GroupId> {
        match self {
            UnconfirmedChange::Leaves { group, .. } => Some(group),
            UnconfirmedChange::Made { .. }
            | UnconfirmedChange::Card { .. }
            | UnconfirmedChange::Rests { .. }
            | UnconfirmedChange::Moves { .. } => None,
        }
    }
}

/// A doubt, and who must be settled if it is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What would be done.
    pub doubt: UnconfirmedChange,
    /// For whom.
    pub who: Subject,
    /// It was never ours.
    #[serde(default)]
    pub foreign: bool,
    /// Known from a list that is believed only because it was repeated: held however few there are.
    #[serde(default)]
    pub doubted: bool,
    /// It follows from joining or parting people: judged with them as one set.
    #[serde(default)]
    pub joined: bool,
    /// How the number of a card reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl Waiting {
    /// What waits of a person, known from reads that nobody doubts.
    pub fn new(doubt: UnconfirmedChange, who: Subject) -> Self {
        Waiting { doubt, who, foreign: false, doubted: false, joined: false, tag: None }
    }
}

/// How far a hold reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Everything of the site.
    Site,
    /// One door system.
    Doors(String),
    /// One group of one door system.
    Group(String, GroupId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Site => f.write_str("the site"),
            Scope::Doors(doors) => f.write_str(doors),
            Scope::Group(doors, group) => write!(f, "{doors}: group {group}"),
        }
    }
}

/// A set of changes that a human must approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Names exactly this set: the first 16 hex digits of the SHA-256 over site and changes.
    pub checksum: String,
    /// Site.
    pub site: String,
    /// How far it reaches.
    pub scope: Scope,
    /// How many would leave a group.
    pub revokes: usize,
    /// How many accounts would be made.
    pub accounts: usize,
    /// How many cards would be taken back.
    #[serde(default)]
    pub cards: usize,
    /// How many accounts would be suspended or deleted.
    #[serde(default)]
    pub rests: usize,
    /// How many profiles would become another person's.
    #[serde(default)]
    pub moves: usize,
    /// Why it is held.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When it was last published.
    pub told: Timestamp,
    /// When it was approved, if it was.
    #[serde(default)]
    pub approved: Option<Timestamp>,
    /// In how many pieces its changes are kept.
    #[serde(default)]
    pub pieces: usize,
    /// Version of the item; not part of its content.
    #[serde(skip)]
    pub version: u64,
}

impl Hold {
    /// How it reads in a report; `group` says what a group is called.
    pub fn told(&self, group: impl Fn(&str, &GroupId) -> String) -> String {
        let Hold { checksum, scope, reason, .. } = self;
        let place = match scope {
            Scope::Group(doors, id) => format!("{doors}: {}", group(doors, id)),
            Scope::Site | Scope::Doors(_) => scope.to_string(),
        };
        let what = self.what();
        format!("{place}: {what} are held ({reason}): look at `doorstep approve`, then `doorstep approve {checksum}`")
    }

    /// Says what is held, for people.
    pub fn what(&self) -> String {
        let kinds = [
            (self.revokes, "revokes"),
            (self.cards, "card removals"),
            (self.rests, "suspended or deleted accounts"),
            (self.moves, "profiles that join another person"),
            (self.accounts, "new accounts"),
        ];
        let said: Vec<String> =
            kinds.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        match said.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, first)) => format!("{} and {last}", first.join(", ")),
            None => "nothing".to_owned(),
        }
    }

    /// Returns how many changes are held.
    pub fn count(&self) -> usize {
        self.revokes + self.cards + self.rests + self.moves + self.accounts
    }
}

/// The checksum of a set of changes.
pub fn checksum(site: &str, doubts: &[&UnconfirmedChange]) -> String {
    let mut sorted = doubts.to_vec();
    sorted.sort();
    sorted.dedup();
    let text = serde_json::to_vec(&(site, sorted)).unwrap_or_default();
    hex::encode(Sha256::digest(text)).chars().take(16).collect()
}

/// What the guard let pass lately, by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// What was taken away, and when that was released.
    #[serde(with = "pairs")]
    pub left: BTreeMap<UnconfirmedChange, Timestamp>,
    /// New accounts that no human approved, by door system. Each has an item of its own: settle makes them.
    #[serde(skip)]
    pub made: BTreeMap<String, usize>,
}

impl Tally {
    /// What still counts at `now`.
    pub fn lately(mut self, now: Timestamp) -> Self {
        self.left.retain(|_, at| now.duration_since(*at) < TOGETHER);
        self
    }
}

/// JSON has no keys but texts.
mod pairs {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::UnconfirmedChange;

    pub fn serialize<S: Serializer>(left: &BTreeMap<UnconfirmedChange, Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        left.iter().collect::<Vec<_>>().serialize(to)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<BTreeMap<UnconfirmedChange, Timestamp>, D::Error> {
        Vec::<(UnconfirmedChange, Timestamp)>::deserialize(from).map(|pairs| pairs.into_iter().collect())
    }
}
