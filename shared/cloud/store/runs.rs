//! Which reconciles of a site have begun and ended, and which one is under way.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::key::{self, Key};
use super::{Condition, Item, Store, Write, body};
use doorstep_core::model::error::Result;
use doorstep_core::model::usual::is_usual;

/// The reconciles of one site, numbered from one as they begin.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// The number of the latest one.
    pub begun: u64,
    /// When that began.
    pub at: Option<Timestamp>,
    /// The number of the latest one that ended well.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub ended: u64,
    /// Who may reconcile, where somebody is about to.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub lease: Option<Lease>,
}

/// The sole right to reconcile a site, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The message for which it was taken. The queue hands out a message again only when its function is gone, so the same
    /// message takes its own lease over.
    pub holder: String,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// The same as it was read, for a write that must not overlook another one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// What was read.
    pub runs: Runs,
    version: u64,
}

impl Store {
    /// Returns what is known of a site's reconciles.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] where the table is away.
    pub async fn runs(&self, site: &str) -> Result<Read> {
        let at = key::runs(site);
        let Some(item) = self.get(&at).await? else { return Ok(Read::default()) };
        // One that cannot be read is overwritten: the next reconcile is counted as the first.
        Ok(Read { runs: self.readable(&at, &item).unwrap_or_default(), version: item.version })
    }

    /// Returns how many reconciles of each of these sites have begun, in the same order; none where the table holds something
    /// that cannot be read, for no other site may wait for that.
    ///
    /// # Errors
    /// As [`Store::runs`].
    pub async fn begun(&self, sites: &[String]) -> Result<Vec<u64>> {
        let keys: Vec<Key> = sites.iter().map(|site| key::runs(site)).collect();
        let found = self.get_many(&keys).await?.into_iter();
        let found: HashMap<Key, u64> =
            found.filter_map(|(key, item)| Some((key, Read::of(&item).ok()?.runs.begun))).collect();
        Ok(keys.iter().map(|key| found.get(key).copied().unwrap_or_default()).collect())
    }

    /// Keeps `runs` in place of what was read. Returns it as it is read from now on.
    ///
    /// # Errors
    /// [`super::conflict`] where another function wrote since; [`doorstep_core::model::error::Error::Retry`] where the table is away.
    pub async fn keep_runs(&self, site: &str, read: &Read, runs: Runs) -> Result<Read> {
        let next = Read { version: read.version + 1, runs };
        let put = Write::put(key::runs(site), body(&next.runs)?).version(next.version);
        self.write(put.only_if(Condition::Version(read.version))).await?;
        Ok(next)
    }
}

impl Read {
    fn of(item: &Item) -> Result<Self> {
        Ok(Read { runs: item.read()?, version: item.version })
    }
}
