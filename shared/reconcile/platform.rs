//! Reads the whole platform, keeps what changed, and believes only what it can: a thing that is missing from a list is
//! asked for by its id before it counts as gone, and a list that lost half of what it held is not believed at all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::facts::Known;
use super::{BASE, Read, Report};
use crate::bus::Notice;
use crate::error::{Error, Result};
use crate::fact::{Assignment, Fact, FactId, Kind, What};
use crate::ledger::facts::Record;
use crate::outside::Outside;
use crate::platform::{ReadPlatform, Span};
use crate::site::catalogue::Catalogue;
use crate::site::resolve::{Ids, resolve};
use crate::site::{Selector, Site};

/// Single bookings that ended before this are not kept: they open nothing.
const OVER: SignedDuration = SignedDuration::from_hours(3 * 24);
/// Check-ins are read from this long ago.
const CHECKINS: SignedDuration = SignedDuration::from_hours(3 * 24);
/// Above this many things a whole read would take more than our share of the rate limit within one cadence.
const TOO_MANY: usize = 100_000;
/// A whole read happens at least this often.
const WHOLE_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// Reads the platform into the table. What could not be read stays as it was known.
pub async fn read(outside: &Outside, site: &Site, report: &mut Report) -> Result<Known> {
    let word = site.platform.kind.word();
    let now = outside.time.now();
    let mut mark = outside.ledger.platform_read(&site.id).await?;
    let reading = match outside.platform(site).await {
        Ok(reader) => {
            let large = mark.counts.values().sum::<usize>() > TOO_MANY;
            let lately = mark.whole.is_some_and(|at| now.duration_since(at) < WHOLE_EVERY);
            let since = mark.complete.filter(|_| large && lately);
            Reading::all(outside, site, reader.as_ref(), since, now).await?
        }
        Err(error) => Reading::none(outside, site, now, &error).await?,
    };
    if reading.problems.is_empty() {
        mark.complete = Some(now);
        mark.whole = if reading.since.is_none() { Some(now) } else { mark.whole };
        mark.failing = None;
    } else {
        mark.failing = mark.failing.or(Some(now));
    }
    let wrong: Vec<String> = reading.problems.iter().chain(&reading.refused).cloned().collect();
    let notices: Vec<_> = wrong.iter().cloned().map(Notice::ReadRefused).collect();
    if let Err(error) = outside.bus.publish(&site.id, &notices).await {
        tracing::warn!(site = site.id, %error, "a refused read could not be published");
    }
    mark.counts.extend(reading.counts.iter().map(|(kind, count)| ((*kind).to_owned(), *count)));
    outside.ledger.keep_platform_read(&site.id, &mark).await?;
    let records = reading.counts.values().sum();
    report.reads.insert(word.to_owned(), Read { complete: wrong.is_empty(), records });
    report.problems.extend(wrong.iter().map(|problem| format!("{word}: {problem}")));
    report.problems.extend(reading.remarks.iter().map(|remark| format!("{word}: {remark}")));
    Ok(reading.known)
}

/// One read of a platform, under way.
struct Reading<'a> {
    outside: &'a Outside,
    site: &'a Site,
    began: Timestamp,
    since: Option<Timestamp>,
    known: Known,
    counts: BTreeMap<&'static str, usize>,
    /// What could not be read.
    problems: Vec<String>,
    /// What was read and is not believed.
    refused: Vec<String>,
    /// What is odd without harm.
    remarks: Vec<String>,
}

impl<'a> Reading<'a> {
    fn new(outside: &'a Outside, site: &'a Site, since: Option<Timestamp>, began: Timestamp) -> Self {
        let (known, counts) = (Known::default(), BTreeMap::new());
        Reading {
            outside,
            site,
            began,
            since,
            known,
            counts,
            problems: Vec::new(),
            refused: Vec::new(),
            remarks: Vec::new(),
        }
    }

    async fn none(outside: &'a Outside, site: &'a Site, began: Timestamp, error: &Error) -> Result<Self> {
        let mut reading = Reading::new(outside, site, None, began);
        reading.problems.push(error.to_string());
        for kind in Kind::ALL {
            reading.remember(kind).await?;
        }
        Ok(reading)
    }

    async fn all(
        outside: &'a Outside,
        site: &'a Site,
        reader: &dyn ReadPlatform,
        since: Option<Timestamp>,
        began: Timestamp,
    ) -> Result<Self> {
        let mut reading = Reading::new(outside, site, since, began);
        let checkins_from = began.checked_sub(CHECKINS).unwrap_or(began);
        let span = Span { changed_since: since, checkins_from };
        for &kind in reader.kinds() {
            let stored = reading.remember(kind).await?;
            let listed = match reader.read(kind, &span).await {
                Ok(facts) if kind == Kind::Membership => reading.assigned(reader, facts, &stored).await,
                listed => listed,
            };
            match listed {
                Ok(facts) => reading.one_kind(reader, kind, facts, &stored, checkins_from).await?,
                Err(error) => reading.problems.push(format!("the list of {}s: {error}", kind.word())),
            }
        }
        Ok(reading)
    }

    /// What is known of a kind before it is read.
    async fn remember(&mut self, kind: Kind) -> Result<BTreeMap<FactId, Record>> {
        let records = self.outside.ledger.facts_of(&self.site.id, kind).await?;
        records.iter().for_each(|record| self.known.put(record));
        Ok(records.into_iter().map(|record| (record.fact.name(), record)).collect())
    }

    async fn one_kind(
        &mut self,
        reader: &dyn ReadPlatform,
        kind: Kind,
        facts: Vec<Fact>,
        stored: &BTreeMap<FactId, Record>,
        checkins_from: Timestamp,
    ) -> Result<()> {
        let listed: BTreeSet<FactId> = facts.iter().map(Fact::name).collect();
        self.counts.insert(kind.word(), listed.len());
        let live = stored.values().filter(|record| !record.gone && !is_over(&record.fact, self.began));
        let live: Vec<&Record> = live.filter(|record| !is_before(&record.fact, checkins_from)).collect();
        for fact in facts {
            let old = stored.get(&fact.name());
            if is_over(&fact, self.began) && old.is_none_or(|old| old.gone) {
                continue;
            }
            self.keep(old, Record { fact, read: self.began, gone: false }).await?;
        }
        for record in stored.values().filter(|record| !record.gone) {
            if is_over(&record.fact, self.began) || is_before(&record.fact, checkins_from) {
                self.keep(Some(record), Record { read: self.began, gone: true, ..record.clone() }).await?;
            }
        }
        if self.since.is_some() {
            return Ok(());
        }
        let missing: Vec<&Record> =
            live.iter().filter(|record| !listed.contains(&record.fact.name())).copied().collect();
        if live.len() >= BASE && missing.len() * 2 >= live.len() {
            self.refused.push(format!(
                "the list of {}s lost {} of {} since the last read; nothing is revoked because of it",
                kind.word(),
                missing.len(),
                live.len()
            ));
            return Ok(());
        }
        for record in missing {
            self.confirm(reader, record).await?;
        }
        Ok(())
    }

    /// Asks by its id for something that a list left out.
    async fn confirm(&mut self, reader: &dyn ReadPlatform, record: &Record) -> Result<()> {
        let name = record.fact.name();
        match reader.look(&name).await {
            Ok(None) => self.keep(Some(record), Record { read: self.began, gone: true, ..record.clone() }).await,
            Ok(Some(fact)) => {
                self.remarks.push(format!("the list of {}s leaves out {name}, which exists", name.kind.word()));
                self.keep(Some(record), Record { fact, read: self.began, gone: false }).await
            }
            Err(error) => {
                self.problems.push(format!("{name} is missing from its list and cannot be asked for: {error}"));
                Ok(())
            }
        }
    }

    async fn keep(&mut self, old: Option<&Record>, new: Record) -> Result<()> {
        if old.is_none_or(|old| !old.says_same(&new) && old.read <= new.read) {
            self.outside.ledger.keep_fact(&self.site.id, &new).await?;
            self.known.put(&new);
        }
        Ok(())
    }

    /// Memberships with their desks and offices. These are read for the resources that rules name; of others, what
    /// was known stays.
    async fn assigned(
        &self,
        reader: &dyn ReadPlatform,
        mut memberships: Vec<Fact>,
        stored: &BTreeMap<FactId, Record>,
    ) -> Result<Vec<Fact>> {
        let resources = self.ruled_resources();
        let mut read: BTreeMap<String, Vec<Assignment>> = BTreeMap::new();
        for (membership, assignment) in reader.assignments(&resources).await? {
            read.entry(membership).or_default().push(assignment);
        }
        for fact in &mut memberships {
            let name = fact.name();
            let What::Membership(membership) = &mut fact.what else { continue };
            let before = stored.get(&name).map(|record| &record.fact.what);
            let others = match before {
                Some(What::Membership(before)) => before.assignments.clone(),
                _ => Vec::new(),
            };
            membership.assignments = read.remove(&fact.id).unwrap_or_default();
            membership.assignments.extend(others.into_iter().filter(|other| !resources.contains(&other.resource)));
            membership.assignments.sort_by(|a, b| a.id.cmp(&b.id));
        }
        Ok(memberships)
    }

    /// Resources whose assignments open something.
    fn ruled_resources(&self) -> Vec<String> {
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

/// A single booking whose time is long over.
fn is_over(fact: &Fact, now: Timestamp) -> bool {
    let What::Booking(booking) = &fact.what else { return false };
    booking.series.is_none() && now.duration_since(booking.end.max(booking.start)) > OVER
}

/// A check-in from before the stretch that is read.
fn is_before(fact: &Fact, from: Timestamp) -> bool {
    matches!(&fact.what, What::Checkin(checkin) if checkin.at < from)
}
