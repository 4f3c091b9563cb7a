//! DynamoDB: the operations that the store needs.

mod attribute;
mod request;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::service::{AwsApi, AwsCaller, AwsService, CallFailure};
pub use attribute::{Attribute, Attributes, KeyAttributes, Row};
use doorstep_vendors::http::Http;
use doorstep_vendors::time::SharedTime;
pub use request::{
    BatchGetItem, BatchWriteItem, CancellationReason, Cancelled, Condition, GetItem, GotItem,
    GotItems, KeysToGet, OfKey, Page, Put, Query, RefusalText, TransactWriteItem,
    TransactWriteItems, Update, WriteRequest, WrittenItems,
};

/// DynamoDB speaks AWS JSON 1.0. Source: Amazon DynamoDB developer guide, "DynamoDB low-level API".
/// `[D]`
static DYNAMODB: AwsApi = AwsApi {
    name: "dynamodb",
    target: "DynamoDB_20120810",
    content: "application/x-amz-json-1.0",
};

/// The tables of an account and region.
#[derive(Clone)]
pub struct Dynamo(AwsService);

impl Dynamo {
    /// Creates a client. Makes no call.
    pub fn new(caller: AwsCaller, http: Http, time: SharedTime) -> Self {
        Dynamo(AwsService::new(&DYNAMODB, caller, http, time))
    }

    /// Reads one item.
    ///
    /// # Errors
    /// AWS refused, or gave no answer that can be read.
    pub async fn get_item(&self, input: &GetItem<'_>) -> Result<GotItem, CallFailure> {
        self.0.call("GetItem", input).await
    }

    /// Reads up to 100 items.
    ///
    /// # Errors
    /// As [`Dynamo::get_item`].
    pub async fn batch_get_item(&self, input: &BatchGetItem<'_>) -> Result<GotItems, CallFailure> {
        self.0.call("BatchGetItem", input).await
    }

    /// Reads one page of a query.
    ///
    /// # Errors
    /// As [`Dynamo::get_item`].
    pub async fn query<R: DeserializeOwned>(
        &self,
        input: &Query<'_>,
    ) -> Result<Page<R>, CallFailure> {
        self.0.call("Query", input).await
    }

    /// Writes one item.
    ///
    /// # Errors
    /// AWS refused, or gave no answer that can be read. The item may be written.
    pub async fn put_item(&self, input: &Put<'_>) -> Result<(), CallFailure> {
        self.write("PutItem", input).await
    }

    /// Changes attributes of one item.
    ///
    /// # Errors
    /// As [`Dynamo::put_item`].
    pub async fn update_item(&self, input: &Update<'_>) -> Result<(), CallFailure> {
        self.write("UpdateItem", input).await
    }

    /// Deletes one item.
    ///
    /// # Errors
    /// As [`Dynamo::put_item`].
    pub async fn delete_item(&self, input: &OfKey<'_>) -> Result<(), CallFailure> {
        self.write("DeleteItem", input).await
    }

    /// Writes up to 25 items without conditions.
    ///
    /// # Errors
    /// As [`Dynamo::put_item`].
    pub async fn batch_write_item(
        &self,
        input: &BatchWriteItem<'_>,
    ) -> Result<WrittenItems, CallFailure> {
        self.0.call("BatchWriteItem", input).await
    }

    /// Writes all items, or none.
    ///
    /// # Errors
    /// As [`Dynamo::put_item`]. The details of the code `TransactionCanceledException` are
    /// [`Cancelled`].
    pub async fn transact_write_items(
        &self,
        input: &TransactWriteItems<'_>,
    ) -> Result<(), CallFailure> {
        self.write("TransactWriteItems", input).await
    }

    /// A write is answered with a JSON object, so that an answer of anything but AWS is a failure.
    async fn write(&self, operation: &str, input: &impl Serialize) -> Result<(), CallFailure> {
        self.0
            .call::<serde_json::Map<_, _>>(operation, input)
            .await
            .map(drop)
    }
}
