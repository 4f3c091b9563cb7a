//! Compares the list of one kind of things with the stored records.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::PlatformReading;
use doorstep_core::decide::credibility::{Credibility, Loss, LossLimit};
use doorstep_core::model::fact::{Fact, FactId, Kind, What};
use doorstep_core::model::record::{FactRecord, Source};
use doorstep_vendors::platform::ReadPlatform;
use doorstep_vendors::platform::found::{FactList, Lookup};
use doorstep_vendors::platform::relation::{self, Relation};

/// Single bookings and visits that ended longer ago than this are not stored. They open nothing.
const OVER: SignedDuration = SignedDuration::from_hours(3 * 24);
/// The number of missing things of a rejected list that are read by their ids.
const SAMPLE: usize = 100;

/// The read of one kind of things.
pub(super) struct KindRead<'a> {
    pub reader: &'a dyn ReadPlatform,
    pub kind: Kind,
    /// The stored records of the kind.
    pub stored: &'a BTreeMap<FactId, FactRecord>,
    /// When the read began.
    pub began: Timestamp,
    /// The instant since which check-ins are read.
    pub checkins_from: Timestamp,
}

impl<'a> KindRead<'a> {
    /// Returns whether a fact counts as gone by its own time. That is confirmed, not inferred.
    fn is_expired(&self, fact: &Fact) -> bool {
        match &fact.what {
            What::Checkin(checkin) => checkin.at < self.checkins_from,
            What::Membership(membership) => {
                !membership.approved
                    && membership.unpaid_since.is_none()
                    && self.reader.lists_only_current_memberships()
            }
            _ => is_over(fact, self.began),
        }
    }

    /// Returns the stored records that a complete list must have. A thing that was read after this
    /// read began cannot be missing from it.
    fn live(&self) -> Vec<&'a FactRecord> {
        let live = self
            .stored
            .values()
            .filter(|record| !record.gone && record.read <= self.began);
        live.filter(|record| !self.is_expired(&record.fact))
            .collect()
    }
}

impl PlatformReading<'_> {
    /// Compares the list of one kind with the stored records, and records what is new.
    pub(super) async fn compare(&mut self, of: &KindRead<'_>, list: FactList) {
        let FactList {
            mut facts,
            unreadable,
            ..
        } = list;
        let unconfirmed = self.judge_cards(of.kind, &mut facts, of.stored);
        let mut listed: BTreeSet<FactId> = facts.iter().map(Fact::name).collect();
        // An unreadable thing exists, and keeps its stored value.
        listed.extend(unreadable.into_iter().map(|unreadable| unreadable.name));
        if self.since.is_none() {
            self.counts.insert(of.kind.word(), listed.len());
        }
        for mut fact in facts {
            let old = of.stored.get(&fact.name());
            if is_over(&fact, self.began) && old.is_none_or(|old| old.gone) {
                continue;
            }
            self.confirm_relations(of.reader, old, &mut fact).await;
            let source = if unconfirmed.contains(&fact.name()) {
                Source::Unconfirmed
            } else {
                Source::Read
            };
            self.news(old, FactRecord::new(fact, self.began, source));
        }
        for record in of
            .stored
            .values()
            .filter(|record| !record.gone && of.is_expired(&record.fact))
        {
            self.news(Some(record), record.gone(self.began, Source::Refetch));
        }
        if self.since.is_none() {
            self.compare_missing(of, &listed).await;
        }
    }

    /// Decides about the things that a complete list lacks.
    async fn compare_missing(&mut self, of: &KindRead<'_>, listed: &BTreeSet<FactId>) {
        let live = of.live();
        let is_missing = |record: &&FactRecord| !listed.contains(&record.fact.name());
        let missing: Vec<&FactRecord> = live.iter().copied().filter(is_missing).collect();
        if !of.reader.answers_by_id() {
            missing
                .iter()
                .for_each(|record| self.news(Some(record), record.gone(self.began, Source::Read)));
            return;
        }
        let loss = Loss {
            known: live.len(),
            lost: missing.len(),
        };
        self.confirm_doubted(of, listed, loss).await;
        let (words, names) = (
            of.kind.plural(),
            missing.iter().map(|record| record.fact.name()),
        );
        let names: Vec<FactId> = names.collect();
        let credibility = self
            .refused_lists
            .judge(of.kind.word(), &names, loss, LossLimit::Half);
        match credibility {
            Credibility::Credible => {
                self.unlisted.extend(names);
                for record in missing {
                    self.confirm(of, record).await;
                }
            }
            Credibility::Repeated if self.are_gone(of.reader, &missing).await => {
                self.remarks
                    .push(format!("the list of {words} {loss}, three times alike"));
                missing.iter().for_each(|record| {
                    self.news(Some(record), record.gone(self.began, Source::Unconfirmed))
                });
            }
            Credibility::Repeated | Credibility::Incredible => {
                self.unlisted.extend(names);
                let why = format!(
                    "the list of {words} {loss} since the last read; nothing is revoked because of it"
                );
                self.refused.push(why);
            }
        }
    }

    /// Reads the things by their ids that rejected lists lacked, and that this list lacks too. A
    /// list that repeats a rejected loss counts no more than before.
    async fn confirm_doubted(&mut self, of: &KindRead<'_>, listed: &BTreeSet<FactId>, loss: Loss) {
        let unconfirmed = of
            .stored
            .values()
            .filter(|record| record.gone && record.is_unconfirmed());
        let unconfirmed = unconfirmed.filter(|record| !of.is_expired(&record.fact));
        let (back, still): (Vec<&FactRecord>, Vec<&FactRecord>) =
            unconfirmed.partition(|record| listed.contains(&record.fact.name()));
        let known = loss.known + back.len() + still.len();
        if (Loss {
            known,
            lost: loss.lost + still.len(),
        })
        .is_credible(LossLimit::Half)
        {
            for record in still {
                self.confirm(of, record).await;
            }
        }
    }

    /// Returns whether a sample of the missing things is gone when read by id. Reading all of them
    /// could be too many calls. The operator must approve the change in any case.
    async fn are_gone(&mut self, reader: &dyn ReadPlatform, missing: &[&FactRecord]) -> bool {
        for record in missing.iter().take(SAMPLE) {
            match reader.fetch(&record.fact.name()).await {
                Ok(Lookup::Missing) => {}
                Ok(Lookup::Fact(_) | Lookup::Unreadable(_)) => return false,
                Err(error) => {
                    self.problems.push(format!(
                        "{} cannot be asked for: {error}",
                        record.fact.name()
                    ));
                    return false;
                }
            }
        }
        true
    }

    /// Reads a thing that a list lacks by its id.
    async fn confirm(&mut self, of: &KindRead<'_>, record: &FactRecord) {
        let reader = of.reader;
        let name = record.fact.name();
        match reader.fetch(&name).await {
            Ok(Lookup::Missing) => {
                self.unlisted.remove(&name);
                self.news(Some(record), record.gone(self.began, Source::Read));
            }
            Ok(Lookup::Fact(mut fact)) => {
                self.confirm_relations(reader, Some(record), &mut fact)
                    .await;
                if !of.is_expired(&fact) {
                    self.remarks.push(format!(
                        "the list of {} leaves out {name}, which exists",
                        name.kind.plural()
                    ));
                }
                self.news(
                    Some(record),
                    FactRecord::new(fact, self.began, Source::Refetch),
                );
            }
            Ok(Lookup::Unreadable(unreadable)) => self.remarks.push(unreadable.to_string()),
            Err(error) => {
                self.problems.push(format!(
                    "{name} is missing from its list and cannot be asked for: {error}"
                ));
            }
        }
    }

    /// Reads by id the relations of a thing that its list no longer shows. A relation that exists
    /// stays.
    async fn confirm_relations(
        &mut self,
        reader: &dyn ReadPlatform,
        old: Option<&FactRecord>,
        fact: &mut Fact,
    ) {
        let Some(old) = old.filter(|old| !old.gone && reader.answers_by_id()) else {
            return;
        };
        let unlisted = &self.unlisted;
        let known = |relation: &Relation| {
            relation
                .part()
                .filter(|part| unlisted.contains(part))
                .map(|_| true)
        };
        for (relation, error) in relation::confirm(reader, &old.fact, fact, known).await {
            // The reader reports a ledger that cannot be read once, for everyone.
            if matches!(relation, Relation::Overdue { .. }) {
                continue;
            }
            let problem = format!(
                "{relation} keep their known state, because the platform did not answer for them: {error}"
            );
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }
}

/// Returns whether a fact is a single booking or a visit that ended long ago.
fn is_over(fact: &Fact, now: Timestamp) -> bool {
    match &fact.what {
        What::Booking(booking) => {
            booking.series.is_none() && now.duration_since(booking.end.max(booking.start)) > OVER
        }
        What::Visit(visit) => now.duration_since(visit.end.unwrap_or(visit.start)) > OVER,
        _ => false,
    }
}
