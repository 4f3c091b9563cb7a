//! Reads the whole platform and judges what to believe.
//!
//! - A thing that a list lacks is read by its id before it counts as gone.
//! - A list that lost half of its things is not believed.
//! - A platform without a read API supplies facts that its reader has already judged.
//!
//! The new records of each kind are returned to the caller. This module stores nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::facts::FactIndex;
use super::numbers::{NUMBERS, Numbers, keep_numbers};
use doorstep_cloud::store::Store;
use doorstep_cloud::store::sites::{Disbelief, PlatformRead};
use doorstep_core::decide::guard::credibility::{ACCEPTED_AFTER, lost_half, ran_out};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Assignment, Fact, FactId, Id, Kind, What};
use doorstep_core::model::record::{Record, Source};
use doorstep_core::site::catalogue::Catalogue;
use doorstep_core::site::resolve::{Ids, resolve};
use doorstep_core::site::{Selector, Site};
use doorstep_vendors::platform::found::{FactList, Lookup};
use doorstep_vendors::platform::relation::{self, Relation};
use doorstep_vendors::platform::{ReadPlatform, Span};

/// Single bookings that ended longer ago than this are not stored. They open nothing.
const OVER: SignedDuration = SignedDuration::from_hours(3 * 24);
/// How far back check-ins are read.
const CHECKINS: SignedDuration = SignedDuration::from_hours(3 * 24);

/// The number of unreadable things that are reported by name.
const NAMED: usize = 100;
/// The number of missing things of a rejected list that are read by their ids.
const SAMPLE: usize = 100;

/// A platform read in progress.
pub struct Reading<'a> {
    store: &'a Store,
    site: &'a Site,
    began: Timestamp,
    /// The instant since which changes are listed; `None` lists everything.
    pub since: Option<Timestamp>,
    /// The stored facts, updated by what was read so far.
    pub known: FactIndex,
    /// Number of listed things of each kind.
    pub counts: BTreeMap<&'static str, usize>,
    /// Number of card numbers, if a complete list of members was believed.
    pub numbers: Option<usize>,
    /// What could not be read.
    pub problems: Vec<String>,
    /// What was read and is not believed.
    pub refused: Vec<String>,
    /// Pushed updates that are not believed. They are left out of the read.
    pub flaws: Vec<String>,
    /// Harmless irregularities.
    pub remarks: Vec<String>,
    /// Kinds whose list could not be read.
    pub unread: BTreeSet<Kind>,
    /// Lists that were not believed, by kind: those of the last read, updated by this read.
    pub disbelief: Disbeliefs,
    /// Things that their lists lack and that presumably exist.
    unlisted: BTreeSet<FactId>,
    news: Vec<Record>,
}

/// Lists that are not believed, by the word for their kind.
pub type Disbeliefs = BTreeMap<String, Disbelief>;

impl<'a> Reading<'a> {
    /// Starts a read. `began` becomes the version of every record of it.
    pub fn new(
        store: &'a Store,
        site: &'a Site,
        mark: &PlatformRead,
        since: Option<Timestamp>,
        began: Timestamp,
    ) -> Self {
        let (known, counts) = (FactIndex::default(), BTreeMap::new());
        let (problems, refused, remarks) = (Vec::new(), Vec::new(), Vec::new());
        let (unread, unlisted, news) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        let (disbelief, flaws, numbers) = (mark.refused.clone(), Vec::new(), None);
        Reading {
            store,
            site,
            began,
            since,
            known,
            counts,
            numbers,
            problems,
            refused,
            flaws,
            remarks,
            unread,
            disbelief,
            unlisted,
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

    /// Reads one kind and returns its new and changed records. If the list cannot be read, the stored facts stay.
    ///
    /// # Errors
    /// [`Error::Retry`] if our table is unavailable.
    pub async fn one(&mut self, reader: &dyn ReadPlatform, kind: Kind) -> Result<Vec<Record>> {
        let checkins_from = self.began.checked_sub(CHECKINS).unwrap_or(self.began);
        let span = Span { changed_since: self.since, checkins_from };
        let stored = self.remember(kind).await?;
        let listed = match reader.read(kind, &span).await {
            Ok(listed) if kind == Kind::Membership => self.assigned(reader, listed, &stored).await,
            listed => listed,
        };
        match listed {
            Ok(listed) => {
                self.remark_on_unreadable(kind, &listed);
                self.one_kind(reader, kind, listed, &stored, checkins_from).await;
            }
            Err(error) => {
                self.problems.push(format!("the list of {}s: {error}", kind.word()));
                self.unread.insert(kind);
            }
        }
        self.flaws = reader.flaws();
        Ok(std::mem::take(&mut self.news))
    }

    /// Loads the stored facts of a kind.
    async fn remember(&mut self, kind: Kind) -> Result<BTreeMap<FactId, Record>> {
        let records = self.store.facts_of(&self.site.id, kind).await?;
        records.iter().for_each(|record| self.known.put(record));
        Ok(records.into_iter().map(|record| (record.fact.name(), record)).collect())
    }

    async fn one_kind(
        &mut self,
        reader: &dyn ReadPlatform,
        kind: Kind,
        FactList { facts, unreadable, .. }: FactList,
        stored: &BTreeMap<FactId, Record>,
        checkins_from: Timestamp,
    ) {
        let (facts, unconfirmed) = self.believed_cards(kind, facts, stored);
        let mut listed: BTreeSet<FactId> = facts.iter().map(Fact::name).collect();
        // An unreadable thing exists, and keeps its stored value.
        listed.extend(unreadable.into_iter().map(|unreadable| unreadable.name));
        self.counts.insert(kind.word(), listed.len());
        let live = stored.values().filter(|record| !record.gone && !is_over(&record.fact, self.began));
        let live = live.filter(|record| !is_before(&record.fact, checkins_from));
        // A thing that was read after this read began cannot be missing from it.
        let live: Vec<&Record> = live.filter(|record| record.read <= self.began).collect();
        let source = Source::Read;
        for mut fact in facts {
            let old = stored.get(&fact.name());
            if is_over(&fact, self.began) && old.is_none_or(|old| old.gone) {
                continue;
            }
            self.confirm_relations(reader, old, &mut fact).await;
            let source = if unconfirmed.contains(&fact.name()) { &Source::Doubted } else { &source };
            self.news(old, Record::new(fact, self.began, source.clone()));
        }
        for record in stored.values().filter(|record| !record.gone) {
            // An expired thing counts as gone by its own time. This is confirmed, not inferred.
            if is_over(&record.fact, self.began) || is_before(&record.fact, checkins_from) {
                self.news(Some(record), record.gone(self.began, Source::Refetch));
            }
        }
        if self.since.is_some() {
            return;
        }
        let missing: Vec<&Record> =
            live.iter().filter(|record| !listed.contains(&record.fact.name())).copied().collect();
        if !reader.answers_by_id() {
            for record in missing {
                self.news(Some(record), record.gone(self.began, source.clone()));
            }
            return;
        }
        let unconfirmed = stored.values().filter(|record| record.gone && record.is_unconfirmed());
        let unconfirmed =
            unconfirmed.filter(|record| !is_over(&record.fact, self.began) && !is_before(&record.fact, checkins_from));
        let (back, still): (Vec<&Record>, Vec<&Record>) =
            unconfirmed.partition(|record| listed.contains(&record.fact.name()));
        // Things that rejected lists lacked, and that a believed list lacks too, are gone by inference like any other
        // missing thing. A list that repeats a rejected loss is not believed more than before.
        if !lost_half(live.len() + back.len() + still.len(), missing.len() + still.len()) {
            for record in still {
                self.confirm(reader, record).await;
            }
        }
        if !lost_half(live.len(), missing.len()) {
            self.disbelief.remove(kind.word());
            self.unlisted.extend(missing.iter().map(|record| record.fact.name()));
            for record in missing {
                self.confirm(reader, record).await;
            }
        } else if self.is_repeated(kind, &missing) && self.are_gone(reader, &missing).await {
            self.remarks.push(format!(
                "the list of {}s lost {} of {}, three times alike",
                kind.word(),
                missing.len(),
                live.len()
            ));
            for record in missing {
                self.news(Some(record), record.gone(self.began, Source::Doubted));
            }
        } else {
            self.unlisted.extend(missing.iter().map(|record| record.fact.name()));
            self.refused.push(format!(
                "the list of {}s lost {} of {} since the last read; nothing is revoked because of it",
                kind.word(),
                missing.len(),
                live.len()
            ));
        }
    }

    /// Adds a remark for each unreadable record. It affects only these records: the read counts as complete.
    fn remark_on_unreadable(&mut self, kind: Kind, listed: &FactList) {
        self.remark(listed.unreadable.iter());
        if listed.nameless > 0 {
            self.remarks.push(format!("{} records of {}s have no id and cannot be read", listed.nameless, kind.word()));
        }
    }

    /// Adds a remark for each of the first records, and one for the number of the others.
    fn remark<T: std::fmt::Display>(&mut self, unreadable: impl ExactSizeIterator<Item = T>) {
        let more = unreadable.len().saturating_sub(NAMED);
        self.remarks.extend(unreadable.take(NAMED).map(|one| one.to_string()));
        if more > 0 {
            self.remarks.push(format!("{more} more of these cannot be read"));
        }
    }

    /// Rejects the card numbers of a list that lost half of them: a property was renamed, or a permission is missing.
    /// Members then keep their stored numbers. A list that repeats the loss is believed, but as doubted, so that the
    /// operator must approve it. Returns the facts, and the members whose facts are doubted.
    fn believed_cards(
        &mut self,
        kind: Kind,
        mut facts: Vec<Fact>,
        stored: &BTreeMap<FactId, Record>,
    ) -> (Vec<Fact>, BTreeSet<FactId>) {
        if kind != Kind::Member {
            return (facts, BTreeSet::new());
        }
        let numbers = Numbers::of(&facts, stored);
        let (known, lost) = (numbers.known, numbers.lost);
        let mut unconfirmed = BTreeSet::new();
        if !lost_half(known, lost) {
            self.disbelief.remove(NUMBERS);
            self.numbers = self.since.is_none().then_some(numbers.listed);
        } else if self.is_said_again(NUMBERS, &numbers.losers) {
            self.remarks.push(format!("the list of members lost {lost} of {known} card numbers, three times alike"));
            unconfirmed.extend(numbers.losers);
        } else {
            self.refused.push(format!(
                "the list of members lost {lost} of {known} card numbers since the last read; none is taken back because \
                 of it"
            ));
            for fact in &mut facts {
                keep_numbers(fact, stored);
            }
        }
        let all = Numbers::with_unconfirmed(&facts, stored);
        if self.since.is_some() || lost_half(all.known, all.lost) {
            let still = stored.values().filter(|record| !record.gone && record.is_unconfirmed());
            unconfirmed.extend(still.map(|record| record.fact.name()));
        }
        (facts, unconfirmed)
    }

    /// Records what a list lacks. Returns whether the two reads before lacked exactly the same things.
    fn is_repeated(&mut self, kind: Kind, missing: &[&Record]) -> bool {
        let names: Vec<FactId> = missing.iter().map(|record| record.fact.name()).collect();
        self.is_said_again(kind.word(), &names)
    }

    fn is_said_again(&mut self, list: &str, names: &[FactId]) -> bool {
        let said = Disbelief::of(&names, self.disbelief.get(list));
        let times = said.times;
        self.disbelief.insert(list.to_owned(), said);
        times >= ACCEPTED_AFTER
    }

    /// Returns whether a sample of the missing things is gone when read by id. Reading all of them could be too many
    /// calls. The operator must approve the change in any case.
    async fn are_gone(&mut self, reader: &dyn ReadPlatform, missing: &[&Record]) -> bool {
        for record in missing.iter().take(SAMPLE) {
            match reader.look(&record.fact.name()).await {
                Ok(Lookup::Missing) => {}
                Ok(Lookup::Fact(_) | Lookup::Unreadable(_)) => return false,
                Err(error) => {
                    self.problems.push(format!("{} cannot be asked for: {error}", record.fact.name()));
                    return false;
                }
            }
        }
        true
    }

    /// Reads a thing that a list lacks by its id.
    async fn confirm(&mut self, reader: &dyn ReadPlatform, record: &Record) {
        let name = record.fact.name();
        match reader.look(&name).await {
            Ok(Lookup::Missing) => {
                self.unlisted.remove(&name);
                self.news(Some(record), record.gone(self.began, Source::Read));
            }
            Ok(Lookup::Fact(mut fact)) => {
                self.confirm_relations(reader, Some(record), &mut fact).await;
                self.remarks.push(format!("the list of {}s leaves out {name}, which exists", name.kind.word()));
                self.news(Some(record), Record::new(fact, self.began, Source::Refetch));
            }
            Ok(Lookup::Unreadable(unreadable)) => self.remarks.push(unreadable.to_string()),
            Err(error) => {
                self.problems.push(format!("{name} is missing from its list and cannot be asked for: {error}"));
            }
        }
    }

    /// Reads by id the relations of a thing that its list no longer shows. A relation that exists stays.
    async fn confirm_relations(&mut self, reader: &dyn ReadPlatform, old: Option<&Record>, fact: &mut Fact) {
        let Some(old) = old.filter(|old| !old.gone && reader.answers_by_id()) else { return };
        let unlisted = &self.unlisted;
        let known = |relation: &Relation| relation.part().filter(|part| unlisted.contains(part)).map(|_| true);
        for (relation, error) in relation::confirm(reader, &old.fact, fact, known).await {
            let problem = format!("{relation} stay as they were, for they cannot be asked for: {error}");
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    fn news(&mut self, old: Option<&Record>, new: Record) {
        let is_news = |old: &Record| !old.says_same(&new) || new.confirms_end_of(old);
        if old.is_none_or(|old| is_news(old) && old.read <= new.read) {
            let new = new.after(old);
            self.known.put(&new);
            self.news.push(new);
        }
    }

    /// Adds desks and offices to memberships. They are read for the resources that rules name. For other resources the
    /// stored ones stay.
    async fn assigned(
        &mut self,
        reader: &dyn ReadPlatform,
        mut memberships: FactList,
        stored: &BTreeMap<FactId, Record>,
    ) -> Result<FactList> {
        let resources = self.ruled_resources();
        let mut read: BTreeMap<Id, Vec<Assignment>> = BTreeMap::new();
        let assigned = reader.assignments(&resources).await?;
        for (membership, assignment) in assigned.read {
            read.entry(membership).or_default().push(assignment);
        }
        self.remark(assigned.unreadable.iter());
        memberships.nameless += assigned.nameless;
        let listed: BTreeSet<&Id> = read.values().flatten().map(|one| &one.id).collect();
        let unreadable: BTreeSet<&Id> = assigned.unreadable.iter().map(|one| &one.id).collect();
        let ruled = stored.values().filter(|record| !record.gone).flat_map(|record| assigned_to(&record.fact));
        let ruled: Vec<&Assignment> = ruled.filter(|one| resources.contains(&one.resource)).collect();
        let is_there = |one: &Assignment| listed.contains(&one.id) || unreadable.contains(&one.id);
        let lost: BTreeSet<Id> = ruled.iter().filter(|one| !is_there(one)).map(|one| one.id.clone()).collect();
        let believed = self.since.is_some() || self.believes_assignments(ruled.len(), &lost);
        let stays = |other: &Assignment| {
            let kept = unreadable.contains(&other.id) || !believed && lost.contains(&other.id);
            !resources.contains(&other.resource) || kept
        };
        for fact in &mut memberships.facts {
            let name = fact.name();
            let What::Membership(membership) = &mut fact.what else { continue };
            let before = stored.get(&name).map(|record| &record.fact.what);
            let others = match before {
                Some(What::Membership(before)) => before.assignments.clone(),
                _ => Vec::new(),
            };
            membership.assignments = read.remove(&fact.id).unwrap_or_default();
            membership.assignments.extend(others.into_iter().filter(stays));
            membership.assignments.sort_by(|a, b| a.id.cmp(&b.id));
        }
        Ok(memberships)
    }

    /// Returns whether the lists of assignments are believed, given that they lost `lost` of `known`. An assignment
    /// cannot be read by id, so an empty list cannot be told from a wrong one.
    fn believes_assignments(&mut self, known: usize, lost: &BTreeSet<Id>) -> bool {
        const WORD: &str = "assignment";
        if !ran_out(known, lost.len()) {
            self.disbelief.remove(WORD);
            return true;
        }
        let said = Disbelief::of(lost, self.disbelief.get(WORD));
        let believed = said.times >= ACCEPTED_AFTER;
        self.disbelief.insert(WORD.to_owned(), said);
        let lost = format!("the lists of assignments lost {} of {known}", lost.len());
        match believed {
            true => self.remarks.push(format!("{lost}, three times alike")),
            false => self.refused.push(format!("{lost} since the last read; nothing is revoked because of it")),
        }
        believed
    }

    /// Returns the resources whose assignments open a group.
    fn ruled_resources(&self) -> Vec<Id> {
        let catalogue = Catalogue::of(self.known.facts());
        let resolved = resolve(self.site, &catalogue, &BTreeMap::new(), None);
        let rules = self.site.rules.iter().zip(&resolved.rules);
        let wanted: Vec<(Selector, &Ids)> = rules.map(|(rule, resolved)| (rule.selector, &resolved.wanted)).collect();
        let counts = |id: &str, location: Option<&str>, floor: Option<&str>| {
            wanted.iter().any(|(selector, ids)| {
                let about = match selector {
                    Selector::Assignable => Some(id),
                    Selector::Location => location,
                    Selector::Floor => floor,
                    _ => None,
                };
                about.is_some_and(|about| match ids {
                    Ids::Any => true,
                    Ids::Of(ids) => ids.contains(about),
                })
            })
        };
        let resources = catalogue.resources.iter();
        let ruled = resources.filter(|(id, at)| counts(id, at.location.as_deref(), at.floor.as_deref()));
        ruled.map(|(id, _)| id.clone()).collect()
    }
}

fn assigned_to(fact: &Fact) -> &[Assignment] {
    match &fact.what {
        What::Membership(membership) => &membership.assignments,
        _ => &[],
    }
}

/// Returns whether a fact is a single booking that ended long ago.
fn is_over(fact: &Fact, now: Timestamp) -> bool {
    let What::Booking(booking) = &fact.what else { return false };
    booking.series.is_none() && now.duration_since(booking.end.max(booking.start)) > OVER
}

/// Returns whether a fact is a check-in before the time span that is read.
fn is_before(fact: &Fact, from: Timestamp) -> bool {
    matches!(&fact.what, What::Checkin(checkin) if checkin.at < from)
}
