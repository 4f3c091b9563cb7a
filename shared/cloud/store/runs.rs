//! The reconciles of a site: which began, which ended, and which one is running.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::key::{self, Key};
use super::{Item, Store, Write, WriteCondition, body};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::usual::is_usual;

/// The reconciles of one site, numbered from 1 in the order of their beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// The number of the latest reconcile.
    pub begun: u64,
    /// When the latest reconcile began.
    pub at: Option<Timestamp>,
    /// The number of the latest reconcile that succeeded.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub ended: u64,
    /// When that reconcile ended.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub ended_at: Option<Timestamp>,
    /// The lease of the reconcile that is running or about to run.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub lease: Option<Lease>,
}

/// The exclusive right to reconcile a site, for a limited time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The id of the message that took the lease. The queue delivers a message again only after its
    /// function is gone. Therefore the same message may take over its own lease.
    pub holder: String,
    /// When the lease ends by itself.
    pub until: Timestamp,
}

/// The reconciles as they were read, for a conditional write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredRuns {
    /// The reconciles.
    pub runs: Runs,
    version: u64,
}

impl Store {
    /// Loads the reconciles of a site.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if the table is unavailable.
    pub async fn runs(&self, site: &SiteId) -> Result<StoredRuns> {
        let at = key::runs(site);
        let Some(item) = self.get(&at).await? else {
            return Ok(StoredRuns::default());
        };
        // An unreadable item is overwritten: the next reconcile counts as the first.
        Ok(StoredRuns {
            runs: self.readable(&at, &item).unwrap_or_default(),
            version: item.version,
        })
    }

    /// Loads how many reconciles of each of these sites have begun, in the same order. An
    /// unreadable item counts as 0, so that it does not delay the other sites.
    ///
    /// # Errors
    /// As [`Store::runs`].
    pub async fn begun(&self, sites: &[SiteId]) -> Result<Vec<u64>> {
        let keys: Vec<Key> = sites.iter().map(key::runs).collect();
        let found = self.get_many(&keys).await?.into_iter();
        let found: HashMap<Key, u64> = found
            .filter_map(|(key, item)| Some((key, StoredRuns::of(&item).ok()?.runs.begun)))
            .collect();
        Ok(keys
            .iter()
            .map(|key| found.get(key).copied().unwrap_or_default())
            .collect())
    }

    /// Replaces what was read with `runs`. Returns the new state, for the next write.
    ///
    /// # Errors
    /// [`super::conflict`] if another function wrote since;
    /// [`doorstep_core::model::error::Error::Retry`] if the table is unavailable.
    pub async fn keep_runs(
        &self,
        site: &SiteId,
        read: &StoredRuns,
        runs: Runs,
    ) -> Result<StoredRuns> {
        let next = StoredRuns {
            version: read.version + 1,
            runs,
        };
        let put = Write::put(key::runs(site), body(&next.runs)?).version(next.version);
        self.write(put.only_if(WriteCondition::Version(read.version)))
            .await?;
        Ok(next)
    }
}

impl StoredRuns {
    fn of(item: &Item) -> Result<Self> {
        Ok(StoredRuns {
            runs: item.read()?,
            version: item.version,
        })
    }
}
