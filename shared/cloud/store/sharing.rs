//! Which sites rule a group of a door system: one mark for each, found by the door system and the group.

use std::collections::BTreeSet;

use super::key::{self, Key};
use super::sites::DoorsRead;
use super::{Condition, Item, Store, Write, body, conflict};
use doorstep_core::model::account::GroupId;
use doorstep_core::model::error::Result;
use doorstep_core::model::shared_group::{Neighbour, RuledGroup};

/// How often a note is tried again that another function writes at the same time.
const TRIES: usize = 5;

impl Store {
    /// Every site that rules this group. Another site's mark that cannot be read still counts: its key names the site.
    pub async fn rulers(&self, group: &RuledGroup) -> Result<Vec<RuledGroup>> {
        let pk = key::rulers(&group.system, &group.group);
        let items = self.list(&pk, "").await?;
        let ruler = |item: &Item| {
            let at = Key { pk: pk.clone(), sk: item.sk.clone() };
            self.readable(&at, item).or_else(|| {
                let (site, doors) = key::ruler_at(&item.sk)?;
                Some(RuledGroup { at: Neighbour { site, doors }, place: None, ..group.clone() })
            })
        };
        Ok(items.iter().filter_map(ruler).collect())
    }

    /// Marks that a site rules a group.
    pub async fn put_ruler(&self, group: &RuledGroup) -> Result<()> {
        self.write(Write::put(key::ruler(group), body(group)?)).await
    }

    /// Takes that mark back.
    pub async fn drop_ruler(&self, group: &RuledGroup) -> Result<()> {
        self.write(Write::delete(key::ruler(group))).await
    }

    /// Notes at a site's door system that other sites share it, and which groups are registered. One that was never read is
    /// noted once it is.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] where the table is away, or others wrote all the time.
    pub async fn note_sharing(
        &self,
        at: &Neighbour,
        others: &BTreeSet<Neighbour>,
        registered: &BTreeSet<GroupId>,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let Some(before) = self.doors_read(&at.site, &at.doors).await? else { return Ok(()) };
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

    async fn replace_if_unchanged(&self, at: &Neighbour, before: &DoorsRead, now: &DoorsRead) -> Result<()> {
        let key = key::read(&at.site, &format!("doors#{}", at.doors));
        self.write(Write::put(key, body(now)?).only_if(Condition::Body(body(before)?))).await
    }
}
