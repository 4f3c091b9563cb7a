//! Finds out which sites share a group. Each site registers the groups that its rules open, once; whoever registers one that
//! another site has registered notes it for both. So a site that shares nothing reads nothing more than what it reads anyway.

use std::collections::BTreeSet;

use crate::store::Store;
use crate::store::sites::DoorsRead;
use doorstep_core::model::account::GroupId;
use doorstep_core::model::error::Result;
use doorstep_core::model::shared_group::{Neighbour, RuledGroup};
use doorstep_core::site::DoorsConfig;

/// A door system of a site, and the groups that its rules open.
pub struct RuledDoors<'a> {
    /// The site and its name for the door system.
    pub at: Neighbour,
    /// Its part of the site file.
    pub config: &'a DoorsConfig,
    /// The groups.
    pub groups: &'a BTreeSet<GroupId>,
}

impl RuledDoors<'_> {
    fn registered(&self, group: &GroupId) -> RuledGroup {
        let place = self.config.place.clone();
        RuledGroup { system: self.config.system(), group: group.clone(), at: self.at.clone(), place }
    }

    /// Whether all of the groups are registered.
    pub fn is_registered(&self, seen: &DoorsRead) -> bool {
        self.groups.iter().all(|group| seen.registered.contains(group))
    }

    /// The other sites that registered one of these groups.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] where the table is away.
    pub async fn others(&self, store: &Store, seen: &DoorsRead) -> Result<BTreeSet<Neighbour>> {
        let mut others = BTreeSet::new();
        for group in self.groups.iter().filter(|group| !seen.registered.contains(*group)) {
            let own = self.registered(group);
            let rulers = store.rulers(&own).await?;
            others.extend(rulers.into_iter().filter(|ruler| ruler.is_shared_with(&own)).map(|ruler| ruler.at));
        }
        Ok(others)
    }

    /// Registers the groups, and notes for every site that shares one which other site does. The mark comes first: of two
    /// sites that register at once, at least one sees the other.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] where the table is away.
    pub async fn register(&self, store: &Store, seen: &mut DoorsRead) -> Result<()> {
        if self.is_registered(seen) {
            return Ok(());
        }
        for group in self.groups.iter().filter(|group| !seen.registered.contains(*group)) {
            store.put_ruler(&self.registered(group)).await?;
        }
        let others = self.others(store, seen).await?;
        for other in &others {
            let me = BTreeSet::from([self.at.clone()]);
            store.note_sharing(other, &me, &BTreeSet::new()).await?;
        }
        store.note_sharing(&self.at, &others, self.groups).await?;
        seen.shared.extend(others);
        seen.registered.extend(self.groups.iter().cloned());
        Ok(())
    }
}

/// Takes every mark of a site's door system back, where the site goes out of service.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where the table is away.
pub async fn unregister(store: &Store, at: &Neighbour, config: &DoorsConfig) -> Result<()> {
    let Some(seen) = store.doors_read(&at.site, &at.doors).await? else { return Ok(()) };
    let groups = BTreeSet::new();
    let ruled = RuledDoors { at: at.clone(), config, groups: &groups };
    for group in &seen.registered {
        store.drop_ruler(&ruled.registered(group)).await?;
    }
    let bare = DoorsRead { registered: BTreeSet::new(), shared: BTreeSet::new(), ..seen };
    store.replace_doors_read(&at.site, &at.doors, &bare).await
}
