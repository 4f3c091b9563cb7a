//! The store: Doorstep's single DynamoDB table. This file holds the DynamoDB calls. The modules
//! below it define the items.

use std::collections::{BTreeSet, HashMap};

use futures_util::{StreamExt, TryStreamExt, stream};
use key::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;
use unreadable::UnreadableItems;
use uuid::Uuid;

use crate::dynamo::{
    Attribute, Attributes, BatchGetItem, BatchWriteItem, Dynamo, GetItem, KeyAttributes, KeysToGet,
    Query, Row, TransactWriteItems,
};
use crate::sdk::Sdk;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::record::Kept;
use doorstep_vendors::backoff::BackOff;
use doorstep_vendors::time::SharedTime;

pub mod attempts;
pub mod audits;
pub mod deliveries;
pub mod dues;
pub mod facts;
pub mod holds;
pub mod key;
pub mod observed;
pub mod people;
pub mod push;
mod range;
mod refusal;
pub mod runs;
mod scan;
pub mod sharing;
pub mod site_version;
pub mod sites;
pub mod unreadable;
mod versions;
mod write;

use range::KeyRange;
use refusal::away;
pub use refusal::conflict;
pub use write::{Write, WriteCondition};

/// Maximum number of items in one DynamoDB transaction.
pub const MOST_IN_ONE: usize = 100;

/// Maximum number of batches that are read at the same time.
const BATCHES_AT_ONCE: usize = 4;

/// The step of settle that writes. It is the first word of a transaction's token, or the name of
/// the value that the condition of a single write compares. Requests on the wire can therefore be
/// told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteStep {
    /// Facts that were refetched.
    Read,
    /// Door changes, stored before they are applied.
    Intend,
    /// Changes that were applied.
    Commit,
    /// Any other write.
    Keep,
}

impl WriteStep {
    fn word(self) -> &'static str {
        match self {
            WriteStep::Read => "read",
            WriteStep::Intend => "intend",
            WriteStep::Commit => "commit",
            WriteStep::Keep => "keep",
        }
    }
}

/// A client of the table.
#[derive(Clone)]
pub struct Store {
    db: Dynamo,
    sdk: Sdk,
    table: String,
    time: SharedTime,
    unreadable: UnreadableItems,
}

/// One stored item.
#[derive(Debug, Clone)]
pub struct Item {
    /// The sort key.
    pub sk: String,
    /// The content, as JSON.
    pub body: String,
    /// The version; 0 if the item has none.
    pub version: u64,
}

impl Item {
    /// Parses the content.
    ///
    /// # Errors
    /// [`Error::Permanent`] if the content does not have the shape of `T`.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.body)
            .map_err(|_| Error::permanent("an item of the table cannot be read"))
    }
}

/// Returns the JSON that is stored as a value's content.
pub fn body<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|_| Error::permanent("an item cannot be written to the table"))
}

impl Store {
    /// Creates a client of the table named `table`. Back-off waits on `time` when the table is too
    /// busy to finish a batch.
    pub fn new(db: Dynamo, sdk: Sdk, table: String, time: SharedTime) -> Self {
        Store {
            db,
            sdk,
            table,
            time,
            unreadable: UnreadableItems::default(),
        }
    }

    /// Returns a client of the same table with its own list of unreadable items, for a caller that
    /// reports them.
    pub fn with_own_unreadable(&self) -> Self {
        Store {
            unreadable: UnreadableItems::default(),
            ..self.clone()
        }
    }

    /// Returns the items that could not be parsed so far.
    pub fn unreadable(&self) -> &UnreadableItems {
        &self.unreadable
    }

    /// Parses an item. Notes an unreadable item and returns `None`.
    fn readable<T: DeserializeOwned>(&self, key: &Key, item: &Item) -> Option<T> {
        let content = item.read().ok();
        if content.is_none() {
            self.unreadable.note(key);
        }
        content
    }

    /// Parses items of one partition. Notes unreadable items and leaves them out.
    fn readable_of<T: DeserializeOwned>(&self, pk: &str, items: &[Item]) -> Vec<T> {
        let each = items.iter().filter_map(|item| {
            let key = Key {
                pk: pk.to_owned(),
                sk: item.sk.clone(),
            };
            self.readable(&key, item)
        });
        each.collect()
    }

    /// Loads the content of an item: missing, unreadable or readable.
    async fn kept_at<T: DeserializeOwned>(&self, at: &Key) -> Result<Kept<T>> {
        let Some(item) = self.get(at).await? else {
            return Ok(Kept::Missing);
        };
        Ok(self
            .readable(at, &item)
            .map_or(Kept::Unreadable, Kept::Readable))
    }

    /// Loads the content of an item. An unreadable item is noted and counts as missing, because
    /// such content is computed again and overwritten.
    async fn kept<T: DeserializeOwned>(&self, at: &Key) -> Result<Option<T>> {
        Ok(self.kept_at(at).await?.readable())
    }

    /// Loads one item with a consistent read.
    pub async fn get(&self, key: &Key) -> Result<Option<Item>> {
        let input = GetItem {
            table_name: &self.table,
            key: key_of(key),
            consistent_read: true,
        };
        let found = self.db.get_item(&input).await.map_err(away)?;
        Ok(found.item.map(Item::from))
    }

    /// Loads items by key, each once and in no order. Items that do not exist are left out.
    pub async fn get_many(&self, keys: &[Key]) -> Result<Vec<(Key, Item)>> {
        self.get_many_as(keys, keyed).await
    }

    /// Loads items by key and converts each page by page. The text of all items at once would take
    /// most of a function's memory.
    async fn get_many_as<T>(&self, keys: &[Key], read: impl Fn(Row) -> T + Copy) -> Result<Vec<T>> {
        // DynamoDB refuses a batch that names one item twice.
        let keys: Vec<&Key> = keys.iter().collect::<BTreeSet<_>>().into_iter().collect();
        let batches: Vec<_> = keys
            .chunks(100)
            .map(|chunk| self.get_batch(chunk, read))
            .collect();
        let mut batches = stream::iter(batches).buffered(BATCHES_AT_ONCE);
        // Reserves the full capacity once, so that the vector does not grow by doubling.
        let mut found = Vec::with_capacity(keys.len());
        while let Some(batch) = batches.try_next().await? {
            found.extend(batch);
        }
        Ok(found)
    }

    async fn get_batch<T>(&self, keys: &[&Key], read: impl Fn(Row) -> T) -> Result<Vec<T>> {
        let mut found = Vec::with_capacity(keys.len());
        let mut wanted: Vec<_> = keys.iter().map(|key| key_of(key)).collect();
        let mut back_off = BackOff::new(&self.time);
        while !wanted.is_empty() {
            let asked = wanted.len();
            let request = KeysToGet {
                keys: wanted,
                consistent_read: true,
            };
            let input = BatchGetItem {
                request_items: HashMap::from([(self.table.as_str(), request)]),
            };
            let mut answer = self.db.batch_get_item(&input).await.map_err(away)?;
            let rows = answer.responses.remove(&self.table).unwrap_or_default();
            found.extend(rows.into_iter().map(&read));
            let rest = answer.unprocessed_keys.remove(&self.table);
            wanted = rest.map(|rest| rest.keys).unwrap_or_default();
            if !wanted.is_empty() && !back_off.may_send_again(asked, wanted.len()).await {
                return Err(undone("reads", wanted.len()));
            }
        }
        Ok(found)
    }

    /// Loads every item of a partition whose sort key begins with `prefix`, in key order, with
    /// consistent reads.
    pub async fn list(&self, pk: &str, prefix: &str) -> Result<Vec<Item>> {
        self.items(pk, KeyRange::Prefix(prefix)).await
    }

    /// Loads and parses the items of [`Store::list`] page by page. Notes unreadable items and
    /// leaves them out.
    async fn list_as<T: DeserializeOwned>(&self, pk: &str, prefix: &str) -> Result<Vec<T>> {
        let found: Vec<Result<T, Key>> = self
            .query(pk, KeyRange::Prefix(prefix), |row: Row| {
                let (key, item) = keyed(row);
                item.read().map_err(|_| key)
            })
            .await?;
        Ok(self.without_unreadable(found))
    }

    /// Notes the items that could not be parsed and leaves them out.
    fn without_unreadable<T>(&self, found: Vec<Result<T, Key>>) -> Vec<T> {
        let each = found
            .into_iter()
            .filter_map(|one| one.map_err(|key| self.unreadable.note(&key)).ok());
        each.collect()
    }

    /// Loads every item of a partition whose sort key is below `end`, in key order, with consistent
    /// reads.
    pub async fn list_below(&self, pk: &str, end: &str) -> Result<Vec<Item>> {
        self.items(pk, KeyRange::Below(end)).await
    }

    /// Loads at most `most` items of a partition whose sort keys are above `after` and below `end`,
    /// in key order, with one consistent read. The second value says whether the read reached `end`.
    pub async fn page_below(
        &self,
        pk: &str,
        end: &str,
        after: Option<&str>,
        most: usize,
    ) -> Result<(Vec<Item>, bool)> {
        let input = Query {
            exclusive_start_key: after.map(|sk| KeyAttributes::new(pk, sk)),
            limit: Some(most),
            ..self.selecting(pk, KeyRange::Below(end))
        };
        let page = self.db.query::<Row>(&input).await.map_err(away)?;
        let is_last = page.items.is_empty() || page.last_evaluated_key.is_none();
        Ok((page.items.into_iter().map(Item::from).collect(), is_last))
    }

    /// Loads the last item of a partition whose sort key is below `end`, with a consistent read.
    pub async fn last_below(&self, pk: &str, end: &str) -> Result<Option<Item>> {
        let input = Query {
            scan_index_forward: Some(false),
            limit: Some(1),
            ..self.selecting(pk, KeyRange::Below(end))
        };
        let last = self.db.query::<Row>(&input).await.map_err(away)?;
        Ok(last.items.into_iter().next().map(Item::from))
    }

    /// Loads every item of a partition from the sort key `start` on, in key order, with consistent
    /// reads.
    pub async fn list_from(&self, pk: &str, start: &str) -> Result<Vec<Item>> {
        self.items(pk, KeyRange::From(start)).await
    }

    /// Loads every item of a partition from the sort key `first` to `last`, in key order, with
    /// consistent reads. A query costs what its items weigh together; a read by key costs one unit
    /// or more for each of them.
    async fn list_between(&self, pk: &str, first: &str, last: &str) -> Result<Vec<Item>> {
        self.items(pk, KeyRange::Between(first, last)).await
    }

    /// Returns a query of a range with consistent reads.
    fn selecting<'a>(&'a self, pk: &str, range: KeyRange<'_>) -> Query<'a> {
        let (condition, bounds) = range.condition();
        let mut values = Attributes::from([(":pk".to_owned(), Attribute::text(pk))]);
        for (name, bound) in [":a", ":b"].into_iter().zip(bounds) {
            values.extend(bound.map(|bound| (name.to_owned(), Attribute::text(bound))));
        }
        Query {
            table_name: &self.table,
            key_condition_expression: condition,
            expression_attribute_values: values,
            consistent_read: true,
            exclusive_start_key: None,
            limit: None,
            scan_index_forward: None,
        }
    }

    async fn items(&self, pk: &str, range: KeyRange<'_>) -> Result<Vec<Item>> {
        self.query(pk, range, |row: Row| Item::from(row)).await
    }

    async fn query<R: DeserializeOwned, T>(
        &self,
        pk: &str,
        range: KeyRange<'_>,
        read: fn(R) -> T,
    ) -> Result<Vec<T>> {
        let mut items = Vec::new();
        let mut input = self.selecting(pk, range);
        loop {
            let page = self.db.query(&input).await.map_err(away)?;
            items.extend(page.items.into_iter().map(read));
            if page.last_evaluated_key.is_none() {
                return Ok(items);
            }
            input.exclusive_start_key = page.last_evaluated_key;
        }
    }

    /// Writes one item outside of a transaction, at half the price of one.
    ///
    /// # Errors
    /// As [`Store::write_all`].
    pub async fn write(&self, write: Write) -> Result<()> {
        self.write_as(WriteStep::Keep, write).await
    }

    /// Writes one item outside of a transaction, as a step of settle.
    ///
    /// # Errors
    /// As [`Store::write_all`].
    pub async fn write_as(&self, step: WriteStep, write: Write) -> Result<()> {
        write.alone(&self.db, &self.table, step).await
    }

    /// Writes all items in one transaction, or none. Takes at most [`MOST_IN_ONE`] items.
    ///
    /// # Errors
    /// [`Error::Retry`] if a condition fails because another writer changed the item, or if the
    /// table is unavailable; [`Error::Permanent`] for a write that the table always refuses, such
    /// as an item larger than 400 KB.
    pub async fn write_all(&self, step: WriteStep, writes: Vec<Write>) -> Result<()> {
        if writes.is_empty() {
            return Ok(());
        }
        let token = format!(
            "{}-{}",
            step.word(),
            &Uuid::new_v4().simple().to_string()[..24]
        );
        let input = TransactWriteItems {
            transact_items: writes
                .into_iter()
                .map(|write| write.into_item(&self.table))
                .collect(),
            client_request_token: token,
        };
        self.db.transact_write_items(&input).await.map_err(away)
    }

    /// Writes many independent items without conditions, 25 in one request. Items that the table
    /// leaves unprocessed are sent again, a limited number of times. Safe to repeat.
    ///
    /// # Errors
    /// [`Error::Retry`] if the table is unavailable or stays too busy to finish.
    pub async fn write_many(&self, writes: Vec<Write>) -> Result<()> {
        let mut requests = writes
            .into_iter()
            .map(Write::into_request)
            .collect::<Result<Vec<_>>>()?;
        let mut back_off = BackOff::new(&self.time);
        while !requests.is_empty() {
            let chunk = requests.split_off(requests.len().saturating_sub(25));
            let sent = chunk.len();
            let input = BatchWriteItem {
                request_items: HashMap::from([(self.table.as_str(), chunk.as_slice())]),
            };
            let mut answer = self.db.batch_write_item(&input).await.map_err(away)?;
            let rest = answer.unprocessed_items.remove(&self.table);
            let rest = rest.unwrap_or_default();
            if rest.is_empty() {
                back_off = BackOff::new(&self.time);
            } else if !back_off.may_send_again(sent, rest.len()).await {
                return Err(undone("writes", rest.len()));
            }
            requests.extend(rest);
        }
        Ok(())
    }
}

fn undone(what: &str, count: usize) -> Error {
    Error::retry(format!(
        "the table is busy: it left {count} {what} of a batch unprocessed"
    ))
}

fn key_of(key: &Key) -> KeyAttributes {
    KeyAttributes::new(&key.pk, &key.sk)
}

fn keyed(row: Row) -> (Key, Item) {
    let key = Key {
        pk: row.pk.as_text().unwrap_or_default().to_owned(),
        sk: row.sk.as_text().unwrap_or_default().to_owned(),
    };
    (key, row.into())
}

impl From<Row> for Item {
    fn from(row: Row) -> Self {
        let version = row.version.as_number().and_then(|n| n.parse().ok());
        Item {
            sk: row.sk.into_text(),
            body: row.body.into_text(),
            version: version.unwrap_or(0),
        }
    }
}
