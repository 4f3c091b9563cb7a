//! Holds, approved inferred changes, and the guard's counts.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::key::{self, Key};
use super::{Item, Store, Write, WriteCondition, body};
use doorstep_core::decide::guard::{
    Hold, RELEASED_FOR, TOGETHER, Tally, UnconfirmedChange, WaitingChange,
};
use doorstep_core::model::account::AccountId;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::FactId;
use doorstep_core::model::ids::{Checksum, DoorsName, SiteId};
use doorstep_core::site::Site;

/// Number of changes in one piece of a hold: far below the size limit of an item.
const PIECE: usize = 500;

/// The permission to apply one inferred change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The change.
    pub change: UnconfirmedChange,
    /// When the permission ends.
    pub until: Timestamp,
    /// The checksum of the hold that the operator approved; `None` if the guard let the change
    /// pass.
    pub approved: Option<Checksum>,
}

/// A new account.
#[derive(Serialize, Deserialize)]
struct NewAccountTime {
    doors: DoorsName,
    at: Timestamp,
}

fn hold(item: &Item) -> Result<Hold> {
    Ok(Hold {
        version: item.version,
        ..item.read()?
    })
}

impl Store {
    /// Loads the holds of a site, including those that were approved lately. An unreadable one is
    /// noted and left out.
    pub async fn holds(&self, site: &SiteId) -> Result<Vec<Hold>> {
        let items = self.list(&key::holds(site), "").await?;
        let pk = key::holds(site);
        let readable = items.iter().filter_map(|item| {
            let at = Key {
                pk: pk.clone(),
                sk: item.sk.clone(),
            };
            self.readable(&at, item).map(|read| Hold {
                version: item.version,
                ..read
            })
        });
        Ok(readable.collect())
    }

    /// Deletes unreadable holds. The comparison that follows judges the same changes again and
    /// stores their holds anew.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if the table is unavailable.
    pub async fn drop_unreadable_holds(&self, site: &SiteId) -> Result<()> {
        for item in self.list(&key::holds(site), "").await? {
            if hold(&item).is_ok() {
                continue;
            }
            let at = Key {
                pk: key::holds(site),
                sk: item.sk.clone(),
            };
            self.unreadable.note(&at);
            self.write(Write::delete(at)).await?;
        }
        Ok(())
    }

    /// Loads the holds of a site that wait for an approval.
    pub async fn open_holds(&self, site: &SiteId) -> Result<Vec<Hold>> {
        let mut holds = self.holds(site).await?;
        holds.retain(|hold| hold.approved.is_none());
        Ok(holds)
    }

    /// Loads one hold.
    pub async fn hold(&self, site: &SiteId, checksum: &Checksum) -> Result<Option<Hold>> {
        self.get(&key::hold(site, checksum))
            .await?
            .as_ref()
            .map(hold)
            .transpose()
    }

    /// Stores a hold, its changes first. Replaces an older hold of the same set only if that is
    /// unchanged since it was read.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if it changed meanwhile.
    pub async fn put_hold(&self, hold: &Hold, waiting: &[WaitingChange]) -> Result<()> {
        let pieces: Vec<&[WaitingChange]> = waiting.chunks(PIECE).collect();
        for (n, piece) in pieces.iter().enumerate() {
            self.write(Write::put(
                key::held(&hold.site, &hold.checksum, n),
                body(piece)?,
            ))
            .await?;
        }
        self.keep_hold(&Hold {
            pieces: pieces.len(),
            ..hold.clone()
        })
        .await
    }

    /// Stores the state of a hold if it is unchanged since it was read: an older copy must not undo
    /// an approval.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if it changed meanwhile.
    pub async fn keep_hold(&self, hold: &Hold) -> Result<()> {
        let put = Write::put(key::hold(&hold.site, &hold.checksum), body(hold)?)
            .version(hold.version + 1);
        self.write(put.only_if(WriteCondition::Version(hold.version)))
            .await
    }

    /// Loads the changes of a hold.
    pub async fn waiting(&self, hold: &Hold) -> Result<Vec<WaitingChange>> {
        let pieces = (0..hold.pieces).map(|n| async move {
            let piece = self.get(&key::held(&hold.site, &hold.checksum, n)).await?;
            piece.map_or_else(
                || Ok(Vec::new()),
                |piece| piece.read::<Vec<WaitingChange>>(),
            )
        });
        Ok(try_join_all(pieces).await?.concat())
    }

    /// Deletes a hold if it is unchanged since it was read.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if it changed meanwhile.
    pub async fn drop_hold(&self, hold: &Hold) -> Result<()> {
        let gone = Write::delete(key::hold(&hold.site, &hold.checksum));
        self.write(gone.only_if(WriteCondition::Version(hold.version)))
            .await?;
        let pieces =
            (0..hold.pieces).map(|n| Write::delete(key::held(&hold.site, &hold.checksum, n)));
        self.write_many(pieces.collect()).await
    }

    /// Permits these changes from `now` on, for [`RELEASED_FOR`].
    pub async fn release(
        &self,
        site: &SiteId,
        changes: &[&UnconfirmedChange],
        approved: Option<&Checksum>,
        now: Timestamp,
    ) -> Result<()> {
        let until = now.checked_add(RELEASED_FOR).unwrap_or(now);
        let one = |change: &&UnconfirmedChange| {
            let release = Release {
                change: (*change).clone(),
                until,
                approved: approved.cloned(),
            };
            Ok(Write::put(key::release(site, change), body(&release)?).expires(until))
        };
        self.write_many(changes.iter().map(one).collect::<Result<_>>()?)
            .await
    }

    /// Loads the permissions of those of these changes that may be applied at `now`.
    pub async fn released(
        &self,
        site: &SiteId,
        changes: &[UnconfirmedChange],
        now: Timestamp,
    ) -> Result<Vec<Release>> {
        let keys: Vec<Key> = changes
            .iter()
            .map(|change| key::release(site, change))
            .collect();
        let found = self.get_many(&keys).await?;
        // An unreadable permission permits nothing.
        let found = found
            .iter()
            .filter_map(|(key, item)| self.readable::<Release>(key, item));
        Ok(found.filter(|release| now < release.until).collect())
    }

    /// Loads the changes that may be applied at `now` because the operator approved them.
    pub async fn approved(
        &self,
        site: &SiteId,
        now: Timestamp,
    ) -> Result<BTreeSet<UnconfirmedChange>> {
        let releases: Vec<Release> = self.list_as(&key::releases(site), "").await?;
        let live = releases
            .into_iter()
            .filter(|release| now < release.until && release.approved.is_some());
        Ok(live.map(|release| release.change).collect())
    }

    /// Builds the write that deletes the permission of a change that was applied.
    pub fn delete_release(site: &SiteId, change: &UnconfirmedChange) -> Write {
        Write::delete(key::release(site, change))
    }

    /// Loads the guard's count of the last 24 hours, and its version.
    pub async fn tally(&self, site: &SiteId, now: Timestamp) -> Result<(Tally, u64)> {
        let at = key::tally(site);
        let item = self.get(&at).await?;
        let mut tally: Tally = item
            .as_ref()
            .and_then(|item| self.readable(&at, item))
            .unwrap_or_default();
        tally.made = self.made(site, now).await?;
        Ok((tally.lately(now), item.map_or(0, |item| item.version)))
    }

    /// Counts the accounts of the last 24 hours that the operator did not approve, by door system.
    pub async fn made(&self, site: &SiteId, now: Timestamp) -> Result<BTreeMap<DoorsName, usize>> {
        let items = self.list(&key::guard(site), key::MADE).await?;
        // An unreadable one still counts, because its key names the door system.
        let made = items.iter().filter_map(|item| {
            let at = Key {
                pk: key::guard(site),
                sk: item.sk.clone(),
            };
            self.readable(&at, item).or_else(|| {
                Some(NewAccountTime {
                    doors: key::made_at(&item.sk)?.into(),
                    at: now,
                })
            })
        });
        let mut counts = BTreeMap::new();
        for made in made.filter(|made: &NewAccountTime| now.duration_since(made.at) < TOGETHER) {
            *counts.entry(made.doors).or_default() += 1;
        }
        Ok(counts)
    }

    /// Builds the write that counts an account that was created at `at` without an approval.
    pub fn count_made(
        site: &SiteId,
        doors: &DoorsName,
        account: &AccountId,
        at: Timestamp,
    ) -> Result<Write> {
        let until = at.checked_add(TOGETHER).unwrap_or(at);
        let made = NewAccountTime {
            doors: doors.to_owned(),
            at,
        };
        Ok(Write::put(key::made(site, doors, account), body(&made)?).expires(until))
    }

    /// Stores the guard's count, unless another writer stored one meanwhile.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if it did: the changes which that writer let
    /// pass must be counted first.
    pub async fn keep_tally(&self, site: &SiteId, tally: &Tally, was: u64) -> Result<()> {
        let put = Write::put(key::tally(site), body(tally)?)
            .version(was + 1)
            .only_if(WriteCondition::Version(was));
        self.write(put).await
    }

    /// Counts a member who lost all card numbers. Returns how many other members did in the last 24
    /// hours.
    pub async fn count_lost_numbers(
        &self,
        site: &SiteId,
        name: &FactId,
        now: Timestamp,
    ) -> Result<usize> {
        let until = now.checked_add(TOGETHER).unwrap_or(now);
        let lost: Vec<(FactId, Timestamp)> =
            self.list_as(&key::guard(site), key::LOST_NUMBERS).await?;
        self.write(Write::put(key::lost_numbers(site, name), body(&(name, now))?).expires(until))
            .await?;
        Ok(lost
            .into_iter()
            .filter(|(other, at)| other != name && now.duration_since(*at) < TOGETHER)
            .count())
    }

    /// Returns whether too many people may need a new account and are not counted yet.
    pub async fn is_crowded(&self, site: &SiteId) -> Result<bool> {
        Ok(self.get(&key::many_accounts(site)).await?.is_some())
    }

    /// Stores that too many people may need a new account, or that they are counted.
    pub async fn note_many_accounts(&self, site: &SiteId, crowded: bool) -> Result<()> {
        let at = key::many_accounts(site);
        self.write(if crowded {
            Write::put(at, body(&true)?)
        } else {
            Write::delete(at)
        })
        .await
    }

    /// Loads the site files with these version numbers. An unreadable one is left out.
    pub async fn files(&self, site: &SiteId, versions: Range<u64>) -> Result<Vec<Site>> {
        let keys: Vec<Key> = versions.map(|n| key::version(site, n)).collect();
        let found = self.get_many(&keys).await?;
        let stored = found
            .iter()
            .filter_map(|(key, item)| self.readable::<super::site_version::SiteVersion>(key, item));
        Ok(stored.filter_map(|stored| stored.file().ok()).collect())
    }
}
