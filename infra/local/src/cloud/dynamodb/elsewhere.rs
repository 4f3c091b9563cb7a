//! AWS's own DynamoDB Local, running beside this process. The SDKs' requests are forwarded
//! unchanged.
//!
//! It keeps one database for each access key and region. Each table here has its own key, so that
//! none sees another's items.

use std::collections::BTreeSet;
use std::sync::Mutex;

use aws_credential_types::Credentials;
use bytes::Bytes;
use http::{HeaderName, StatusCode, Uri, header};
use serde_json::{Value, json};

use super::{TableError, table_request};
use crate::locked::locked;
use doorstep_cloud::environment::Settings;
use doorstep_vendors::http::{Http, NoAnswer, Request, Response};
use doorstep_vendors::network::here;

/// The variable with the address of DynamoDB Local, such as `http://127.0.0.1:8000`. Without it the
/// embedded engine answers.
pub const VARIABLE: &str = "DOORSTEP_DYNAMODB";

/// One half of the database's identity. It must be a real region, because the SDKs sign `local` as
/// another one.
const REGION: &str = "eu-west-1";

/// Numbers of the databases in use. Freed numbers are reused, because each database costs DynamoDB
/// Local six threads.
static IN_USE: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// A database of DynamoDB Local.
pub(super) struct Elsewhere {
    http: Http,
    at: Uri,
    place: DatabaseNumber,
}

impl Elsewhere {
    /// Creates an empty table called `name` at the address in [`VARIABLE`]; `None` without that
    /// variable.
    pub(super) async fn from_environment(
        http: &Http,
        name: &str,
    ) -> Result<Option<Self>, TableError> {
        let given = std::env::var(VARIABLE)
            .ok()
            .filter(|value| !value.is_empty());
        let Some(given) = given else { return Ok(None) };
        let elsewhere = Elsewhere {
            http: http.clone(),
            at: loopback(&given)?,
            place: DatabaseNumber::take(),
        };
        elsewhere.make_empty(name).await?;
        Ok(Some(elsewhere))
    }

    /// Sets the credentials that lead the SDKs to this database.
    pub(super) fn sign_in(&self, settings: &mut Settings) {
        settings.region = REGION.into();
        settings.credentials =
            Credentials::new(self.place.key(), "local", None, None, "DynamoDB Local");
    }

    /// Forwards a request unchanged.
    pub(super) async fn answer(&self, request: &Request) -> Result<Response, NoAnswer> {
        let mut request = request.clone();
        *request.uri_mut() = self.at.clone();
        request.headers_mut().remove(header::HOST);
        self.http.send(request).await
    }

    /// Empties the database and creates the table. A reused database still has its old table.
    async fn make_empty(&self, name: &str) -> Result<(), TableError> {
        match self
            .ask("DeleteTable", &json!({ "TableName": name }))
            .await?
        {
            Ok(()) => {}
            Err(refused) if refused.contains("ResourceNotFoundException") => {}
            Err(refused) => return Err(TableError::Elsewhere(refused)),
        }
        // Expiry is not enabled: DynamoDB Local uses the machine's clock, and these tables use the
        // run's.
        self.ask("CreateTable", &table_request(name))
            .await?
            .map_err(TableError::Elsewhere)
    }

    async fn ask(&self, operation: &str, body: &Value) -> Result<Result<(), String>, TableError> {
        // DynamoDB Local reads the access key and does not verify the signature.
        let signed = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{REGION}/dynamodb/aws4_request,",
            self.place.key()
        );
        let request = http::Request::post(&self.at)
            .header(
                HeaderName::from_static("x-amz-target"),
                format!("DynamoDB_20120810.{operation}"),
            )
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.0")
            .header(
                header::AUTHORIZATION,
                signed + " SignedHeaders=host, Signature=none",
            )
            .body(Bytes::from(body.to_string()))
            .map_err(|error| TableError::Elsewhere(error.to_string()))?;
        let answer = self
            .http
            .send(request)
            .await
            .map_err(|none| TableError::Elsewhere(none.to_string()))?;
        let reason = || String::from_utf8_lossy(answer.body()).into_owned();
        Ok(if answer.status() == StatusCode::OK {
            Ok(())
        } else {
            Err(reason())
        })
    }
}

/// Accepts only this machine as the address, because anyone may read what is written there.
fn loopback(given: &str) -> Result<Uri, TableError> {
    let wrong = || {
        TableError::Elsewhere(format!(
            "{VARIABLE} must be on this machine: write http://127.0.0.1:PORT"
        ))
    };
    let url = here(given).ok_or_else(wrong)?;
    url.as_str().parse().map_err(|_| wrong())
}

/// The number of a database, reserved until this is dropped.
struct DatabaseNumber(u32);

impl DatabaseNumber {
    fn take() -> Self {
        let mut used = locked(&IN_USE);
        let free = (0..).find(|n| !used.contains(n)).unwrap_or_default();
        used.insert(free);
        DatabaseNumber(free)
    }

    /// Returns the access key. It includes the process, because several processes may use one
    /// DynamoDB Local.
    fn key(&self) -> String {
        format!("p{}n{}", std::process::id(), self.0)
    }
}

impl Drop for DatabaseNumber {
    fn drop(&mut self) {
        locked(&IN_USE).remove(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamodb_local_is_on_this_machine_or_nowhere() {
        for refused in [
            "https://127.0.0.1:8000",
            "http://localhost:8000",
            "http://10.0.0.1:8000",
            "8000",
            "",
        ] {
            assert!(loopback(refused).is_err(), "{refused}");
        }
        assert!(loopback("http://127.0.0.1:8000").is_ok() && loopback("http://[::1]:8000").is_ok());
    }

    #[test]
    fn no_two_tables_share_a_database_and_one_that_came_free_is_used_again() {
        let (one, two) = (DatabaseNumber::take(), DatabaseNumber::take());
        assert_ne!(one.key(), two.key());
        let (was, other) = (one.0, two.0);
        drop(one);
        assert!(!locked(&IN_USE).contains(&was) && locked(&IN_USE).contains(&other));
    }
}
