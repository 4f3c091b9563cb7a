//! Answers reads of a platform without a read API, from its stored push updates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::snapshot::{Choice, SnapshotContent, StoredPushes, ThingName, choose, is_news, overlay};
use super::store::PushStore;
use super::{Contract, KINDS, PushEntity, named, outdated};
use crate::platform::found::{FactList, Lookup, ResourceAssignments, Unreadable};
use crate::platform::{ReadPlatform, Span};
use crate::time::SharedTime;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Fact, FactId, Id, Kind};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::push_update::{
    AcceptedSnapshot, PartHead, Snapshots, ThingUpdate, UnconfirmedSnapshot, thing_hash,
};
use doorstep_core::model::record::Kept;

/// All known facts, by kind.
type ByKind = BTreeMap<Kind, Vec<Fact>>;

/// All facts of one site.
#[derive(Default)]
struct SiteFacts {
    facts: ByKind,
    /// Things whose latest update cannot be read. They exist, and their last known facts stay in
    /// force.
    unreadable: Vec<Unreadable>,
}

/// Reader of one site's push updates.
pub struct PushReader {
    contract: &'static Contract,
    mailbox: Option<SiteMailbox>,
    /// All facts, after the first read of everything.
    whole: tokio::sync::Mutex<Option<Arc<SiteFacts>>>,
    /// The snapshot that counts, with the stored snapshots from which it was chosen.
    base: tokio::sync::Mutex<Option<(Snapshots, Arc<Choice>)>>,
    flaws: Mutex<Vec<String>>,
}

/// Access to the stored push updates of one site.
struct SiteMailbox {
    store: Arc<dyn PushStore>,
    site: SiteId,
    time: SharedTime,
}

impl PushReader {
    /// Returns a reader of the push updates of `site`.
    pub fn new(
        contract: &'static Contract,
        store: Arc<dyn PushStore>,
        site: &SiteId,
        time: SharedTime,
    ) -> Self {
        let mailbox = Some(SiteMailbox {
            store,
            site: site.to_owned(),
            time,
        });
        PushReader {
            mailbox,
            ..PushReader::of_nothing(contract)
        }
    }

    /// Returns a reader without a store. It finds no facts at all.
    pub fn of_nothing(contract: &'static Contract) -> Self {
        let (whole, base, flaws) = Default::default();
        PushReader {
            contract,
            mailbox: None,
            whole,
            base,
            flaws,
        }
    }

    /// Returns all known facts, by kind. The store is read once.
    async fn whole(&self) -> Result<Arc<SiteFacts>> {
        let mut whole = self.whole.lock().await;
        if let Some(whole) = whole.as_ref() {
            return Ok(whole.clone());
        }
        let found = match &self.mailbox {
            None => SiteFacts::default(),
            Some(mailbox) => {
                let doorstep_core::model::push_update::LatestUpdates {
                    updates,
                    unreadable,
                } = mailbox.store.mailbox(&mailbox.site).await?;
                let snapshots = mailbox.store.snapshots(&mailbox.site).await?;
                let choice = self.choice(mailbox, &snapshots, Some(&updates)).await?;
                self.flaws
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(choice.flaws.iter().cloned());
                let unreadable = self.of_unreadable(mailbox, &unreadable).await?;
                let mut facts = facts(self.contract, choice.base.as_ref(), &updates);
                let there: BTreeSet<&FactId> = unreadable
                    .iter()
                    .map(|unreadable| &unreadable.name)
                    .collect();
                facts
                    .values_mut()
                    .for_each(|facts| facts.retain(|fact| !there.contains(&fact.name())));
                SiteFacts { facts, unreadable }
            }
        };
        let found = Arc::new(found);
        *whole = Some(found.clone());
        Ok(found)
    }

    /// Returns the known things whose updates cannot be read. An update's key contains only the
    /// hash of its thing, so the known things are compared by hash.
    async fn of_unreadable(
        &self,
        mailbox: &SiteMailbox,
        hashes: &BTreeSet<String>,
    ) -> Result<Vec<Unreadable>> {
        let mut found = Vec::new();
        for kind in KINDS.into_iter().filter(|_| !hashes.is_empty()) {
            for record in mailbox.store.records_of(&mailbox.site, kind).await? {
                let name = record.fact.name();
                let pushed = self.contract.pushed_in(&name);
                let hash = pushed.map(|(entity, id)| thing_hash(&mailbox.site, entity.word, &id));
                if !record.gone && hash.is_some_and(|hash| hashes.contains(&hash)) {
                    found.push(unreadable_update(name));
                }
            }
        }
        Ok(found)
    }

    /// Chooses the snapshot that counts. Loads the updates itself if they are needed and not given.
    async fn choice(
        &self,
        mailbox: &SiteMailbox,
        snapshots: &Snapshots,
        updates: Option<&[ThingUpdate]>,
    ) -> Result<Arc<Choice>> {
        let mut base = self.base.lock().await;
        if let Some((_, choice)) = base.as_ref().filter(|(of, _)| of == snapshots) {
            return Ok(choice.clone());
        }
        let read = match updates {
            Some(_) => Vec::new(),
            None => mailbox.store.updates(&mailbox.site).await?,
        };
        let updates = updates.unwrap_or(&read);
        let now = mailbox.time.now();
        let choice = choose(
            mailbox.store.as_ref(),
            &mailbox.site,
            self.contract,
            StoredPushes { snapshots, updates },
            now,
        )
        .await?;
        let choice = Arc::new(choice);
        *base = Some((snapshots.clone(), choice.clone()));
        Ok(choice)
    }

    /// Returns the facts of one thing, or the facts that remain after its removal.
    async fn thing(
        &self,
        mailbox: &SiteMailbox,
        entity: &'static PushEntity,
        id: &str,
    ) -> Result<Vec<Fact>> {
        // Loads the update before the snapshots. An update that is deleted between the two loads is
        // then in a snapshot.
        let update = mailbox.store.update(&mailbox.site, entity.word, id).await?;
        let snapshots = mailbox.store.snapshots(&mailbox.site).await?;
        let newest = snapshots.heads.iter().map(|head| &head.version).max();
        let choice = match &update {
            Some(update) if newest.is_none_or(|newest| *newest < update.version) => None,
            _ => Some(self.choice(mailbox, &snapshots, None).await?),
        };
        let base = choice.as_ref().and_then(|choice| choice.base.as_ref());
        let name: ThingName = (entity.word, id.to_owned());
        let listed = base.and_then(|base| base.things.get(&name));
        let mut known: BTreeMap<ThingName, Value> = listed
            .map(|data| (name.clone(), data.clone()))
            .into_iter()
            .collect();
        if let Some(update) = &update {
            overlay(self.contract, base, update, &mut known);
        }
        let was_removed = update.is_some_and(|update| update.data.is_none());
        Ok(match known.get(&name) {
            Some(data) => facts_of(entity, data),
            None if was_removed => (entity.remains)(id),
            None => Vec::new(),
        })
    }
}

#[async_trait]
impl ReadPlatform for PushReader {
    fn kinds(&self) -> Vec<Kind> {
        KINDS.to_vec()
    }

    async fn fetch(&self, about: &FactId) -> Result<Lookup> {
        if let Some(fact) = named(about) {
            return Ok(Lookup::Fact(fact));
        }
        let (Some(mailbox), Some((entity, id))) = (&self.mailbox, self.contract.pushed_in(about))
        else {
            return Ok(Lookup::Missing);
        };
        if mailbox
            .store
            .update_kept(&mailbox.site, entity.word, &id)
            .await?
            == Kept::Unreadable
        {
            return Ok(Lookup::Unreadable(unreadable_update(about.clone())));
        }
        let facts = self.thing(mailbox, entity, &id).await?;
        let fact = facts.into_iter().find(|fact| fact.name() == *about);
        Ok(fact.or_else(|| (self.contract.unknown)(about)).into())
    }

    async fn read(&self, kind: Kind, _span: &Span) -> Result<FactList> {
        let whole = self.whole().await?;
        let unreadable = whole
            .unreadable
            .iter()
            .filter(|unreadable| unreadable.name.kind == kind);
        let facts = whole.facts.get(&kind).cloned().unwrap_or_default();
        Ok(FactList {
            facts,
            unreadable: unreadable.cloned().collect(),
            nameless: 0,
        })
    }

    async fn assignments(&self, _resources: &[Id]) -> Result<ResourceAssignments> {
        Ok(ResourceAssignments::default())
    }

    fn answers_by_id(&self) -> bool {
        false
    }

    async fn held_back(&self) -> Result<Option<Vec<Fact>>> {
        let Some(mailbox) = &self.mailbox else {
            return Ok(None);
        };
        let snapshots = mailbox.store.snapshots(&mailbox.site).await?;
        let choice = self.choice(mailbox, &snapshots, None).await?;
        let Some(held) = &choice.held else {
            return Ok(None);
        };
        let updates = mailbox.store.updates(&mailbox.site).await?;
        let facts = facts(self.contract, Some(held), &updates);
        Ok(Some(facts.into_values().flatten().collect()))
    }

    fn flaws(&self) -> Vec<String> {
        self.flaws
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Stores what a full read decided: which snapshot is accepted. Deletes the updates that this
/// snapshot outdates. Only jobs that store what they read call it. Read-only commands do not.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where the table is unavailable. The next call then
/// does the work.
pub async fn tidy(
    contract: &'static Contract,
    store: &dyn PushStore,
    site: &SiteId,
    now: Timestamp,
) -> Result<()> {
    let snapshots = store.snapshots(site).await?;
    let is_accepted = |head: &PartHead| {
        snapshots
            .accepted
            .as_ref()
            .is_some_and(|accepted| accepted.snapshot == head.snapshot)
    };
    let accepted = if snapshots.heads.iter().all(is_accepted) && !is_news(&snapshots, now) {
        snapshots.accepted
    } else {
        decide(contract, store, site, snapshots, now).await?
    };
    match accepted {
        Some(accepted) => outdated::drop_updates(contract, store, site, &accepted).await,
        None => Ok(()),
    }
}

/// Stores the decisions about the stored snapshots and deletes the parts that are no longer needed.
/// Returns the accepted snapshot.
async fn decide(
    contract: &'static Contract,
    store: &dyn PushStore,
    site: &SiteId,
    snapshots: Snapshots,
    now: Timestamp,
) -> Result<Option<AcceptedSnapshot>> {
    outdated::take_out(
        contract,
        store,
        site,
        &snapshots.heads.iter().collect::<Vec<_>>(),
    )
    .await?;
    let updates = store.updates(site).await?;
    let stored = StoredPushes {
        snapshots: &snapshots,
        updates: &updates,
    };
    let choice = choose(store, site, contract, stored, now).await?;
    if snapshots.unconfirmed != choice.unconfirmed {
        store
            .keep_unconfirmed(site, choice.unconfirmed.as_ref())
            .await?;
    }
    let Some(base) = choice.base.map(|base| base.accepted) else {
        return Ok(None);
    };
    if snapshots.accepted.as_ref() != Some(&base) {
        store.accept(site, &base).await?;
    }
    let stays: Vec<_> = snapshots
        .heads
        .iter()
        .filter(|head| !choice.obsolete.contains(head))
        .collect();
    for head in &choice.obsolete {
        store.forget_part(site, head, &stays).await?;
    }
    Ok(Some(base))
}

/// Believes the snapshot that a human approved, if that snapshot still waits for approval. The next
/// read judges what follows from it, as after any other snapshot. Returns whether it was accepted.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where the table is unavailable.
pub async fn accept_held(store: &dyn PushStore, site: &SiteId) -> Result<bool> {
    match store
        .unconfirmed(site)
        .await?
        .filter(UnconfirmedSnapshot::is_for_a_human)
    {
        Some(unconfirmed) => store.accept(site, &unconfirmed.latest).await.map(|()| true),
        None => Ok(false),
    }
}

/// Returns the facts that follow from a snapshot and the updates.
fn facts(contract: &Contract, base: Option<&SnapshotContent>, updates: &[ThingUpdate]) -> ByKind {
    let mut known = base.map(|base| base.things.clone()).unwrap_or_default();
    for update in updates {
        overlay(contract, base, update, &mut known);
    }
    let mut all: BTreeMap<FactId, Fact> = BTreeMap::new();
    for update in updates.iter().filter(|update| update.data.is_none()) {
        if let Some(entity) = contract.entity(&update.entity)
            && !known.contains_key(&(entity.word, update.id.clone()))
        {
            all.extend(
                (entity.remains)(&update.id)
                    .into_iter()
                    .map(|fact| (fact.name(), fact)),
            );
        }
    }
    for ((word, _), data) in &known {
        if let Some(entity) = contract.entity(word) {
            all.extend(
                facts_of(entity, data)
                    .into_iter()
                    .map(|fact| (fact.name(), fact)),
            );
        }
    }
    let spoken_of: BTreeSet<FactId> = all
        .values()
        .flat_map(|fact| fact.what.speaks_of())
        .collect();
    for about in spoken_of
        .into_iter()
        .filter(|about| !all.contains_key(about))
        .collect::<Vec<_>>()
    {
        if let Some(fact) = (contract.unknown)(&about) {
            all.insert(about, fact);
        }
    }
    let mut by_kind: ByKind = BTreeMap::new();
    for (name, fact) in all {
        by_kind.entry(name.kind).or_default().push(fact);
    }
    by_kind
}

fn unreadable_update(name: FactId) -> Unreadable {
    Unreadable {
        name,
        field: "latest update".to_owned(),
    }
}

fn facts_of(entity: &PushEntity, data: &Value) -> Vec<Fact> {
    (entity.read)(data)
        .map(|thing| thing.facts())
        .unwrap_or_default()
}
