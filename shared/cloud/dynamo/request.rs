//! The requests and answers of DynamoDB, as its API reference describes them. `[D]`

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::attribute::{Attributes, KeyAttributes, Row};

/// Reads one item.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetItem<'a> {
    /// The table.
    pub table_name: &'a str,
    /// The item.
    pub key: KeyAttributes,
    /// Whether the answer has every write that succeeded before.
    pub consistent_read: bool,
}

/// The answer of [`GetItem`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GotItem {
    /// The item; missing if there is none.
    pub item: Option<Row>,
}

/// Reads up to 100 items.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchGetItem<'a> {
    /// The items of each table.
    pub request_items: HashMap<&'a str, KeysToGet>,
}

/// The items of one table to read.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeysToGet {
    /// The items.
    pub keys: Vec<KeyAttributes>,
    /// As in [`GetItem`].
    #[serde(default)]
    pub consistent_read: bool,
}

/// The answer of [`BatchGetItem`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GotItems {
    /// The items that exist, by table.
    #[serde(default)]
    pub responses: HashMap<String, Vec<Row>>,
    /// What was not read.
    #[serde(default)]
    pub unprocessed_keys: HashMap<String, KeysToGet>,
}

/// Reads items of one partition.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Query<'a> {
    /// The table.
    pub table_name: &'a str,
    /// The partition and the range of sort keys.
    pub key_condition_expression: &'a str,
    /// The values that the condition names.
    pub expression_attribute_values: Attributes,
    /// As in [`GetItem`].
    pub consistent_read: bool,
    /// The last item of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclusive_start_key: Option<KeyAttributes>,
    /// Maximum number of items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// `false` reads from the last sort key to the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan_index_forward: Option<bool>,
}

/// One page of a [`Query`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Page<R> {
    /// The items.
    #[serde(default = "Vec::new")]
    pub items: Vec<R>,
    /// Where the next page begins; missing on the last one.
    pub last_evaluated_key: Option<KeyAttributes>,
}

/// A condition of a write, with the values that it names.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Condition {
    /// The expression; `None` for no condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition_expression: Option<String>,
    /// The values. DynamoDB refuses an empty map.
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub expression_attribute_values: Attributes,
}

/// Writes one item. Also a write of a transaction.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Put<'a> {
    /// The table.
    pub table_name: &'a str,
    /// The item.
    pub item: Row,
    /// The condition.
    #[serde(flatten)]
    pub condition: Condition,
}

/// Deletes one item, or checks its condition. Also a write of a transaction.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OfKey<'a> {
    /// The table.
    pub table_name: &'a str,
    /// The item.
    pub key: KeyAttributes,
    /// The condition.
    #[serde(flatten)]
    pub condition: Condition,
}

/// Changes attributes of one item. Also a write of a transaction.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Update<'a> {
    /// The table.
    pub table_name: &'a str,
    /// The item.
    pub key: KeyAttributes,
    /// The changes.
    pub update_expression: String,
    /// The values that the changes name.
    pub expression_attribute_values: Attributes,
}

/// One write of a transaction.
#[derive(Debug, Serialize)]
pub enum TransactWriteItem<'a> {
    /// Writes an item.
    Put(Put<'a>),
    /// Changes an item.
    Update(Update<'a>),
    /// Deletes an item.
    Delete(OfKey<'a>),
    /// Writes nothing.
    ConditionCheck(OfKey<'a>),
}

/// Writes all items, or none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransactWriteItems<'a> {
    /// The writes.
    pub transact_items: Vec<TransactWriteItem<'a>>,
    /// A repeat with the same token changes nothing, for ten minutes.
    pub client_request_token: String,
}

/// Writes up to 25 items without conditions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchWriteItem<'a> {
    /// The writes of each table.
    pub request_items: HashMap<&'a str, &'a [WriteRequest]>,
}

/// One write of a [`BatchWriteItem`].
#[derive(Debug, Serialize, Deserialize)]
pub enum WriteRequest {
    /// Writes an item.
    PutRequest {
        /// The item.
        #[serde(rename = "Item")]
        item: Row,
    },
    /// Deletes an item.
    DeleteRequest {
        /// The item.
        #[serde(rename = "Key")]
        key: KeyAttributes,
    },
}

/// The answer of [`BatchWriteItem`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WrittenItems {
    /// What was not written.
    #[serde(default)]
    pub unprocessed_items: HashMap<String, Vec<WriteRequest>>,
}

/// The reasons of a cancelled transaction, one for each of its writes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Cancelled {
    /// The reasons.
    #[serde(default)]
    pub cancellation_reasons: Vec<CancellationReason>,
}

/// Why a write of a transaction failed. A write that did not fail has the code `None`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CancellationReason {
    /// The code.
    pub code: Option<String>,
    /// The message. It may quote the item.
    pub message: Option<String>,
}

/// What a refusal says for people. It may quote the item.
#[derive(Debug, Default, Deserialize)]
pub struct RefusalText {
    /// The message.
    #[serde(alias = "Message")]
    pub message: Option<String>,
}
