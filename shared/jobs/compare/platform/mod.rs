//! Reads the whole platform and judges what to accept.
//!
//! - A thing that a list lacks is read by its id before it counts as gone.
//! - A list that lost half of its things is rejected.
//! - A platform without a read API supplies facts that its reader has already judged.
//!
//! The new records of each kind are returned to the caller. This module stores nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::facts::FactIndex;
use doorstep_cloud::store::Store;
use doorstep_cloud::store::sites::PlatformRead;
use doorstep_core::decide::credibility::RefusedLists;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{FactId, Kind};
use doorstep_core::model::record::FactRecord;
use doorstep_core::site::Site;
use doorstep_vendors::platform::found::FactList;
use doorstep_vendors::platform::{ReadPlatform, Span};

mod assignments;
mod cards;
mod list;

use list::KindRead;

/// How far back check-ins are read.
const CHECKINS: SignedDuration = SignedDuration::from_hours(3 * 24);
/// The number of unreadable things that are reported by name.
const NAMED: usize = 100;

/// A platform read in progress.
pub struct PlatformReading<'a> {
    store: &'a Store,
    site: &'a Site,
    began: Timestamp,
    /// The instant since which changes of the next kind are listed; `None` lists everything.
    pub since: Option<Timestamp>,
    /// The stored facts, updated by what was read so far.
    pub known: FactIndex,
    /// Number of listed things of each kind.
    pub counts: BTreeMap<&'static str, usize>,
    /// Number of card numbers, if a complete list of members was accepted.
    pub numbers: Option<usize>,
    /// What could not be read.
    pub problems: Vec<String>,
    /// What was read and is rejected.
    pub refused: Vec<String>,
    /// Pushed updates that are rejected. They are left out of the read.
    pub flaws: Vec<String>,
    /// Harmless irregularities.
    pub remarks: Vec<String>,
    /// Kinds whose list could not be read.
    pub unread: BTreeSet<Kind>,
    /// Lists that were rejected, by kind: those of the last read, updated by this read.
    pub refused_lists: RefusedLists,
    /// Things that their lists lack and that presumably exist.
    unlisted: BTreeSet<FactId>,
    /// Lists that could not be read and beside which the platform counts as read: reading them
    /// needs a right of its own.
    apart: Vec<String>,
    news: Vec<FactRecord>,
}

impl<'a> PlatformReading<'a> {
    /// Starts a read. `began` becomes the version of every record of it.
    pub fn new(store: &'a Store, site: &'a Site, mark: &PlatformRead, began: Timestamp) -> Self {
        let (known, counts) = (FactIndex::default(), BTreeMap::new());
        let (problems, refused, remarks) = (Vec::new(), Vec::new(), Vec::new());
        let (unread, unlisted, news) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        let (refused_lists, flaws, numbers) = (mark.refused.clone(), Vec::new(), None);
        PlatformReading {
            store,
            site,
            began,
            since: None,
            known,
            counts,
            numbers,
            problems,
            refused,
            flaws,
            remarks,
            unread,
            refused_lists,
            unlisted,
            apart: Vec::new(),
            news,
        }
    }

    /// Loads the stored facts of a platform that cannot be read at all, and keeps them.
    ///
    /// # Errors
    /// [`Error::Retry`] if our table is unavailable.
    pub async fn none(&mut self, error: &Error) -> Result<()> {
        self.problems.push(error.to_string());
        for kind in Kind::ALL {
            self.remember(kind).await?;
            self.unread.insert(kind);
        }
        Ok(())
    }

    /// Reads one kind and returns its new and changed records. If the list cannot be read, the
    /// stored facts stay.
    ///
    /// # Errors
    /// [`Error::Retry`] if our table is unavailable.
    pub async fn one(&mut self, reader: &dyn ReadPlatform, kind: Kind) -> Result<Vec<FactRecord>> {
        let checkins_from = self.began.checked_sub(CHECKINS).unwrap_or(self.began);
        let span = Span {
            changed_since: self.since,
            checkins_from,
        };
        let stored = self.remember(kind).await?;
        let listed = match reader.read(kind, &span).await {
            Ok(listed) if kind == Kind::Membership => self.assigned(reader, listed, &stored).await,
            listed => listed,
        };
        match listed {
            Ok(listed) => {
                self.remark_on_unreadable(kind, &listed);
                self.compare(
                    &KindRead {
                        reader,
                        kind,
                        stored: &stored,
                        began: self.began,
                        checkins_from,
                    },
                    listed,
                )
                .await;
            }
            Err(error) => {
                let why = format!("the list of {}: {error}", kind.plural());
                match kind {
                    Kind::Visit => self.apart.push(why),
                    _ => self.problems.push(why),
                }
                self.unread.insert(kind);
            }
        }
        self.flaws = reader.flaws();
        self.flaws.extend(self.apart.iter().cloned());
        Ok(std::mem::take(&mut self.news))
    }

    /// Loads the stored facts of a kind.
    async fn remember(&mut self, kind: Kind) -> Result<BTreeMap<FactId, FactRecord>> {
        let records = self.store.facts_of(&self.site.id, kind).await?;
        records.iter().for_each(|record| self.known.put(record));
        Ok(records
            .into_iter()
            .map(|record| (record.fact.name(), record))
            .collect())
    }

    /// Adds a remark for each unreadable record. It affects only these records: the read counts as
    /// complete.
    fn remark_on_unreadable(&mut self, kind: Kind, listed: &FactList) {
        self.remark(listed.unreadable.iter());
        if listed.nameless > 0 {
            self.remarks.push(format!(
                "{} records of {} have no id and cannot be read",
                listed.nameless,
                kind.plural()
            ));
        }
    }

    /// Adds a remark for each of the first records, and one for the number of the others.
    fn remark<T: std::fmt::Display>(&mut self, unreadable: impl ExactSizeIterator<Item = T>) {
        let more = unreadable.len().saturating_sub(NAMED);
        self.remarks
            .extend(unreadable.take(NAMED).map(|one| one.to_string()));
        if more > 0 {
            self.remarks
                .push(format!("{more} more of these cannot be read"));
        }
    }

    fn news(&mut self, old: Option<&FactRecord>, new: FactRecord) {
        let is_news = |old: &FactRecord| !old.says_same(&new) || new.confirms_end_of(old);
        if old.is_none_or(|old| is_news(old) && old.read <= new.read) {
            let new = new.after(old);
            self.known.put(&new);
            self.news.push(new);
        }
    }
}
