//! The refetch of things at the platform. A trigger only names what to fetch.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

use super::origin::Origin;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_cloud::store::dues::Due;
use doorstep_core::budgets::refetch::WANTED_EVERY;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Fact, FactId, Kind, What};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::push_update::ChangeHint;
use doorstep_core::model::record::FactRecord;
use doorstep_core::site::Site;
use doorstep_vendors::platform::found::Lookup;
use doorstep_vendors::platform::{Around, ReadPlatform};

pub use later::end_refetch;

mod ahead;
mod keep;
mod later;
mod related;

/// The number of facts from which new ones are stored before known ones.
const MANY: usize = 10;

/// Refetches things of one site's platform.
///
/// It fetches the thing that a hint names and stores it, together with related things that the hint
/// may stand for. It marks everyone whom a changed fact concerns. A thing that is not there yet is
/// fetched again after 1 and 5 minutes.
pub struct Refetcher<'a> {
    environment: &'a Environment,
    site: &'a Site,
    platform: Box<dyn ReadPlatform>,
    marked: MarkTarget,
    /// The instant at which the refetcher's share of the run is used up.
    ends: Timestamp,
    /// All memberships that were known when the first desk was fetched: one change of a floor plan
    /// sends hints about many desks.
    memberships: OnceCell<Vec<FactRecord>>,
    /// Things that were read beside those of hints. Every hint of a run is older than what the run
    /// reads.
    read: Mutex<BTreeSet<FactId>>,
    /// Things that were fetched before their hints were reached.
    ahead: Mutex<ahead::FetchedAhead>,
}

/// The place where people are marked as due.
enum MarkTarget {
    /// The table.
    Written,
    /// Memory. The trigger returns to the queue until everyone whom it marks is served.
    InPassing(Mutex<BTreeMap<FactId, Due>>),
}

impl<'a> Refetcher<'a> {
    /// Returns a refetcher for the site's platform, whose share of the run ends at `ends`.
    pub async fn new(
        environment: &'a Environment,
        site: &'a Site,
        ends: Timestamp,
    ) -> Result<Self> {
        let platform = environment.platform(site).await?;
        // The hint may depend on things of which no webhook ever reported.
        want_first_read(environment, &site.id).await?;
        let (memberships, read, ahead) = (OnceCell::new(), Mutex::default(), Mutex::default());
        Ok(Refetcher {
            environment,
            site,
            platform,
            marked: MarkTarget::Written,
            ends,
            memberships,
            read,
            ahead,
        })
    }

    /// Returns a refetcher that marks people in passing. The queue message behind its hints returns
    /// unless they are served. People whom a later refetch would not find again are stored in the
    /// table.
    pub async fn in_passing(
        environment: &'a Environment,
        site: &'a Site,
        ends: Timestamp,
    ) -> Result<Self> {
        Ok(Refetcher {
            marked: MarkTarget::InPassing(Mutex::default()),
            ..Refetcher::new(environment, site, ends).await?
        })
    }

    /// Returns the people whom it marked in passing.
    pub fn marked(self) -> Vec<Due> {
        match self.marked {
            MarkTarget::Written => Vec::new(),
            MarkTarget::InPassing(dues) => dues
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner)
                .into_values()
                .collect(),
        }
    }

    /// Refetches one thing, stores it, and marks everyone whom it concerns. A thing that is not
    /// visible yet is fetched again later.
    pub async fn refetch(&self, hint: &ChangeHint, refetches: u8, origin: &Origin) -> Result<()> {
        if !self.platform.kinds().contains(&hint.about.kind) {
            // No rule of the site is about such things.
            return Ok(());
        }
        Box::pin(self.refetch_at(hint, refetches, origin, true)).await?;
        let mut losers = VecDeque::from(self.had(&hint.about).await?);
        losers.extend(self.occurrences(&hint.about).await?);
        while !self.is_late()
            && let Some(about) = losers.pop_front()
        {
            let around = about.kind == Kind::Booking;
            self.note_read([about.clone()]);
            Box::pin(self.refetch_at(
                &ChangeHint {
                    about,
                    reaches: None,
                    removed: false,
                },
                0,
                origin,
                around,
            ))
            .await?;
        }
        self.refetch_next(losers.make_contiguous(), origin).await
    }

    fn note_read(&self, names: impl IntoIterator<Item = FactId>) {
        self.read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(names);
    }

    async fn refetch_at(
        &self,
        hint: &ChangeHint,
        refetches: u8,
        origin: &Origin,
        around: bool,
    ) -> Result<()> {
        let (began, found) = self.fetched(&hint.about).await;
        let found = match found {
            Ok(Lookup::Fact(fact)) => Some(fact),
            Ok(Lookup::Missing) => None,
            Ok(Lookup::Unreadable(what)) => {
                return self.cannot_read(hint, refetches, origin, &what).await;
            }
            Err(error) => return self.could_not(hint, refetches, origin, &error).await,
        };
        let found = match found {
            Some(fact) => Some(self.with_relations(fact, origin).await?),
            None => None,
        };
        // Doorstep stores what a platform pushes before it enqueues the trigger. Such a platform
        // never lags.
        let may_lag = self.platform.answers_by_id();
        let around = match self.around(hint, found.as_ref(), around).await {
            Ok(around) => around,
            Err(error) => return self.could_not(hint, refetches, origin, &error).await,
        };
        let verifies = self.platform.verifies_times();
        let announces = self.platform.announces_versions();
        let late = match &found {
            _ if !may_lag => false,
            None => !(around.called_off || hint.removed && verifies),
            Some(fact) => {
                !announces || hint.removed || hint.reaches > fact.changed.or(hint.reaches)
            }
        };
        let again = late && self.refetch_again(hint, refetches, origin).await?;
        if let Some(fact) = &found
            && let Err(error) = self.uses(fact, origin).await
        {
            return self.could_not(hint, refetches, origin, &error).await;
        }
        let is_listed = around.has(&hint.about);
        let is_gone =
            around.unlisted || around.called_off || hint.removed && (verifies || !may_lag);
        // The replacement of a thing is stored before the thing is marked as gone.
        let all_kept = Box::pin(self.keep_around(&hint.about, around, began, origin)).await?;
        match found {
            // The replacement may be among the things that the next run fetches.
            None if !all_kept => {
                self.refetch_later(hint, refetches, origin, SignedDuration::from_mins(1))
                    .await
            }
            Some(fact) => {
                Box::pin(self.keep(FactRecord::new(fact, began, origin.source()), origin)).await
            }
            // A single 404 without a signed removal revokes nothing.
            None if again => Ok(()),
            // No platform was asked: a late webhook about a thing that the last snapshot lacks
            // revokes nothing either.
            None if !may_lag && !hint.removed => Ok(()),
            None if is_listed => Ok(()),
            None if is_gone => {
                let mut gone = vec![hint.about.clone()];
                gone.extend(self.occurrences(&hint.about).await?);
                for name in gone {
                    self.keep_gone(&name, began, origin.source(), origin)
                        .await?;
                }
                Ok(())
            }
            None => self.keep_missing(&hint.about, began, origin).await,
        }
    }

    /// Returns the other things that the hint may stand for.
    async fn around(
        &self,
        hint: &ChangeHint,
        found: Option<&Fact>,
        wanted: bool,
    ) -> Result<Around> {
        if !wanted || !self.platform.lists_people() {
            return Ok(Around::default());
        }
        let known = match found {
            Some(fact) => Some(fact.what.clone()),
            None => self
                .environment
                .store
                .fact(&self.site.id, &hint.about)
                .await?
                .map(|known| known.fact.what.clone()),
        };
        self.platform
            .around(&hint.about, known.as_ref(), found.is_none())
            .await
    }

    /// Stores what was read beside a thing, and refetches known things that were not there. Returns
    /// whether all of it was done. The next run fetches the rest one by one.
    async fn keep_around(
        &self,
        about: &FactId,
        around: Around,
        began: Timestamp,
        origin: &Origin,
    ) -> Result<bool> {
        let Around {
            facts,
            unreadable,
            holder,
            kinds,
            since,
            people,
            unlisted: _,
            called_off: _,
        } = around;
        let mut missing = self.left_team(about, people).await?;
        self.note_read(facts.iter().map(Fact::name));
        if let Some(holder) = holder {
            let (names, _) = self
                .environment
                .store
                .holdings(&self.site.id, &holder)
                .await?;
            let mut listed: BTreeSet<FactId> = facts.iter().map(Fact::name).collect();
            listed.extend(unreadable.into_iter().map(|unreadable| unreadable.name));
            let unlisted = |name: &FactId| kinds.contains(&name.kind) && !listed.contains(name);
            let names: Vec<FactId> = names.into_iter().filter(unlisted).collect();
            let known = self.environment.store.facts(&self.site.id, &names).await?;
            let expected = |record: &FactRecord| !record.gone && !is_past(&record.fact, since);
            missing.extend(
                known
                    .into_iter()
                    .filter(expected)
                    .map(|record| record.fact.name()),
            );
        }
        let mut rest = Vec::new();
        let (new, known) = self.news_first(facts).await?;
        for fact in new {
            if self.is_late() {
                rest.push(fact.name());
                continue;
            }
            let fact = self.with_relations(fact, origin).await?;
            self.keep(FactRecord::new(fact, began, origin.source()), origin)
                .await?;
        }
        for fact in known {
            // The fact is unchanged. If no time is left, nothing is lost.
            if !self.is_late() {
                let fact = self.with_relations(fact, origin).await?;
                self.keep(FactRecord::new(fact, began, origin.source()), origin)
                    .await?;
            }
        }
        for about in missing {
            if self.is_late() {
                rest.push(about);
                continue;
            }
            Box::pin(self.refetch_at(
                &ChangeHint {
                    about,
                    reaches: None,
                    removed: false,
                },
                0,
                origin,
                false,
            ))
            .await?;
        }
        self.refetch_next(&rest, origin).await?;
        Ok(rest.is_empty())
    }

    /// Splits many facts into those that say something new and those that are known.
    async fn news_first(&self, facts: Vec<Fact>) -> Result<(Vec<Fact>, Vec<Fact>)> {
        if facts.len() < MANY {
            return Ok((facts, Vec::new()));
        }
        let names: Vec<FactId> = facts.iter().map(Fact::name).collect();
        let known = self.environment.store.facts(&self.site.id, &names).await?;
        let is_known = |fact: &Fact| {
            known
                .iter()
                .any(|record| !record.gone && *record.fact == *fact)
        };
        Ok(facts.into_iter().partition(|fact| !is_known(fact)))
    }

    fn is_late(&self) -> bool {
        self.environment.time.now() >= self.ends
    }
}

/// Returns whether something is so long ago that the platform no longer lists it.
fn is_past(fact: &Fact, since: Option<Timestamp>) -> bool {
    let Some(since) = since else { return false };
    match &fact.what {
        What::Booking(booking) => {
            booking.series.is_none() && booking.end.max(booking.start) < since
        }
        What::Checkin(checkin) => checkin.at < since,
        What::Visit(visit) => visit.end.unwrap_or(visit.start) < since,
        _ => false,
    }
}

/// Requests a full read of a site that was never read, unless one was requested just now.
async fn want_first_read(environment: &Environment, site: &SiteId) -> Result<()> {
    let now = environment.time.now();
    let mut read = environment.store.platform_read(site).await?;
    let lately = read
        .wanted
        .is_some_and(|wanted| now.duration_since(wanted) < WANTED_EVERY);
    if read.complete.is_some() || lately {
        return Ok(());
    }
    environment
        .bus
        .want_reconcile(site, AskedBy::Function)
        .await;
    read.wanted = Some(now);
    environment.store.keep_platform_read(site, &read).await
}
