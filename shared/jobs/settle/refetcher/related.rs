//! The related things of one that was fetched: its relations, a team's members, a desk's
//! memberships, a pass's check-ins.

use std::sync::PoisonError;

use jiff::SignedDuration;

use super::Refetcher;
use crate::settle::origin::Origin;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Fact, FactId, Holder, Id, Kind, Membership, What};
use doorstep_core::model::push_update::ChangeHint;
use doorstep_core::model::record::FactRecord;
use doorstep_vendors::platform::{Span, relation};

/// The longest local day: one with a clock change.
const A_LOCAL_DAY: SignedDuration = SignedDuration::from_hours(25);

impl Refetcher<'_> {
    /// Returns a fact with the relations that it still has, although a list read beside it left
    /// them out. If a relation cannot be confirmed, it stays, and the thing is fetched again.
    pub(super) async fn with_relations(&self, mut fact: Fact, origin: &Origin) -> Result<Fact> {
        if !self.platform.relates(fact.what.kind()) {
            return Ok(fact);
        }
        let name = fact.name();
        let known = self
            .environment
            .store
            .fact(&self.site.id, &name)
            .await?
            .filter(|known| !known.gone);
        let Some(known) = known else { return Ok(fact) };
        let unanswered =
            relation::confirm(self.platform.as_ref(), &known.fact, &mut fact, |_| None).await;
        if let Some((_, error)) = unanswered.first() {
            let hint = ChangeHint {
                about: name,
                reaches: None,
                removed: false,
            };
            self.could_not(&hint, 0, origin, error).await?;
        }
        Ok(fact)
    }

    /// Returns the members who joined or left a team.
    pub(super) async fn left_team(
        &self,
        about: &FactId,
        people: Option<Vec<Id>>,
    ) -> Result<Vec<FactId>> {
        let Some(people) = people else {
            return Ok(Vec::new());
        };
        let known = self
            .environment
            .store
            .team_members(&self.site.id, &Holder::Team(about.id.clone()))
            .await?;
        let people: Vec<FactId> = people
            .into_iter()
            .map(|id| FactId::new(Kind::Member, id))
            .collect();
        let came = people.iter().filter(|name| !known.contains(name)).cloned();
        let left = known.iter().filter(|name| !people.contains(name)).cloned();
        Ok(came.chain(left).collect())
    }

    /// Returns the known memberships with this desk or office that this run has not read yet. A
    /// hint about a desk may mean that a membership lost it, and the membership may have no hint of
    /// its own.
    pub(super) async fn had(&self, resource: &FactId) -> Result<Vec<FactId>> {
        if resource.kind != Kind::Resource || !self.platform.lists_people() {
            return Ok(Vec::new());
        }
        let all = || {
            self.environment
                .store
                .facts_of(&self.site.id, Kind::Membership)
        };
        let known = self.memberships.get_or_try_init(all).await?;
        let has = |record: &&FactRecord| match &record.fact.what {
            What::Membership(Membership { assignments, .. }) => {
                !record.gone && assignments.iter().any(|one| one.resource == resource.id)
            }
            _ => false,
        };
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(known
            .iter()
            .filter(has)
            .map(|record| record.fact.name())
            .filter(|name| !read.contains(name))
            .collect())
    }

    /// Returns the known occurrences of a series that are not over and that this run has not read
    /// yet. A hint about a series names none of them.
    pub(super) async fn occurrences(&self, series: &FactId) -> Result<Vec<FactId>> {
        let prefix = match series.kind {
            Kind::Booking => self.platform.occurrences_of(&series.id),
            _ => None,
        };
        let Some(prefix) = prefix else {
            return Ok(Vec::new());
        };
        let (store, now) = (&self.environment.store, self.environment.time.now());
        let known = store
            .facts_with_prefix(&self.site.id, Kind::Booking, &prefix)
            .await?;
        let is_live = |record: &&FactRecord| match &record.fact.what {
            What::Booking(booking) => !record.gone && booking.end >= now,
            _ => false,
        };
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let names = known
            .iter()
            .filter(is_live)
            .map(|record| record.fact.name());
        Ok(names.filter(|name| !read.contains(name)).collect())
    }

    /// Stores new check-ins before the pass that they use up. Check-ins have no webhook of their
    /// own, but passes have. Otherwise a person who used the last one today would have no access
    /// until the next reconcile.
    pub(super) async fn uses(&self, fact: &Fact, origin: &Origin) -> Result<()> {
        let What::Pass(pass) = &fact.what else {
            return Ok(());
        };
        if self.platform.lists_people() {
            return Ok(());
        }
        let known = self
            .environment
            .store
            .fact(&self.site.id, &fact.name())
            .await?
            .filter(|known| !known.gone);
        let before = match known.as_ref().map(|known| &known.fact.what) {
            Some(What::Pass(known)) => known.used,
            _ => 0.0,
        };
        if pass.used <= before || !self.platform.kinds().contains(&Kind::Checkin) {
            return Ok(());
        }
        let began = self.environment.time.now();
        let span = Span {
            changed_since: None,
            checkins_from: began.checked_sub(A_LOCAL_DAY).unwrap_or(began),
        };
        for fact in self.platform.read(Kind::Checkin, &span).await?.facts {
            if self
                .environment
                .store
                .fact(&self.site.id, &fact.name())
                .await?
                .is_none()
            {
                // The check-in is known from now on, so no later run refetches it.
                self.keep_and_mark(&FactRecord::new(fact, began, origin.source()), origin, true)
                    .await?;
            }
        }
        Ok(())
    }
}
