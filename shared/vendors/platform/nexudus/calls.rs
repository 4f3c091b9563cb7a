//! Requests to Nexudus: their addresses, and the meaning of each response.
//!
//! This module only reads, with one request at a time. No rate limit is documented `[?]`, so a 429
//! and its `Retry-After` are honoured and no requests run in parallel.

use std::time::Duration;

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::entity::NexudusEntity;
use super::status::status_within;
use super::token::{self, RequestCredentials};
use crate::access::Access;
use crate::http::Response;
use crate::vendor_http::{self, RateLimit, VendorHttp};
use doorstep_core::model::error::{Error, Result};

/// The shared address of the API. Its paths begin with `/api`. `[D]`
const OWN: &str = "https://spaces.nexudus.com";
/// At most ten requests a second, five of them at once. Nexudus documents no limit `[?]`.
const LIMIT: RateLimit = RateLimit::new(5, Duration::from_millis(500));

/// Client of the Nexudus API for one user.
pub(super) struct NexudusApi {
    access: Access,
    http: VendorHttp,
}

impl NexudusApi {
    /// Returns a client with these credentials. It sends no request yet.
    pub(super) fn new(access: Access) -> Self {
        let http = VendorHttp::new("Nexudus", access.http.clone(), access.time.clone(), LIMIT);
        let http = http.taking(access.turn.clone());
        NexudusApi { access, http }
    }

    /// Returns the current instant.
    pub(super) fn now(&self) -> Timestamp {
        self.access.time.now()
    }

    /// Fetches one record by its id, with its collections; `None` if Nexudus does not know the id.
    /// Nexudus then answers
    /// 500. `[D][C]`
    pub(super) async fn one(&self, entity: &NexudusEntity, id: &str) -> Result<Option<Value>> {
        let [area, list] = entity.path;
        let url = self.url(&[area, list, id], &[])?;
        let (status, body) = self.answered(&url).await?;
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::INTERNAL_SERVER_ERROR => {
                Ok(None)
            }
            _ => self.sound(status, body, entity).map(Some),
        }
    }

    /// Fetches one page of a list.
    pub(super) async fn page(
        &self,
        entity: &NexudusEntity,
        query: &[(String, String)],
    ) -> Result<Value> {
        let url = self.url(&entity.path, query)?;
        let (status, body) = self.answered(&url).await?;
        self.sound(status, body, entity)
    }

    fn url(&self, path: &[&str], query: &[(String, String)]) -> Result<Url> {
        let mut url = vendor_http::below(&self.base()?, &["api"])?;
        url = vendor_http::below(&url, path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Returns the address without `/api`, which the operator may have added.
    fn base(&self) -> Result<Url> {
        let given = self
            .access
            .url
            .as_deref()
            .map(|url| url.strip_suffix("/api").unwrap_or(url));
        vendor_http::base(given, OWN)
    }

    fn sound(
        &self,
        status: StatusCode,
        body: Option<Value>,
        entity: &NexudusEntity,
    ) -> Result<Value> {
        let list = entity.path.join("/");
        match status {
            StatusCode::UNAUTHORIZED => Err(Error::permanent(
                "Nexudus rejects the credentials: check username and password, and that this user may use the REST API",
            )),
            StatusCode::FORBIDDEN => Err(Error::permanent(format!(
                "Nexudus forbids reading {list}: give the user the roles {0}-List and {0}-Read",
                entity.name
            ))),
            _ if status.is_success() => body.ok_or_else(|| {
                Error::retry(format!(
                    "Nexudus answered {list} with something that is not JSON"
                ))
            }),
            StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_EARLY => Err(
                Error::retry(format!("Nexudus answered {} to {list}", status.as_u16())),
            ),
            _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Err(
                Error::retry(format!("Nexudus answered {} to {list}", status.as_u16())),
            ),
            _ => Err(Error::permanent(format!(
                "Nexudus answered {} to a known path, {list}: check url in the site file",
                status.as_u16()
            ))),
        }
    }

    /// Returns the status and the JSON of a response. The status may be in the body of a success. A
    /// rejected token is replaced once, because it may have been revoked before its end.
    async fn answered(&self, url: &Url) -> Result<(StatusCode, Option<Value>)> {
        let base = self.base()?;
        let pass = token::get(&self.access, &self.http, &base, None).await?;
        let answer = read(self.sent(url, &pass).await?);
        if answer.0 != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let other = token::get(&self.access, &self.http, &base, Some(&pass)).await?;
        if other == pass {
            Ok(answer)
        } else {
            self.sent(url, &other).await.map(read)
        }
    }

    async fn sent(&self, url: &Url, pass: &RequestCredentials) -> Result<Response> {
        let header = pass.header();
        let headers = [
            ("authorization", header.as_str()),
            ("accept", "application/json"),
        ];
        let request = vendor_http::request(Method::GET, url, &headers, None)?;
        self.http
            .read_taking(request, StatusCode::INTERNAL_SERVER_ERROR)
            .await
    }
}

fn read(answer: Response) -> (StatusCode, Option<Value>) {
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let within = body
        .as_ref()
        .filter(|_| answer.status().is_success())
        .and_then(status_within);
    (within.unwrap_or_else(|| answer.status()), body)
}
