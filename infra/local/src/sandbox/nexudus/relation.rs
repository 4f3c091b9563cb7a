//! The relation between teams and coworkers, which both of them store.

use super::entity::{self, ENTITIES};

/// The other end of the relation between teams and coworkers.
#[derive(Clone, Copy)]
pub(super) struct Relation {
    /// The kind that also stores the relation.
    pub(super) kind: usize,
    /// Its field.
    pub(super) field: &'static str,
}

impl Relation {
    /// Returns the other end for a kind: teams name their people, coworkers name their teams.
    pub(super) fn across(kind: usize) -> Option<Relation> {
        let (other, field) = match ENTITIES.get(kind)?.name {
            "Coworkers" => ("Teams", "TeamMembers"),
            "Teams" => ("Coworkers", "Teams"),
            _ => return None,
        };
        Some(Relation { kind: entity::find(other)?, field })
    }
}
