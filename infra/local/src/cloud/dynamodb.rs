//! DynamoDB: the embedded engine behind DynamoDB's own protocol, or AWS's own engine where somebody runs it. This adds
//! nothing but the table.

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
use serde_json::{Value, json};

use super::wire::{self, Refusal};
use doorstep_cloud::environment::Settings;
use doorstep_vendors::http::{Http, NoAnswer, Request, Response};
use doorstep_vendors::time::SharedTime;
pub use elsewhere::VARIABLE;

/// The attribute that says when an item may be forgotten, in seconds since 1970.
const EXPIRES: &str = "expires";

/// How the SDK asks for a read that sees every write before it.
const CONSISTENT: &[u8] = br#""ConsistentRead":true"#;

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The embedded engine cannot open or make it.
    #[error(transparent)]
    Embedded(#[from] DynoxideError),
    /// The template of the stack cannot be read.
    #[error("template.yaml: {0}")]
    Template(String),
    /// DynamoDB Local cannot be reached or refuses to make it.
    #[error("DynamoDB Local: {0}")]
    Elsewhere(String),
}

/// The one table.
pub struct Table(Engine);

/// Who answers.
enum Engine {
    Embedded(Database),
    Elsewhere(Elsewhere),
}

impl Table {
    /// A table that ends with the process: at DynamoDB Local where [`VARIABLE`] says so, else in memory, where items
    /// expire by `time`.
    ///
    /// # Errors
    /// The engine cannot make it.
    pub async fn memory(name: &str, time: SharedTime, network: &Http) -> Result<Self, TableError> {
        match Elsewhere::from_environment(network, name).await? {
            Some(elsewhere) => Ok(Table(Engine::Elsewhere(elsewhere))),
            None => Table::of(Database::memory_with_clock(Arc::new(Seconds(time)))?, name),
        }
    }

    /// The table in the file at `path`, made if it is missing. Items expire by the machine's own clock.
    ///
    /// # Errors
    /// The file cannot be opened, or the table not be made.
    pub fn open(path: &Path, name: &str) -> Result<Self, TableError> {
        let database = Database::new(&path.to_string_lossy())?;
        // `synchronous = NORMAL`: the log is forced to the disk at each checkpoint, not at each write, which is ten times
        // faster. A power cut may cost the last writes, but not the file.
        database.disable_bulk_loading()?;
        Table::of(database, name)
    }

    fn of(database: Database, name: &str) -> Result<Self, TableError> {
        if database.get_table_metadata(name)?.is_none() {
            database.create_table(request(table_request(name))?)?;
            database.update_time_to_live(request(json!({
                "TableName": name, "TimeToLiveSpecification": { "AttributeName": EXPIRES, "Enabled": true },
            }))?)?;
        }
        Ok(Table(Engine::Embedded(database)))
    }

    /// Lets the SDKs sign with what leads to this table.
    pub(super) fn sign_in(&self, settings: &mut Settings) {
        match &self.0 {
            Engine::Embedded(_) => {}
            Engine::Elsewhere(elsewhere) => elsewhere.sign_in(settings),
        }
    }

    /// Carries out one operation.
    pub(super) async fn answer(&self, operation: &str, request: &Request) -> Result<Response, NoAnswer> {
        let database = match &self.0 {
            Engine::Embedded(database) => database,
            Engine::Elsewhere(elsewhere) => return elsewhere.answer(request).await,
        };
        Ok(match run(database, operation, request.body()) {
            Ok(bytes) => wire::bytes_of(StatusCode::OK, bytes),
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                wire::bytes_of(status, error.to_json().into())
            }
        })
    }

    /// Rewrites the file and empties its log, so that neither holds anything that was deleted or replaced. The table at
    /// DynamoDB Local is in memory.
    pub fn overwrite_deleted(&self) {
        if let Engine::Embedded(database) = &self.0
            && let Err(error) = rewrite(database)
        {
            tracing::error!(%error, "the table's file may still hold what was deleted: stop the run and start it again");
        }
    }

    /// Deletes what has expired, as AWS does now and then. At DynamoDB Local nothing expires.
    pub fn forget_expired(&self) {
        if let Engine::Embedded(database) = &self.0
            && let Err(error) = database.sweep_ttl()
        {
            tracing::warn!(%error, "expired items stay for now");
        }
    }
}

fn rewrite(database: &Database) -> Result<(), DynoxideError> {
    let Some(path) = database.db_path()? else { return Ok(()) };
    // Bulk loading keeps the copy that VACUUM makes in memory instead of in a temporary file.
    database.enable_bulk_loading()?;
    let rewritten = database.vacuum();
    database.disable_bulk_loading()?;
    rewritten?;
    let log = rusqlite::Connection::open(path)?;
    log.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

/// AWS serves a read of a function that is not consistent with what the table held some time ago. No function of ours can
/// bear that, so it is refused.
pub(super) fn reads_consistently(request: &Request) -> Result<(), Refusal> {
    let reads = matches!(wire::target(request), Some(("DynamoDB_20120810", "GetItem" | "Query" | "BatchGetItem")));
    let consistent = || request.body().windows(CONSISTENT.len()).any(|part| part == CONSISTENT);
    match reads && !consistent() {
        true => Err(Refusal::new("ValidationException", "the cloud on one machine serves no reads that may be stale")),
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
        _ => Err(DynoxideError::ValidationException(format!("{operation} is not part of the cloud on one machine"))),
    }
}

/// What makes the table, as the stack's template does.
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
