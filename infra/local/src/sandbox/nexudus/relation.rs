//! The relation between teams and coworkers, which both of them store.

use jiff::Timestamp;
use serde_json::json;

use super::entity::{self, ENTITIES};
use super::id::id_text;
use super::world::NexudusWorld;
use crate::sandbox::object::Object;
use crate::sandbox::record::StoredThing;
use crate::sandbox::table::ThingTable;

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
        Some(TeamRelation {
            kind: entity::find(other)?,
            field,
        })
    }
}

impl NexudusWorld {
    /// Completes the relation of coworkers and teams. If one side names the other, both do
    /// afterwards.
    pub(super) fn join_all(&mut self, now: Timestamp) {
        for name in ["Coworkers", "Teams"] {
            let Some(kind) = entity::find(name) else {
                continue;
            };
            let Some(relation) = TeamRelation::across(kind) else {
                continue;
            };
            let own = if name == "Coworkers" {
                "Teams"
            } else {
                "TeamMembers"
            };
            let table = self.table(kind).into_iter().flat_map(ThingTable::iter);
            let all: Vec<(String, Vec<String>)> = table
                .filter_map(|record| {
                    let item = record.object()?;
                    Some((
                        id_text(item.0.get("Id")?)?,
                        item.list(own).iter().filter_map(id_text).collect(),
                    ))
                })
                .collect();
            for (id, named) in all {
                self.point(
                    relation,
                    &id,
                    |theirs| named.contains(&theirs.to_owned()).then_some(true),
                    now,
                );
            }
        }
    }

    /// Completes the relation of one changed thing: exactly the things that it names name it
    /// afterwards.
    pub(super) fn join(&mut self, kind: usize, id: &str, item: &Object, now: Timestamp) {
        let own = if entity::find("Coworkers") == Some(kind) {
            "Teams"
        } else {
            "TeamMembers"
        };
        if let Some(relation) = TeamRelation::across(kind) {
            let named: Vec<String> = item.list(own).iter().filter_map(id_text).collect();
            self.point(
                relation,
                id,
                |theirs| Some(named.contains(&theirs.to_owned())),
                now,
            );
        }
    }

    /// Adds `id` to the field of every thing of the relation, or removes it, as `wanted` returns
    /// for each.
    pub(super) fn point(
        &mut self,
        relation: TeamRelation,
        id: &str,
        wanted: impl Fn(&str) -> Option<bool>,
        now: Timestamp,
    ) {
        let TeamRelation { kind, field } = relation;
        let Some(table) = self.tables.get_mut(kind) else {
            return;
        };
        let keys: Vec<String> = table
            .iter()
            .filter_map(|record| id_text(record.object()?.0.get("Id")?))
            .collect();
        for key in keys {
            let Some(mut item) = table.get(&key).and_then(StoredThing::object).cloned() else {
                continue;
            };
            let mut named: Vec<String> = item.list(field).iter().filter_map(id_text).collect();
            let has = named.iter().any(|one| one == id);
            match wanted(&key) {
                Some(true) if !has => named.push(id.to_owned()),
                Some(false) if has => named.retain(|one| one != id),
                _ => continue,
            }
            item.set(
                field,
                json!(
                    named
                        .iter()
                        .filter_map(|id| id.parse::<u64>().ok())
                        .collect::<Vec<_>>()
                ),
            );
            if let Some(record) = table.change(&key) {
                record.become_(Some(item), now, None);
            }
        }
    }
}
