//! The sites that rule a group of a door system: one item for each, keyed by the door system and
//! the group.

use std::collections::BTreeSet;

use super::key::{self, Key};
use super::{Item, Store, Write, WriteCondition, body, conflict};
use doorstep_core::model::account::GroupId;
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::Result;
use doorstep_core::model::shared_group::{Neighbour, RuledGroup};

/// How often a write is tried again after a conflict.
const TRIES: usize = 5;

impl Store {
    /// Loads every site that rules this group. An unreadable item still counts, because its key
    /// names the site.
    pub async fn rulers(&self, group: &RuledGroup) -> Result<Vec<RuledGroup>> {
        let pk = key::rulers(&group.system, &group.group);
        let items = self.list(&pk, "").await?;
        let ruler = |item: &Item| {
            let at = Key {
                pk: pk.clone(),
                sk: item.sk.clone(),
            };
            self.readable(&at, item).or_else(|| {
                let (site, doors) = key::ruler_at(&item.sk)?;
                Some(RuledGroup {
                    at: Neighbour {
                        site,
                        doors: doors.into(),
                    },
                    place: None,
                    ..group.clone()
                })
            })
        };
        Ok(items.iter().filter_map(ruler).collect())
    }

    /// Stores that a site rules a group.
    pub async fn put_ruler(&self, group: &RuledGroup) -> Result<()> {
        self.write(Write::put(key::ruler(group), body(group)?))
            .await
    }

    /// Deletes the registration that a site rules a group.
    pub async fn drop_ruler(&self, group: &RuledGroup) -> Result<()> {
        self.write(Write::delete(key::ruler(group))).await
    }

    /// Stores in the read state of a door system which other sites share it and which groups are
    /// registered. Does nothing if the door system was never read; its first read registers it.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if the table is unavailable, or after too many
    /// conflicts.
    pub async fn note_sharing(
        &self,
        at: &Neighbour,
        others: &BTreeSet<Neighbour>,
        registered: &BTreeSet<GroupId>,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let Some(before) = self.doors_read(&at.site, &at.doors).await? else {
                return Ok(());
            };
            let mut now = before.clone();
            now.shared.extend(others.iter().cloned());
            now.registered.extend(registered.iter().cloned());
            if now == before {
                return Ok(());
            }
            match self.replace_if_unchanged(at, &before, &now).await {
                Err(error) if error == conflict() => {}
                done => return done,
            }
        }
        Err(conflict())
    }

    async fn replace_if_unchanged(
        &self,
        at: &Neighbour,
        before: &DoorsRead,
        now: &DoorsRead,
    ) -> Result<()> {
        let key = key::read(&at.site, &format!("doors#{}", at.doors));
        self.write(Write::put(key, body(now)?).only_if(WriteCondition::Body(body(before)?)))
            .await
    }
}
