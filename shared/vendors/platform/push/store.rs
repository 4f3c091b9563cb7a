//! Storage of the push updates of platforms without a read API.

use async_trait::async_trait;

use doorstep_core::model::error::Result;
use doorstep_core::model::fact::Kind;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::push_update::{
    AcceptedSnapshot, ForgottenThing, LatestUpdates, PartHead, Snapshots, ThingUpdate,
    UnconfirmedSnapshot,
};
use doorstep_core::model::record::{FactRecord, Kept};

/// Store of each site's push updates. Every method fails with
/// [`doorstep_core::model::error::Error::Retry`] where the store is unavailable.
#[async_trait]
pub trait PushStore: Send + Sync {
    /// Loads the latest update about one thing; `None` where there is none or it cannot be read.
    async fn update(&self, site: &SiteId, entity: &str, id: &str) -> Result<Option<ThingUpdate>> {
        Ok(self.update_kept(site, entity, id).await?.readable())
    }
    /// Loads the latest update about each thing.
    async fn updates(&self, site: &SiteId) -> Result<Vec<ThingUpdate>> {
        Ok(self.mailbox(site).await?.updates)
    }
    /// Loads the latest update about one thing, and says whether one exists that cannot be read.
    async fn update_kept(&self, site: &SiteId, entity: &str, id: &str)
    -> Result<Kept<ThingUpdate>>;
    /// Loads the latest update about each thing, and names the things whose updates cannot be read.
    async fn mailbox(&self, site: &SiteId) -> Result<LatestUpdates>;
    /// Loads the stored records of all things of one kind, including things that are gone.
    async fn records_of(&self, site: &SiteId, kind: Kind) -> Result<Vec<FactRecord>>;
    /// Loads the heads of all snapshots.
    async fn snapshots(&self, site: &SiteId) -> Result<Snapshots>;
    /// Loads the last snapshot that was rejected.
    async fn unconfirmed(&self, site: &SiteId) -> Result<Option<UnconfirmedSnapshot>>;
    /// Loads the text of one part of a snapshot.
    async fn snapshot_text(&self, site: &SiteId, head: &PartHead) -> Result<String>;
    /// Stores the snapshot that is rejected. `None` means that the last one is accepted.
    async fn keep_unconfirmed(
        &self,
        site: &SiteId,
        unconfirmed: Option<&UnconfirmedSnapshot>,
    ) -> Result<()>;
    /// Replaces the text of one part of a snapshot by a shorter text.
    async fn rewrite_snapshot(&self, site: &SiteId, head: &PartHead, text: &str) -> Result<()>;
    /// Stores which snapshot is accepted.
    async fn accept(&self, site: &SiteId, accepted: &AcceptedSnapshot) -> Result<()>;
    /// Deletes one part of a snapshot, unless it changed. A text that is shared with a part in
    /// `stays` is kept.
    async fn forget_part(&self, site: &SiteId, head: &PartHead, stays: &[&PartHead]) -> Result<()>;
    /// Deletes an update, unless it changed. The version of a thing in `forgotten` is kept.
    async fn forget_update(
        &self,
        site: &SiteId,
        update: &ThingUpdate,
        forgotten: &[ForgottenThing],
    ) -> Result<()>;
    /// Loads the marks of all things from which a forgotten person was removed.
    async fn forgotten_things(&self, site: &SiteId) -> Result<Vec<ForgottenThing>>;
    /// Stores the mark that a person was removed from a thing. `update` is the stored update about
    /// it.
    async fn note_forgotten(
        &self,
        site: &SiteId,
        thing: &ForgottenThing,
        update: Option<&ThingUpdate>,
    ) -> Result<()>;
}
