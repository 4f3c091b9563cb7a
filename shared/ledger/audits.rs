//! The audit chain in the table.

use jiff::Timestamp;

use super::key;
use super::{Condition, Item, Ledger, Write, body};
use crate::audit::{Deed, Head, Record};
use crate::error::Result;

/// The end of the chain as it was read, to which records can be joined.
#[derive(Debug, Clone)]
pub struct Chain {
    head: Head,
    was: Condition,
}

impl Ledger {
    /// The end of a site's chain.
    pub async fn chain(&self, site: &str) -> Result<Chain> {
        let item = self.get(&key::audit_head(site)).await?;
        Ok(match item {
            Some(item) => Chain { head: item.read()?, was: Condition::Body(item.body) },
            None => Chain { head: Head::default(), was: Condition::New },
        })
    }

    /// The whole chain, oldest first.
    pub async fn audit(&self, site: &str) -> Result<Vec<Record>> {
        let items = self.list(&key::audits(site), "").await?;
        items.iter().filter(|item| !item.sk.starts_with('~')).map(Item::read).collect()
    }
}

impl Chain {
    /// Joins records to the chain. The writes must go into one transaction, which fails if somebody else was faster.
    pub fn join(&mut self, site: &str, person: &str, at: Timestamp, deeds: &[Deed]) -> Result<Vec<Write>> {
        let mut writes = Vec::with_capacity(deeds.len() * 2 + 1);
        for deed in deeds {
            let (record, head) = self.head.record(site, person, at, deed.clone());
            let text = body(&record)?;
            writes.push(Write::put(key::audit(site, record.seq), text.clone()));
            writes.push(Write::put(key::person_audit(site, person, record.seq), text));
            self.head = head;
        }
        if !deeds.is_empty() {
            let text = body(&self.head)?;
            let was = std::mem::replace(&mut self.was, Condition::Body(text.clone()));
            writes.push(Write::put(key::audit_head(site), text).only_if(was));
        }
        Ok(writes)
    }
}
