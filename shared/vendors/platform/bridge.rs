//! The groups that a platform's own bridge to a door system opens. Two bridges that open one group
//! would undo each other. The same mapping is what `doorstep import` writes as rules.

use serde::{Deserialize, Serialize};

use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::fact::{FactId, Id};

/// A group that the platform's own bridge opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BridgedGroup {
    /// The plan, resource, pass or membership for which it opens the group.
    pub thing: FactId,
    /// The name of that thing, if it has one.
    pub name: Option<String>,
    /// The people for whom it opens the group.
    pub opens_for: BridgedUse,
    /// The kind of door system; `None` where the platform does not say which one has the group.
    pub doors: Option<DoorsKind>,
    /// The id of the group there.
    pub group: String,
}

/// The people for whom a platform's own bridge opens a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BridgedUse {
    /// The members on the plan.
    Plan,
    /// Those who booked the resource.
    Booking,
    /// Those to whom the desk or office is assigned.
    Assignment,
    /// The holders of the pass.
    Pass,
    /// The holders of one membership, which is on this plan, if it is on one.
    Membership(Option<Id>),
}

impl BridgedGroup {
    /// Returns whether a door system of this kind may have the group.
    pub fn may_be_at(&self, doors: DoorsKind) -> bool {
        self.doors.is_none_or(|named| named == doors)
    }
}
