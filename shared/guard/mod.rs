//! The guard: what would take access from many at once, and that nobody vouched for, waits for a human.
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

use crate::doors::{AccountId, GroupId};
use crate::fact::FactId;
use crate::ledger::dues::Subject;

pub mod credibility;
pub mod former;
pub mod judge;

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
pub enum Doubt {
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
}

impl Doubt {
    /// Where.
    pub fn doors(&self) -> &str {
        match self {
            Doubt::Leaves { doors, .. } | Doubt::Made { doors, .. } => doors,
        }
    }

    /// The group that is left.
    pub fn group(&self) -> Option<&GroupId> {
        match self {
            Doubt::Leaves { group, .. } => Some(group),
            Doubt::Made { .. } => None,
        }
    }
}

/// A doubt, and who must be settled if it is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What would be done.
    pub doubt: Doubt,
    /// For whom.
    pub who: Subject,
    /// It was never ours.
    #[serde(default)]
    pub foreign: bool,
    /// Known from a list that is believed only because it was repeated: held however few there are.
    #[serde(default)]
    pub doubted: bool,
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
}

impl Hold {
    /// How it reads in a report; `group` says what a group is called.
    pub fn told(&self, group: impl Fn(&str, &GroupId) -> String) -> String {
        let Hold { checksum, scope, revokes, accounts, reason, .. } = self;
        let place = match scope {
            Scope::Group(doors, id) => format!("{doors}: {}", group(doors, id)),
            Scope::Site | Scope::Doors(_) => scope.to_string(),
        };
        let what = match (revokes, accounts) {
            (_, 0) => format!("{revokes} revokes"),
            (0, _) => format!("{accounts} new accounts"),
            _ => format!("{revokes} revokes and {accounts} new accounts"),
        };
        format!("{place}: {what} are held ({reason}): look at `doorstep approve`, then `doorstep approve {checksum}`")
    }
}

/// The checksum of a set of changes.
pub fn checksum(site: &str, doubts: &[&Doubt]) -> String {
    let mut sorted = doubts.to_vec();
    sorted.sort();
    sorted.dedup();
    let text = serde_json::to_vec(&(site, sorted)).unwrap_or_default();
    hex::encode(Sha256::digest(text)).chars().take(16).collect()
}

/// Inferred revokes that the guard let pass lately, by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Who left which group, and when that was released.
    #[serde(with = "pairs")]
    pub left: BTreeMap<Doubt, Timestamp>,
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

    use super::Doubt;

    pub fn serialize<S: Serializer>(left: &BTreeMap<Doubt, Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        left.iter().collect::<Vec<_>>().serialize(to)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<BTreeMap<Doubt, Timestamp>, D::Error> {
        Vec::<(Doubt, Timestamp)>::deserialize(from).map(|pairs| pairs.into_iter().collect())
    }
}
