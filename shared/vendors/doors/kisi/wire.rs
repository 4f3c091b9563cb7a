//! Kisi's JSON, and its translation. Only the fields that Doorstep uses are parsed; all others are
//! ignored.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use doorstep_core::model::account::{
    Account, AccountId, Card as OurCard, Group as OurGroup, GroupId, GroupMember, Standing,
};
use doorstep_core::model::error::{Error, Result};

/// The key in a user's `metadata` that stores the id of Doorstep's person.
pub(super) const MARK: &str = "doorstep";
/// The role that opens a group's doors and allows nothing more.
pub(super) const BASIC: &str = "group_basic";
const GUEST: &str = "guest:";

/// A listed thing, with the number that identifies it.
pub(super) trait Numbered {
    fn number(&self) -> i64;
}

/// An account that can be in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KisiAssignee {
    User(i64),
    Guest(i64),
}

impl KisiAssignee {
    /// Parses an account id.
    ///
    /// # Errors
    /// [`Error::Permanent`] for a team, and for an id that is none of Kisi's.
    pub(super) fn of(account: &AccountId) -> Result<KisiAssignee> {
        match account.0.strip_prefix(GUEST) {
            Some(id) => number(id).map(KisiAssignee::Guest),
            None => number(&account.0).map(KisiAssignee::User),
        }
    }

    /// Returns `assignee_type` and `assignee_id`.
    pub(super) fn assignee(self) -> (&'static str, i64) {
        match self {
            KisiAssignee::User(id) => ("User", id),
            KisiAssignee::Guest(id) => ("Guest", id),
        }
    }
}

/// Parses an id.
///
/// # Errors
/// [`Error::Permanent`] for text that is no number: every Kisi id is one `[D]`.
pub(super) fn number(id: &str) -> Result<i64> {
    id.parse()
        .map_err(|_| Error::permanent("not an id of a Kisi user, guest or group: they are numbers"))
}

#[derive(Debug, Deserialize)]
pub(super) struct KisiGroup {
    id: i64,
    name: String,
}

/// The number of people in a group.
#[derive(Debug, Deserialize)]
pub(super) struct GroupSize {
    pub(super) users_count: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct KisiUser {
    id: i64,
    pub(super) email: Option<String>,
    name: Option<String>,
    access_enabled: bool,
    /// False where the organisation's identity provider disabled access over SCIM `[I]`. Only it
    /// can enable it again.
    pub(super) scim_access_enabled: Option<bool>,
    metadata: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct KisiGuest {
    pub(super) id: i64,
    name: Option<String>,
    email: Option<String>,
}

/// A role assignment: of a group, a place or the organisation.
#[derive(Debug, Deserialize)]
pub(super) struct KisiRoleAssignment {
    id: i64,
    role_id: String,
    applies_to_type: String,
    applies_to_id: i64,
    assignee_type: String,
    assignee_id: i64,
    valid_from: Option<String>,
    valid_until: Option<String>,
}

/// A card, fob or tag. Its type decides which numbers it has `[D]`.
#[derive(Debug, Deserialize)]
pub(super) struct KisiCard {
    pub(super) id: i64,
    /// The token that is printed on Kisi's own cards.
    token: Option<String>,
    /// The chip's uid, in hex.
    uid: Option<String>,
    /// The number of low-frequency formats.
    card_number: Option<i64>,
    card_id: Option<i64>,
    /// The value written on a MIFARE Classic of another manufacturer.
    data_block_value: Option<String>,
}

/// The assignment of a card to its holder.
#[derive(Debug, Deserialize)]
pub(super) struct CardAssignment {
    pub(super) id: i64,
    status: String,
    assignee_type: String,
    assignee_id: i64,
    pub(super) card_id: i64,
}

impl CardAssignment {
    pub(super) fn is_of(&self, who: KisiAssignee) -> bool {
        (self.assignee_type.as_str(), self.assignee_id) == who.assignee()
    }

    /// Returns whether the assignment is active. Only an activated one opens doors `[D]`.
    pub(super) fn is_active(&self) -> bool {
        self.status == "activated"
    }

    fn holder(&self) -> AccountId {
        assignee(&self.assignee_type, self.assignee_id)
    }
}

impl KisiCard {
    /// Translates the card, with the holder of its assignment.
    pub(super) fn card(self, assignment: Option<&CardAssignment>) -> OurCard {
        let KisiCard {
            id,
            token,
            uid,
            card_number,
            card_id,
            data_block_value,
        } = self;
        let texts = [token, uid, data_block_value]
            .into_iter()
            .flatten()
            .filter(|text| !text.trim().is_empty());
        let digits = [card_number, card_id]
            .into_iter()
            .flatten()
            .map(|number| number.to_string());
        OurCard {
            id: id.to_string(),
            numbers: texts.chain(digits).collect(),
            holder: assignment.map(CardAssignment::holder),
            handle: assignment.map(|assignment| assignment.id.to_string()),
            reserved: false,
            blocked: assignment.is_some_and(|assignment| !assignment.is_active()),
        }
    }
}

fn assignee(kind: &str, id: i64) -> AccountId {
    AccountId(match kind {
        "User" => id.to_string(),
        kind => format!("{}:{id}", kind.to_lowercase()),
    })
}

impl KisiRoleAssignment {
    /// Returns whether this is a membership of `group`. The list may contain other assignments.
    pub(super) fn is_membership_of(&self, group: i64) -> bool {
        self.is_basic() && self.applies_to_id == group
    }

    /// Returns whether the role opens a group's doors and allows nothing more.
    pub(super) fn is_basic(&self) -> bool {
        self.applies_to_type == "Group" && self.role_id == BASIC
    }

    pub(super) fn is_of(&self, who: KisiAssignee) -> bool {
        (self.assignee_type.as_str(), self.assignee_id) == who.assignee()
    }

    /// Returns whether the assignment has ended. Kisi still lists it and no longer honours it
    /// `[C]`.
    pub(super) fn is_over(&self, now: Timestamp) -> Result<bool> {
        Ok(self.until()?.is_some_and(|until| until <= now))
    }

    pub(super) fn until(&self) -> Result<Option<Timestamp>> {
        self.valid_until.as_deref().map(instant).transpose()
    }

    /// Translates a membership.
    ///
    /// # Errors
    /// [`Error::Retry`] for a date that cannot be parsed: a guess would open or close a door.
    pub(super) fn row(&self) -> Result<GroupMember> {
        Ok(GroupMember {
            account: assignee(&self.assignee_type, self.assignee_id),
            handle: Some(self.id.to_string()),
            from: self.valid_from.as_deref().map(instant).transpose()?,
            until: self.until()?,
        })
    }
}

/// Parses an instant with any offset. Without an offset it is UTC `[I]`.
fn instant(text: &str) -> Result<Timestamp> {
    let civil = || {
        text.parse::<DateTime>()
            .ok()?
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    };
    text.parse()
        .ok()
        .or_else(civil)
        .ok_or_else(|| Error::retry("Kisi returned a date that cannot be parsed"))
}

impl From<KisiGroup> for OurGroup {
    fn from(KisiGroup { id, name }: KisiGroup) -> Self {
        OurGroup {
            id: GroupId(id.to_string()),
            name,
            problem: None,
        }
    }
}

impl From<KisiUser> for Account {
    /// Access needs both switches, Kisi's own and the identity provider's `[I]`.
    fn from(
        KisiUser {
            id,
            email,
            name,
            access_enabled,
            scim_access_enabled,
            metadata,
        }: KisiUser,
    ) -> Self {
        let enabled = access_enabled && scim_access_enabled != Some(false);
        let mark = metadata
            .as_ref()
            .and_then(|metadata| metadata.get(MARK)?.as_str().map(str::to_owned));
        Account {
            id: AccountId(id.to_string()),
            inner_id: None,
            email,
            name: name.unwrap_or_default().into(),
            standing: if enabled {
                Standing::Active
            } else {
                Standing::Suspended
            },
            mark,
            privileged: false,
            guest: false,
        }
    }
}

impl From<KisiGuest> for Account {
    fn from(KisiGuest { id, name, email }: KisiGuest) -> Self {
        Account {
            id: AccountId(format!("{GUEST}{id}")),
            inner_id: None,
            email,
            name: name.unwrap_or_default().into(),
            standing: Standing::Active,
            mark: None,
            privileged: false,
            guest: true,
        }
    }
}

impl Numbered for KisiGroup {
    fn number(&self) -> i64 {
        self.id
    }
}

impl Numbered for KisiUser {
    fn number(&self) -> i64 {
        self.id
    }
}

impl Numbered for KisiGuest {
    fn number(&self) -> i64 {
        self.id
    }
}

impl Numbered for KisiCard {
    fn number(&self) -> i64 {
        self.id
    }
}

impl Numbered for CardAssignment {
    fn number(&self) -> i64 {
        self.id
    }
}

impl Numbered for KisiRoleAssignment {
    fn number(&self) -> i64 {
        self.id
    }
}
