//! Facts in the table, and pointers to them from the holders that they are about.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::key::{self, Key};
use super::unreadable::problem;
use super::{Item, MOST_IN_ONE, Store, Write, WriteCondition, WriteStep, body, keyed};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{FactId, Holder, Kind};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::record::FactRecord;

/// The holders that a stored fact is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerned {
    /// Every holder that the fact was or is about.
    pub all_people: BTreeSet<Holder>,
    /// The fact is no longer about some of them. Storing it again would not report those again.
    pub some_left: bool,
}

/// A fact that is about to be stored, with the stored state.
pub struct Draft<'a> {
    /// The holders that storing it concerns.
    pub concerned: Concerned,
    new: &'a FactRecord,
    old: Option<FactRecord>,
    version: u64,
    before: BTreeSet<Holder>,
    after: BTreeSet<Holder>,
}

impl Draft<'_> {
    /// Returns the stored fact.
    pub fn known(&self) -> Option<&FactRecord> {
        self.old.as_ref()
    }
}

fn version_of(read: Timestamp) -> u64 {
    u64::try_from(read.as_microsecond()).unwrap_or(0).max(1)
}

impl Store {
    /// Loads one fact. An unreadable one is noted and counts as unknown.
    pub async fn fact(&self, site: &SiteId, name: &FactId) -> Result<Option<FactRecord>> {
        self.kept(&key::fact(site, name)).await
    }

    /// Loads several facts, in no order. Unknown ones are left out.
    ///
    /// # Errors
    /// [`Error::Permanent`] if one is unreadable: a decision from the others alone could revoke
    /// access.
    pub async fn facts(&self, site: &SiteId, names: &[FactId]) -> Result<Vec<FactRecord>> {
        let keys: Vec<_> = names.iter().map(|name| key::fact(site, name)).collect();
        let found: Vec<Result<FactRecord, Key>> = self
            .get_many_as(&keys, |row| {
                let (key, item) = keyed(row);
                item.read().map_err(|_| key)
            })
            .await?;
        let unreadable = |key: Key| {
            self.unreadable.note(&key);
            Error::permanent(problem(&key))
        };
        found
            .into_iter()
            .map(|one| one.map_err(unreadable))
            .collect()
    }

    /// Loads all facts of one kind. An unreadable one is noted and left out.
    pub async fn facts_of(&self, site: &SiteId, kind: Kind) -> Result<Vec<FactRecord>> {
        self.list_as(&key::facts(site), &key::things(kind)).await
    }

    /// Loads the facts of one kind whose ids begin with `prefix`. An unreadable one is noted and left
    /// out.
    pub async fn facts_with_prefix(
        &self,
        site: &SiteId,
        kind: Kind,
        prefix: &str,
    ) -> Result<Vec<FactRecord>> {
        let prefix = format!("{}{prefix}", key::things(kind));
        self.list_as(&key::facts(site), &prefix).await
    }

    /// Loads the ids of the members of a team.
    pub async fn team_members(&self, site: &SiteId, team: &Holder) -> Result<Vec<FactId>> {
        let pk = key::holdings(site, team);
        let pointers = self.list(&pk, key::PEOPLE).await?;
        pointers
            .iter()
            .map(|pointer| self.pointed_to(&pk, pointer))
            .collect()
    }

    /// Returns the fact that a pointer names. If its body is unreadable, the sort key holds the
    /// same name.
    fn pointed_to(&self, pk: &str, pointer: &Item) -> Result<FactId> {
        let at = Key {
            pk: pk.to_owned(),
            sk: pointer.sk.clone(),
        };
        let found = self
            .readable(&at, pointer)
            .or_else(|| key::thing_named(&pointer.sk));
        found.ok_or_else(|| Error::permanent(problem(&at)))
    }

    /// Loads the names of the facts about a holder, and the holder's version at that time. For a
    /// team, leaves out the members: they may be many, and their pointers sort before all others.
    pub async fn holdings(&self, site: &SiteId, of: &Holder) -> Result<(Vec<FactId>, u64)> {
        let pk = key::holdings(site, of);
        let pointers = match of {
            Holder::Team(_) => self.list_from(&pk, key::AFTER_PEOPLE).await?,
            Holder::Member(_) | Holder::Visitor(_) => self.list(&pk, "").await?,
        };
        let at = pointers
            .last()
            .filter(|last| last.sk == key::VERSION)
            .map_or(0, |last| last.version);
        let facts = pointers.iter().filter(|pointer| pointer.sk != key::VERSION);
        Ok((
            facts
                .map(|pointer| self.pointed_to(&pk, pointer))
                .collect::<Result<_>>()?,
            at,
        ))
    }

    /// Loads the version of a holder. Every change of a fact about the holder increments it.
    pub async fn version_of(&self, site: &SiteId, of: &Holder) -> Result<u64> {
        Ok(self
            .get(&key::holder_version(site, of))
            .await?
            .map_or(0, |item| item.version))
    }

    /// Deletes a fact and all pointers to it. Safe to repeat.
    pub async fn erase_fact(&self, site: &SiteId, record: &FactRecord) -> Result<()> {
        let name = record.fact.name();
        let mut holders = record.holders();
        holders.extend(record.fact.holders());
        let mut writes = vec![Write::delete(key::fact(site, &name))];
        writes.extend(
            holders
                .iter()
                .map(|holder| Write::delete(key::holding(site, holder, &name))),
        );
        self.write_many(writes).await
    }

    /// Deletes the version of a holder that no stored fact is about, because its key contains the
    /// platform's id. A holder with facts keeps its version. A settle that read the version before
    /// cannot commit, because the person's item changes too.
    pub async fn erase_holder(&self, site: &SiteId, of: &Holder) -> Result<()> {
        match self.holdings(site, of).await? {
            (facts, 1..) if facts.is_empty() => {
                self.write(Write::delete(key::holder_version(site, of)))
                    .await
            }
            _ => Ok(()),
        }
    }

    /// Stores a fact, unless a later read of it is stored.
    ///
    /// If the fact loses a holder, one transaction writes the fact, the holders' versions and the
    /// pointers. Writes that are safe to repeat and exceed one transaction go first. If it loses no
    /// holder, each item is written outside of a transaction, for half the price: see `grow_fact`.
    pub async fn keep_fact(&self, site: &SiteId, new: &FactRecord) -> Result<Concerned> {
        let draft = self.draft(site, new).await?;
        self.keep_draft(site, &draft).await?;
        Ok(draft.concerned)
    }

    /// Prepares the storage of a fact. Writes nothing.
    pub async fn draft<'a>(&self, site: &SiteId, new: &'a FactRecord) -> Result<Draft<'a>> {
        let at = key::fact(site, &new.fact.name());
        let old_item = self.get(&at).await?;
        // An unreadable fact is overwritten with the platform's current answer.
        let old: Option<FactRecord> = old_item.as_ref().and_then(|item| self.readable(&at, item));
        let before = old.as_ref().map(FactRecord::holders).unwrap_or_default();
        let after = new.holders();
        let all_people = before.union(&after).cloned().collect();
        let concerned = Concerned {
            all_people,
            some_left: !before.is_subset(&after),
        };
        let version = old_item.map_or(0, |item| item.version);
        Ok(Draft {
            new,
            old,
            version,
            before,
            after,
            concerned,
        })
    }

    /// Stores a draft, unless a later read of the fact was stored.
    ///
    /// # Errors
    /// [`doorstep_core::model::error::Error::Retry`] if another writer stored the fact since the
    /// draft.
    pub async fn keep_draft(&self, site: &SiteId, draft: &Draft<'_>) -> Result<()> {
        let Draft {
            new,
            old,
            version,
            before,
            after,
            concerned,
        } = draft;
        if old.as_ref().is_some_and(|old| old.read > new.read) {
            return Ok(());
        }
        let name = new.fact.name();
        let put = |record: &FactRecord| -> Result<Write> {
            let write =
                Write::put(key::fact(site, &name), body(record)?).version(version_of(record.read));
            let write = match record.expires() {
                Some(at) => write.expires(at),
                None => write,
            };
            Ok(write.only_if(WriteCondition::Version(*version)))
        };
        let says_nothing_new = |old: &&FactRecord| {
            old.says_same(new) && old.confirmed == new.confirmed && !new.confirms_end_of(old)
        };
        if let Some(old) = old.as_ref().filter(says_nothing_new) {
            // The record keeps the source and the time of its first read.
            let (source, since) = (old.source.clone(), old.since.or(Some(old.read)));
            return self
                .write(put(&FactRecord {
                    source,
                    since,
                    ..(*new).clone()
                })?)
                .await;
        }
        let fact = put(new)?;
        let pointer = body(&name)?;
        let point = |to: &Holder| Write::put(key::holding(site, to, &name), pointer.clone());
        let bump = |holder: &Holder| Write::bump(key::holder_version(site, holder));
        if !concerned.some_left {
            let pointers = after.difference(before).map(point).collect();
            return self
                .grow_fact(fact, pointers, after.iter().map(bump).collect())
                .await;
        }
        let mut writes = vec![fact];
        writes.extend(concerned.all_people.iter().map(bump));
        writes.extend(after.iter().map(point));
        writes.extend(
            before
                .difference(after)
                .map(|from| Write::delete(key::holding(site, from, &name))),
        );
        while writes.len() > MOST_IN_ONE {
            let early = writes.split_off(writes.len().saturating_sub(MOST_IN_ONE).max(1));
            self.write_all(WriteStep::Keep, early).await?;
        }
        self.write_all(WriteStep::Read, writes).await
    }

    /// Writes pointers first: readers skip a pointer to a missing fact. Writes versions last: a
    /// settle that finds the old versions decided before this fact was stored, and the writer of
    /// the fact enqueues another settle. After a stop in between, a repetition or the next
    /// reconcile completes the writes, because reconcile compares facts and not versions.
    async fn grow_fact(&self, fact: Write, pointers: Vec<Write>, bumps: Vec<Write>) -> Result<()> {
        self.write_many(pointers).await?;
        self.write(fact).await?;
        try_join_all(
            bumps
                .into_iter()
                .map(|bump| self.write_as(WriteStep::Read, bump)),
        )
        .await
        .map(drop)
    }
}
