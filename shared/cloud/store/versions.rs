//! The stored versions of a site file. None of them is ever replaced.

use super::site_version::SiteVersion;
use super::{Item, Store, key};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

impl Store {
    /// Loads one version of a site file; `None` if there is none with this number.
    pub async fn version(&self, site: &SiteId, n: u64) -> Result<Option<SiteVersion>> {
        let item = self.get(&key::version(site, n)).await?;
        item.as_ref().map(Item::read).transpose()
    }

    /// Loads every version of a site file, oldest first. An unreadable one is noted and left out.
    pub async fn versions(&self, site: &SiteId) -> Result<Vec<SiteVersion>> {
        self.list_as(&key::active(site).pk, key::VERSIONS).await
    }
}
