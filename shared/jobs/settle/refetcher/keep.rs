//! The storing of what was fetched, and the marking of everyone whom it concerns.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use jiff::Timestamp;

use super::{MarkTarget, Refetcher};
use crate::settle::lost_numbers::unconfirmed;
use crate::settle::origin::Origin;
use doorstep_cloud::reconcile_request::AskedBy;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{FactId, Holder, Kind};
use doorstep_core::model::push_update::ChangeHint;
use doorstep_core::model::record::{FactRecord, Source};
use doorstep_core::model::subject::Subject;

impl Refetcher<'_> {
    /// Stores a missing thing as unconfirmed after the last fetch: six minutes of 404 are no
    /// removal while its list contains it. A reconcile reads that list, and the guard judges what
    /// follows.
    pub(super) async fn keep_missing(
        &self,
        name: &FactId,
        began: Timestamp,
        origin: &Origin,
    ) -> Result<()> {
        let known = self.environment.store.fact(&self.site.id, name).await?;
        let Some(known) = known.filter(|known| !known.gone) else {
            return Ok(());
        };
        let record = known.gone(began, Source::Missing).after(Some(&known));
        self.keep_and_mark(&record, origin, false).await?;
        self.environment
            .bus
            .want_reconcile(&self.site.id, AskedBy::Function)
            .await;
        Ok(())
    }

    pub(super) async fn keep_gone(
        &self,
        name: &FactId,
        began: Timestamp,
        source: Source,
        origin: &Origin,
    ) -> Result<()> {
        match self.environment.store.fact(&self.site.id, name).await? {
            Some(known) => {
                let record = known.gone(began, source);
                self.keep_and_mark(&record, origin, false).await
            }
            None => Ok(()),
        }
    }

    /// Stores a fact, after the unknown things that it refers to.
    pub(super) async fn keep(&self, record: FactRecord, origin: &Origin) -> Result<()> {
        let mut seen = BTreeSet::from([record.fact.name()]);
        let mut found = vec![record];
        let mut next = 0;
        while let Some(names) = found
            .get(next)
            .map(|record: &FactRecord| record.fact.what.speaks_of())
        {
            for name in names {
                if seen.insert(name.clone())
                    && self.must_see(&name).await?
                    && let Some(record) = self.see(&name, origin).await?
                {
                    found.push(record);
                }
            }
            next += 1;
        }
        for record in found.iter().rev() {
            self.refetch_at_its_end(&record.fact, origin).await?;
            self.keep_and_mark(record, origin, false).await?;
        }
        Ok(())
    }

    /// Returns whether a thing must be fetched. Visitors have no webhook of their own, so each
    /// trigger of their booking fetches them.
    pub(super) async fn must_see(&self, name: &FactId) -> Result<bool> {
        let known = self.environment.store.fact(&self.site.id, name).await?;
        Ok(name.kind == Kind::Visitor || known.is_none_or(|known| known.gone))
    }

    pub(super) async fn see(&self, name: &FactId, origin: &Origin) -> Result<Option<FactRecord>> {
        let began = self.environment.time.now();
        match self.platform.fetch(name).await {
            Ok(found) => Ok(found
                .fact()
                .map(|fact| FactRecord::new(fact, began, origin.source()))),
            Err(error) => {
                let hint = ChangeHint {
                    about: name.clone(),
                    reaches: None,
                    removed: false,
                };
                self.could_not(&hint, 0, origin, &error)
                    .await
                    .map(|()| None)
            }
        }
    }

    /// Stores a fact, and marks everyone whom it concerns or concerned as due.
    ///
    /// The table gets the due items before it gets the fact if this refetcher does not mark in
    /// passing, if the fact no longer concerns a person, or if `once` is set. In the last two cases
    /// a later refetch would not find these people again, and the process may die before it marks
    /// them.
    ///
    /// A refetcher that marks in passing also keeps the due items in memory. The minute of a stored
    /// item may be later than the run's start, and another run may serve the person before the fact
    /// is stored.
    pub(super) async fn keep_and_mark(
        &self,
        record: &FactRecord,
        origin: &Origin,
        once: bool,
    ) -> Result<()> {
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
        let profiles = self.profiles(record, &draft.concerned.all_people).await?;
        let due = |name: FactId| origin.due(now, Subject::Profile(name));
        if once || draft.concerned.some_left || matches!(self.marked, MarkTarget::Written) {
            store
                .put_dues(site, &profiles.iter().cloned().map(due).collect::<Vec<_>>())
                .await?;
        }
        match store.keep_draft(site, &draft).await {
            Ok(()) => {}
            // The table will never accept this fact. The old one stays, and each reconcile reports
            // it.
            Err(error @ Error::Permanent(_)) => {
                tracing::error!(site = site.as_str(), about = %record.fact.name(), %error, "a fact cannot be stored");
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if let MarkTarget::InPassing(marked) = &self.marked {
            let mut marked = marked.lock().unwrap_or_else(PoisonError::into_inner);
            marked.extend(
                profiles
                    .into_iter()
                    .map(|name| (name.clone(), due(name).in_passing())),
            );
        }
        Ok(())
    }

    /// Returns the profiles of everyone whom a change of this fact concerns.
    pub(super) async fn profiles(
        &self,
        record: &FactRecord,
        all_people: &BTreeSet<Holder>,
    ) -> Result<BTreeSet<FactId>> {
        let mut profiles = BTreeSet::new();
        for holder in all_people {
            match holder {
                // A change of a profile does not concern the other members of its team.
                Holder::Team(_) if record.fact.what.kind() == Kind::Member => {}
                Holder::Team(_) => profiles.extend(
                    self.environment
                        .store
                        .team_members(&self.site.id, holder)
                        .await?,
                ),
                Holder::Member(_) | Holder::Visitor(_) => {
                    profiles.insert(holder.profile());
                }
            }
        }
        Ok(profiles)
    }
}
