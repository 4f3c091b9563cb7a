//! The audit chain in the table: one item for each record, and with each person the places of theirs.

use jiff::Timestamp;

use super::key;
use super::{Condition, Item, Ledger, Write, body};
use crate::audit::{Deed, Head, Record};
use crate::error::Result;
use crate::person::Person;

/// So many places are kept with the person; older ones go into items of their own, so that the person stays small.
const PLACES_AT_HAND: usize = 32;

/// The end of the chain as it was read, to which records can be joined.
#[derive(Debug, Clone)]
pub struct Chain {
    head: Head,
}

impl Ledger {
    /// The end of a site's chain.
    pub async fn chain(&self, site: &str) -> Result<Chain> {
        let last: Option<Record> = match self.last_below(&key::audits(site), key::AFTER_AUDITS).await? {
            Some(item) => Some(item.read()?),
            None => None,
        };
        Ok(Chain { head: last.map(|last| Head { seq: last.seq, hash: last.hash }).unwrap_or_default() })
    }

    /// The whole chain, oldest first.
    pub async fn audit(&self, site: &str) -> Result<Vec<Record>> {
        self.list_below(&key::audits(site), key::AFTER_AUDITS).await?.iter().map(Item::read).collect()
    }

    /// What was done for one person, oldest first.
    pub async fn audit_of(&self, site: &str, person: &Person) -> Result<Vec<Record>> {
        let mut places: Vec<u64> = Vec::new();
        for page in self.list(&key::person(site, &person.id).pk, key::PLACES).await? {
            places.extend(page.read::<Vec<u64>>()?);
        }
        places.extend(&person.records);
        let keys: Vec<_> = places.iter().map(|seq| key::audit(site, *seq)).collect();
        let mut records =
            self.get_many(&keys).await?.iter().map(|(_, item)| item.read()).collect::<Result<Vec<Record>>>()?;
        records.sort_by_key(|record| record.seq);
        Ok(records)
    }
}

impl Chain {
    /// Joins records to the chain, and notes their places with the person, who must be written too. The writes must go
    /// into one transaction, which fails if somebody else was faster: each place is taken once.
    pub fn join(&mut self, site: &str, person: &mut Person, at: Timestamp, deeds: &[Deed]) -> Result<Vec<Write>> {
        let mut writes = Vec::with_capacity(deeds.len() + 1);
        for deed in deeds {
            let (record, head) = self.head.record(site, &person.id, at, deed.clone());
            writes.push(Write::put(key::audit(site, record.seq), body(&record)?).only_if(Condition::New));
            person.records.push(record.seq);
            self.head = head;
        }
        if person.records.len() > PLACES_AT_HAND {
            let page = key::places(site, &person.id, person.records.first().copied().unwrap_or_default());
            writes.push(Write::put(page, body(&person.records)?));
            person.records.clear();
        }
        Ok(writes)
    }
}
