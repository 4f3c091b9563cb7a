//! Compares the whole platform with the whole door system. This module reads both and decides for
//! all people. It stores nothing, marks no one as due and writes to no door. Reconcile acts on the
//! result, and preview shows it.

use doors::DoorsSnapshot;
use facts::FactIndex;
use jiff::Timestamp;
use serde::Serialize;

use doorstep_cloud::store::Store;
use doorstep_cloud::store::people::People;
use doorstep_core::decide::entitlement::Rules;
use doorstep_core::decide::guard::baseline::{Baseline, Catalogues, OlderFiles};
use doorstep_core::decide::person::DecisionContext;
use doorstep_core::model::error::Result;
use doorstep_core::model::person::Person;
use doorstep_core::site::{Mode, Site};

pub mod account_list;
pub mod accounts;
pub mod address_changes;
pub mod decide;
pub mod doors;
pub mod facts;
pub mod foreign;
mod link;
pub mod people;
pub mod platform;
pub mod unconfirmed;

/// Builds the baseline of a site: the site files that were in force before, and the confirmed state
/// of the catalogue.
pub fn baseline(
    site: &Site,
    older: OlderFiles,
    facts: &FactIndex,
    doors: &DoorsSnapshot,
) -> Baseline {
    let catalogues = Catalogues {
        now: &doors.catalogue,
        before: facts.catalogue_before(),
    };
    Baseline::of(
        site,
        &doors.groups(),
        Some(&doors.resolved),
        older,
        catalogues,
    )
}

/// Loads all people of a site, and sets the profiles of unreadable people aside in `facts`.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] if our table is unavailable.
pub async fn people_to_decide(store: &Store, site: &Site, facts: &mut FactIndex) -> Result<People> {
    let all_people = store.people_to_decide(&site.id).await?;
    if !all_people.unreadable.is_empty() {
        let names = facts.profiles().map(|(name, _)| name).collect();
        facts.set_aside(
            store
                .profiles_of(&site.id, &all_people.unreadable, names)
                .await?,
        );
    }
    Ok(all_people)
}

/// The result of reading one source.
#[derive(Debug, Clone, Serialize)]
pub struct SourceRead {
    /// Whether all of it was read and accepted.
    pub complete: bool,
    /// Number of records.
    pub records: usize,
}

/// Everything that a comparison decides from.
#[derive(Clone, Copy)]
pub struct CompareContext<'a> {
    /// The site file.
    pub site: &'a Site,
    /// The confirmed baseline.
    pub baseline: &'a Baseline,
    /// The facts of the platform.
    pub facts: &'a FactIndex,
    /// The state of the door systems, and what the names of the site file resolve to.
    pub doors: &'a DoorsSnapshot,
    /// The stored people.
    pub people: &'a [Person],
    /// The mode that limits the actions.
    pub mode: Mode,
    /// Whether the facts are too old to grant new access.
    pub stale: bool,
    /// The instant of the decision.
    pub now: Timestamp,
}

impl<'a> CompareContext<'a> {
    fn rules(&self) -> Rules<'a> {
        Rules {
            site: self.site,
            resolved: &self.doors.resolved,
            catalogue: &self.doors.catalogue,
        }
    }

    fn for_decisions(&self) -> DecisionContext<'a> {
        DecisionContext {
            doors: &self.doors.contexts,
            mode: self.mode,
            stale: self.stale,
            now: self.now,
        }
    }
}
