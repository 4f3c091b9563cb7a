//! The audit chain in the table: one item for each record, and for each person the places of their
//! records.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::key::{self, Key};
use super::{Store, Write, WriteCondition, body};
use doorstep_core::model::audit::{AuditEntry, Head, Record, Verdict, Verifier};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::person::Person;

/// Maximum number of places in the person's item. More are moved to an item of their own, so that
/// the person stays small.
const PLACES_AT_HAND: usize = 8;

/// Number of records that are read at a time.
const AT_ONCE: u64 = 1_000;
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
        record_lists: RangeInclusive<u64>,
    ) -> Result<Vec<Value>> {
        let keys: Vec<_> = record_lists.map(|seq| key::audit(site, seq)).collect();
        let mut found = self.get_many(&keys).await?;
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        // Content that is not JSON is reported by the verifier.
        Ok(found
            .iter()
            .map(|(_, item)| item.read().unwrap_or(Value::Null))
            .collect())
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

    /// Returns the place of the first record written at `at` or later, by binary search. Returns
    /// the place after the last record if there is none.
    pub async fn audit_place(&self, site: &SiteId, at: Timestamp) -> Result<u64> {
        let (mut from, mut until) = (1, self.audit_end(site).await? + 1);
        while from < until {
            let middle = from + (until - from) / 2;
            let record: Option<Record> = self.kept(&key::audit(site, middle)).await?;
            // A missing record is reported by the verifier.
            if record.is_some_and(|record| record.at >= at) {
                until = middle;
            } else {
                from = middle + 1;
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
        let (mut place, end) = (
            self.audit_place(site, early).await?,
            self.audit_place(site, late).await?,
        );
        let mut records = Vec::new();
        while place < end {
            let next = end.min(place + AT_ONCE);
            for item in self.audit_items(site, place..=next - 1).await? {
                let unreadable =
                    |_| Error::permanent("an audit record cannot be read: verify the chain");
                let record: Record = serde_json::from_value(item).map_err(unreadable)?;
                if record.at >= from && record.at < until {
                    records.push(record);
                }
            }
            place = next;
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
