//! The store: Doorstep's single DynamoDB table. This file holds the DynamoDB calls. The modules
//! below it define the items.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, TransactWriteItem};
use futures_util::{StreamExt, TryStreamExt, stream};
use key::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;
use unreadable::UnreadableItems;
use uuid::Uuid;

use crate::aws::Lazy;
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
pub mod sharing;
pub mod site_version;
pub mod sites;
pub mod unreadable;
mod versions;
mod write;

use range::KeyRange;
pub use refusal::conflict;
use refusal::{away, cancelled};
pub use write::{Write, WriteCondition};

/// Maximum number of items in one DynamoDB transaction.
pub const MOST_IN_ONE: usize = 100;

/// Maximum number of batches that are read at the same time.
const BATCHES_AT_ONCE: usize = 4;

/// An item as the SDK returns it.
type Map = HashMap<String, AttributeValue>;

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
    db: Lazy<Client>,
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
    pub fn new(db: Lazy<Client>, table: String, time: SharedTime) -> Self {
        Store {
            db,
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

    /// Builds the SDK client now, if no request has built it yet.
    pub fn build(&self) {
        self.db.build();
    }

    /// Loads one item with a consistent read.
    pub async fn get(&self, key: &Key) -> Result<Option<Item>> {
        let found = self
            .db
            .get_item()
            .table_name(&self.table)
            .key("pk", text(&key.pk))
            .key("sk", text(&key.sk))
            .consistent_read(true)
            .send()
            .await
            .map_err(away)?;
        Ok(found.item.as_ref().map(item))
    }

    /// Loads items by key, each once and in no order. Items that do not exist are left out.
    pub async fn get_many(&self, keys: &[Key]) -> Result<Vec<(Key, Item)>> {
        self.get_many_as(keys, |map| Ok((key_of(map), item(map))))
            .await
    }

    /// Loads items by key and converts each page by page. The text of all items at once would take
    /// most of a function's memory.
    async fn get_many_as<T>(&self, keys: &[Key], read: fn(&Map) -> Result<T>) -> Result<Vec<T>> {
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

    async fn get_batch<T>(&self, keys: &[&Key], read: fn(&Map) -> Result<T>) -> Result<Vec<T>> {
        let mut found = Vec::with_capacity(keys.len());
        let mut wanted: Vec<_> = keys.iter().map(|key| key_map(key)).collect();
        let mut back_off = BackOff::new(&self.time);
        while !wanted.is_empty() {
            let asked = wanted.len();
            let request = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                .consistent_read(true)
                .build();
            let request = request.map_err(|error| Error::permanent(error.to_string()))?;
            let answer = self
                .db
                .batch_get_item()
                .request_items(&self.table, request)
                .send()
                .await
                .map_err(away)?;
            let items = answer
                .responses
                .and_then(|mut tables| tables.remove(&self.table))
                .unwrap_or_default();
            for map in &items {
                found.push(read(map)?);
            }
            let rest = answer
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(&self.table));
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
        self.query(pk, KeyRange::Prefix(prefix), |map| Ok(item(map)))
            .await
    }

    /// Loads and parses the items of [`Store::list`] page by page. Notes unreadable items and
    /// leaves them out.
    async fn list_as<T: DeserializeOwned>(&self, pk: &str, prefix: &str) -> Result<Vec<T>> {
        let found: Vec<Result<T, Key>> = self
            .query(pk, KeyRange::Prefix(prefix), |map| {
                Ok(item(map).read().map_err(|_| key_of(map)))
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
        self.query(pk, KeyRange::Below(end), |map| Ok(item(map)))
            .await
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
        let start = after.map(|sk| {
            key_map(&Key {
                pk: pk.to_owned(),
                sk: sk.to_owned(),
            })
        });
        let page = self
            .selecting(pk, KeyRange::Below(end))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(away)?;
        let items: Vec<Item> = page.items.iter().flatten().map(item).collect();
        let is_last = items.is_empty() || page.last_evaluated_key.is_none_or(|key| key.is_empty());
        Ok((items, is_last))
    }

    /// Loads the last item of a partition whose sort key is below `end`, with a consistent read.
    pub async fn last_below(&self, pk: &str, end: &str) -> Result<Option<Item>> {
        let last = self
            .selecting(pk, KeyRange::Below(end))
            .scan_index_forward(false)
            .limit(1)
            .send()
            .await
            .map_err(away)?;
        Ok(last.items.unwrap_or_default().first().map(item))
    }

    /// Loads every item of a partition from the sort key `start` on, in key order, with consistent
    /// reads.
    pub async fn list_from(&self, pk: &str, start: &str) -> Result<Vec<Item>> {
        self.query(pk, KeyRange::From(start), |map| Ok(item(map)))
            .await
    }

    /// Loads every item of a partition from the sort key `first` to `last`, in key order, with
    /// consistent reads. A query costs what its items weigh together; a read by key costs one unit
    /// or more for each of them.
    async fn list_between(&self, pk: &str, first: &str, last: &str) -> Result<Vec<Item>> {
        self.query(pk, KeyRange::Between(first, last), |map| Ok(item(map)))
            .await
    }

    /// Begins a query of a range with consistent reads.
    fn selecting(&self, pk: &str, range: KeyRange<'_>) -> QueryFluentBuilder {
        let (condition, bounds) = range.condition();
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression(condition)
            .expression_attribute_values(":pk", text(pk))
            .consistent_read(true);
        let bounds = [":a", ":b"].into_iter().zip(bounds);
        bounds.fold(query, |query, (name, bound)| match bound {
            Some(bound) => query.expression_attribute_values(name, text(bound)),
            None => query,
        })
    }

    async fn query<T>(
        &self,
        pk: &str,
        range: KeyRange<'_>,
        read: fn(&Map) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut items = Vec::new();
        let mut from: Option<Map> = None;
        loop {
            let page = self
                .selecting(pk, range)
                .set_exclusive_start_key(from.take());
            let page = page.send().await.map_err(away)?;
            for map in page.items.iter().flatten() {
                items.push(read(map)?);
            }
            match page.last_evaluated_key {
                Some(key) if !key.is_empty() => from = Some(key),
                _ => return Ok(items),
            }
        }
    }

    /// Loads the keys of every item whose partition key begins with `prefix`. This scans the whole
    /// table, a right that only the operator has.
    pub async fn keys_below(&self, prefix: &str) -> Result<Vec<Key>> {
        let mut keys = Vec::new();
        let mut from: Option<Map> = None;
        loop {
            let page = self
                .db
                .scan()
                .table_name(&self.table)
                .projection_expression("pk, sk")
                .filter_expression("begins_with(pk, :prefix)")
                .expression_attribute_values(":prefix", text(prefix))
                .set_exclusive_start_key(from.take())
                .consistent_read(true)
                .send()
                .await
                .map_err(away)?;
            keys.extend(page.items.iter().flatten().map(key_of));
            match page.last_evaluated_key {
                Some(key) if !key.is_empty() => from = Some(key),
                _ => return Ok(keys),
            }
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
        let items: Result<Vec<TransactWriteItem>> = writes
            .into_iter()
            .map(|w| w.into_item(&self.table))
            .collect();
        self.db
            .transact_write_items()
            .set_transact_items(Some(items?))
            .client_request_token(token)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(why)) => cancelled(why),
                _ => away(error),
            })
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
            let answer = self
                .db
                .batch_write_item()
                .request_items(&self.table, chunk)
                .send()
                .await
                .map_err(away)?;
            let rest = answer
                .unprocessed_items
                .and_then(|mut tables| tables.remove(&self.table))
                .unwrap_or_default();
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

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn key_map(key: &Key) -> HashMap<String, AttributeValue> {
    HashMap::from([
        ("pk".to_owned(), text(&key.pk)),
        ("sk".to_owned(), text(&key.sk)),
    ])
}

fn string(map: &HashMap<String, AttributeValue>, name: &str) -> String {
    map.get(name)
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default()
}

fn key_of(map: &Map) -> Key {
    Key {
        pk: string(map, "pk"),
        sk: string(map, "sk"),
    }
}

fn item(map: &HashMap<String, AttributeValue>) -> Item {
    let version = map
        .get("version")
        .and_then(|value| value.as_n().ok())
        .and_then(|n| n.parse().ok());
    Item {
        sk: string(map, "sk"),
        body: string(map, "body"),
        version: version.unwrap_or(0),
    }
}
