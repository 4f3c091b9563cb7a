//! Groups that several sites of a stack rule.

use serde::{Deserialize, Serialize};

use crate::model::account::GroupId;
use crate::model::ids::{DoorsName, SiteId};

/// Another site that rules one of this site's groups.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Neighbour {
    /// The site.
    pub site: SiteId,
    /// That site's name for the door system.
    pub doors: DoorsName,
}

/// The registration that a site's rules grant access to a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuledGroup {
    /// The scope in which group ids are unique; see [`crate::site::DoorsConfig::system`].
    pub system: String,
    /// The group.
    pub group: GroupId,
    /// The site and its door system.
    pub at: Neighbour,
    /// The place that the site file names.
    #[serde(default)]
    pub place: Option<String>,
}

impl RuledGroup {
    /// Returns whether another site rules the same group. Two places of one vendor have no group in
    /// common.
    pub fn is_shared_with(&self, other: &RuledGroup) -> bool {
        let places = self.place.as_ref().zip(other.place.as_ref());
        self.at.site != other.at.site && places.is_none_or(|(mine, theirs)| mine == theirs)
    }
}
