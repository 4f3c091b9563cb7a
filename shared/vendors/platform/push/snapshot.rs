//! Chooses the snapshot that counts: the newest complete one that is credible.
//!
//! A platform without a read API cannot be asked a second time. A snapshot is therefore judged as a whole, against what
//! was known at its time. It is not believed if it is empty, if it lacks a kind that may not run out, or if it lost
//! half or more of a long list. Nothing is revoked because of such a snapshot, and the operator is informed.
//!
//! Snapshots are judged in order, oldest first. If three deliveries report the same content, Doorstep asks a human to
//! approve it. Until then the earlier snapshot and the newer updates count.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::store::PushStore;
use super::{Contract, Entity, Record};
use doorstep_core::decide::credibility::{Loss, LossLimit};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::push_update::{
    AcceptedSnapshot, Head, Receipt, SnapshotReport, Snapshots, ThingUpdate, UnconfirmedSnapshot, UpdateVersion,
    version_of,
};

/// Longest time between the parts of one snapshot. A longer time means that the sender reused an id.
const TOGETHER: SignedDuration = SignedDuration::from_hours(1);
/// Time after which an incomplete snapshot is reported.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);
/// Shortest time between two reports of one content, both by the platform's time and by the time of receipt. It equals
/// the interval between two full reads of a platform with a read API.
const CADENCE: SignedDuration = SignedDuration::from_mins(15);

/// Name of a thing: its kind in the platform's word, and its id.
pub(super) type Name = (&'static str, String);

/// Content of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Listed {
    /// Identity, version and counts of the snapshot.
    pub(super) accepted: AcceptedSnapshot,
    /// Each thing as the snapshot lists it.
    pub(super) things: BTreeMap<Name, Value>,
}

/// A complete snapshot: all its parts have arrived.
struct Whole<'r> {
    snapshot: &'r str,
    version: UpdateVersion,
    heads: Vec<&'r Head>,
    /// Time and delivery of the part that arrived last.
    receipt: &'r Receipt,
}

/// Decision about the stored snapshots.
pub(super) struct Choice {
    /// The snapshot that counts, if there is one.
    pub(super) base: Option<Listed>,
    /// The newest snapshot, if it is not believed and enough deliveries reported it to ask a human.
    pub(super) held: Option<Listed>,
    /// What is not believed, and why.
    pub(super) flaws: Vec<String>,
    /// The last content that was not believed.
    pub(super) unconfirmed: Option<UnconfirmedSnapshot>,
    /// Parts that can be deleted.
    pub(super) spent: Vec<Head>,
}

/// Reason why a snapshot cannot count.
struct Flaw {
    version: UpdateVersion,
    why: String,
}

/// Chooses the snapshot that counts, given all stored updates.
///
/// # Errors
/// [`Error::Retry`] where the table is unavailable. [`Error::Permanent`] where the snapshot that counted was
/// overwritten in part.
pub(super) async fn choose(
    store: &dyn PushStore,
    site: &SiteId,
    contract: &Contract,
    snapshots: &Snapshots,
    (updates, now): (&[ThingUpdate], Timestamp),
) -> Result<Choice> {
    let (wholes, flaws) = wholes(&snapshots.heads, now);
    let accepted = snapshots.accepted.as_ref();
    let before = accepted.and_then(|accepted| wholes.iter().find(|whole| whole.is(accepted)));
    let base = match before {
        Some(whole) => match listed(store, site, contract, whole).await {
            // An unreadable text is treated as overwritten: a newer snapshot may replace it.
            Err(Error::Permanent(_)) => None,
            listed => Some(listed?),
        },
        None => None,
    };
    let overwritten = accepted.filter(|_| base.is_none());
    let (unconfirmed, held) = (snapshots.unconfirmed.clone(), None);
    let mut judging = Judging { contract, updates, overwritten, base, unconfirmed, held, flaws, disbelief: None };
    for whole in &wholes {
        if accepted.is_some_and(|accepted| whole.version <= accepted.version) {
            continue;
        }
        match listed(store, site, contract, whole).await {
            Ok(new) => judging.take(whole, new),
            Err(Error::Permanent(why)) => judging.flaws.push(Flaw { version: whole.version.clone(), why }),
            Err(error) => return Err(error),
        }
    }
    judging.choice(snapshots, &wholes)
}

/// State of the judgement. It takes the snapshots one after the other, oldest first.
struct Judging<'a> {
    contract: &'a Contract,
    updates: &'a [ThingUpdate],
    /// The snapshot that counted, if a part of it was overwritten.
    overwritten: Option<&'a AcceptedSnapshot>,
    base: Option<Listed>,
    unconfirmed: Option<UnconfirmedSnapshot>,
    held: Option<Listed>,
    flaws: Vec<Flaw>,
    /// Why the newest snapshot is not believed.
    disbelief: Option<String>,
}

impl Judging<'_> {
    /// Judges the next newer snapshot.
    fn take(&mut self, whole: &Whole<'_>, new: Listed) {
        (self.held, self.disbelief) = (None, None);
        let overwritten = self.overwritten.filter(|_| self.base.is_none());
        let Some(why) = judge(self.contract, self.base.as_ref(), overwritten, self.updates, &new) else {
            self.unconfirmed =
                self.unconfirmed.take().filter(|unconfirmed| new.accepted.version < unconfirmed.latest.version);
            self.base = Some(new);
            return;
        };
        let unconfirmed = reported(self.unconfirmed.take(), whole, &new);
        if unconfirmed.is_for_a_human() && unconfirmed.latest.version == new.accepted.version {
            self.held = Some(new);
        } else {
            self.disbelief = Some(why);
        }
        self.unconfirmed = Some(unconfirmed);
    }

    /// Returns the decision. A flaw is reported only if it is newer than the snapshot that counts.
    fn choice(self, snapshots: &Snapshots, wholes: &[Whole<'_>]) -> Result<Choice> {
        let Judging { base, held, unconfirmed, flaws, disbelief, .. } = self;
        let counts =
            base.as_ref().map(|base| &base.accepted.version).or(snapshots.accepted.as_ref().map(|b| &b.version));
        let newer = flaws.into_iter().filter(|flaw| counts.is_none_or(|counts| *counts < flaw.version));
        let mut flaws: Vec<String> = newer.map(|flaw| flaw.why).chain(disbelief).collect();
        if base.is_none() && snapshots.accepted.is_some() {
            flaws.push("the roster that counted was told anew in part: send a whole one with a new id".to_owned());
            return Err(Error::permanent(flaws.join("; ")));
        }
        let spent = spent(&snapshots.heads, wholes, (base.as_ref(), unconfirmed.as_ref()));
        Ok(Choice { base, held, flaws, unconfirmed, spent })
    }
}

/// Adds a snapshot to the reports of a content that is not believed. A delivery that was read before is no new report.
/// A delivery within [`CADENCE`] of the last report is none either.
fn reported(before: Option<UnconfirmedSnapshot>, whole: &Whole<'_>, new: &Listed) -> UnconfirmedSnapshot {
    let content = new.content();
    let latest = new.accepted.clone();
    let report = whole.report();
    match before {
        Some(unconfirmed) if unconfirmed.content == content => {
            let mut reports = unconfirmed.reports;
            let apart = |last: &SnapshotReport| {
                report.version.at.duration_since(last.version.at) >= CADENCE
                    && report.receipt.at.duration_since(last.receipt.at) >= CADENCE
            };
            let other = reports.iter().all(|one| one.receipt.delivery != report.receipt.delivery);
            if other && reports.last().is_none_or(apart) {
                reports.push(report);
            }
            let latest = if unconfirmed.latest.version < latest.version { latest } else { unconfirmed.latest };
            UnconfirmedSnapshot { content, latest, reports }
        }
        // The newer doubted content stays the one that a human may be asked about.
        Some(unconfirmed) if latest.version < unconfirmed.latest.version => unconfirmed,
        _ => UnconfirmedSnapshot { content, latest, reports: vec![report] },
    }
}

/// Returns whether a complete snapshot is newer than the believed one.
pub(super) fn is_news(snapshots: &Snapshots, now: Timestamp) -> bool {
    let (wholes, _) = wholes(&snapshots.heads, now);
    let accepted = snapshots.accepted.as_ref().map(|accepted| &accepted.version);
    wholes.last().is_some_and(|newest| accepted.is_none_or(|accepted| *accepted < newest.version))
}

/// Returns the parts that can be deleted. Kept are the believed, the newest and the doubted snapshot, and the parts of
/// incomplete snapshots that are not older than the believed one.
fn spent(
    heads: &[Head],
    wholes: &[Whole<'_>],
    (base, unconfirmed): (Option<&Listed>, Option<&UnconfirmedSnapshot>),
) -> Vec<Head> {
    let base = base.map(|base| &base.accepted.version);
    let newest = wholes.last().map(|newest| &newest.version);
    let unconfirmed = unconfirmed.map(|unconfirmed| &unconfirmed.latest.version);
    let is_spent = |head: &&Head| match wholes.iter().find(|whole| whole.heads.contains(head)) {
        Some(whole) => ![base, newest, unconfirmed].contains(&Some(&whole.version)),
        None => base.is_some_and(|base| head.version.at < base.at),
    };
    heads.iter().filter(is_spent).cloned().collect()
}

impl Listed {
    /// Returns the SHA-256 of everything that the snapshot lists.
    fn content(&self) -> String {
        let things: Vec<_> = self.things.iter().collect();
        hex::encode(Sha256::digest(serde_json::to_vec(&things).unwrap_or_default()))
    }
}

impl Whole<'_> {
    fn is(&self, accepted: &AcceptedSnapshot) -> bool {
        self.snapshot == accepted.snapshot && self.version == accepted.version
    }

    fn report(&self) -> SnapshotReport {
        SnapshotReport { version: self.version.clone(), receipt: self.receipt.clone() }
    }
}

/// Returns the complete snapshots, oldest first, and the flaws of the others. An incomplete snapshot whose parts may
/// still arrive is in neither.
fn wholes(heads: &[Head], now: Timestamp) -> (Vec<Whole<'_>>, Vec<Flaw>) {
    let mut by_roster: BTreeMap<&str, Vec<&Head>> = BTreeMap::new();
    for head in heads {
        by_roster.entry(&head.snapshot).or_default().push(head);
    }
    let (mut wholes, mut flaws) = (Vec::new(), Vec::new());
    for (snapshot, heads) in by_roster {
        let version = version_of(&heads);
        let Some(receipt) = heads.iter().map(|head| &head.receipt).max_by_key(|receipt| receipt.at) else { continue };
        let latest = heads.iter().map(|head| head.version.at).max().unwrap_or(version.at);
        let parts = heads.iter().map(|head| head.parts).collect::<BTreeSet<_>>();
        let why = match parts.first() {
            Some(_) if parts.len() > 1 => Some("its parts do not agree on how many there are".to_owned()),
            _ if latest.duration_since(version.at) > TOGETHER => {
                Some("its parts were made more than an hour apart, so they are not of one roster".to_owned())
            }
            Some(&parts) if heads.len() < parts as usize => {
                let waits = now.duration_since(latest) <= PATIENCE;
                let missing = parts as usize - heads.len();
                if waits {
                    continue;
                }
                Some(format!("{missing} of its {parts} parts never came"))
            }
            _ => None,
        };
        match why {
            None => wholes.push(Whole { snapshot, version, heads, receipt }),
            Some(why) => {
                let why = format!("a roster counts for nothing: {why}; send it again with a new id");
                flaws.push(Flaw { version, why });
            }
        }
    }
    wholes.sort_by(|a, b| a.version.cmp(&b.version));
    (wholes, flaws)
}

/// Loads everything that a snapshot lists.
async fn listed(store: &dyn PushStore, site: &SiteId, contract: &Contract, whole: &Whole<'_>) -> Result<Listed> {
    let mut things = BTreeMap::new();
    for head in &whole.heads {
        let unreadable = || Error::permanent("a roster in the table cannot be read");
        let text = store.snapshot_text(site, head).await?;
        let Ok(Value::Object(lists)) = serde_json::from_str(&text) else { return Err(unreadable()) };
        for (list, items) in lists {
            let entity = contract.entities.iter().find(|entity| entity.list == list).ok_or_else(unreadable)?;
            let Value::Array(items) = items else { return Err(unreadable()) };
            for item in items {
                let id = (entity.read)(&item).map_err(|_| unreadable())?.id().to_owned();
                if things.insert((entity.word, id), item).is_some() {
                    return Err(Error::permanent(format!(
                        "the last roster has one of its {list} twice and is not believed"
                    )));
                }
            }
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (word, _) in things.keys() {
        *counts.entry((*word).to_owned()).or_default() += 1;
    }
    let accepted = AcceptedSnapshot { snapshot: whole.snapshot.to_owned(), version: whole.version.clone(), counts };
    Ok(Listed { accepted, things })
}

/// Judges a snapshot. Returns why it is not believed; `None` if it is.
fn judge(
    contract: &Contract,
    base: Option<&Listed>,
    overwritten: Option<&AcceptedSnapshot>,
    updates: &[ThingUpdate],
    new: &Listed,
) -> Option<String> {
    let at = new.accepted.version.at;
    let known = known(contract, base, updates.iter().filter(|update| update.version < new.accepted.version));
    let refused =
        |why: String| Some(format!("the last roster {why}: it is not believed, and nothing is revoked because of it"));
    let total = known.len() + overwritten.map_or(0, |overwritten| overwritten.counts.values().sum());
    if new.things.is_empty() && total > 0 {
        return refused(format!("is empty, and there were {total} things"));
    }
    for entity in contract.entities {
        let live = |(name, data): &(&Name, &Value)| name.0 == entity.word && !is_over(entity, data, at);
        let listed = |name: &&Name| new.things.contains_key(*name);
        let names: Vec<&Name> = known.iter().filter(live).map(|(name, _)| name).collect();
        let now = new.accepted.counts.get(entity.word).copied().unwrap_or_default();
        let (before, missing) = match overwritten.and_then(|overwritten| overwritten.counts.get(entity.word)) {
            Some(&before) => (before, before.saturating_sub(now)),
            None => (names.len(), names.len() - names.iter().copied().filter(|name| listed(name)).count()),
        };
        let loss = Loss { known: before, lost: missing };
        let is_empty = now == 0 && !entity.may_run_out;
        let limit = if is_empty { LossLimit::HalfOrAll } else { LossLimit::Half };
        if !loss.is_credible(limit) {
            return refused(match is_empty {
                true => format!("has no {}, and there were {before}", entity.list),
                false => format!("{loss} {}", entity.list),
            });
        }
    }
    None
}

fn is_over(entity: &Entity, data: &Value, at: Timestamp) -> bool {
    (entity.read)(data).is_ok_and(|thing: Box<dyn Record>| thing.is_over(at))
}

/// Returns the things that exist by a snapshot and the newer updates.
fn known<'k>(
    contract: &Contract,
    base: Option<&'k Listed>,
    updates: impl Iterator<Item = &'k ThingUpdate>,
) -> BTreeMap<Name, Value> {
    let mut known: BTreeMap<Name, Value> = base.map(|base| base.things.clone()).unwrap_or_default();
    for update in updates {
        overlay(contract, base, update, &mut known);
    }
    known
}

/// Applies an update to the known things, if it is newer than the snapshot.
pub(super) fn overlay(
    contract: &Contract,
    base: Option<&Listed>,
    update: &ThingUpdate,
    known: &mut BTreeMap<Name, Value>,
) {
    let Some(entity) = contract.entity(&update.entity) else { return };
    if base.is_some_and(|base| update.version < base.accepted.version) {
        return;
    }
    let name = (entity.word, update.id.clone());
    match update.data.as_deref().map(serde_json::from_str) {
        Some(Ok(data)) => drop(known.insert(name, data)),
        Some(Err(_)) => {}
        None => drop(known.remove(&name)),
    }
}
