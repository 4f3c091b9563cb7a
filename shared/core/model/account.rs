//! Accounts, groups, group members and cards as the door systems list them.

use std::fmt;

use compact_str::CompactString;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::ids::DoorsName;
use crate::model::usual::is_usual;

/// The door systems that a site file can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DoorsKind {
    /// SALTO KS.
    SaltoKs,
    /// Kisi.
    Kisi,
}

impl DoorsKind {
    /// Every door system.
    pub const ALL: [DoorsKind; 2] = [DoorsKind::SaltoKs, DoorsKind::Kisi];

    /// Returns the word for it in site files and reports.
    pub fn word(self) -> &'static str {
        match self {
            DoorsKind::SaltoKs => "salto-ks",
            DoorsKind::Kisi => "kisi",
        }
    }

    /// Returns the URL of its API. A site file can set another one.
    pub fn usual_url(self) -> &'static str {
        match self {
            DoorsKind::SaltoKs => "https://connect.my-clay.com",
            DoorsKind::Kisi => "https://api.kisi.io",
        }
    }

    /// Returns whether it ends a membership by itself, at the end that Doorstep sets.
    pub fn ends_by_itself(self) -> bool {
        match self {
            DoorsKind::SaltoKs => false,
            DoorsKind::Kisi => true,
        }
    }

    /// Returns whether settle and reconcile share a rate limit of a known size. Reconcile then
    /// announces itself before it calls.
    pub fn has_known_limit(self) -> bool {
        match self {
            DoorsKind::SaltoKs => false,
            DoorsKind::Kisi => true,
        }
    }

    /// Returns whether one call can put many people into a group.
    pub fn has_bulk_calls(self) -> bool {
        match self {
            DoorsKind::SaltoKs => true,
            DoorsKind::Kisi => false,
        }
    }
}

/// The id of an account at one door system, as that system's group lists use it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub String);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a group at one door system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(pub String);

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A group of one door system of a site. It is stored as the pair of the two.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(DoorsName, GroupId)", into = "(DoorsName, GroupId)")]
pub struct GroupRef {
    /// The name of the door system in the site file.
    pub doors: DoorsName,
    /// The id of the group there.
    pub group: GroupId,
}

impl GroupRef {
    /// Names a group of a door system.
    pub fn new(doors: &DoorsName, group: &GroupId) -> Self {
        GroupRef {
            doors: doors.to_owned(),
            group: group.clone(),
        }
    }
}

impl From<(DoorsName, GroupId)> for GroupRef {
    fn from((doors, group): (DoorsName, GroupId)) -> Self {
        GroupRef { doors, group }
    }
}

impl From<GroupRef> for (DoorsName, GroupId) {
    fn from(at: GroupRef) -> Self {
        (at.doors, at.group)
    }
}

/// A group as the door system lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name, as rules may give it.
    pub name: String,
    /// The reason why the group opens nothing for the people in it, if one is known.
    pub problem: Option<String>,
}

/// One member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// The account.
    pub account: AccountId,
    /// The door system's id of the membership itself, if it has one.
    pub handle: Option<String>,
    /// The membership opens nothing before this instant.
    pub from: Option<Timestamp>,
    /// The membership opens nothing from this instant on. The door system still lists it.
    pub until: Option<Timestamp>,
}

impl GroupMember {
    /// Returns the id that tells this member from others of its group: the membership's own id, or
    /// else the account's.
    pub fn handle(&self) -> &str {
        self.handle.as_deref().unwrap_or(&self.account.0)
    }
}

/// Whether an account can open anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The account can open doors.
    Active,
    /// The account is suspended or blocked, or has no seat.
    Suspended,
}

/// An account at a door system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The id that group lists use.
    pub id: AccountId,
    /// The id that calls about the account itself use, if it is another one.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub inner_id: Option<String>,
    /// Its address, as the door system has it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub email: Option<String>,
    /// Its name (or alias), as the door system has it.
    pub name: CompactString,
    /// Whether it can open anything.
    pub standing: Standing,
    /// Id of the person, if the door system can store such a mark.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub mark: Option<String>,
    /// Whether the account has a role beyond opening doors. Doorstep never suspends or deletes such
    /// an account.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub privileged: bool,
    /// Whether the account is a guest of the door system: it has no address of its own and no
    /// login.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub guest: bool,
}

impl Account {
    /// Returns the name of the account, unless it is empty.
    pub fn called(&self) -> Option<String> {
        Some(self.name.to_string()).filter(|name| !name.is_empty())
    }
}

/// A card, tag or fob that the door system has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// The id that calls use.
    pub id: String,
    /// The numbers of the card, as the door system writes them. They are personal data and never
    /// appear in logs.
    pub numbers: Vec<String>,
    /// The account to which the card is assigned.
    pub holder: Option<AccountId>,
    /// The door system's id of the assignment, if it has one.
    pub handle: Option<String>,
    /// Whether Doorstep leaves the card alone, whichever account has it.
    pub reserved: bool,
    /// Whether the card opens nothing although it is assigned.
    pub blocked: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_a_door_system_is_stored_as_a_pair() {
        let at = GroupRef::new(&DoorsName::from("main"), &GroupId("g-1".to_owned()));
        let stored = serde_json::to_string(&at).unwrap();
        assert_eq!(stored, r#"["main","g-1"]"#);
        assert_eq!(serde_json::from_str::<GroupRef>(&stored).unwrap(), at);
    }
}
