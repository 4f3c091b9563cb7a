//! Where the updates of platforms without a read API are kept.

use async_trait::async_trait;

use doorstep_core::model::error::Result;
use doorstep_core::model::fact::Kind;
use doorstep_core::model::push_update::{
    Believed, DoubtedSnapshot, ForgottenThing, Head, Mailbox, Rosters, ThingUpdate,
};
use doorstep_core::model::record::{Kept, Record};

/// The updates of each site. Every method fails with [`doorstep_core::model::error::Error::Retry`] where the store is away.
#[async_trait]
pub trait PushStore: Send + Sync {
    /// Loads the latest letter about one thing; `None` where there is none that can be read.
    async fn letter(&self, site: &str, entity: &str, id: &str) -> Result<Option<ThingUpdate>>;
    /// Loads the latest letter about each thing.
    async fn letters(&self, site: &str) -> Result<Vec<ThingUpdate>>;
    /// Loads the latest letter about one thing, and says whether there is one that cannot be read.
    async fn letter_kept(&self, site: &str, entity: &str, id: &str) -> Result<Kept<ThingUpdate>>;
    /// Loads the latest letter about each thing, and names the things whose letters cannot be read.
    async fn mailbox(&self, site: &str) -> Result<Mailbox>;
    /// Loads what is known of all things of one kind.
    async fn records_of(&self, site: &str, kind: Kind) -> Result<Vec<Record>>;
    /// Loads the heads of all rosters.
    async fn rosters(&self, site: &str) -> Result<Rosters>;
    /// Loads the last snapshot that was not believed.
    async fn doubted(&self, site: &str) -> Result<Option<DoubtedSnapshot>>;
    /// Loads the text of one part of a roster.
    async fn roster_text(&self, site: &str, head: &Head) -> Result<String>;
    /// Stores the snapshot that is not believed; `None`: the last one is.
    async fn doubt(&self, site: &str, doubted: Option<&DoubtedSnapshot>) -> Result<()>;
    /// Replaces the text of one part of a roster by a shorter one.
    async fn rewrite_roster(&self, site: &str, head: &Head, text: &str) -> Result<()>;
    /// Stores which roster is believed.
    async fn believe(&self, site: &str, believed: &Believed) -> Result<()>;
    /// Deletes one part of a roster, unless it changed. A text that a part of `stays` shares is kept.
    async fn forget_part(&self, site: &str, head: &Head, stays: &[&Head]) -> Result<()>;
    /// Deletes a letter, unless it changed. The rank of a thing of `forgotten` stays.
    async fn forget_letter(&self, site: &str, letter: &ThingUpdate, forgotten: &[ForgottenThing]) -> Result<()>;
    /// Loads every thing that a forgotten person was taken out of.
    async fn forgotten_things(&self, site: &str) -> Result<Vec<ForgottenThing>>;
    /// Stores that a person was taken out of a thing. `letter` is the stored letter about it.
    async fn note_forgotten(&self, site: &str, thing: &ForgottenThing, letter: Option<&ThingUpdate>) -> Result<()>;
}
