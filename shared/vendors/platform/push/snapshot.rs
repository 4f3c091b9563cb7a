//! Chooses the snapshot that counts: the newest complete one that is credible.
//!
//! A platform without a read API cannot be asked a second time. A snapshot is therefore judged as a
//! whole, against what was known at its time. It is rejected if it is empty, if it lacks a kind
//! that may not run out, or if it lost half or more of a long list. Nothing is revoked because of
//! such a snapshot, and the operator is informed.
//!
//! Snapshots are judged in order, oldest first. If three deliveries report the same content,
//! Doorstep asks a human to approve it. Until then the earlier snapshot and the newer updates
//! count.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::store::PushStore;
use super::{Contract, PushEntity, PushedThing};
use doorstep_core::decide::credibility::{Loss, LossLimit};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::push_update::{
    AcceptedSnapshot, PartHead, Receipt, SnapshotReport, Snapshots, ThingUpdate,
    UnconfirmedSnapshot, UpdateVersion, version_of,
};

/// Longest time between the parts of one snapshot. A longer time means that the sender reused an
/// id.
const TOGETHER: SignedDuration = SignedDuration::from_hours(1);
/// Time after which an incomplete snapshot is reported.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);
/// Shortest time between two reports of one content, both by the platform's time and by the time of
/// receipt. It equals the interval between two full reads of a platform with a read API.
const CADENCE: SignedDuration = SignedDuration::from_mins(15);

/// How long a thing that is over may still open something: a rule may have minutes after its end.
const OPEN_AFTER: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Name of a thing: its kind in the platform's word, and its id.
pub(super) type ThingName = (&'static str, String);

/// Content of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SnapshotContent {
    /// Identity, version and counts of the snapshot.
    pub(super) accepted: AcceptedSnapshot,
    /// Each thing as the snapshot lists it.
    pub(super) things: BTreeMap<ThingName, Value>,
}

/// A complete snapshot: all its parts have arrived.
struct CompleteSnapshot<'r> {
    snapshot: &'r str,
    version: UpdateVersion,
    heads: Vec<&'r PartHead>,
    /// Time and delivery of the part that arrived last.
    receipt: &'r Receipt,
}

/// Decision about the stored snapshots.
pub(super) struct Choice {
    /// The snapshot that counts, if there is one.
    pub(super) base: Option<SnapshotContent>,
    /// The newest snapshot, if it is rejected and enough deliveries reported it to ask a human.
    pub(super) held: Option<SnapshotContent>,
    /// What is rejected, and why.
    pub(super) flaws: Vec<String>,
    /// The last content that was rejected.
    pub(super) unconfirmed: Option<UnconfirmedSnapshot>,
    /// Parts that can be deleted.
    pub(super) obsolete: Vec<PartHead>,
}

/// What the platform pushed and the table still has.
pub(super) struct StoredPushes<'a> {
    /// The snapshots, in parts.
    pub(super) snapshots: &'a Snapshots,
    /// The updates about single things.
    pub(super) updates: &'a [ThingUpdate],
}

/// Reason why a snapshot cannot count.
struct SnapshotFlaw {
    version: UpdateVersion,
    why: String,
}

/// Chooses the snapshot that counts, given all stored updates.
///
/// # Errors
/// [`Error::Retry`] where the table is unavailable. [`Error::Permanent`] where the snapshot that
/// counted was overwritten in part.
pub(super) async fn choose(
    store: &dyn PushStore,
    site: &SiteId,
    contract: &Contract,
    stored: StoredPushes<'_>,
    now: Timestamp,
) -> Result<Choice> {
    let StoredPushes { snapshots, updates } = stored;
    let (complete_snapshots, flaws) = complete_snapshots(&snapshots.heads, now);
    let accepted = snapshots.accepted.as_ref();
    let before = accepted.and_then(|accepted| {
        complete_snapshots
            .iter()
            .find(|complete| complete.is(accepted))
    });
    let base = match before {
        Some(complete) => match listed(store, site, contract, complete).await {
            // An unreadable text is treated as overwritten: a newer snapshot may replace it.
            Err(Error::Permanent(_)) => None,
            listed => Some(listed?),
        },
        None => None,
    };
    let overwritten = accepted.filter(|_| base.is_none());
    let (unconfirmed, held) = (snapshots.unconfirmed.clone(), None);
    let mut selection = Selection {
        contract,
        updates,
        overwritten,
        base,
        unconfirmed,
        held,
        flaws,
        refusal: None,
    };
    for complete in &complete_snapshots {
        if accepted.is_some_and(|accepted| complete.version <= accepted.version) {
            continue;
        }
        match listed(store, site, contract, complete).await {
            Ok(new) => selection.take(complete, new),
            Err(Error::Permanent(why)) => selection.flaws.push(SnapshotFlaw {
                version: complete.version.clone(),
                why,
            }),
            Err(error) => return Err(error),
        }
    }
    selection.choice(snapshots, &complete_snapshots)
}

/// State of the judgement. It takes the snapshots one after the other, oldest first.
struct Selection<'a> {
    contract: &'a Contract,
    updates: &'a [ThingUpdate],
    /// The snapshot that counted, if a part of it was overwritten.
    overwritten: Option<&'a AcceptedSnapshot>,
    base: Option<SnapshotContent>,
    unconfirmed: Option<UnconfirmedSnapshot>,
    held: Option<SnapshotContent>,
    flaws: Vec<SnapshotFlaw>,
    /// Why the newest snapshot is rejected.
    refusal: Option<String>,
}

impl Selection<'_> {
    /// Judges the next newer snapshot.
    fn take(&mut self, complete: &CompleteSnapshot<'_>, new: SnapshotContent) {
        (self.held, self.refusal) = (None, None);
        let overwritten = self.overwritten.filter(|_| self.base.is_none());
        let Some(why) = judge(
            self.contract,
            self.base.as_ref(),
            overwritten,
            self.updates,
            &new,
        ) else {
            self.unconfirmed = self
                .unconfirmed
                .take()
                .filter(|unconfirmed| new.accepted.version < unconfirmed.latest.version);
            self.base = Some(new);
            return;
        };
        let unconfirmed = reported(self.unconfirmed.take(), complete, &new);
        if unconfirmed.is_for_a_human() && unconfirmed.latest.version == new.accepted.version {
            self.held = Some(new);
        } else {
            self.refusal = Some(why);
        }
        self.unconfirmed = Some(unconfirmed);
    }

    /// Returns the decision. A flaw is reported only if it is newer than the snapshot that counts.
    fn choice(
        self,
        snapshots: &Snapshots,
        complete_snapshots: &[CompleteSnapshot<'_>],
    ) -> Result<Choice> {
        let Selection {
            base,
            held,
            unconfirmed,
            flaws,
            refusal,
            ..
        } = self;
        let counts = base
            .as_ref()
            .map(|base| &base.accepted.version)
            .or(snapshots.accepted.as_ref().map(|b| &b.version));
        let newer = flaws
            .into_iter()
            .filter(|flaw| counts.is_none_or(|counts| *counts < flaw.version));
        let mut flaws: Vec<String> = newer.map(|flaw| flaw.why).chain(refusal).collect();
        if base.is_none() && snapshots.accepted.is_some() {
            flaws.push("parts of the accepted roster were sent again: send a complete roster with a new id".to_owned());
            return Err(Error::permanent(flaws.join("; ")));
        }
        let obsolete = obsolete(
            &snapshots.heads,
            complete_snapshots,
            base.as_ref(),
            unconfirmed.as_ref(),
        );
        Ok(Choice {
            base,
            held,
            flaws,
            unconfirmed,
            obsolete,
        })
    }
}

/// Adds a snapshot to the reports of a content that is rejected. A delivery that was read before is
/// no new report. A delivery within [`CADENCE`] of the last report is none either.
fn reported(
    before: Option<UnconfirmedSnapshot>,
    complete: &CompleteSnapshot<'_>,
    new: &SnapshotContent,
) -> UnconfirmedSnapshot {
    let content = new.content();
    let latest = new.accepted.clone();
    let report = complete.report();
    match before {
        Some(unconfirmed) if unconfirmed.content == content => {
            let mut reports = unconfirmed.reports;
            let apart = |last: &SnapshotReport| {
                report.version.at.duration_since(last.version.at) >= CADENCE
                    && report.receipt.at.duration_since(last.receipt.at) >= CADENCE
            };
            let other = reports
                .iter()
                .all(|one| one.receipt.delivery != report.receipt.delivery);
            if other && reports.last().is_none_or(apart) {
                reports.push(report);
            }
            let latest = if unconfirmed.latest.version < latest.version {
                latest
            } else {
                unconfirmed.latest
            };
            UnconfirmedSnapshot {
                content,
                latest,
                reports,
            }
        }
        // The newer unconfirmed content stays the one that the operator may approve.
        Some(unconfirmed) if latest.version < unconfirmed.latest.version => unconfirmed,
        _ => UnconfirmedSnapshot {
            content,
            latest,
            reports: vec![report],
        },
    }
}

/// Returns whether a complete snapshot is newer than the accepted one.
pub(super) fn is_news(snapshots: &Snapshots, now: Timestamp) -> bool {
    let (complete_snapshots, _) = complete_snapshots(&snapshots.heads, now);
    let accepted = snapshots
        .accepted
        .as_ref()
        .map(|accepted| &accepted.version);
    complete_snapshots
        .last()
        .is_some_and(|newest| accepted.is_none_or(|accepted| *accepted < newest.version))
}

/// Returns the parts that can be deleted. Kept are the accepted, the newest and the unconfirmed
/// snapshot, and the parts of incomplete snapshots that are not older than the accepted one.
fn obsolete(
    heads: &[PartHead],
    complete_snapshots: &[CompleteSnapshot<'_>],
    base: Option<&SnapshotContent>,
    unconfirmed: Option<&UnconfirmedSnapshot>,
) -> Vec<PartHead> {
    let base = base.map(|base| &base.accepted.version);
    let newest = complete_snapshots.last().map(|newest| &newest.version);
    let unconfirmed = unconfirmed.map(|unconfirmed| &unconfirmed.latest.version);
    let is_obsolete = |head: &&PartHead| match complete_snapshots
        .iter()
        .find(|complete| complete.heads.contains(head))
    {
        Some(complete) => ![base, newest, unconfirmed].contains(&Some(&complete.version)),
        None => base.is_some_and(|base| head.version.at < base.at),
    };
    heads.iter().filter(is_obsolete).cloned().collect()
}

impl SnapshotContent {
    /// Returns the SHA-256 of everything that the snapshot lists.
    fn content(&self) -> String {
        let things: Vec<_> = self.things.iter().collect();
        hex::encode(Sha256::digest(
            serde_json::to_vec(&things).unwrap_or_default(),
        ))
    }
}

impl CompleteSnapshot<'_> {
    fn is(&self, accepted: &AcceptedSnapshot) -> bool {
        self.snapshot == accepted.snapshot && self.version == accepted.version
    }

    fn report(&self) -> SnapshotReport {
        SnapshotReport {
            version: self.version.clone(),
            receipt: self.receipt.clone(),
        }
    }
}

/// Returns the complete snapshots, oldest first, and the flaws of the others. An incomplete
/// snapshot whose parts may still arrive is in neither.
fn complete_snapshots(
    heads: &[PartHead],
    now: Timestamp,
) -> (Vec<CompleteSnapshot<'_>>, Vec<SnapshotFlaw>) {
    let mut by_roster: BTreeMap<&str, Vec<&PartHead>> = BTreeMap::new();
    for head in heads {
        by_roster.entry(&head.snapshot).or_default().push(head);
    }
    let (mut complete_snapshots, mut flaws) = (Vec::new(), Vec::new());
    for (snapshot, heads) in by_roster {
        let version = version_of(&heads);
        let Some(receipt) = heads
            .iter()
            .map(|head| &head.receipt)
            .max_by_key(|receipt| receipt.at)
        else {
            continue;
        };
        let latest = heads
            .iter()
            .map(|head| head.version.at)
            .max()
            .unwrap_or(version.at);
        let parts = heads.iter().map(|head| head.parts).collect::<BTreeSet<_>>();
        let why = match parts.first() {
            Some(_) if parts.len() > 1 => {
                Some("its parts state different numbers of parts".to_owned())
            }
            _ if latest.duration_since(version.at) > TOGETHER => Some(
                "its parts were made more than an hour apart, so they are not of one roster"
                    .to_owned(),
            ),
            Some(&parts) if heads.len() < parts as usize => {
                let waits = now.duration_since(latest) <= PATIENCE;
                let missing = parts as usize - heads.len();
                if waits {
                    continue;
                }
                Some(format!("{missing} of its {parts} parts did not arrive"))
            }
            _ => None,
        };
        match why {
            None => complete_snapshots.push(CompleteSnapshot {
                snapshot,
                version,
                heads,
                receipt,
            }),
            Some(why) => {
                let why = format!("a roster is ignored: {why}; send it again with a new id");
                flaws.push(SnapshotFlaw { version, why });
            }
        }
    }
    complete_snapshots.sort_by(|a, b| a.version.cmp(&b.version));
    (complete_snapshots, flaws)
}

/// Loads everything that a snapshot lists.
async fn listed(
    store: &dyn PushStore,
    site: &SiteId,
    contract: &Contract,
    complete: &CompleteSnapshot<'_>,
) -> Result<SnapshotContent> {
    let mut things = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for head in &complete.heads {
        let unreadable = || Error::permanent("a roster in the table cannot be read");
        let text = store.snapshot_text(site, head).await?;
        let Ok(Value::Object(lists)) = serde_json::from_str(&text) else {
            return Err(unreadable());
        };
        for (list, items) in lists {
            let entity = contract
                .entities
                .iter()
                .find(|entity| entity.list == list)
                .ok_or_else(unreadable)?;
            // An empty list counts too: see `says`.
            counts.entry(entity.word.to_owned()).or_default();
            let Value::Array(items) = items else {
                return Err(unreadable());
            };
            for item in items {
                let id = (entity.read)(&item)
                    .map_err(|_| unreadable())?
                    .id()
                    .to_owned();
                if things.insert((entity.word, id), item).is_some() {
                    return Err(Error::permanent(format!(
                        "the last roster has one of its {list} twice and is rejected"
                    )));
                }
            }
        }
    }
    for (word, _) in things.keys() {
        *counts.entry((*word).to_owned()).or_default() += 1;
    }
    let accepted = AcceptedSnapshot {
        snapshot: complete.snapshot.to_owned(),
        version: complete.version.clone(),
        counts,
    };
    Ok(SnapshotContent { accepted, things })
}

/// Judges a snapshot. Returns why it is rejected; `None` if it is.
fn judge(
    contract: &Contract,
    base: Option<&SnapshotContent>,
    overwritten: Option<&AcceptedSnapshot>,
    updates: &[ThingUpdate],
    new: &SnapshotContent,
) -> Option<String> {
    let at = new.accepted.version.at;
    let known = known(
        contract,
        base,
        updates
            .iter()
            .filter(|update| update.version < new.accepted.version),
    );
    let refused = |why: String| {
        Some(format!(
            "the last roster {why}: it is rejected, and nothing is revoked because of it"
        ))
    };
    let total =
        known.len() + overwritten.map_or(0, |overwritten| overwritten.counts.values().sum());
    if new.things.is_empty() && total > 0 {
        return refused(format!("is empty, and the one before had {total} things"));
    }
    for entity in contract.entities {
        if !says(&new.accepted, entity) {
            let is_live = |(name, data): &(&ThingName, &Value)| {
                name.0 == entity.word && !is_long_over(entity, data, at)
            };
            let listed = |name: &ThingName| base.is_some_and(|base| base.things.contains_key(name));
            let known = known.iter().filter(|(name, _)| listed(name));
            let before = known.filter(is_live).count();
            if before > 0 {
                let list = entity.list;
                return refused(format!("lacks {list}, and the one before had {before}"));
            }
            continue;
        }
        let live = |(name, data): &(&ThingName, &Value)| {
            name.0 == entity.word && !is_over(entity, data, at)
        };
        let listed = |name: &&ThingName| new.things.contains_key(*name);
        let names: Vec<&ThingName> = known.iter().filter(live).map(|(name, _)| name).collect();
        let now = new
            .accepted
            .counts
            .get(entity.word)
            .copied()
            .unwrap_or_default();
        let (before, missing) =
            match overwritten.and_then(|overwritten| overwritten.counts.get(entity.word)) {
                Some(&before) => (before, before.saturating_sub(now)),
                None => (
                    names.len(),
                    names.len() - names.iter().copied().filter(|name| listed(name)).count(),
                ),
            };
        let loss = Loss {
            known: before,
            lost: missing,
        };
        let is_empty = now == 0 && !entity.may_run_out;
        let limit = if is_empty {
            LossLimit::HalfOrAll
        } else {
            LossLimit::Half
        };
        if !loss.is_credible(limit) {
            return refused(match is_empty {
                true => format!("has no {}, and the one before had {before}", entity.list),
                false => format!("{loss} {}", entity.list),
            });
        }
    }
    None
}

/// Returns whether a snapshot says which things of this kind exist. A snapshot without a list that
/// its sender may not know says nothing about them, and outdates no update about one of them.
pub(super) fn says(snapshot: &AcceptedSnapshot, entity: &PushEntity) -> bool {
    !entity.added_later || snapshot.counts.contains_key(entity.word)
}

/// Returns whether a thing has been over for so long that no rule opens anything for it.
pub(super) fn is_long_over(entity: &PushEntity, data: &Value, at: Timestamp) -> bool {
    let at = at.saturating_sub(OPEN_AFTER);
    at.is_ok_and(|at| is_over(entity, data, at))
}

fn is_over(entity: &PushEntity, data: &Value, at: Timestamp) -> bool {
    (entity.read)(data).is_ok_and(|thing: Box<dyn PushedThing>| thing.is_over(at))
}

/// Returns the things that exist by a snapshot and the newer updates.
fn known<'k>(
    contract: &Contract,
    base: Option<&'k SnapshotContent>,
    updates: impl Iterator<Item = &'k ThingUpdate>,
) -> BTreeMap<ThingName, Value> {
    let mut known: BTreeMap<ThingName, Value> =
        base.map(|base| base.things.clone()).unwrap_or_default();
    for update in updates {
        overlay(contract, base, update, &mut known);
    }
    known
}

/// Applies an update to the known things, unless the snapshot outdates it.
pub(super) fn overlay(
    contract: &Contract,
    base: Option<&SnapshotContent>,
    update: &ThingUpdate,
    known: &mut BTreeMap<ThingName, Value>,
) {
    let Some(entity) = contract.entity(&update.entity) else {
        return;
    };
    let outdates = |base: &SnapshotContent| {
        update.version < base.accepted.version && says(&base.accepted, entity)
    };
    if base.is_some_and(outdates) {
        return;
    }
    let name = (entity.word, update.id.clone());
    match update.data.as_deref().map(serde_json::from_str) {
        Some(Ok(data)) => drop(known.insert(name, data)),
        Some(Err(_)) => {}
        None => drop(known.remove(&name)),
    }
}
