//! The audit chain in the table: one item for each record, and for each person the places of their
//! records.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use futures_util::future::try_join;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::key::{self, Key};
use super::{Item, Store, Write, WriteCondition, body};
use doorstep_core::model::audit::{AuditEntry, Head, Record, Verdict, Verifier};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::person::Person;

/// Maximum number of places in the person's item. More are moved to an item of their own, so that
/// the person stays small.
const PLACES_AT_HAND: usize = 8;

/// Number of records that are read at a time.
const AT_ONCE: u64 = 1_000;
/// Number of records that are read in one round of a search.
const PROBES: u64 = 99;
/// Maximum difference between the clocks of two functions.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The end of the chain as it was read. Records are appended to it.
#[derive(Debug, Clone)]
pub struct Chain {
    head: Head,
}

impl Store {
    /// Loads the end of a site's chain.
    pub async fn chain(&self, site: &SiteId) -> Result<Chain> {
        let Some(last) = self
            .last_below(&key::audits(site), key::AFTER_AUDITS)
            .await?
        else {
            return Ok(Chain {
                head: Head::default(),
            });
        };
        let at = Key {
            pk: key::audits(site),
            sk: last.sk.clone(),
        };
        let head = match self.readable::<Record>(&at, &last) {
            Some(last) => Head {
                seq: last.seq,
                hash: last.hash,
            },
            // The chain continues after an unreadable record and is linked to its stored body. The
            // verifier reports the record.
            None => {
                let unnumbered = || Error::permanent("the last audit record has no number");
                Head {
                    seq: last.sk.parse().map_err(|_| unnumbered())?,
                    hash: hex::encode(Sha256::digest(&last.body)),
                }
            }
        };
        Ok(Chain { head })
    }

    /// Loads the whole chain, oldest first. An unreadable record is noted and left out.
    pub async fn audit(&self, site: &SiteId) -> Result<Vec<Record>> {
        let pk = key::audits(site);
        Ok(self.readable_of(&pk, &self.list_below(&pk, key::AFTER_AUDITS).await?))
    }

    /// Returns the place of the last record; 0 if there is none.
    pub async fn audit_end(&self, site: &SiteId) -> Result<u64> {
        Ok(self.chain(site).await?.head.seq)
    }

    /// Loads the records at these places, in order, as they are stored. Missing records are left
    /// out.
    pub async fn audit_items(
        &self,
        site: &SiteId,
        places: RangeInclusive<u64>,
    ) -> Result<Vec<Value>> {
        let found = self.audit_at(site, places).await?;
        // Content that is not JSON is reported by the verifier.
        Ok(found
            .iter()
            .map(|item| item.read().unwrap_or(Value::Null))
            .collect())
    }

    /// Loads the items at these places, in order.
    async fn audit_at(&self, site: &SiteId, places: RangeInclusive<u64>) -> Result<Vec<Item>> {
        // DynamoDB refuses a range whose end is below its start.
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let (first, last) = (
            key::audit(site, *places.start()),
            key::audit(site, *places.end()),
        );
        self.list_between(&first.pk, &first.sk, &last.sk).await
    }

    /// Verifies a whole chain piece by piece, so that memory does not limit its length. `known` is
    /// a place and a hash that the operator noted earlier.
    pub async fn verify_audit(&self, site: &SiteId, known: Option<Head>) -> Result<Verdict> {
        let end = self.audit_end(site).await?;
        let mut verifier = Verifier::of(site, known);
        let mut from = 1;
        while from <= end {
            let until = end.min(from + AT_ONCE - 1);
            if !self
                .audit_items(site, from..=until)
                .await?
                .iter()
                .all(|item| verifier.next(item))
            {
                break;
            }
            from = until + 1;
        }
        Ok(verifier.end(Some(end)))
    }

    /// Returns the place of the first record written at `at` or later. Returns the place after the
    /// last record if there is none. Each round reads one batch of records, evenly spaced, so a
    /// million records need three rounds.
    pub async fn audit_place(&self, site: &SiteId, at: Timestamp) -> Result<u64> {
        let (mut from, mut until) = (1, self.audit_end(site).await? + 1);
        while from < until {
            let step = (until - from).div_ceil(PROBES + 1);
            let places = (1..).map(|n| from + n * step - 1);
            let probes: Vec<u64> = places.take_while(|place| *place < until).collect();
            let keys: Vec<Key> = probes.iter().map(|seq| key::audit(site, *seq)).collect();
            let found = self.get_many(&keys).await?;
            let found: BTreeMap<&Key, &Item> =
                found.iter().map(|(key, item)| (key, item)).collect();
            for (place, key) in probes.iter().zip(&keys) {
                let item = found.get(key);
                // A missing record is reported by the verifier.
                let record: Option<Record> = item.and_then(|item| self.readable(key, item));
                if record.is_some_and(|record| record.at >= at) {
                    until = *place;
                    break;
                }
                from = place + 1;
            }
        }
        Ok(from)
    }

    /// Loads the records that were written from `from` until before `until`, in order. The clocks
    /// of functions may differ by seconds, so records near both ends are read too.
    pub async fn audit_between(
        &self,
        site: &SiteId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Record>> {
        let early = from.checked_sub(SKEW).unwrap_or(from);
        let late = until.checked_add(SKEW).unwrap_or(until);
        let ends = (self.audit_place(site, early), self.audit_place(site, late));
        let (place, end) = try_join(ends.0, ends.1).await?;
        let mut records = Vec::new();
        for item in self.audit_at(site, place..=end - 1).await? {
            let unreadable =
                |_| Error::permanent("an audit record cannot be read: verify the chain");
            let record: Record = item.read().map_err(unreadable)?;
            if record.at >= from && record.at < until {
                records.push(record);
            }
        }
        Ok(records)
    }

    /// Loads the records about one person, oldest first.
    pub async fn audit_of(&self, site: &SiteId, person: &Person) -> Result<Vec<Record>> {
        let mut record_lists: Vec<u64> = Vec::new();
        let pages: Vec<Vec<u64>> = self
            .list_as(&key::person(site, &person.id).pk, key::RECORD_LISTS)
            .await?;
        record_lists.extend(pages.into_iter().flatten());
        record_lists.extend(&person.records);
        let keys: Vec<_> = record_lists
            .iter()
            .map(|seq| key::audit(site, *seq))
            .collect();
        let found = self.get_many(&keys).await?;
        let mut records: Vec<Record> = found
            .iter()
            .filter_map(|(key, item)| self.readable(key, item))
            .collect();
        records.sort_by_key(|record| record.seq);
        Ok(records)
    }
}

impl Chain {
    /// Appends records to the chain and adds their places to the person, who must be written too.
    /// All writes must be in one transaction. It fails if another writer took a place, so each
    /// place is taken once.
    pub fn join(
        &mut self,
        site: &SiteId,
        person: &mut Person,
        at: Timestamp,
        actions: &[AuditEntry],
    ) -> Result<Vec<Write>> {
        let mut writes = Vec::with_capacity(actions.len() + 1);
        for action in actions {
            let (record, head) = self.head.record(site, &person.id, at, action.clone());
            writes.push(
                Write::put(key::audit(site, record.seq), body(&record)?)
                    .only_if(WriteCondition::New),
            );
            person.records.push(record.seq);
            self.head = head;
        }
        if person.records.len() > PLACES_AT_HAND {
            let page = key::record_lists(
                site,
                &person.id,
                person.records.first().copied().unwrap_or_default(),
            );
            writes.push(Write::put(page, body(&person.records)?));
            person.records.clear();
        }
        Ok(writes)
    }
}
