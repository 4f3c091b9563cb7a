//! The groups that a platform's own bridge to a door system opens. Two bridges that open one group
//! would undo each other.

use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::fact::FactId;

/// A group that the platform's own bridge opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BridgedGroup {
    /// The plan, resource or membership for which it opens the group.
    pub thing: FactId,
    /// The name of that thing, if it has one.
    pub name: Option<String>,
    /// The kind of door system.
    pub doors: DoorsKind,
    /// The id of the group there.
    pub group: String,
}
