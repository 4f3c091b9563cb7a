//! Compares the whole platform with the whole door system. This module reads both and decides for all people. It stores
//! nothing, marks no one as due and writes to no door. Reconcile acts on the result, and preview shows it.

use std::collections::BTreeMap;
use std::ops::Range;

use doors::DoorsSnapshot;
use facts::FactIndex;
use jiff::Timestamp;
use serde::Serialize;

use doorstep_cloud::store::Store;
use doorstep_cloud::store::people::People;
use doorstep_core::decide::doors_context::DoorsContext;
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
pub mod people;
pub mod platform;
pub mod seen_accounts;

/// Loads the confirmed baseline: the site files that were in force as `versions`, until the present file replaced them
/// at `replaced`, and the confirmed state of the facts.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] if our table is unavailable.
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

/// Loads all people of a site, and sets the profiles of unreadable people aside in `known`.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] if our table is unavailable.
pub async fn everybody_to_judge(store: &Store, site: &Site, known: &mut FactIndex) -> Result<People> {
    let everybody = store.everybody_to_judge(&site.id).await?;
    if !everybody.unreadable.is_empty() {
        let names = known.profiles().map(|(name, _)| name).collect();
        known.set_aside(store.profiles_of(&site.id, &everybody.unreadable, names).await?);
    }
    Ok(everybody)
}

/// A group at one of the site's door systems.
pub type Group = (String, doorstep_core::model::account::GroupId);

/// The result of reading one source.
#[derive(Debug, Clone, Serialize)]
pub struct Read {
    /// Whether all of it was read and believed.
    pub complete: bool,
    /// Number of records.
    pub records: usize,
}

/// The common input of all decisions.
#[derive(Clone, Copy)]
pub struct CompareContext<'a> {
    /// The site file.
    pub site: &'a Site,
    /// What its names resolve to.
    pub resolved: &'a Resolved,
    /// The platform's catalogue.
    pub catalogue: &'a Catalogue,
    /// The context of each door system that is known.
    pub terms: &'a BTreeMap<String, DoorsContext>,
    /// The mode that limits the actions.
    pub mode: Mode,
    /// The confirmed baseline.
    pub former: &'a Baseline,
    /// Whether the facts are too old to grant new access.
    pub stale: bool,
    /// The instant of the decision.
    pub now: Timestamp,
}

impl<'a> CompareContext<'a> {
    fn rules(&self) -> Rules<'a> {
        Rules { site: self.site, resolved: self.resolved, catalogue: self.catalogue }
    }
}
