//! What a place contains: groups, people, members, and the crossings of members.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::sandbox::object::Object;
use crate::sandbox::table::Keyed;

/// A group or a person, found by its `id` ignoring case.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct DoorsThing(pub Object);

impl Keyed for DoorsThing {
    fn key(&self) -> String {
        self.id().to_lowercase()
    }
}

impl DoorsThing {
    /// Returns its id, as given.
    pub fn id(&self) -> &str {
        self.0.text("id").unwrap_or_default()
    }
}

/// One member of a group.
#[derive(Serialize, Deserialize)]
pub struct Member {
    /// Its own id.
    pub id: u64,
    /// Key of the group.
    pub group: String,
    /// Key of the person.
    pub user: String,
    /// Start of its validity.
    pub from: Option<Timestamp>,
    /// End of its validity, exclusive.
    pub until: Option<Timestamp>,
    /// When it was created, if by a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Timestamp>,
    /// The form that `_world` shows.
    pub shown: Object,
}

impl Keyed for Member {
    fn key(&self) -> String {
        self.id.to_string()
    }
}

/// A person who was added to a group or removed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipChange {
    /// Id of the group.
    pub group: String,
    /// Id of the person.
    pub user: String,
    /// Id of the membership. Ids are never reused.
    pub line: u64,
    /// Whether the person was added. Otherwise the person was removed.
    pub entered: bool,
    /// End of the membership's validity, exclusive.
    pub until: Option<Timestamp>,
    /// Whether it was changed by hand and not through the vendor's interface.
    pub by_hand: bool,
}
