//! Finds which sites share a group. Each site registers once the groups that its rules grant. A
//! site that registers a group of another site's records the sharing for both. A site that shares
//! nothing therefore reads nothing more.

use std::collections::BTreeSet;

use crate::store::Store;
use doorstep_core::model::account::GroupId;
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::Result;
use doorstep_core::model::shared_group::{Neighbour, RuledGroup};
use doorstep_core::site::DoorsConfig;

/// A door system of a site, and the groups that its rules grant.
pub struct RuledDoors<'a> {
    /// The site and its name for the door system.
    pub at: Neighbour,
    /// The door system's section of the site file.
    pub config: &'a DoorsConfig,
    /// The groups.
    pub groups: &'a BTreeSet<GroupId>,
}

impl RuledDoors<'_> {
    fn registered(&self, group: &GroupId) -> RuledGroup {
        let place = self.config.place.clone();
        RuledGroup {
            system: self.config.system(),
            group: group.clone(),
            at: self.at.clone(),
            place,
        }
    }

    /// Returns whether all of the groups are registered.
    pub fn is_registered(&self, doors_read: &DoorsRead) -> bool {
        self.groups
            .iter()
            .all(|group| doors_read.registered.contains(group))
    }

    /// Loads the other sites that registered one of these groups.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if the table is unavailable.
    pub async fn others(
        &self,
        store: &Store,
        doors_read: &DoorsRead,
    ) -> Result<BTreeSet<Neighbour>> {
        let mut others = BTreeSet::new();
        for group in self
            .groups
            .iter()
            .filter(|group| !doors_read.registered.contains(*group))
        {
            let own = self.registered(group);
            let rulers = store.rulers(&own).await?;
            others.extend(
                rulers
                    .into_iter()
                    .filter(|ruler| ruler.is_shared_with(&own))
                    .map(|ruler| ruler.at),
            );
        }
        Ok(others)
    }

    /// Registers the groups, and records for every site that shares one which other site does. The
    /// registration is written first: of two sites that register at the same time, at least one
    /// finds the other.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if the table is unavailable.
    pub async fn register(&self, store: &Store, doors_read: &mut DoorsRead) -> Result<()> {
        if self.is_registered(doors_read) {
            return Ok(());
        }
        for group in self
            .groups
            .iter()
            .filter(|group| !doors_read.registered.contains(*group))
        {
            store.put_ruler(&self.registered(group)).await?;
        }
        let others = self.others(store, doors_read).await?;
        for other in &others {
            let me = BTreeSet::from([self.at.clone()]);
            store.note_sharing(other, &me, &BTreeSet::new()).await?;
        }
        store.note_sharing(&self.at, &others, self.groups).await?;
        doors_read.shared.extend(others);
        doors_read.registered.extend(self.groups.iter().cloned());
        Ok(())
    }
}

/// Deletes every registration of a site's door system, because the site goes out of service.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] if the table is unavailable.
pub async fn unregister(store: &Store, at: &Neighbour, config: &DoorsConfig) -> Result<()> {
    let Some(doors_read) = store.doors_read(&at.site, &at.doors).await? else {
        return Ok(());
    };
    let groups = BTreeSet::new();
    let ruled = RuledDoors {
        at: at.clone(),
        config,
        groups: &groups,
    };
    for group in &doors_read.registered {
        store.drop_ruler(&ruled.registered(group)).await?;
    }
    let bare = DoorsRead {
        registered: BTreeSet::new(),
        shared: BTreeSet::new(),
        ..doors_read
    };
    store.replace_doors_read(&at.site, &at.doors, &bare).await
}
