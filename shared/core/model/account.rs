//! Accounts, groups, memberships and cards as the door systems list them.

use std::fmt;

use compact_str::CompactString;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
    /// All of them.
    pub const ALL: [DoorsKind; 2] = [DoorsKind::SaltoKs, DoorsKind::Kisi];

    /// The word for it in site files and reports.
    pub fn word(self) -> &'static str {
        match self {
            DoorsKind::SaltoKs => "salto-ks",
            DoorsKind::Kisi => "kisi",
        }
    }

    /// Where its interface is, unless a site file says otherwise.
    pub fn usual_url(self) -> &'static str {
        match self {
            DoorsKind::SaltoKs => "https://connect.my-clay.com",
            DoorsKind::Kisi => "https://api.kisi.io",
        }
    }

    /// Whether many people can be put into a group by one call.
    pub fn has_bulk_calls(self) -> bool {
        match self {
            DoorsKind::SaltoKs => true,
            DoorsKind::Kisi => false,
        }
    }
}

/// Names one account at one door system, as that system's group lists name it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub String);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one group at one door system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupId(pub String);

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A group as the door system lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name, as rules may say it.
    pub name: String,
    /// Why it opens nothing although people are in it, where that is known.
    pub problem: Option<String>,
}

/// One line of a group's list of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// Who.
    pub account: AccountId,
    /// The door system's id of this very line, where it has one.
    pub handle: Option<String>,
    /// Not valid before.
    pub from: Option<Timestamp>,
    /// Not valid from then on. It stays in the list all the same.
    pub until: Option<Timestamp>,
}

impl GroupMember {
    /// How this very line is told from others of its group: by its own id, or else by its account's.
    pub fn handle(&self) -> &str {
        self.handle.as_deref().unwrap_or(&self.account.0)
    }
}

/// Whether an account can open anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It can.
    Active,
    /// It is suspended, blocked, or has no seat.
    Suspended,
}

/// An account at a door system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// How group lists name it.
    pub id: AccountId,
    /// How calls about the account itself name it, where that is another id.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub inner_id: Option<String>,
    /// Its address, as the door system has it.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub email: Option<String>,
    /// Its name (or alias), as the door system has it.
    pub name: CompactString,
    /// Whether it can open anything.
    pub standing: Standing,
    /// Our person's id, where the door system can keep such a mark.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub mark: Option<String>,
    /// Whether it has a role beyond opening doors, so that it must never be suspended or deleted.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub privileged: bool,
    /// A guest of the door system: no address of its own, no login.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub guest: bool,
}

impl Account {
    /// What it is called, where it is called anything.
    pub fn called(&self) -> Option<String> {
        Some(self.name.to_string()).filter(|name| !name.is_empty())
    }
}

/// A card, tag or fob that the door system knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// How calls name it.
    pub id: String,
    /// The numbers that it goes by, as the door system writes them. Personal: never in logs.
    pub numbers: Vec<String>,
    /// Whose it is.
    pub holder: Option<AccountId>,
    /// The door system's id of its being theirs, where that has one.
    pub handle: Option<String>,
    /// It is none of our business, whoever has it.
    pub reserved: bool,
    /// It opens nothing although it is somebody's.
    pub blocked: bool,
}
