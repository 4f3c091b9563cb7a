//! The guard: unconfirmed changes that would take access from many people at once wait for a human.
//! Every change that takes something away passes through [`removal`].
//!
//! A revoke is *planned* in three cases: a window's recorded end passed; a signed delivery
//! announced the change of the thing itself; or the platform, asked for the thing by its id, says
//! that it is over. Every other revoke is *inferred*: it follows from an unconfirmed change, or
//! from a new site file. [`baseline`] tells the two apart. [`judge`] decides about inferred revokes
//! as a set, before any of them is applied. Pure: reconcile collects the changes and stores the
//! decision; settle applies only what was released.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::account::{AccountId, GroupId};
use crate::model::fact::FactId;
use crate::model::ids::{Checksum, DoorsName, SiteId};
use crate::model::subject::Subject;

pub mod baseline;
pub mod judge;
pub mod removal;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod hold_tests;
#[cfg(test)]
mod tests;

/// How long inferred revokes count together.
pub const TOGETHER: SignedDuration = SignedDuration::from_hours(24);
/// How long a release stays valid.
pub const RELEASED_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How long after a hold was published it is published again.
pub const REPORTED_EVERY: SignedDuration = SignedDuration::from_hours(24);
/// The most new accounts at one door system within [`TOGETHER`] that are created without an
/// approval.
pub const MOST_NEW: usize = 100;

/// One change that is not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnconfirmedChange {
    /// An account leaves a group.
    Leaves {
        /// Door system.
        doors: DoorsName,
        /// Group.
        group: GroupId,
        /// Account.
        account: AccountId,
    },
    /// An account is created.
    Made {
        /// Door system.
        doors: DoorsName,
        /// The first profile of the person.
        profile: FactId,
    },
    /// A card that Doorstep assigned is taken from an account.
    Card {
        /// Door system.
        doors: DoorsName,
        /// Account.
        account: AccountId,
        /// The door system's own id of the card.
        card: String,
    },
    /// An account is suspended or deleted.
    Rests {
        /// Door system.
        doors: DoorsName,
        /// Account.
        account: AccountId,
    },
    /// A profile joins another person, by an address that is not confirmed.
    Moves {
        /// The profile.
        profile: FactId,
        /// SHA-256 of the address.
        to: String,
    },
}

impl UnconfirmedChange {
    /// Returns the door system, if the change is at one.
    pub fn doors(&self) -> Option<&DoorsName> {
        match self {
            UnconfirmedChange::Leaves { doors, .. } | UnconfirmedChange::Made { doors, .. } => {
                Some(doors)
            }
            UnconfirmedChange::Card { doors, .. } | UnconfirmedChange::Rests { doors, .. } => {
                Some(doors)
            }
            UnconfirmedChange::Moves { .. } => None,
        }
    }

    /// Returns the door system and the account from which something is taken.
    pub fn place(&self) -> Option<(&DoorsName, &AccountId)> {
        match self {
            UnconfirmedChange::Leaves { doors, account, .. }
            | UnconfirmedChange::Card { doors, account, .. }
            | UnconfirmedChange::Rests { doors, account } => Some((doors, account)),
            UnconfirmedChange::Made { .. } | UnconfirmedChange::Moves { .. } => None,
        }
    }

    /// Returns the group that the account leaves.
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

/// An unconfirmed change, and the subject to evaluate if the change is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingChange {
    /// The change.
    pub change: UnconfirmedChange,
    /// The subject to evaluate.
    pub who: Subject,
    /// Whether the membership never belonged to Doorstep.
    #[serde(default)]
    pub foreign: bool,
    /// Whether the change follows from a list that is accepted only because it was repeated. Such a
    /// change is held, however few there are.
    #[serde(default)]
    pub unconfirmed: bool,
    /// Whether the change follows from joining or parting people. All such changes are one set.
    #[serde(default)]
    pub joined: bool,
    /// The digits of the card's number that the operator may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl WaitingChange {
    /// Creates a change of one subject, from reads that are accepted.
    pub fn new(change: UnconfirmedChange, who: Subject) -> Self {
        WaitingChange {
            change,
            who,
            foreign: false,
            unconfirmed: false,
            joined: false,
            tag: None,
        }
    }
}

/// The scope of a hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Everything of the site.
    Site,
    /// One door system.
    Doors(DoorsName),
    /// One group of one door system.
    Group(DoorsName, GroupId),
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
    /// The checksum that names exactly this set: the first 16 hex digits of the SHA-256 over site
    /// and changes.
    pub checksum: Checksum,
    /// Site.
    pub site: SiteId,
    /// The scope of the hold.
    pub scope: Scope,
    /// How many group memberships would be revoked.
    pub revokes: usize,
    /// How many accounts would be created.
    pub accounts: usize,
    /// How many cards would be taken back.
    #[serde(default)]
    pub cards: usize,
    /// How many accounts would be suspended or deleted.
    #[serde(default)]
    pub rests: usize,
    /// How many profiles would join another person.
    #[serde(default)]
    pub moves: usize,
    /// The reason for the hold.
    pub reason: String,
    /// When the hold began.
    pub since: Timestamp,
    /// When the hold was last published.
    pub reported: Timestamp,
    /// When the hold was approved. `None`: it was not.
    #[serde(default)]
    pub approved: Option<Timestamp>,
    /// Number of pieces in which the changes are stored.
    #[serde(default)]
    pub pieces: usize,
    /// Version of the item. It is not part of the content.
    #[serde(skip)]
    pub version: u64,
}

impl Hold {
    /// Returns the sentence for a report. `group` returns the name of a group.
    pub fn describe(&self, group: impl Fn(&DoorsName, &GroupId) -> String) -> String {
        let Hold {
            checksum,
            scope,
            reason,
            ..
        } = self;
        let place = match scope {
            Scope::Group(doors, id) => format!("{doors}: {}", group(doors, id)),
            Scope::Site | Scope::Doors(_) => scope.to_string(),
        };
        let what = self.what();
        format!(
            "{place}: {what} are held ({reason}): look at `doorstep approve`, then `doorstep approve {checksum}`"
        )
    }

    /// Returns the number of held changes of each kind, as text.
    pub fn what(&self) -> String {
        let kinds = [
            (self.revokes, "revoke", "revokes"),
            (self.cards, "card removal", "card removals"),
            (
                self.rests,
                "suspended or deleted account",
                "suspended or deleted accounts",
            ),
            (
                self.moves,
                "profile that joins another person",
                "profiles that join another person",
            ),
            (self.accounts, "new account", "new accounts"),
        ];
        let said: Vec<String> = kinds
            .iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, several)| {
                format!("{count} {}", if *count == 1 { one } else { several })
            })
            .collect();
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

/// Returns the checksum of a set of changes `of` a site, or of an order about a site. The order of
/// the changes does not matter.
pub fn checksum(of: &str, changes: &[&UnconfirmedChange]) -> Checksum {
    let mut sorted = changes.to_vec();
    sorted.sort();
    sorted.dedup();
    let text = serde_json::to_vec(&(of, sorted)).unwrap_or_default();
    hex::encode(Sha256::digest(text))
        .chars()
        .take(16)
        .collect::<String>()
        .into()
}

/// The changes that the guard lately released by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Each removal, and when it was released.
    #[serde(with = "pairs")]
    pub left: BTreeMap<UnconfirmedChange, Timestamp>,
    /// New accounts that no human approved, by door system. They are stored as items of their own,
    /// because settle creates the accounts.
    #[serde(skip)]
    pub made: BTreeMap<DoorsName, usize>,
}

impl Tally {
    /// Returns the tally without the removals that no longer count at `now`.
    pub fn lately(mut self, now: Timestamp) -> Self {
        self.left.retain(|_, at| now.duration_since(*at) < TOGETHER);
        self
    }
}

/// Stores the map as a list of pairs. JSON allows only texts as keys.
mod pairs {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::UnconfirmedChange;

    pub fn serialize<S: Serializer>(
        left: &BTreeMap<UnconfirmedChange, Timestamp>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        left.iter().collect::<Vec<_>>().serialize(to)
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(
        from: D,
    ) -> Result<BTreeMap<UnconfirmedChange, Timestamp>, D::Error> {
        Vec::<(UnconfirmedChange, Timestamp)>::deserialize(from)
            .map(|pairs| pairs.into_iter().collect())
    }
}
