//! The whole platform beside the whole door system. This room reads both and judges everybody; it keeps nothing, marks
//! nobody due and writes to no door. Reconcile does something about what it finds, a preview shows it.

use std::collections::BTreeMap;
use std::ops::Range;

use doors::DoorsSnapshot;
use facts::FactIndex;
use jiff::Timestamp;
use serde::Serialize;

use crate::settle::DoorsContext;
use doorstep_cloud::store::Store;
use doorstep_cloud::store::people::People;
use doorstep_core::decide::entitlement::Rules;
use doorstep_core::decide::guard::former::Baseline;
use doorstep_core::model::error::Result;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::Resolved;
use doorstep_core::site::{Mode, Site};

pub mod accounts;
pub mod doors;
pub mod doubts;
pub mod facts;
pub mod foreign;
pub mod joins;
pub mod judge;
pub mod numbers;
pub mod people;
pub mod platform;
pub mod seen_accounts;

/// What was so before, as far as nobody vouched for the change: by the files that were in force as `versions`, until the
/// file that is judged took their place at `replaced`.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where our own table is away.
pub async fn former(
    store: &Store,
    site: &Site,
    (versions, replaced): (Range<u64>, Timestamp),
    known: &FactIndex,
    seen: &DoorsSnapshot,
) -> Result<Baseline> {
    let older = store.files(&site.id, versions).await?;
    let catalogue = (&seen.catalogue, known.catalogue_before());
    Ok(Baseline::of(site, &seen.groups(), Some(&seen.resolved), (older, replaced), catalogue))
}

/// Loads everybody of a site, and sets the profiles of those who cannot be read aside in what is known.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where our own table is away.
pub async fn everybody_to_judge(store: &Store, site: &Site, known: &mut FactIndex) -> Result<People> {
    let everybody = store.everybody_to_judge(&site.id).await?;
    if !everybody.unreadable.is_empty() {
        let names = known.profiles().map(|(name, _)| name).collect();
        known.set_aside(store.profiles_of(&site.id, &everybody.unreadable, names).await?);
    }
    Ok(everybody)
}

/// A group at one of the site's doors.
pub type Group = (String, doorstep_core::model::account::GroupId);

/// How one source was read.
#[derive(Debug, Clone, Serialize)]
pub struct Read {
    /// Whether all of it was read, and nothing in it was unbelievable.
    pub complete: bool,
    /// How many things.
    pub records: usize,
}

/// What everybody is judged by.
#[derive(Clone, Copy)]
pub struct CompareContext<'a> {
    /// The site file.
    pub site: &'a Site,
    /// What its names stand for.
    pub resolved: &'a Resolved,
    /// The platform's catalogue.
    pub catalogue: &'a Catalogue,
    /// What holds at each door system that is known.
    pub terms: &'a BTreeMap<String, DoorsContext>,
    /// How far it may go.
    pub mode: Mode,
    /// What was so before, as far as nobody vouched for the change.
    pub former: &'a Baseline,
    /// Nothing new may be opened.
    pub stale: bool,
    /// The instant for which it is judged.
    pub now: Timestamp,
}

impl<'a> CompareContext<'a> {
    fn rules(&self) -> Rules<'a> {
        Rules { site: self.site, resolved: self.resolved, catalogue: self.catalogue }
    }
}
