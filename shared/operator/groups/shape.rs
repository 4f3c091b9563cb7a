//! The shape of people × groups.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::preview::diff::ShownPerson;
use doorstep_core::model::account::GroupId;
use doorstep_core::model::ids::{Checksum, DoorsName, SiteId};
use doorstep_core::site::Mode;

/// Which people are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupsQuery {
    /// Only people with a group that is not as it should be.
    #[serde(default)]
    pub only_wrong: bool,
    /// The page, from 0.
    #[serde(default)]
    pub page: usize,
}

/// Everyone at a site with each group: who is in, who should be, and what differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Groups {
    /// The site.
    pub site: SiteId,
    /// The IANA name of the site's time zone.
    pub timezone: String,
    /// The instant of the answer.
    pub as_of: Timestamp,
    /// The mode in force.
    pub mode: Mode,
    /// What applies to everyone at the site.
    pub remarks: Vec<String>,
    /// The groups, by door system and name.
    pub groups: Vec<GroupColumn>,
    /// The people of this page, by name.
    pub people: Vec<GroupsRow>,
    /// The number of people on all pages.
    pub all_people: usize,
    /// The page, from 0.
    pub page: usize,
    /// The number of pages, at least 1.
    pub pages: usize,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupColumn {
    /// The door system.
    pub doors: DoorsName,
    /// The id of the group.
    pub group: GroupId,
    /// The name of the group, where it is known.
    pub name: Option<String>,
    /// As of when memberships made by hand are known; `None` where no reconcile read the doors yet.
    pub seen: Option<Timestamp>,
    /// How often each sign occurs, over all people. Signs that do not occur are left out.
    pub counts: Vec<SignCount>,
}

/// How often a sign occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignCount {
    /// The sign.
    pub sign: Sign,
    /// The number of people.
    pub people: usize,
}

/// One person, with the groups that concern the person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupsRow {
    /// The person. One whom a hand added, and whom the platform does not know, has an account only.
    #[serde(flatten)]
    pub who: ShownPerson,
    /// The groups of the person. Other groups are closed to the person, and should be.
    pub cells: Vec<GroupCell>,
}

/// One person at one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupCell {
    /// The place of the group in the list of groups.
    pub group: usize,
    /// The sign.
    pub sign: Sign,
    /// The end of the access, by facts and rules or else by the claim.
    pub until: Option<Timestamp>,
    /// What the sign is about.
    pub note: Option<CellNote>,
}

/// The signs of `diff`, for a present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// `!` The person should be in or out, and a problem prevents it.
    Problem,
    /// `*` The change waits for an approval.
    Held,
    /// `+` The person should be in, and is not yet.
    Missing,
    /// `-` The person is in, and should not be.
    Extra,
    /// `~` The person is in with another end than the right one.
    OtherEnd,
    /// `?` The person was added by hand. Doorstep does not manage the membership.
    ByHand,
    /// `=` The membership is Doorstep's, and as it should be.
    Right,
}

impl Sign {
    /// Every sign, from the one that needs a human most.
    pub const ALL: [Sign; 7] = [
        Sign::Problem,
        Sign::Held,
        Sign::Missing,
        Sign::Extra,
        Sign::OtherEnd,
        Sign::ByHand,
        Sign::Right,
    ];

    /// Returns the sign as it is written.
    pub fn mark(self) -> char {
        match self {
            Sign::Problem => '!',
            Sign::Held => '*',
            Sign::Missing => '+',
            Sign::Extra => '-',
            Sign::OtherEnd => '~',
            Sign::ByHand => '?',
            Sign::Right => '=',
        }
    }

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Sign::Problem => "problem",
            Sign::Held => "held",
            Sign::Missing => "not in",
            Sign::Extra => "still in",
            Sign::OtherEnd => "other end",
            Sign::ByHand => "by hand",
            Sign::Right => "in",
        }
    }

    /// Returns what it says of a person, in words.
    pub fn words(self) -> &'static str {
        match self {
            Sign::Problem => "has a problem",
            Sign::Held => "waits for an approval",
            Sign::Missing => "is not in yet",
            Sign::Extra => "is still in",
            Sign::OtherEnd => "is in with another end",
            Sign::ByHand => "was added by hand",
            Sign::Right => "is in, as it should be",
        }
    }

    /// Returns whether everything is as it should be.
    pub fn is_right(self) -> bool {
        self == Sign::Right
    }
}

/// What a sign is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum CellNote {
    /// The door system refused, or the person has a problem there.
    Problem {
        /// The problem.
        why: String,
    },
    /// The change waits for an approval.
    Held {
        /// The checksum to approve.
        checksum: Checksum,
        /// The reason for the hold.
        reason: String,
    },
    /// The platform could not be read for a day, so nothing new is opened.
    Unread,
    /// A hand removed the membership.
    RemovedByHand,
    /// Doorstep does not revoke it: the mode does not allow that, or the person is protected.
    Stays,
    /// Doorstep removes it, because only Doorstep may add people to the group.
    Goes,
}
