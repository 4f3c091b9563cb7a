//! Reads side by side: the things that the hints of one batch name are fetched before the first of
//! them is stored. After a full batch, which says that more waits behind it, one list takes the
//! place of many lookups.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::Refetcher;
use crate::settle::origin::Origin;
use doorstep_core::budgets::refetch::{CHANGED_BEFORE, FULL_BATCH};
use doorstep_core::budgets::vendor_http::AT_ONCE;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Fact, FactId, Kind};
use doorstep_core::model::push_update::ChangeHint;
use doorstep_core::model::record::FactRecord;
use doorstep_vendors::platform::found::Lookup;

/// How many listed things are stored at a time.
const STORED_AT_ONCE: usize = 8;

/// What was fetched ahead: each thing with the instant at which its read began. A thing is used
/// once.
pub(super) type FetchedAhead = BTreeMap<FactId, (Timestamp, Result<Lookup>)>;

impl Refetcher<'_> {
    /// Fetches what these hints name, side by side. The hint that needs a thing gets the answer or
    /// the error.
    pub async fn fetch_ahead(&self, hints: &[(ChangeHint, Origin)]) -> Result<()> {
        // What a platform pushed is in the table.
        if !self.platform.answers_by_id() {
            return Ok(());
        }
        if hints.len() >= FULL_BATCH {
            self.read_changes(hints).await?;
        }
        let kinds = self.platform.kinds();
        let known = self.ahead().keys().cloned().collect::<Vec<_>>();
        let names = hints.iter().map(|(hint, _)| &hint.about);
        let names: Vec<FactId> = names
            .filter(|about| kinds.contains(&about.kind) && !known.contains(about))
            .cloned()
            .collect();
        let fetches: Vec<_> = names.into_iter().map(|about| self.fetch(about)).collect();
        let mut fetches = stream::iter(fetches).buffered(AT_ONCE);
        while let Some((about, fetched)) = fetches.next().await {
            self.ahead().insert(about, fetched);
        }
        Ok(())
    }

    fn fetch(&self, about: FactId) -> BoxFuture<'_, (FactId, (Timestamp, Result<Lookup>))> {
        Box::pin(async move {
            let began = self.environment.time.now();
            let found = self.platform.fetch(&about).await;
            (about, (began, found))
        })
    }

    /// Returns a thing as the platform has it now, and the instant at which the read began.
    pub(super) async fn fetched(&self, about: &FactId) -> (Timestamp, Result<Lookup>) {
        let ahead = self.ahead().remove(about);
        match ahead {
            Some(fetched) => fetched,
            None => {
                let began = self.environment.time.now();
                (began, self.platform.fetch(about).await)
            }
        }
    }

    /// Reads the list of what changed lately, and stores what no hint of this batch names: its hint
    /// waits behind this batch, and its people need not wait with it. The hint is refetched all the
    /// same when its turn comes. What the list leaves out says nothing.
    async fn read_changes(&self, hints: &[(ChangeHint, Origin)]) -> Result<()> {
        let Some((kind, since)) = self.worth_a_list(hints).await? else {
            return Ok(());
        };
        let began = self.environment.time.now();
        let listed = match self.platform.changes(kind, since).await {
            Ok(listed) => listed,
            Err(error) => {
                tracing::warn!(site = self.site.id.as_str(), %error, "cannot list the platform's changes; fetching one by one");
                return Ok(());
            }
        };
        let (named, others): (Vec<Fact>, Vec<Fact>) = listed.into_iter().partition(|fact| {
            let name = fact.name();
            hints.iter().any(|(hint, _)| hint.about == name)
        });
        let found = |fact: Fact| (fact.name(), (began, Ok(Lookup::Fact(fact))));
        self.ahead().extend(named.into_iter().map(found));
        let others = self.newer(others).await?.into_iter();
        let keeps: Vec<_> = others.map(|fact| self.keep_listed(fact, began)).collect();
        let stored = stream::iter(keeps).buffered(STORED_AT_ONCE);
        stored.for_each(|()| std::future::ready(())).await;
        Ok(())
    }

    /// Stores a thing that only a list showed. What cannot be stored now waits for its own hint.
    fn keep_listed(&self, fact: Fact, began: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.is_late() {
                return;
            }
            let (origin, name) = (Origin::default(), fact.name());
            let record = FactRecord::new(fact, began, origin.source());
            if let Err(error) = self.keep(record, &origin).await {
                tracing::warn!(site = self.site.id.as_str(), about = %name, %error, "a listed change is not stored; its own trigger refetches it");
            }
        })
    }

    /// Returns the kind of which these hints name the most, and the instant since which its changes
    /// are worth a list. They are not if most of them were read after their triggers were sent: an
    /// earlier batch then read the list.
    async fn worth_a_list(
        &self,
        hints: &[(ChangeHint, Origin)],
    ) -> Result<Option<(Kind, Timestamp)>> {
        let kind = Kind::Booking;
        let of_kind: Vec<&(ChangeHint, Origin)> = hints
            .iter()
            .filter(|(hint, _)| hint.about.kind == kind)
            .collect();
        let sent: BTreeMap<FactId, Timestamp> = of_kind
            .iter()
            .filter_map(|(hint, origin)| Some((hint.about.clone(), origin.sent_at?)))
            .collect();
        let Some(first) = sent.values().min().copied() else {
            return Ok(None);
        };
        if !self.platform.lists_changes(kind) || sent.len() * 2 < FULL_BATCH {
            return Ok(None);
        }
        let names: Vec<FactId> = sent.keys().cloned().collect();
        let known = self.environment.store.facts(&self.site.id, &names).await?;
        let is_read = |record: &&FactRecord| {
            sent.get(&record.fact.name())
                .is_some_and(|sent| record.read >= *sent)
        };
        let unread = sent.len() - known.iter().filter(is_read).count();
        let since = first.saturating_sub(CHANGED_BEFORE).unwrap_or(first);
        Ok((unread * 2 >= sent.len()).then_some((kind, since)))
    }

    /// Returns the facts that are unknown, or changed at the platform since they were known.
    async fn newer(&self, facts: Vec<Fact>) -> Result<Vec<Fact>> {
        let names: Vec<FactId> = facts.iter().map(Fact::name).collect();
        let known = self.environment.store.facts(&self.site.id, &names).await?;
        let known: BTreeMap<FactId, FactRecord> = known
            .into_iter()
            .map(|record| (record.fact.name(), record))
            .collect();
        let is_newer = |fact: &Fact| {
            let record = known.get(&fact.name());
            record.is_none_or(|record| fact.changed > record.fact.changed)
        };
        Ok(facts.into_iter().filter(is_newer).collect())
    }

    fn ahead(&self) -> std::sync::MutexGuard<'_, FetchedAhead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
