//! The relation between teams and coworkers, which both of them store.

use super::entity::{self, ENTITIES};

/// The other end of the relation between teams and coworkers.
#[derive(Clone, Copy)]
pub(super) struct TeamRelation {
    /// The kind that also stores the relation.
    pub(super) kind: usize,
    /// Its field.
    pub(super) field: &'static str,
}

impl TeamRelation {
    /// Returns the other end for a kind: teams name their people, coworkers name their teams.
    pub(super) fn across(kind: usize) -> Option<TeamRelation> {
        let (other, field) = match ENTITIES.get(kind)?.name {
            "Coworkers" => ("Teams", "TeamMembers"),
            "Teams" => ("Coworkers", "Teams"),
            _ => return None,
        };
        Some(TeamRelation { kind: entity::find(other)?, field })
    }
}
