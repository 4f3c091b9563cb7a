//! DynamoDB: the embedded engine behind DynamoDB's own protocol, or AWS's own engine if one is
//! running. This module adds only the table.

mod elsewhere;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use dynoxide::storage_backend::Clock;
use dynoxide::{Database, DynoxideError};
use elsewhere::Elsewhere;
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::wire::{self, ServiceError};
use doorstep_cloud::environment::Settings;
use doorstep_vendors::http::{Http, NoAnswer, Request, Response};
use doorstep_vendors::time::SharedTime;
pub use elsewhere::VARIABLE;

/// The attribute with the expiry time of an item, in seconds since 1970.
const EXPIRES: &str = "expires";

/// The SDK's parameter for a strongly consistent read.
const CONSISTENT: &[u8] = br#""ConsistentRead":true"#;

/// The reason why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The embedded engine cannot open or create it.
    #[error(transparent)]
    Embedded(#[from] DynoxideError),
    /// The stack's template cannot be read.
    #[error("template.yaml: {0}")]
    Template(String),
    /// DynamoDB Local cannot be reached or refuses to create it.
    #[error("DynamoDB Local: {0}")]
    Elsewhere(String),
}

/// The one table.
pub struct LocalTable(Engine);

/// The engine that answers.
enum Engine {
    Embedded(Database),
    Elsewhere(Elsewhere),
}

impl LocalTable {
    /// Creates a table that ends with the process: at DynamoDB Local if [`VARIABLE`] is set, else
    /// in memory, where items expire by `time`.
    ///
    /// # Errors
    /// The engine cannot create it.
    pub async fn memory(name: &str, time: SharedTime, network: &Http) -> Result<Self, TableError> {
        match Elsewhere::from_environment(network, name).await? {
            Some(elsewhere) => Ok(LocalTable(Engine::Elsewhere(elsewhere))),
            None => LocalTable::of(Database::memory_with_clock(Arc::new(Seconds(time)))?, name),
        }
    }

    /// Opens the table in the file at `path`, and creates it if it is missing. Items expire by the
    /// machine's own clock.
    ///
    /// # Errors
    /// The file cannot be opened, or the table cannot be created.
    pub fn open(path: &Path, name: &str) -> Result<Self, TableError> {
        let database = Database::new(&path.to_string_lossy())?;
        // `synchronous = NORMAL` syncs the log at each checkpoint and not at each write, which is
        // ten times faster. A power cut may lose the last writes, but not the file.
        database.disable_bulk_loading()?;
        LocalTable::of(database, name)
    }

    fn of(database: Database, name: &str) -> Result<Self, TableError> {
        if database.get_table_metadata(name)?.is_none() {
            database.create_table(request(table_request(name))?)?;
            database.update_time_to_live(request(json!({
                "TableName": name, "TimeToLiveSpecification": { "AttributeName": EXPIRES, "Enabled": true },
            }))?)?;
        }
        Ok(LocalTable(Engine::Embedded(database)))
    }

    /// Sets the credentials that lead the SDKs to this table.
    pub(super) fn sign_in(&self, settings: &mut Settings) {
        match &self.0 {
            Engine::Embedded(_) => {}
            Engine::Elsewhere(elsewhere) => elsewhere.sign_in(settings),
        }
    }

    /// Performs one operation.
    pub(super) async fn answer(
        &self,
        operation: &str,
        request: &Request,
    ) -> Result<Response, NoAnswer> {
        let database = match &self.0 {
            Engine::Embedded(database) => database,
            Engine::Elsewhere(elsewhere) => return elsewhere.answer(request).await,
        };
        Ok(match run(database, operation, request.body()) {
            Ok(bytes) => wire::bytes_of(StatusCode::OK, bytes),
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code())
                    .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                wire::bytes_of(status, error.to_json().into())
            }
        })
    }

    /// Rewrites the file and empties its log, so that neither contains deleted or replaced data. A
    /// table at DynamoDB Local is in memory.
    pub fn overwrite_deleted(&self) {
        if let Engine::Embedded(database) = &self.0
            && let Err(error) = rewrite(database)
        {
            tracing::error!(%error, "the table's file may still hold what was deleted: stop the run and start it again");
        }
    }

    /// Rewrites every stored item that `change` changes, and returns how many. For tests of what
    /// other versions leave behind. A table at DynamoDB Local stays as it is.
    ///
    /// # Errors
    /// The engine refuses the scan or an item.
    pub fn rewrite_items(
        &self,
        name: &str,
        change: impl Fn(&mut Map<String, Value>) -> bool,
    ) -> Result<usize, TableError> {
        let Engine::Embedded(database) = &self.0 else {
            return Ok(0);
        };
        let mut rewritten = 0;
        let mut from = Value::Null;
        loop {
            let mut scan = json!({ "TableName": name, "ConsistentRead": true });
            if !from.is_null() {
                scan["ExclusiveStartKey"] = from;
            }
            let mut page = serde_json::to_value(database.scan(request(scan)?)?)
                .map_err(|error| DynoxideError::InternalServerError(error.to_string()))?;
            for item in page["Items"].as_array_mut().into_iter().flatten() {
                if item.as_object_mut().is_some_and(&change) {
                    database.put_item(request(json!({ "TableName": name, "Item": item }))?)?;
                    rewritten += 1;
                }
            }
            from = page["LastEvaluatedKey"].take();
            if from.is_null() {
                return Ok(rewritten);
            }
        }
    }

    /// Deletes expired items, as AWS does from time to time. At DynamoDB Local nothing expires.
    pub fn forget_expired(&self) {
        if let Engine::Embedded(database) = &self.0
            && let Err(error) = database.sweep_ttl()
        {
            tracing::warn!(%error, "expired items stay for now");
        }
    }
}

fn rewrite(database: &Database) -> Result<(), DynoxideError> {
    let Some(path) = database.db_path()? else {
        return Ok(());
    };
    // With bulk loading, the copy that VACUUM makes is in memory and not in a temporary file.
    database.enable_bulk_loading()?;
    let rewritten = database.vacuum();
    database.disable_bulk_loading()?;
    rewritten?;
    let log = rusqlite::Connection::open(path)?;
    log.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

/// Refuses a read of a function that is eventually consistent. AWS may answer it with old items,
/// and none of our functions tolerates that.
pub(super) fn reads_consistently(request: &Request) -> Result<(), ServiceError> {
    let reads = matches!(
        wire::target(request),
        Some(("DynamoDB_20120810", "GetItem" | "Query" | "BatchGetItem"))
    );
    let consistent = || {
        request
            .body()
            .windows(CONSISTENT.len())
            .any(|part| part == CONSISTENT)
    };
    match reads && !consistent() {
        true => Err(ServiceError::new(
            "ValidationException",
            "the cloud on one machine serves no reads that may be stale",
        )),
        false => Ok(()),
    }
}

fn run(db: &Database, operation: &str, body: &[u8]) -> Result<Bytes, DynoxideError> {
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
        _ => Err(DynoxideError::ValidationException(format!(
            "{operation} is not part of the cloud on one machine"
        ))),
    }
}

/// Returns the request that creates the table as the stack's template does.
fn table_request(name: &str) -> Value {
    json!({
        "TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            { "AttributeName": "pk", "AttributeType": "S" }, { "AttributeName": "sk", "AttributeType": "S" }
        ],
        "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" }],
    })
}

fn with<Q: DeserializeOwned, A: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Result<Bytes, DynoxideError> {
    let request = serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    let answer = serde_json::to_vec(&operation(request)?);
    answer
        .map(Bytes::from)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

fn request<Q: DeserializeOwned>(value: serde_json::Value) -> Result<Q, DynoxideError> {
    serde_json::from_value(value)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

/// The run's clock, as the engine needs it.
struct Seconds(SharedTime);

impl Clock for Seconds {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().as_second()).unwrap_or(0)
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_duration().as_secs_f64()
    }
}
