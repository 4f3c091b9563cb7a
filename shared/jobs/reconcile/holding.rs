//! Lets the guard judge the unconfirmed changes, and stores the result: the released changes, and
//! the holds that wait for an approval. A change is judged only from a complete read.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Report;
use super::people::MarkedPeople;
use crate::compare::doors::DoorsSnapshot;
use crate::compare::facts::FactIndex;
use crate::compare::unconfirmed::{holders, inside};
use doorstep_cloud::bus::Notice;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::store::dues::Due;
use doorstep_core::decide::guard::judge::{Judgement, Measure, judge};
use doorstep_core::decide::guard::{
    Hold, REPORTED_EVERY, TOGETHER, UnconfirmedChange, WaitingChange,
};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::FactId;
use doorstep_core::model::person::Person;
use doorstep_core::model::record::FactRecord;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::{Mode, Site};

/// The input of the guard.
pub struct Holding<'a> {
    pub environment: &'a Environment,
    pub site: &'a Site,
    pub snapshot: &'a DoorsSnapshot,
    pub known: &'a FactIndex,
    /// Every stored person that can be read.
    pub people: &'a [Person],
    /// Whether the platform was read completely, and the read is accepted.
    pub sound: bool,
    pub now: Timestamp,
}

/// The decision of the guard.
pub struct Ruling {
    /// The people who are due.
    pub dues: Vec<Due>,
    /// Whether everything was compared and judged in full mode, the only mode that revokes.
    pub compared: bool,
    /// Whether everything was compared and no unconfirmed change is left.
    pub done: bool,
}

impl Holding<'_> {
    /// Judges the marked changes, stores the holds and returns who is due.
    pub async fn judge(&self, marked: MarkedPeople, report: &mut Report) -> Result<Ruling> {
        let MarkedPeople {
            mut dues,
            conditional,
            waiting,
            confirmed,
            foreign: _,
        } = marked;
        let sound = |one: &WaitingChange| {
            self.sound
                && one
                    .change
                    .doors()
                    .is_none_or(|doors| self.snapshot.is_complete(doors))
        };
        let (judged, unread): (Vec<WaitingChange>, Vec<WaitingChange>) =
            waiting.into_iter().partition(sound);
        let unjudged = unread.len();
        let whole = self.sound
            && self
                .site
                .doors
                .keys()
                .all(|doors| self.snapshot.is_complete(doors));
        if unjudged > 0 {
            report.problems.push(format!(
                "{unjudged} unconfirmed changes wait for a complete read"
            ));
        }
        let approved = self
            .environment
            .store
            .approved(&self.site.id, self.now)
            .await?;
        let (theirs, judged): (Vec<WaitingChange>, Vec<WaitingChange>) = judged
            .into_iter()
            .partition(|one| approved.contains(&one.change));
        let done = unjudged == 0 && judged.is_empty() && theirs.is_empty();
        let released = self.guard(judged, whole, report).await?;
        for one in theirs.iter().chain(&released).filter(|one| !one.foreign) {
            match one.change {
                UnconfirmedChange::Leaves { .. } => report.revoked += 1,
                UnconfirmedChange::Card { .. } => report.untagged += 1,
                UnconfirmedChange::Rests { .. }
                | UnconfirmedChange::Made { .. }
                | UnconfirmedChange::Moves { .. } => {}
            }
        }
        let free: BTreeSet<&UnconfirmedChange> = theirs
            .iter()
            .chain(&released)
            .map(|one| &one.change)
            .collect();
        let may = conditional
            .into_iter()
            .filter(|one| one.changes.iter().any(|change| free.contains(change)));
        dues.extend(may.map(|one| one.due));
        self.delete_unneeded(&confirmed).await?;
        let compared = whole && self.site.mode == Mode::Full;
        Ok(Ruling {
            dues,
            compared,
            done: done && compared,
        })
    }

    /// Returns the released changes, after it stored the holds.
    async fn guard(
        &self,
        waiting: Vec<WaitingChange>,
        whole: bool,
        report: &mut Report,
    ) -> Result<Vec<WaitingChange>> {
        let (store, site) = (&self.environment.store, &self.site.id);
        // Usually there is no unconfirmed change. Then the membership of all groups is not
        // computed.
        let Judgement { released, holds } = match waiting.is_empty() {
            true => Judgement::default(),
            false => self.judged(waiting).await?,
        };
        self.keep_holds(holds, whole, report).await?;
        if whole && store.is_crowded(site).await? {
            store.note_many_accounts(site, false).await?;
        }
        Ok(released)
    }

    /// Judges all changes as one set. The tally is stored before the changes are released, so that
    /// a crash in between releases fewer changes, never more.
    async fn judged(&self, waiting: Vec<WaitingChange>) -> Result<Judgement> {
        let (store, site) = (&self.environment.store, &self.site.id);
        let (mut tally, was) = store.tally(site, self.now).await?;
        let (inside, holders) = (inside(self.snapshot, self.now), holders(self.people));
        let guard = &self.site.guard;
        let measure = Measure {
            site,
            guard,
            inside: &inside,
            holders: &holders,
            tally: &tally,
            now: self.now,
        };
        let Judgement {
            mut released,
            holds,
        } = judge(measure, waiting);
        // Settle counts a new account when it creates it.
        let taken = released.iter().filter(|one| one.change.place().is_some());
        let new: Vec<UnconfirmedChange> = taken.map(|one| one.change.clone()).collect();
        if !new.is_empty() {
            for change in new {
                tally.left.entry(change).or_insert(self.now);
            }
            if let Err(error) = store.keep_tally(site, &tally, was).await {
                if !error.is_retryable() {
                    return Err(error);
                }
                tracing::warn!(site = site.as_str(), %error, "conflict: another run judged at the same time; the changes wait for the next reconcile");
                released.clear();
            }
        }
        let changes: Vec<&UnconfirmedChange> = released.iter().map(|one| &one.change).collect();
        store.release(site, &changes, None, self.now).await?;
        Ok(Judgement { released, holds })
    }

    /// Stores the holds and removes those that no longer apply. A hold is published when it is new,
    /// and then once a day.
    async fn keep_holds(
        &self,
        holds: Vec<(Hold, Vec<WaitingChange>)>,
        whole: bool,
        report: &mut Report,
    ) -> Result<()> {
        let store = &self.environment.store;
        store.drop_unreadable_holds(&self.site.id).await?;
        let before = store.holds(&self.site.id).await?;
        let mut open = Vec::new();
        for (hold, waiting) in holds {
            match before
                .iter()
                .find(|old| old.checksum == hold.checksum && old.approved.is_none())
            {
                Some(old) if self.now.duration_since(old.reported) < REPORTED_EVERY => {
                    open.push(old.clone())
                }
                Some(old) => {
                    let again = Hold {
                        reported: self.now,
                        ..old.clone()
                    };
                    // A conflict means that the operator approved the hold in this moment. The
                    // approval wins.
                    if !unless_changed(store.keep_hold(&again).await)? {
                        continue;
                    }
                    report.notices.push(Notice::Held(again.clone()));
                    open.push(again);
                }
                None => {
                    let same = before.iter().find(|old| old.checksum == hold.checksum);
                    let hold = Hold {
                        version: same.map_or(0, |old| old.version),
                        ..hold
                    };
                    if !unless_changed(store.put_hold(&hold, &waiting).await)? {
                        continue;
                    }
                    report.notices.push(Notice::Held(hold.clone()));
                    open.push(hold);
                }
            }
        }
        for old in before {
            if open.iter().any(|new| new.checksum == old.checksum) {
                continue;
            }
            match old.approved {
                // An approved hold stays for a day, so that the operator sees its result.
                Some(at) if self.now.duration_since(at) < TOGETHER => {}
                None if !whole => open.push(old),
                _ => drop(unless_changed(store.drop_hold(&old).await)?),
            }
        }
        report.held += open.iter().map(Hold::count).sum::<usize>();
        report.problems.extend(
            open.iter()
                .map(|hold| hold.describe(|doors, group| self.snapshot.name_of(doors, group))),
        );
        Ok(())
    }

    /// Removes the confirmed state of a fact once the change is old and no pending revoke rests on
    /// it.
    async fn delete_unneeded(&self, needed: &BTreeSet<FactId>) -> Result<()> {
        let old = |until: Timestamp| self.now.duration_since(until) >= TOGETHER;
        // A change of the catalogue affects all people, so any pending revoke may rest on it.
        let catalogue = !needed.is_empty();
        for (name, before) in self.known.before() {
            let named = Catalogue::KINDS.contains(&before.fact.what.kind());
            if needed.contains(name) || named && catalogue || !old(before.until) {
                continue;
            }
            if let Some(record) = self.environment.store.fact(&self.site.id, name).await? {
                let record = FactRecord {
                    confirmed: None,
                    ..record
                };
                match self
                    .environment
                    .store
                    .keep_fact(&self.site.id, &record)
                    .await
                {
                    Err(error @ Error::Retry { .. }) => return Err(error),
                    _ => continue,
                }
            }
        }
        Ok(())
    }
}

/// Returns whether a hold was written. Returns `false` on a conflict: the next comparison sees the
/// changed hold.
fn unless_changed(written: Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.is_retryable() => {
            tracing::warn!(%error, "a hold could not be stored; the next reconcile stores it");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
