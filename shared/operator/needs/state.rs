//! What the table has of one site, as the decisions take it.

use std::collections::BTreeMap;

use super::shape::{Need, NeedKind, NeedTarget};
use crate::zone::zone_name;
use doorstep_cloud::store::observed::{Observed, ObservedDoors};
use doorstep_cloud::store::runs::Runs;
use doorstep_cloud::store::site_version::SiteVersion;
use doorstep_cloud::store::sites::{PlatformRead, UnreadableDelivery};
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::account::GroupRef;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::person::Person;
use doorstep_core::site::Site;

/// What the table has of one site.
pub(super) struct SiteState {
    /// The version in force.
    pub(super) stored: SiteVersion,
    /// The site, as its file defines it.
    pub(super) site: Site,
    pub(super) read: PlatformRead,
    pub(super) runs: Runs,
    pub(super) observed: Option<Observed>,
    /// The open holds.
    pub(super) holds: Vec<Hold>,
    pub(super) unreadable: Vec<UnreadableDelivery>,
    /// The people with readable items.
    pub(super) people: Vec<Person>,
    /// The names of the groups.
    pub(super) groups: BTreeMap<GroupRef, String>,
    /// The number of items that cannot be read.
    pub(super) unreadable_items: usize,
}

impl SiteState {
    /// Returns the IANA name of the zone.
    pub(super) fn timezone(&self) -> String {
        zone_name(&self.site.timezone)
    }

    /// Returns a need of this site. `verb` has the words of the command before the site's name.
    pub(super) fn need(
        &self,
        kind: NeedKind,
        advice: &str,
        target: NeedTarget,
        verb: &str,
    ) -> Need {
        Need {
            kind,
            site: Some(self.site.id.clone()),
            timezone: self.timezone(),
            whom: Vec::new(),
            more: 0,
            since: None,
            advice: advice.to_owned(),
            target,
            command: vec![verb.to_owned(), self.site.id.to_string()],
        }
    }

    /// Iterates over what the last reconcile observed at the door systems of the file.
    pub(super) fn observed_doors(&self) -> impl Iterator<Item = (&DoorsName, &ObservedDoors)> {
        let observed = self.observed.iter().flat_map(|observed| &observed.doors);
        observed.filter(|(doors, _)| self.site.doors.contains_key(*doors))
    }
}
