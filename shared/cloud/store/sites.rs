//! Per-site items: the route for `receive`, the resolved names of the file, the read state of each
//! source, unread deliveries and tokens.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::key::{self, Key};
use super::range::KeyRange;
use super::{Item, Row, Store, Write, WriteStep, body};
use crate::store::site_version::SiteVersion;
use doorstep_core::decide::credibility::RefusedLists;
use doorstep_core::model::doors_read::DoorsRead;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::record::Kept;
use doorstep_core::model::usual::is_usual;
use doorstep_core::site::resolve::Resolved;
use doorstep_core::site::route::SiteRoute;
use doorstep_vendors::tokens::{RefusedSignIn, Token, TokenStore};

/// How long an unread delivery is kept: longer than any sender retries.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(8 * 24);

/// How long facts remain usable for new access while the platform cannot be read.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Maximum number of earlier site files that are compared.
const MOST_FILES: u64 = 9;

/// How reading a platform went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PlatformRead {
    /// When the last complete read began.
    pub complete: Option<Timestamp>,
    /// When the last complete full read began; a read of changes only does not count.
    pub whole: Option<Timestamp>,
    /// When the last whole list of each kind began, where that is later than `whole`: the kinds of
    /// a large site are read whole in turn.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub whole_of: BTreeMap<String, Timestamp>,
    /// Since when no read was complete.
    pub failing: Option<Timestamp>,
    /// The number of things of each kind.
    pub counts: BTreeMap<String, usize>,
    /// When a trigger last requested a reconcile.
    pub wanted: Option<Timestamp>,
    /// The latest version of the site file that was applied in full. Changes that follow from later
    /// versions are inferred.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub judged: Option<u64>,
    /// The latest version of the site file for which a full comparison was made and its changes
    /// were judged by the guard.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub compared: Option<u64>,
    /// Lists that are not credible, by the kind of thing.
    #[serde(default, skip_serializing_if = "RefusedLists::is_empty")]
    pub refused: RefusedLists,
}

/// How much a read of a platform asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    Full,
    /// Only what changed since an earlier read.
    Changes,
}

/// A verified delivery that could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableDelivery {
    /// The reason. It quotes nothing of the delivery.
    pub why: String,
    /// When it arrived, to the second.
    pub at: Option<Timestamp>,
}

impl PlatformRead {
    /// Records that a read which began at `now` was complete.
    pub fn completed(&mut self, now: Timestamp, extent: Extent) {
        self.complete = Some(now);
        if extent == Extent::Full {
            self.whole = Some(now);
        }
        self.failing = None;
    }

    /// Records that a read which began at `now` was not complete.
    pub fn failed(&mut self, now: Timestamp) {
        self.failing = self.failing.or(Some(now));
    }

    /// Returns the first site file to compare besides the version `n` in force. At most
    /// `MOST_FILES` earlier files are compared, even if the table never stored which one was
    /// judged.
    pub fn unfinished_from(&self, n: u64) -> u64 {
        self.judged.unwrap_or(1).max(n.saturating_sub(MOST_FILES))
    }

    /// Returns whether the platform has been unreadable for so long that its last facts no longer
    /// grant new access.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.failing.is_some()
            && self
                .complete
                .is_some_and(|at| now.duration_since(at) > GOOD_FOR)
    }
}

impl Store {
    /// Rewrites a site's route if it differs, for example because an older version wrote it. Writes
    /// only while `now` is in force, because a site that was retired meanwhile must not return.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if another version is in force by now, or
    /// none.
    pub async fn keep_route(&self, site_route: &SiteRoute, now: &SiteVersion) -> Result<()> {
        let at = key::site(&site_route.site);
        if self.kept(&at).await?.as_ref() == Some(site_route) {
            return Ok(());
        }
        let still = Write::check(key::active(&site_route.site), now.is_in_force());
        self.write_all(
            WriteStep::Keep,
            vec![Write::put(at, body(site_route)?), still],
        )
        .await
    }

    /// Loads a site's route; `None` for an unknown site. Reads one item, whatever the number of
    /// sites.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Permanent`] if the route is unreadable. The site
    /// exists, so its senders must retry.
    pub async fn site_route(&self, site: &SiteId) -> Result<Option<SiteRoute>> {
        self.get(&key::site(site))
            .await?
            .as_ref()
            .map(Item::read)
            .transpose()
    }

    /// Returns whether a site exists, even if its route is unreadable.
    pub async fn has_site(&self, site: &SiteId) -> Result<bool> {
        Ok(self.get(&key::site(site)).await?.is_some())
    }

    /// Loads the names of all sites, including those with an unreadable route.
    pub async fn site_names(&self) -> Result<Vec<SiteId>> {
        Ok(self
            .list(key::SITES, "")
            .await?
            .into_iter()
            .map(|item| item.sk.into())
            .collect())
    }

    /// Loads the routes of all sites. An unreadable one is noted and left out.
    pub async fn site_routes(&self) -> Result<Vec<SiteRoute>> {
        self.list_as(key::SITES, "").await
    }

    /// Loads the last resolution of the names in the site file.
    pub async fn resolved(&self, site: &SiteId) -> Result<Option<Resolved>> {
        self.kept(&key::resolved(site)).await
    }

    /// Stores the resolution of the names in the site file.
    pub async fn keep_resolved(&self, site: &SiteId, resolved: &Resolved) -> Result<()> {
        self.write(Write::put(key::resolved(site), body(resolved)?))
            .await
    }

    /// Loads the read state of the platform.
    pub async fn platform_read(&self, site: &SiteId) -> Result<PlatformRead> {
        Ok(self
            .kept(&key::read(site, "platform"))
            .await?
            .unwrap_or_default())
    }

    /// Loads the read states of the platforms of several sites, in no order. Missing and unreadable
    /// ones are left out.
    pub async fn platform_reads(&self, sites: &[SiteId]) -> Result<Vec<PlatformRead>> {
        let keys: Vec<Key> = sites
            .iter()
            .map(|site| key::read(site, "platform"))
            .collect();
        Ok(self
            .get_many(&keys)
            .await?
            .iter()
            .filter_map(|(_, item)| item.read().ok())
            .collect())
    }

    /// Stores the read state of the platform.
    pub async fn keep_platform_read(&self, site: &SiteId, read: &PlatformRead) -> Result<()> {
        self.write(Write::put(key::read(site, "platform"), body(read)?))
            .await
    }

    /// Loads the read state of one door system; `None` if it is missing or unreadable.
    pub async fn doors_read(&self, site: &SiteId, doors: &DoorsName) -> Result<Option<DoorsRead>> {
        Ok(self.doors_read_kept(site, doors).await?.readable())
    }

    /// Loads the read state of one door system, and whether it is readable. No other item says
    /// which groups were taken over.
    pub async fn doors_read_kept(
        &self,
        site: &SiteId,
        doors: &DoorsName,
    ) -> Result<Kept<DoorsRead>> {
        self.kept_at(&key::read(site, &format!("doors#{doors}")))
            .await
    }

    /// Stores the read state of one door system. Keeps sharing and registration that were stored
    /// since `read` was loaded.
    pub async fn keep_doors_read(
        &self,
        site: &SiteId,
        doors: &DoorsName,
        read: &DoorsRead,
    ) -> Result<()> {
        let stored = self
            .doors_read(site, doors)
            .await?
            .filter(|stored| stored.of == read.of);
        let Some(stored) = stored else {
            return self.replace_doors_read(site, doors, read).await;
        };
        let mut read = read.clone();
        read.shared.extend(stored.shared);
        read.registered.extend(stored.registered);
        self.replace_doors_read(site, doors, &read).await
    }

    /// Stores exactly this read state of one door system.
    pub async fn replace_doors_read(
        &self,
        site: &SiteId,
        doors: &DoorsName,
        read: &DoorsRead,
    ) -> Result<()> {
        self.write(Write::put(
            key::read(site, &format!("doors#{doors}")),
            body(read)?,
        ))
        .await
    }

    /// Deletes the read state of a door system whose name no longer exists.
    pub async fn forget_doors_read(&self, site: &SiteId, doors: &DoorsName) -> Result<()> {
        self.write(Write::delete(key::read(site, &format!("doors#{doors}"))))
            .await
    }

    /// Stores that a verified delivery could not be parsed, for the operator.
    pub async fn keep_unreadable(
        &self,
        site: &SiteId,
        dedup_id: &str,
        why: &str,
        now: Timestamp,
    ) -> Result<()> {
        let until = now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX);
        self.write(Write::put(key::unreadable_delivery(site, dedup_id), body(&why)?).expires(until))
            .await
    }

    /// Loads the deliveries that could not be parsed, in no order.
    pub async fn unreadable_deliveries(&self, site: &SiteId) -> Result<Vec<UnreadableDelivery>> {
        self.query(
            &key::unreadable_deliveries(site),
            KeyRange::All,
            unreadable_delivery,
        )
        .await
    }
}

/// Parses one item. It shows that there was such a delivery, even if its reason is unreadable.
fn unreadable_delivery(row: Row) -> UnreadableDelivery {
    let expires = row.expires.as_number();
    let expires = expires.and_then(|seconds| seconds.parse().ok());
    let until = expires.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let why = Item::from(row).read();
    UnreadableDelivery {
        why: why.unwrap_or_else(|_| "the reason cannot be read".to_owned()),
        at: until.and_then(|until| until.checked_sub(REMEMBERED).ok()),
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
        self.write(Write::put(key::refused_sign_in(name), body(refused)?).expires(until))
            .await
    }

    async fn token_note(&self, name: &str, word: &str) -> Result<Option<String>> {
        self.kept(&key::token_note(name, word)).await
    }

    async fn note_token(&self, name: &str, word: &str, text: &str) -> Result<()> {
        self.write(Write::put(key::token_note(name, word), body(&text)?))
            .await
    }
}
