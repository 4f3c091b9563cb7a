//! Requests to Spacebring: their addresses, and the meaning of each answer. This module only reads.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use crate::access::Access;
use crate::http::{Request, Response};
use crate::platform::list_read::ListRead;
use crate::vendor_http::{self, RateLimit, VendorHttp};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::Id;

/// The address of the API. `[D]`
const OWN: &str = "https://api.spacebring.com";
/// Spacebring allows ten requests a second `[D]`. Settle and a reconcile may run at the same time, so
/// each uses half of them. One request may take a little longer to arrive than the next.
const LIMIT: RateLimit = RateLimit::new(5, Duration::from_millis(1_030));
/// The largest page. `[D]`
const PAGE: &str = "100";
/// Most pages of a list. A longer list is taken for an endless one.
const MOST_PAGES: usize = 4_000;

/// One list of Spacebring.
#[derive(Debug, Clone, Copy)]
pub(super) struct SpacebringList {
    /// The segments of its path.
    pub(super) path: &'static [&'static str],
    /// The key of the records in an answer, and the word for the list in errors.
    pub(super) word: &'static str,
    /// The key of a single record; empty where there is no lookup by id.
    pub(super) one: &'static str,
    /// Whether the list comes in pages. Locations, floors and assignments come whole. `[D]`
    pub(super) is_paged: bool,
}

/// The client of one network.
pub(super) struct SpacebringApi {
    access: Access,
    http: VendorHttp,
}

impl SpacebringApi {
    /// Returns a client with these credentials. It sends no request yet.
    pub(super) fn new(access: Access) -> Self {
        let http = VendorHttp::new(
            "Spacebring",
            access.http.clone(),
            access.time.clone(),
            LIMIT,
        );
        let http = http.taking(access.turn.clone());
        SpacebringApi { access, http }
    }

    /// Returns the current instant.
    pub(super) fn now(&self) -> Timestamp {
        self.access.time.now()
    }

    /// Fetches one thing of a list; `None` if Spacebring does not know its id.
    pub(super) async fn one(&self, list: &SpacebringList, id: &str) -> Result<Option<Value>> {
        let key = list.one;
        let answer = self.answered(list.path, Some(id), &[]).await?;
        if matches!(answer.status(), StatusCode::NOT_FOUND | StatusCode::GONE) {
            return Ok(None);
        }
        let mut body = sound(&answer, key)?;
        let record = body.get_mut(key).map(Value::take);
        let record = record
            .filter(Value::is_object)
            .ok_or_else(|| unreadable(key))?;
        match record.get("id").and_then(Value::as_str) {
            Some(said) if said == id => Ok(Some(record)),
            _ => Err(Error::retry(format!(
                "Spacebring returned another {key} than the requested one"
            ))),
        }
    }

    /// Returns what `read` extracts from a list, from the first page to the last, and the number of
    /// records. Each page is translated before the next one is fetched.
    pub(super) async fn list<T>(
        &self,
        list: &SpacebringList,
        filters: &[(&str, String)],
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<(Vec<T>, usize)> {
        let mut all = self.list_once(list, filters, &read).await?;
        if all.twice {
            all = self.list_once(list, filters, &read).await?;
        }
        if all.differing {
            return Err(Error::retry(format!(
                "Spacebring listed one of its {} twice with different content",
                list.word
            )));
        }
        let records = all.records();
        Ok((all.things, records))
    }

    async fn list_once<T>(
        &self,
        list: &SpacebringList,
        filters: &[(&str, String)],
        read: &impl Fn(&Value) -> Option<T>,
    ) -> Result<ListRead<T>> {
        let mut all = ListRead::default();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = filters.to_vec();
            if list.is_paged {
                query.push(("limit", PAGE.to_owned()));
            }
            query.extend(token.clone().map(|token| ("nextPageToken", token)));
            let answer = self.answered(list.path, None, &query).await?;
            if answer.status() == StatusCode::NOT_FOUND {
                return Err(Error::permanent(format!(
                    "Spacebring has no list of {} here: check url in the site file",
                    list.word
                )));
            }
            let body = sound(&answer, list.word)?;
            let records = body.get(list.word).and_then(Value::as_array);
            for record in records.ok_or_else(|| unreadable(list.word))? {
                all.add(id(record), record, read);
            }
            let next = match body.get("nextPageToken") {
                None | Some(Value::Null) => return Ok(all),
                Some(Value::String(next)) if next.is_empty() => return Ok(all),
                Some(Value::String(next)) => next.clone(),
                Some(_) => return Err(unreadable(list.word)),
            };
            if token.as_ref() == Some(&next) {
                break;
            }
            token = Some(next);
        }
        Err(Error::retry(format!(
            "Spacebring's list of {} has no end",
            list.word
        )))
    }

    /// Fetches a body that is neither a thing nor a list of things with ids; `None` for 404.
    pub(super) async fn body(&self, path: &[&str], word: &str) -> Result<Option<Value>> {
        let answer = self.answered(path, None, &[]).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        sound(&answer, word).map(Some)
    }

    async fn answered(
        &self,
        path: &[&str],
        id: Option<&str>,
        query: &[(&str, String)],
    ) -> Result<Response> {
        let base = vendor_http::base(self.access.url.as_deref(), OWN)?;
        let segments: Vec<&str> = path.iter().copied().chain(id).collect();
        let mut url = vendor_http::below(&base, &segments)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.http.read(self.question(&url)?).await
    }

    fn question(&self, url: &Url) -> Result<Request> {
        let secrets = &self.access.secrets;
        let (Some(id), Some(secret)) = (&secrets.client_id, &secrets.client_secret) else {
            return Err(Error::permanent(
                "the secret of Spacebring lacks client_id or client_secret: create an API client in the network's settings, under Developers",
            ));
        };
        let pair = STANDARD.encode(format!("{}:{}", id.reveal(), secret.reveal()));
        let basic = format!("Basic {pair}");
        let headers = [
            ("authorization", basic.as_str()),
            ("accept", "application/json"),
        ];
        vendor_http::request(Method::GET, url, &headers, None)
    }
}

/// Returns the id of a record.
pub(super) fn id(record: &Value) -> Option<Id> {
    let id = record.get("id")?.as_str()?;
    (!id.trim().is_empty()).then(|| id.into())
}

fn unreadable(word: &str) -> Error {
    Error::retry(format!("Spacebring's answer about {word} cannot be parsed"))
}

/// Returns the body of an answer, or what its status says to do.
fn sound(answer: &Response, word: &str) -> Result<Value> {
    let status = answer.status();
    match status {
        StatusCode::UNAUTHORIZED => Err(Error::permanent(
            "Spacebring rejects the API client: check client_id and client_secret in the secret",
        )),
        StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED => Err(Error::permanent(
            "Spacebring forbids this read: check that the network has the add-on API & webhooks, and that its owner created the API client",
        )),
        StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_EARLY => Err(
            Error::retry(format!("Spacebring answered {}", status.as_u16())),
        ),
        _ if status.is_success() => {
            serde_json::from_slice(answer.body()).map_err(|_| unreadable(word))
        }
        _ => Err(Error::permanent(format!(
            "Spacebring answered {} to a request for {word}: check organization and locations in the site file",
            status.as_u16()
        ))),
    }
}
