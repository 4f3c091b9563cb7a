//! Answers reads of a platform without a read API, from its stored push updates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::roster::{Choice, Listed, Name, choose, is_news, overlay};
use super::store::PushStore;
use super::{Contract, Entity, KINDS, named, outdated};
use crate::platform::found::{Assigned, FactList, Lookup, Unreadable};
use crate::platform::{ReadPlatform, Span};
use crate::time::SharedTime;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Fact, FactId, Id, Kind};
use doorstep_core::model::push_update::{Believed, DoubtedSnapshot, Head, Rosters, ThingUpdate, thing_hash};
use doorstep_core::model::record::Kept;

/// All known facts, by kind.
type ByKind = BTreeMap<Kind, Vec<Fact>>;

/// All facts of one site.
#[derive(Default)]
struct Whole {
    facts: ByKind,
    /// Things whose latest update cannot be read. They exist, and their last known facts stay in force.
    unreadable: Vec<Unreadable>,
}

/// Reader of one site's push updates.
pub struct Reader {
    contract: &'static Contract,
    mailbox: Option<Mailbox>,
    /// All facts, after the first read of everything.
    whole: tokio::sync::Mutex<Option<Arc<Whole>>>,
    /// The snapshot that counts, with the stored snapshots from which it was chosen.
    base: tokio::sync::Mutex<Option<(Rosters, Arc<Choice>)>>,
    doubts: Mutex<Vec<String>>,
}

/// Access to the stored push updates of one site.
struct Mailbox {
    store: Arc<dyn PushStore>,
    site: String,
    time: SharedTime,
}

impl Reader {
    /// Returns a reader of the push updates of `site`.
    pub fn new(contract: &'static Contract, store: Arc<dyn PushStore>, site: &str, time: SharedTime) -> Self {
        let mailbox = Some(Mailbox { store, site: site.to_owned(), time });
        Reader { mailbox, ..Reader::of_nothing(contract) }
    }

    /// Returns a reader without a store. It finds no facts at all.
    pub fn of_nothing(contract: &'static Contract) -> Self {
        let (whole, base, doubts) = Default::default();
        Reader { contract, mailbox: None, whole, base, doubts }
    }

    /// Returns all known facts, by kind. The store is read once.
    async fn whole(&self) -> Result<Arc<Whole>> {
        let mut whole = self.whole.lock().await;
        if let Some(whole) = whole.as_ref() {
            return Ok(whole.clone());
        }
        let found = match &self.mailbox {
            None => Whole::default(),
            Some(mailbox) => {
                let doorstep_core::model::push_update::Mailbox { letters, unreadable } =
                    mailbox.store.mailbox(&mailbox.site).await?;
                let rosters = mailbox.store.rosters(&mailbox.site).await?;
                let choice = self.choice(mailbox, &rosters, Some(&letters)).await?;
                self.doubts.lock().unwrap_or_else(PoisonError::into_inner).extend(choice.doubts.iter().cloned());
                let unreadable = self.of_unreadable(mailbox, &unreadable).await?;
                let mut facts = facts(self.contract, choice.base.as_ref(), &letters);
                let there: BTreeSet<&FactId> = unreadable.iter().map(|unreadable| &unreadable.name).collect();
                facts.values_mut().for_each(|facts| facts.retain(|fact| !there.contains(&fact.name())));
                Whole { facts, unreadable }
            }
        };
        let found = Arc::new(found);
        *whole = Some(found.clone());
        Ok(found)
    }

    /// Returns the known things whose updates cannot be read. An update's key contains only the hash of its thing, so
    /// the known things are compared by hash.
    async fn of_unreadable(&self, mailbox: &Mailbox, hashes: &BTreeSet<String>) -> Result<Vec<Unreadable>> {
        let mut found = Vec::new();
        for kind in KINDS.into_iter().filter(|_| !hashes.is_empty()) {
            for record in mailbox.store.records_of(&mailbox.site, kind).await? {
                let name = record.fact.name();
                let told = self.contract.told_in(&name);
                let hash = told.map(|(entity, id)| thing_hash(&mailbox.site, entity.word, &id));
                if !record.gone && hash.is_some_and(|hash| hashes.contains(&hash)) {
                    found.push(unreadable_letter(name));
                }
            }
        }
        Ok(found)
    }

    /// Chooses the snapshot that counts. Loads the updates itself if they are needed and not given.
    async fn choice(
        &self,
        mailbox: &Mailbox,
        rosters: &Rosters,
        letters: Option<&[ThingUpdate]>,
    ) -> Result<Arc<Choice>> {
        let mut base = self.base.lock().await;
        if let Some((_, choice)) = base.as_ref().filter(|(of, _)| of == rosters) {
            return Ok(choice.clone());
        }
        let read = match letters {
            Some(_) => Vec::new(),
            None => mailbox.store.letters(&mailbox.site).await?,
        };
        let letters = letters.unwrap_or(&read);
        let now = mailbox.time.now();
        let choice = choose(mailbox.store.as_ref(), &mailbox.site, self.contract, rosters, (letters, now)).await?;
        let choice = Arc::new(choice);
        *base = Some((rosters.clone(), choice.clone()));
        Ok(choice)
    }

    /// Returns the facts of one thing, or the facts that remain after its removal.
    async fn thing(&self, mailbox: &Mailbox, entity: &'static Entity, id: &str) -> Result<Vec<Fact>> {
        // Loads the update before the snapshots. An update that is deleted between the two loads is then in a snapshot.
        let letter = mailbox.store.letter(&mailbox.site, entity.word, id).await?;
        let rosters = mailbox.store.rosters(&mailbox.site).await?;
        let newest = rosters.heads.iter().map(|head| &head.rank).max();
        let choice = match &letter {
            Some(letter) if newest.is_none_or(|newest| *newest < letter.rank) => None,
            _ => Some(self.choice(mailbox, &rosters, None).await?),
        };
        let base = choice.as_ref().and_then(|choice| choice.base.as_ref());
        let name: Name = (entity.word, id.to_owned());
        let listed = base.and_then(|base| base.things.get(&name));
        let mut known: BTreeMap<Name, Value> = listed.map(|data| (name.clone(), data.clone())).into_iter().collect();
        if let Some(letter) = &letter {
            overlay(self.contract, base, letter, &mut known);
        }
        let was_removed = letter.is_some_and(|letter| letter.data.is_none());
        Ok(match known.get(&name) {
            Some(data) => facts_of(entity, data),
            None if was_removed => (entity.remains)(id),
            None => Vec::new(),
        })
    }
}

#[async_trait]
impl ReadPlatform for Reader {
    fn kinds(&self) -> &'static [Kind] {
        &KINDS
    }

    async fn look(&self, about: &FactId) -> Result<Lookup> {
        if let Some(fact) = named(about) {
            return Ok(Lookup::Fact(fact));
        }
        let (Some(mailbox), Some((entity, id))) = (&self.mailbox, self.contract.told_in(about)) else {
            return Ok(Lookup::Missing);
        };
        if mailbox.store.letter_kept(&mailbox.site, entity.word, &id).await? == Kept::Unreadable {
            return Ok(Lookup::Unreadable(unreadable_letter(about.clone())));
        }
        let facts = self.thing(mailbox, entity, &id).await?;
        let fact = facts.into_iter().find(|fact| fact.name() == *about);
        Ok(fact.or_else(|| (self.contract.unknown)(about)).into())
    }

    async fn read(&self, kind: Kind, _span: &Span) -> Result<FactList> {
        let whole = self.whole().await?;
        let unreadable = whole.unreadable.iter().filter(|unreadable| unreadable.name.kind == kind);
        let facts = whole.facts.get(&kind).cloned().unwrap_or_default();
        Ok(FactList { facts, unreadable: unreadable.cloned().collect(), nameless: 0 })
    }

    async fn assignments(&self, _resources: &[Id]) -> Result<Assigned> {
        Ok(Assigned::default())
    }

    fn answers_by_id(&self) -> bool {
        false
    }

    async fn held_back(&self) -> Result<Option<Vec<Fact>>> {
        let Some(mailbox) = &self.mailbox else { return Ok(None) };
        let rosters = mailbox.store.rosters(&mailbox.site).await?;
        let choice = self.choice(mailbox, &rosters, None).await?;
        let Some(held) = &choice.held else { return Ok(None) };
        let letters = mailbox.store.letters(&mailbox.site).await?;
        let facts = facts(self.contract, Some(held), &letters);
        Ok(Some(facts.into_values().flatten().collect()))
    }

    fn doubts(&self) -> Vec<String> {
        self.doubts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Stores what a full read decided: which snapshot is believed. Deletes the updates that this snapshot outdates. Only
/// jobs that store what they read call it. Read-only commands do not.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where the table is unavailable. The next call then does the work.
pub async fn tidy(contract: &'static Contract, store: &dyn PushStore, site: &str, now: Timestamp) -> Result<()> {
    let rosters = store.rosters(site).await?;
    let is_believed = |head: &Head| rosters.believed.as_ref().is_some_and(|believed| believed.roster == head.roster);
    let believed = if rosters.heads.iter().all(is_believed) && !is_news(&rosters, now) {
        rosters.believed
    } else {
        decide(contract, store, site, rosters, now).await?
    };
    match believed {
        Some(believed) => outdated::drop_letters(store, site, &believed).await,
        None => Ok(()),
    }
}

/// Stores the decisions about the stored snapshots and deletes the parts that are no longer needed. Returns the
/// believed snapshot.
async fn decide(
    contract: &'static Contract,
    store: &dyn PushStore,
    site: &str,
    rosters: Rosters,
    now: Timestamp,
) -> Result<Option<Believed>> {
    outdated::take_out(contract, store, site, &rosters.heads.iter().collect::<Vec<_>>()).await?;
    let letters = store.letters(site).await?;
    let choice = choose(store, site, contract, &rosters, (&letters, now)).await?;
    if rosters.doubted != choice.doubted {
        store.doubt(site, choice.doubted.as_ref()).await?;
    }
    let Some(base) = choice.base.map(|base| base.believed) else { return Ok(None) };
    if rosters.believed.as_ref() != Some(&base) {
        store.believe(site, &base).await?;
    }
    let stays: Vec<_> = rosters.heads.iter().filter(|head| !choice.spent.contains(head)).collect();
    for head in &choice.spent {
        store.forget_part(site, head, &stays).await?;
    }
    Ok(Some(base))
}

/// Believes the snapshot that a human approved, if that snapshot still waits for approval. The next read judges what
/// follows from it, as after any other snapshot. Returns whether it was believed.
///
/// # Errors
/// [`doorstep_core::model::error::Error::Retry`] where the table is unavailable.
pub async fn believe_held(store: &dyn PushStore, site: &str) -> Result<bool> {
    match store.doubted(site).await?.filter(DoubtedSnapshot::is_for_a_human) {
        Some(doubted) => store.believe(site, &doubted.latest).await.map(|()| true),
        None => Ok(false),
    }
}

/// Returns the facts that follow from a snapshot and the updates.
fn facts(contract: &Contract, base: Option<&Listed>, letters: &[ThingUpdate]) -> ByKind {
    let mut known = base.map(|base| base.things.clone()).unwrap_or_default();
    for letter in letters {
        overlay(contract, base, letter, &mut known);
    }
    let mut all: BTreeMap<FactId, Fact> = BTreeMap::new();
    for letter in letters.iter().filter(|letter| letter.data.is_none()) {
        if let Some(entity) = contract.entity(&letter.entity)
            && !known.contains_key(&(entity.word, letter.id.clone()))
        {
            all.extend((entity.remains)(&letter.id).into_iter().map(|fact| (fact.name(), fact)));
        }
    }
    for ((word, _), data) in &known {
        if let Some(entity) = contract.entity(word) {
            all.extend(facts_of(entity, data).into_iter().map(|fact| (fact.name(), fact)));
        }
    }
    let spoken_of: BTreeSet<FactId> = all.values().flat_map(|fact| fact.what.speaks_of()).collect();
    for about in spoken_of.into_iter().filter(|about| !all.contains_key(about)).collect::<Vec<_>>() {
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

fn unreadable_letter(name: FactId) -> Unreadable {
    Unreadable { name, field: "latest letter".to_owned() }
}

fn facts_of(entity: &Entity, data: &Value) -> Vec<Fact> {
    (entity.read)(data).map(|thing| thing.facts()).unwrap_or_default()
}
