//! What is kept per site: what receive must know of it, what its file's names stand for, how reading went, deliveries, tokens.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key::{self, Key};
use super::{Item, Step, Store, Write, body};
use crate::store::site_version::SiteVersion;
use doorstep_core::model::account::{AccountId, Group, GroupId};
use doorstep_core::model::error::Result;
use doorstep_core::model::record::Kept;
use doorstep_core::model::shared_group::Neighbour;
use doorstep_core::model::usual::is_usual;
use doorstep_core::site::DoorsConfig;
use doorstep_core::site::resolve::Resolved;
use doorstep_core::site::route::SiteRoute;
use doorstep_vendors::tokens::{RefusedSignIn, Token, TokenStore};

/// How long a delivery is remembered: longer than any sender tries again.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(8 * 24);

/// How long facts stay good while a platform cannot be read.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How many site files that were in force before are looked at.
const MOST_FILES: u64 = 9;

/// How reading a platform went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PlatformRead {
    /// When the last complete read began.
    pub complete: Option<Timestamp>,
    /// When the last whole read (not only what had changed) began.
    pub whole: Option<Timestamp>,
    /// Since when no read was complete.
    pub failing: Option<Timestamp>,
    /// How many things of each kind there were.
    pub counts: BTreeMap<String, usize>,
    /// When a reconcile was last asked for by a bell.
    pub wanted: Option<Timestamp>,
    /// The latest version of the site file of which everything was done: what follows from later ones is inferred.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub judged: Option<u64>,
    /// The latest version of the site file by which everything was compared, whole, and what follows from it judged.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub compared: Option<u64>,
    /// Lists that are not believed, by the kind of thing.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub refused: BTreeMap<String, Disbelief>,
}

/// That a list is not believed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disbelief {
    /// What it said, as a hash.
    pub said: String,
    /// How often in a row it said so.
    pub times: u32,
}

impl Disbelief {
    /// Of a list that says this, given what was not believed the last time.
    pub fn of(said: &impl Serialize, before: Option<&Disbelief>) -> Self {
        let said = hex::encode(Sha256::digest(serde_json::to_vec(said).unwrap_or_default()));
        let times = before.filter(|before| before.said == said).map_or(0, |before| before.times) + 1;
        Disbelief { said, times }
    }
}

/// What is known of one door system.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DoorsRead {
    /// Which one it is; see [`DoorsConfig::identity`]. Empty where nobody noted it.
    #[serde(default)]
    pub of: String,
    /// Its groups.
    pub groups: Vec<Group>,
    /// Groups that we have taken over.
    pub taken: BTreeSet<GroupId>,
    /// Cards were compared once, so that whatever somebody is given by hand later stays theirs.
    #[serde(default)]
    pub cards_taken: bool,
    /// Accounts of the protected people.
    pub protected: BTreeSet<AccountId>,
    /// How many accounts it had when all were last read.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub accounts: Option<usize>,
    /// Groups of which it is registered that this site rules them.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub registered: BTreeSet<GroupId>,
    /// Other sites of the stack that rule any of its groups, too.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub shared: BTreeSet<Neighbour>,
}

impl DoorsRead {
    /// Whether it speaks of the door system that `config` names, and not of another one of that name before.
    pub fn is_of(&self, config: &DoorsConfig) -> bool {
        self.of.is_empty() || self.of == config.identity()
    }
}

impl PlatformRead {
    /// Notes that a read which began at `now` is over: with everything it asked for or not, of everything or only of
    /// what had changed.
    pub fn went(&mut self, now: Timestamp, complete: bool, whole: bool) {
        if complete {
            self.complete = Some(now);
            self.whole = if whole { Some(now) } else { self.whole };
            self.failing = None;
        } else {
            self.failing = self.failing.or(Some(now));
        }
    }

    /// The files to look at beside version `n` in force: from this version on. A table that never noted it is not
    /// searched for ever.
    pub fn unfinished_from(&self, n: u64) -> u64 {
        self.judged.unwrap_or(1).max(n.saturating_sub(MOST_FILES))
    }

    /// Whether it has not been readable for so long that nothing new is opened from what it last said.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.failing.is_some() && self.complete.is_some_and(|at| now.duration_since(at) > GOOD_FOR)
    }
}

impl Store {
    /// Writes a site's plate anew where it is not what it should be: it was written by an older version. Only while `now`
    /// is in force: a site that was struck from the list meanwhile must not come back.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] where another version is in force by now, or none.
    pub async fn keep_doorplate(&self, plate: &SiteRoute, now: &SiteVersion) -> Result<()> {
        let at = key::site(&plate.site);
        if self.kept(&at).await?.as_ref() == Some(plate) {
            return Ok(());
        }
        let still = Write::check(key::active(&plate.site), now.is_in_force());
        self.write_all(Step::Keep, vec![Write::put(at, body(plate)?), still]).await
    }

    /// Returns one site's plate; `None` for a site that is not here. One read of one item, whatever the number of sites.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Permanent`] where it cannot be read: its site is here, and its senders must try again.
    pub async fn doorplate(&self, site: &str) -> Result<Option<SiteRoute>> {
        self.get(&key::site(site)).await?.as_ref().map(Item::read).transpose()
    }

    /// Returns whether there is such a site, whatever is kept of it.
    pub async fn has_site(&self, site: &str) -> Result<bool> {
        Ok(self.get(&key::site(site)).await?.is_some())
    }

    /// Returns the name of every site there is, whatever is kept of it.
    pub async fn site_names(&self) -> Result<Vec<String>> {
        Ok(self.list(key::SITES, "").await?.into_iter().map(|item| item.sk).collect())
    }

    /// Returns the plate of every site there is; one that cannot be read is noted and left out.
    pub async fn doorplates(&self) -> Result<Vec<SiteRoute>> {
        self.list_as(key::SITES, "").await
    }

    /// What the names of the site file were last found to be.
    pub async fn resolved(&self, site: &str) -> Result<Option<Resolved>> {
        self.kept(&key::resolved(site)).await
    }

    /// Keeps what the names stand for.
    pub async fn keep_resolved(&self, site: &str, resolved: &Resolved) -> Result<()> {
        self.write(Write::put(key::resolved(site), body(resolved)?)).await
    }

    /// How reading the platform went.
    pub async fn platform_read(&self, site: &str) -> Result<PlatformRead> {
        Ok(self.kept(&key::read(site, "platform")).await?.unwrap_or_default())
    }

    /// Returns the same of several sites, in no order. Those whose platform was never read are left out, and those of which
    /// the table holds something that cannot be read.
    pub async fn platform_reads(&self, sites: &[String]) -> Result<Vec<PlatformRead>> {
        let keys: Vec<Key> = sites.iter().map(|site| key::read(site, "platform")).collect();
        Ok(self.get_many(&keys).await?.iter().filter_map(|(_, item)| item.read().ok()).collect())
    }

    /// Keeps how reading the platform went.
    pub async fn keep_platform_read(&self, site: &str, read: &PlatformRead) -> Result<()> {
        self.write(Write::put(key::read(site, "platform"), body(read)?)).await
    }

    /// What is known of one door system; `None` where it was never read, or cannot be read.
    pub async fn doors_read(&self, site: &str, doors: &str) -> Result<Option<DoorsRead>> {
        Ok(self.doors_read_kept(site, doors).await?.readable())
    }

    /// Returns the same, and whether it can be read: which groups were taken over is known nowhere else.
    pub async fn doors_read_kept(&self, site: &str, doors: &str) -> Result<Kept<DoorsRead>> {
        self.kept_at(&key::read(site, &format!("doors#{doors}"))).await
    }

    /// Keeps what is known of one door system. Which sites share it may have been noted since it was read.
    pub async fn keep_doors_read(&self, site: &str, doors: &str, read: &DoorsRead) -> Result<()> {
        let stored = self.doors_read(site, doors).await?.filter(|stored| stored.of == read.of);
        let Some(stored) = stored else { return self.replace_doors_read(site, doors, read).await };
        let mut read = read.clone();
        read.shared.extend(stored.shared);
        read.registered.extend(stored.registered);
        self.replace_doors_read(site, doors, &read).await
    }

    /// Keeps exactly this of one door system.
    pub async fn replace_doors_read(&self, site: &str, doors: &str, read: &DoorsRead) -> Result<()> {
        self.write(Write::put(key::read(site, &format!("doors#{doors}")), body(read)?)).await
    }

    /// Forgets what is known of a door system under a name that it no longer has.
    pub async fn forget_doors_read(&self, site: &str, doors: &str) -> Result<()> {
        self.write(Write::delete(key::read(site, &format!("doors#{doors}")))).await
    }

    /// Keeps a proven delivery that could not be read, for the operator.
    pub async fn keep_unread(&self, site: &str, sameness: &str, why: &str, now: Timestamp) -> Result<()> {
        let until = now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX);
        self.write(Write::put(key::unread_one(site, sameness), body(&why)?).expires(until)).await
    }

    /// Why deliveries could not be read, one text each.
    pub async fn unread(&self, site: &str) -> Result<Vec<String>> {
        let items = self.list(&key::unread(site), "").await?;
        // The item alone says that there was such a delivery.
        Ok(items.iter().map(|item| item.read().unwrap_or_else(|_| "the reason cannot be read".to_owned())).collect())
    }
}

#[async_trait]
impl TokenStore for Store {
    async fn token(&self, name: &str) -> Result<Option<Token>> {
        self.kept(&key::token(name)).await
    }

    async fn keep_token(&self, name: &str, token: &Token) -> Result<()> {
        self.write(Write::put(key::token(name), body(token)?)).await
    }

    async fn refused_sign_in(&self, name: &str) -> Result<Option<RefusedSignIn>> {
        self.kept(&key::refused_sign_in(name)).await
    }

    async fn keep_refused_sign_in(&self, name: &str, refused: &RefusedSignIn) -> Result<()> {
        let until = refused.until;
        self.write(Write::put(key::refused_sign_in(name), body(refused)?).expires(until)).await
    }

    async fn token_note(&self, name: &str, word: &str) -> Result<Option<String>> {
        self.kept(&key::token_note(name, word)).await
    }

    async fn note_token(&self, name: &str, word: &str, text: &str) -> Result<()> {
        self.write(Write::put(key::token_note(name, word), body(&text)?)).await
    }
}
