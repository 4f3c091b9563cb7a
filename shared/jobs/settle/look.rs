//! The refetch of things at the platform. A trigger only names what to fetch.

use doorstep_core::model::ids::SiteId;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;

use super::numbers::unconfirmed;
use doorstep_cloud::environment::Environment;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_cloud::store::dues::Due;
use doorstep_cloud::trigger_queue::TriggerMessage;
use doorstep_core::decide::entitlement::days::end_of;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Fact, FactId, Holder, Id, Kind, Membership, What};
use doorstep_core::model::push_update::ChangeHint;
use doorstep_core::model::record::{Record, Source};
use doorstep_core::model::subject::Subject;
use doorstep_core::model::window::ceil_minute;
use doorstep_core::site::Site;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_vendors::platform::found::{Lookup, Unreadable};
use doorstep_vendors::platform::{Around, ReadPlatform, Span, relation};

/// Minutes after the trigger at which a thing is fetched again: a platform may lag behind its own webhook.
const AGAIN_AFTER: [i64; 2] = [1, 5];
/// Longest pause that is granted to a platform.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);
/// The number of facts from which new ones are stored before known ones.
const MANY: usize = 10;
/// The longest local day: one with a clock change.
const A_LOCAL_DAY: SignedDuration = SignedDuration::from_hours(25);
/// Shortest time between two first reads that a trigger requests.
const WANTED_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Refetches things of one site's platform.
///
/// It fetches the thing that a hint names and stores it, together with related things that the hint may stand for. It
/// marks everyone whom a changed fact concerns. A thing that is not there yet is fetched again after 1 and 5 minutes.
pub struct Refetcher<'a> {
    environment: &'a Environment,
    site: &'a Site,
    platform: Box<dyn ReadPlatform>,
    marked: Marked,
    /// The instant at which the refetcher's share of the run is used up.
    ends: Timestamp,
    /// All memberships that were known when the first desk was fetched: one change of a floor plan sends hints about
    /// many desks.
    memberships: OnceCell<Vec<Record>>,
    /// Things that were read beside those of hints. Every hint of a run is older than what the run reads.
    read: Mutex<BTreeSet<FactId>>,
}

/// The origin of a refetch.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The delivery that enqueued the trigger, if there is one.
    pub delivery: Option<String>,
    /// The instant of that trigger, if it is known.
    pub rung: Option<Timestamp>,
}

impl Origin {
    /// Returns the origin of a trigger.
    pub fn of(ring: &TriggerMessage) -> Self {
        Origin { delivery: ring.cause.clone(), rung: ring.at }
    }

    fn source(&self) -> Source {
        self.delivery.clone().map_or(Source::Refetch, Source::Delivery)
    }

    /// Returns a due item for `subject` with this origin.
    pub fn due(&self, now: Timestamp, subject: Subject) -> Due {
        let due = Due::at(now, subject).asked_at(self.rung);
        match &self.delivery {
            Some(delivery) => due.because_of(&format!("delivery {delivery}")),
            None => due,
        }
    }
}

/// The place where people are marked as due.
enum Marked {
    /// The table.
    Written,
    /// Memory. The trigger returns to the queue until everyone whom it marks is served.
    InPassing(Mutex<BTreeMap<FactId, Due>>),
}

impl<'a> Refetcher<'a> {
    /// Returns a refetcher for the site's platform, whose share of the run ends at `ends`.
    pub async fn new(environment: &'a Environment, site: &'a Site, ends: Timestamp) -> Result<Self> {
        let platform = environment.platform(site).await?;
        // The hint may depend on things of which no webhook ever reported.
        want_first_read(environment, &site.id).await?;
        let (memberships, read) = (OnceCell::new(), Mutex::default());
        Ok(Refetcher { environment, site, platform, marked: Marked::Written, ends, memberships, read })
    }

    /// Returns a refetcher that marks people in passing. The queue message behind its hints returns unless they are
    /// served. People whom a later refetch would not find again are stored in the table.
    pub async fn in_passing(environment: &'a Environment, site: &'a Site, ends: Timestamp) -> Result<Self> {
        Ok(Refetcher { marked: Marked::InPassing(Mutex::default()), ..Refetcher::new(environment, site, ends).await? })
    }

    /// Returns the people whom it marked in passing.
    pub fn marked(self) -> Vec<Due> {
        match self.marked {
            Marked::Written => Vec::new(),
            Marked::InPassing(dues) => {
                dues.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
            }
        }
    }

    /// Refetches one thing, stores it, and marks everyone whom it concerns. A thing that is not visible yet is fetched
    /// again later.
    pub async fn look(&self, hint: &ChangeHint, refetches: u8, heard: &Origin) -> Result<()> {
        Box::pin(self.look_at(hint, refetches, heard, true)).await?;
        let mut losers = VecDeque::from(self.had(&hint.about).await?);
        while !self.is_late()
            && let Some(about) = losers.pop_front()
        {
            self.note_read([about.clone()]);
            Box::pin(self.look_at(&ChangeHint { about, reaches: None, removed: false }, 0, heard, false)).await?;
        }
        self.look_next(losers.make_contiguous(), heard).await
    }

    fn note_read(&self, names: impl IntoIterator<Item = FactId>) {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
    }

    async fn look_at(&self, hint: &ChangeHint, refetches: u8, heard: &Origin, around: bool) -> Result<()> {
        let began = self.environment.time.now();
        let found = match self.platform.look(&hint.about).await {
            Ok(Lookup::Fact(fact)) => Some(fact),
            Ok(Lookup::Missing) => None,
            Ok(Lookup::Unreadable(what)) => return self.cannot_read(hint, refetches, heard, &what).await,
            Err(error) => return self.could_not(hint, refetches, heard, &error).await,
        };
        let found = match found {
            Some(fact) => Some(self.with_relations(fact, heard).await?),
            None => None,
        };
        // Doorstep stores what a platform pushes before it enqueues the trigger. Such a platform never lags.
        let may_lag = self.platform.answers_by_id();
        let around = match self.around(hint, found.as_ref(), around).await {
            Ok(around) => around,
            Err(error) => return self.could_not(hint, refetches, heard, &error).await,
        };
        let verifies = self.platform.verifies_times();
        let late = match &found {
            _ if !may_lag => false,
            None => !(around.called_off || hint.removed && verifies),
            Some(fact) => !verifies || hint.removed || hint.reaches > fact.changed.or(hint.reaches),
        };
        let again = late && self.look_again(hint, refetches, heard).await?;
        if let Some(fact) = &found
            && let Err(error) = self.uses(fact, heard).await
        {
            return self.could_not(hint, refetches, heard, &error).await;
        }
        let is_listed = around.has(&hint.about);
        let is_gone = around.unlisted || around.called_off || hint.removed && (verifies || !may_lag);
        // The replacement of a thing is stored before the thing is marked as gone.
        let all_kept = Box::pin(self.keep_around(&hint.about, around, began, heard)).await?;
        match found {
            // The replacement may be among the things that the next run fetches.
            None if !all_kept => self.look_later(hint, refetches, heard, SignedDuration::from_mins(1)).await,
            Some(fact) => Box::pin(self.keep(Record::new(fact, began, heard.source()), heard)).await,
            // A single 404 without a signed removal revokes nothing.
            None if again => Ok(()),
            // No platform was asked: a late webhook about a thing that the last snapshot lacks revokes nothing either.
            None if !may_lag && !hint.removed => Ok(()),
            None if is_listed => Ok(()),
            None if is_gone => self.keep_gone(&hint.about, began, heard.source(), heard).await,
            None => self.keep_missing(&hint.about, began, heard).await,
        }
    }

    /// Returns the other things that the hint may stand for.
    async fn around(&self, hint: &ChangeHint, found: Option<&Fact>, wanted: bool) -> Result<Around> {
        if !wanted || !self.platform.tells_of_people() {
            return Ok(Around::default());
        }
        let known = match found {
            Some(fact) => Some(fact.what.clone()),
            None => self.environment.store.fact(&self.site.id, &hint.about).await?.map(|known| known.fact.what.clone()),
        };
        self.platform.around(&hint.about, known.as_ref(), found.is_none()).await
    }

    /// Stores what was read beside a thing, and refetches known things that were not there. Returns whether all of it
    /// was done. The next run fetches the rest one by one.
    async fn keep_around(&self, about: &FactId, around: Around, began: Timestamp, heard: &Origin) -> Result<bool> {
        let Around { facts, unreadable, holder, kinds, since, people, unlisted: _, called_off: _ } = around;
        let mut missing = self.left_team(about, people).await?;
        self.note_read(facts.iter().map(Fact::name));
        if let Some(holder) = holder {
            let (names, _) = self.environment.store.holdings(&self.site.id, &holder).await?;
            let mut listed: BTreeSet<FactId> = facts.iter().map(Fact::name).collect();
            listed.extend(unreadable.into_iter().map(|unreadable| unreadable.name));
            let unlisted = |name: &FactId| kinds.contains(&name.kind) && !listed.contains(name);
            let names: Vec<FactId> = names.into_iter().filter(unlisted).collect();
            let known = self.environment.store.facts(&self.site.id, &names).await?;
            let expected = |record: &Record| !record.gone && !is_past(&record.fact, since);
            missing.extend(known.into_iter().filter(expected).map(|record| record.fact.name()));
        }
        let mut rest = Vec::new();
        let (new, known) = self.news_first(facts).await?;
        for fact in new {
            if self.is_late() {
                rest.push(fact.name());
                continue;
            }
            let fact = self.with_relations(fact, heard).await?;
            self.keep(Record::new(fact, began, heard.source()), heard).await?;
        }
        for fact in known {
            // The fact is unchanged. If no time is left, nothing is lost.
            if !self.is_late() {
                let fact = self.with_relations(fact, heard).await?;
                self.keep(Record::new(fact, began, heard.source()), heard).await?;
            }
        }
        for about in missing {
            if self.is_late() {
                rest.push(about);
                continue;
            }
            Box::pin(self.look_at(&ChangeHint { about, reaches: None, removed: false }, 0, heard, false)).await?;
        }
        self.look_next(&rest, heard).await?;
        Ok(rest.is_empty())
    }

    /// Splits many facts into those that say something new and those that are known.
    async fn news_first(&self, facts: Vec<Fact>) -> Result<(Vec<Fact>, Vec<Fact>)> {
        if facts.len() < MANY {
            return Ok((facts, Vec::new()));
        }
        let names: Vec<FactId> = facts.iter().map(Fact::name).collect();
        let known = self.environment.store.facts(&self.site.id, &names).await?;
        let is_known = |fact: &Fact| known.iter().any(|record| !record.gone && *record.fact == *fact);
        Ok(facts.into_iter().partition(|fact| !is_known(fact)))
    }

    fn is_late(&self) -> bool {
        self.environment.time.now() >= self.ends
    }

    /// Leaves each of these things to the next run.
    async fn look_next(&self, names: &[FactId], heard: &Origin) -> Result<()> {
        let now = self.environment.time.now();
        let look = |about: &FactId| {
            let hint = ChangeHint { about: about.clone(), reaches: None, removed: false };
            Due::at(now, Subject::Refetch { hint, refetches: 0, delivery: heard.delivery.clone() }).asked_at(heard.rung)
        };
        self.environment.store.put_dues(&self.site.id, &names.iter().map(look).collect::<Vec<_>>()).await
    }

    /// Returns a fact with the relations that it still has, although a list read beside it left them out. If a relation
    /// cannot be confirmed, it stays, and the thing is fetched again.
    async fn with_relations(&self, mut fact: Fact, heard: &Origin) -> Result<Fact> {
        if !self.platform.relates(fact.what.kind()) {
            return Ok(fact);
        }
        let name = fact.name();
        let known = self.environment.store.fact(&self.site.id, &name).await?.filter(|known| !known.gone);
        let Some(known) = known else { return Ok(fact) };
        let unanswered = relation::confirm(self.platform.as_ref(), &known.fact, &mut fact, |_| None).await;
        if let Some((_, error)) = unanswered.first() {
            let hint = ChangeHint { about: name, reaches: None, removed: false };
            self.could_not(&hint, 0, heard, error).await?;
        }
        Ok(fact)
    }

    /// Returns the members who joined or left a team.
    async fn left_team(&self, about: &FactId, people: Option<Vec<Id>>) -> Result<Vec<FactId>> {
        let Some(people) = people else { return Ok(Vec::new()) };
        let known = self.environment.store.team_members(&self.site.id, &Holder::Team(about.id.clone())).await?;
        let people: Vec<FactId> = people.into_iter().map(|id| FactId::new(Kind::Member, id)).collect();
        let came = people.iter().filter(|name| !known.contains(name)).cloned();
        let left = known.iter().filter(|name| !people.contains(name)).cloned();
        Ok(came.chain(left).collect())
    }

    /// Returns the known memberships with this desk or office that this run has not read yet. A hint about a desk may
    /// mean that a membership lost it, and the membership may have no hint of its own.
    async fn had(&self, resource: &FactId) -> Result<Vec<FactId>> {
        if resource.kind != Kind::Resource || !self.platform.tells_of_people() {
            return Ok(Vec::new());
        }
        let all = || self.environment.store.facts_of(&self.site.id, Kind::Membership);
        let known = self.memberships.get_or_try_init(all).await?;
        let has = |record: &&Record| match &record.fact.what {
            What::Membership(Membership { assignments, .. }) => {
                !record.gone && assignments.iter().any(|one| one.resource == resource.id)
            }
            _ => false,
        };
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(known.iter().filter(has).map(|record| record.fact.name()).filter(|name| !read.contains(name)).collect())
    }

    /// Stores new check-ins before the pass that they use up. Check-ins have no webhook of their own, but passes have.
    /// Otherwise a person who used the last one today would have no access until the next reconcile.
    async fn uses(&self, fact: &Fact, heard: &Origin) -> Result<()> {
        let What::Pass(pass) = &fact.what else { return Ok(()) };
        if self.platform.tells_of_people() {
            return Ok(());
        }
        let known = self.environment.store.fact(&self.site.id, &fact.name()).await?.filter(|known| !known.gone);
        let before = match known.as_ref().map(|known| &known.fact.what) {
            Some(What::Pass(known)) => known.used,
            _ => 0.0,
        };
        if pass.used <= before || !self.platform.kinds().contains(&Kind::Checkin) {
            return Ok(());
        }
        let began = self.environment.time.now();
        let span = Span { changed_since: None, checkins_from: began.checked_sub(A_LOCAL_DAY).unwrap_or(began) };
        for fact in self.platform.read(Kind::Checkin, &span).await?.facts {
            if self.environment.store.fact(&self.site.id, &fact.name()).await?.is_none() {
                // The check-in is known from now on, so no later run refetches it.
                self.keep_and_mark(&Record::new(fact, began, heard.source()), heard, true).await?;
            }
        }
        Ok(())
    }

    /// Schedules another fetch, unless there were enough. Returns whether it did.
    async fn look_again(&self, hint: &ChangeHint, refetches: u8, heard: &Origin) -> Result<bool> {
        let Some(minutes) = AGAIN_AFTER.get(usize::from(refetches)) else { return Ok(false) };
        let waited = refetches.checked_sub(1).and_then(|last| AGAIN_AFTER.get(usize::from(last))).unwrap_or(&0);
        self.look_later(hint, refetches + 1, heard, SignedDuration::from_mins(minutes - waited)).await?;
        Ok(true)
    }

    /// Keeps the known fact. The thing may be corrected in a moment; until then each reconcile reports it.
    async fn cannot_read(&self, hint: &ChangeHint, refetches: u8, heard: &Origin, what: &Unreadable) -> Result<()> {
        let (site, about, field) = (&self.site.id, &hint.about, what.field.as_str());
        tracing::warn!(site = site.as_str(), %about, field, "a thing of the platform cannot be read; what was known of it goes on");
        self.look_again(hint, refetches, heard).await.map(drop)
    }

    async fn could_not(&self, hint: &ChangeHint, refetches: u8, heard: &Origin, error: &Error) -> Result<()> {
        tracing::warn!(site = self.site.id.as_str(), about = %hint.about, %error, "cannot look at the platform");
        let asked = match error {
            Error::Retry { after, .. } => after.and_then(|after| SignedDuration::try_from(after).ok()),
            Error::Permanent(_) | Error::Invalid(_) | Error::Held(_) => None,
        };
        let minute = SignedDuration::from_mins(1);
        self.look_later(hint, refetches, heard, asked.map_or(minute, |asked| asked.clamp(minute, LONGEST_PAUSE))).await
    }

    async fn look_later(&self, hint: &ChangeHint, refetches: u8, heard: &Origin, wait: SignedDuration) -> Result<()> {
        let now = self.environment.time.now();
        let at = ceil_minute(now.checked_add(wait).unwrap_or(now));
        let due = Due::at(at, Subject::Refetch { hint: hint.clone(), refetches, delivery: heard.delivery.clone() });
        self.environment.schedules.set(&self.site.id, at).await?;
        self.environment.store.put_dues(&self.site.id, &[due]).await
    }

    /// Stores a missing thing as unconfirmed after the last fetch: six minutes of 404 are no removal while its list
    /// contains it. A reconcile reads that list, and the guard judges what follows.
    async fn keep_missing(&self, name: &FactId, began: Timestamp, heard: &Origin) -> Result<()> {
        let known = self.environment.store.fact(&self.site.id, name).await?;
        let Some(known) = known.filter(|known| !known.gone) else { return Ok(()) };
        let record = known.gone(began, Source::Missing).after(Some(&known));
        self.keep_and_mark(&record, heard, false).await?;
        self.environment.bus.want_reconcile(&self.site.id, AskedBy::Function).await;
        Ok(())
    }

    /// Schedules a fetch at the end of a membership whose successor does not exist yet, before that end revokes
    /// anything.
    async fn look_at_its_end(&self, fact: &Fact, heard: &Origin) -> Result<()> {
        let known = async |location: Id| {
            let name = FactId::new(Kind::Location, location);
            self.environment.store.fact(&self.site.id, &name).await
        };
        let location = match &fact.what {
            What::Membership(Membership { awaits_next: true, location: Some(location), .. }) => {
                known(location.clone()).await?
            }
            _ => None,
        };
        let location = location.as_ref().map(|record| record.fact.as_ref());
        let Some(due) = end_refetch(self.site, location, fact, self.environment.time.now(), heard) else {
            return Ok(());
        };
        self.environment.schedules.set(&self.site.id, due.minute).await?;
        self.environment.store.put_dues(&self.site.id, &[due]).await
    }

    async fn keep_gone(&self, name: &FactId, began: Timestamp, source: Source, heard: &Origin) -> Result<()> {
        match self.environment.store.fact(&self.site.id, name).await? {
            Some(known) => {
                let record = known.gone(began, source);
                self.keep_and_mark(&record, heard, false).await
            }
            None => Ok(()),
        }
    }

    /// Stores a fact, after the unknown things that it refers to.
    async fn keep(&self, record: Record, heard: &Origin) -> Result<()> {
        let mut seen = BTreeSet::from([record.fact.name()]);
        let mut found = vec![record];
        let mut next = 0;
        while let Some(names) = found.get(next).map(|record: &Record| record.fact.what.speaks_of()) {
            for name in names {
                if seen.insert(name.clone())
                    && self.must_see(&name).await?
                    && let Some(record) = self.see(&name, heard).await?
                {
                    found.push(record);
                }
            }
            next += 1;
        }
        for record in found.iter().rev() {
            self.look_at_its_end(&record.fact, heard).await?;
            self.keep_and_mark(record, heard, false).await?;
        }
        Ok(())
    }

    /// Returns whether a thing must be fetched. Visitors have no webhook of their own, so each trigger of their booking
    /// fetches them.
    async fn must_see(&self, name: &FactId) -> Result<bool> {
        let known = self.environment.store.fact(&self.site.id, name).await?;
        Ok(name.kind == Kind::Visitor || known.is_none_or(|known| known.gone))
    }

    async fn see(&self, name: &FactId, heard: &Origin) -> Result<Option<Record>> {
        let began = self.environment.time.now();
        match self.platform.look(name).await {
            Ok(found) => Ok(found.fact().map(|fact| Record::new(fact, began, heard.source()))),
            Err(error) => {
                let hint = ChangeHint { about: name.clone(), reaches: None, removed: false };
                self.could_not(&hint, 0, heard, &error).await.map(|()| None)
            }
        }
    }

    /// Stores a fact, and marks everyone whom it concerns or concerned as due.
    ///
    /// The table gets the due items before it gets the fact if this refetcher does not mark in passing, if the fact no
    /// longer concerns a person, or if `once` is set. In the last two cases a later refetch would not find these people
    /// again, and the process may die before it marks them.
    ///
    /// A refetcher that marks in passing also keeps the due items in memory. The minute of a stored item may be later
    /// than the run's start, and another run may serve the person before the fact is stored.
    async fn keep_and_mark(&self, record: &Record, heard: &Origin, once: bool) -> Result<()> {
        let (store, site) = (&self.environment.store, &self.site.id);
        let now = self.environment.time.now();
        let mut draft = store.draft(site, record).await?;
        let unconfirmed = match draft.known() {
            Some(known) => unconfirmed(self.environment, site, known, record, now).await?,
            None => None,
        };
        if let Some(record) = &unconfirmed {
            draft = store.draft(site, record).await?;
        }
        let profiles = self.profiles(record, &draft.concerned.everybody).await?;
        let due = |name: FactId| heard.due(now, Subject::Profile(name));
        if once || draft.concerned.some_left || matches!(self.marked, Marked::Written) {
            store.put_dues(site, &profiles.iter().cloned().map(due).collect::<Vec<_>>()).await?;
        }
        match store.keep_draft(site, &draft).await {
            Ok(()) => {}
            // The table will never accept this fact. The old one stays, and each reconcile reports it.
            Err(error @ Error::Permanent(_)) => {
                tracing::error!(site = site.as_str(), about = %record.fact.name(), %error, "something cannot be kept");
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if let Marked::InPassing(marked) = &self.marked {
            let mut marked = marked.lock().unwrap_or_else(PoisonError::into_inner);
            marked.extend(profiles.into_iter().map(|name| (name.clone(), due(name).in_passing())));
        }
        Ok(())
    }

    /// Returns the profiles of everyone whom a change of this fact concerns.
    async fn profiles(&self, record: &Record, everybody: &BTreeSet<Holder>) -> Result<BTreeSet<FactId>> {
        let mut profiles = BTreeSet::new();
        for holder in everybody {
            match holder {
                // A change of a profile does not concern the other members of its team.
                Holder::Team(_) if record.fact.what.kind() == Kind::Member => {}
                Holder::Team(_) => profiles.extend(self.environment.store.team_members(&self.site.id, holder).await?),
                Holder::Member(_) | Holder::Visitor(_) => {
                    profiles.insert(holder.profile());
                }
            }
        }
        Ok(profiles)
    }
}

/// Returns the refetch of a membership at its end, if a successor is expected and does not exist yet. `location` is the
/// location of the membership.
pub fn end_refetch(site: &Site, location: Option<&Fact>, fact: &Fact, now: Timestamp, heard: &Origin) -> Option<Due> {
    let What::Membership(Membership { awaits_next: true, until: Some(until), .. }) = &fact.what else { return None };
    let catalogue = Catalogue::without_passes(location);
    let zone = catalogue.zone_of(location.map(|location| location.id.as_str()), &site.timezone);
    let end = end_of(*until, &zone).filter(|end| *end > now)?;
    let hint = ChangeHint { about: fact.name(), reaches: None, removed: false };
    Some(Due::at(end, Subject::Refetch { hint, refetches: 0, delivery: heard.delivery.clone() }))
}

/// Returns whether something is so long ago that the platform no longer lists it.
fn is_past(fact: &Fact, since: Option<Timestamp>) -> bool {
    let Some(since) = since else { return false };
    match &fact.what {
        What::Booking(booking) => booking.series.is_none() && booking.end.max(booking.start) < since,
        What::Checkin(checkin) => checkin.at < since,
        _ => false,
    }
}

/// Requests a full read of a site that was never read, unless one was requested just now.
async fn want_first_read(environment: &Environment, site: &SiteId) -> Result<()> {
    let now = environment.time.now();
    let mut read = environment.store.platform_read(site).await?;
    let lately = read.wanted.is_some_and(|wanted| now.duration_since(wanted) < WANTED_EVERY);
    if read.complete.is_some() || lately {
        return Ok(());
    }
    environment.bus.want_reconcile(site, AskedBy::Function).await;
    read.wanted = Some(now);
    environment.store.keep_platform_read(site, &read).await
}
