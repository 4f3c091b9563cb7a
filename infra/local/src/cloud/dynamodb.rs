//! DynamoDB: the embedded engine behind DynamoDB's own protocol. It adds nothing but the table.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use doorstep::http::Response;
use doorstep::time::SharedTime;
use dynoxide::storage_backend::Clock;
use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::wire;

/// The attribute that says when an item may be forgotten, in seconds since 1970.
const EXPIRES: &str = "expires";

/// The one table.
pub struct Table {
    database: Database,
}

impl Table {
    /// A table that ends with the process. Items expire by `time`.
    ///
    /// # Errors
    /// The engine cannot make it.
    pub fn memory(name: &str, time: SharedTime) -> Result<Self, DynoxideError> {
        Table::of(Database::memory_with_clock(Arc::new(Seconds(time)))?, name)
    }

    /// The table in the file at `path`, made if it is missing. Items expire by the machine's own clock.
    ///
    /// # Errors
    /// The file cannot be opened, or the table not be made.
    pub fn open(path: &Path, name: &str) -> Result<Self, DynoxideError> {
        let database = Database::new(&path.to_string_lossy())?;
        // The engine forces each write to the disk otherwise: ten times slower, and it buys nothing against a kill.
        database.enable_bulk_loading()?;
        Table::of(database, name)
    }

    fn of(database: Database, name: &str) -> Result<Self, DynoxideError> {
        if database.get_table_metadata(name)?.is_none() {
            database.create_table(request(json!({
                "TableName": name, "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    { "AttributeName": "pk", "AttributeType": "S" }, { "AttributeName": "sk", "AttributeType": "S" }
                ],
                "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" }],
            }))?)?;
            database.update_time_to_live(request(json!({
                "TableName": name, "TimeToLiveSpecification": { "AttributeName": EXPIRES, "Enabled": true },
            }))?)?;
        }
        Ok(Table { database })
    }

    /// Carries out one operation.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Response {
        match self.run(operation, body) {
            Ok(bytes) => wire::bytes_of(StatusCode::OK, bytes),
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                wire::bytes_of(status, error.to_json().into())
            }
        }
    }

    fn run(&self, operation: &str, body: &[u8]) -> Result<Bytes, DynoxideError> {
        let db = &self.database;
        match operation {
            "GetItem" => with(body, |r| db.get_item(r)),
            "PutItem" => with(body, |r| db.put_item(r)),
            "UpdateItem" => with(body, |r| db.update_item(r)),
            "DeleteItem" => with(body, |r| db.delete_item(r)),
            "Query" => with(body, |r| db.query(r)),
            "Scan" => with(body, |r| db.scan(r)),
            "BatchGetItem" => with(body, |r| db.batch_get_item(r)),
            "BatchWriteItem" => with(body, |r| db.batch_write_item(r)),
            "TransactGetItems" => with(body, |r| db.transact_get_items(r)),
            "TransactWriteItems" => with(body, |r| db.transact_write_items(r)),
            "DescribeTable" => with(body, |r| db.describe_table(r)),
            _ => {
                Err(DynoxideError::ValidationException(format!("{operation} is not part of the cloud on one machine")))
            }
        }
    }

    /// Deletes what has expired, as AWS does now and then.
    pub fn forget_expired(&self) {
        if let Err(error) = self.database.sweep_ttl() {
            tracing::warn!(%error, "expired items stay for now");
        }
    }
}

fn with<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<Bytes, DynoxideError> {
    let request =
        serde_json::from_slice(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    let answer = serde_json::to_vec(&operation(request)?);
    answer.map(Bytes::from).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

fn request<Q: DeserializeOwned>(value: serde_json::Value) -> Result<Q, DynoxideError> {
    serde_json::from_value(value).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

/// The run's clock in the engine's words.
struct Seconds(SharedTime);

impl Clock for Seconds {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().as_second()).unwrap_or(0)
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_duration().as_secs_f64()
    }
}
