//! Calls to Kisi: the headers of every request, lists that are complete or an error, and the
//! meaning of refusals.
//!
//! It knows no people and no groups, only requests, pages and errors.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::wire::{KisiRoleAssignment, Numbered};
use crate::access::{Access, Share};
use crate::http::{Request, Response};
use crate::secret::Secret;
use crate::time::SharedTime;
use crate::vendor_http::{self, RateLimit, VendorHttp};
use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::error::{Error, Result};

/// The vendor's name in errors.
pub(super) const VENDOR: &str = "Kisi";
/// Largest `limit` of most lists `[D]`.
pub(super) const LONGEST_PAGE: usize = 250;
/// Largest `limit` of the list of users `[D]`.
pub(super) const LONGEST_USER_PAGE: usize = 100;
/// Largest `offset` `[D]`.
const LARGEST_OFFSET: usize = 20_000;
/// How many refused fields an error names.
const FIELDS_NAMED: usize = 5;

/// The client of one Kisi organisation.
pub(super) struct KisiClient {
    http: VendorHttp,
    time: SharedTime,
    base: Result<Url>,
    key: Option<Secret>,
    contact: Option<String>,
}

impl KisiClient {
    pub(super) fn new(access: Access) -> Self {
        KisiClient {
            http: VendorHttp::new(VENDOR, access.http, access.time.clone(), part(access.share))
                .with_whole(
                    WHOLE,
                    access.others.filter(|_| access.share == Share::Settle),
                )
                .one_by_one()
                .taking(access.turn),
            time: access.time,
            base: vendor_http::base(access.url.as_deref(), DoorsKind::Kisi.usual_url()),
            key: access.secrets.api_key,
            contact: access.contact,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Fetches one thing. Returns refusals too.
    pub(super) async fn get(&self, path: &[&str]) -> Result<Response> {
        let url = self.url(path)?;
        self.http.read(self.request(Method::GET, &url, None)?).await
    }

    /// Changes one thing. Returns refusals too.
    pub(super) async fn write(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&serde_json::Value>,
    ) -> Result<Response> {
        let url = self.url(path)?;
        self.http.write(self.request(method, &url, body)?).await
    }

    /// Fetches the role assignments that match `query`.
    pub(super) async fn assignments(
        &self,
        query: &[(&str, &str)],
    ) -> Result<Vec<KisiRoleAssignment>> {
        self.list("role_assignments", query, LONGEST_PAGE).await
    }

    /// Fetches a complete list. After a bad read it starts over once.
    ///
    /// # Errors
    /// [`Error::Retry`] after a second bad read; [`Error::Permanent`] for a list longer than Kisi's
    /// largest offset.
    pub(super) async fn list<T>(
        &self,
        name: &str,
        query: &[(&str, &str)],
        page: usize,
    ) -> Result<Vec<T>>
    where
        T: DeserializeOwned + Numbered,
    {
        Ok(self.listed(name, query, page).await?.items)
    }

    /// Fetches a complete list, and whether Kisi counted it. An empty list without a count is
    /// fetched twice.
    ///
    /// # Errors
    /// As [`KisiClient::list`].
    pub(super) async fn listed<T>(
        &self,
        name: &str,
        query: &[(&str, &str)],
        page: usize,
    ) -> Result<CompleteList<T>>
    where
        T: DeserializeOwned + Numbered,
    {
        let mut was_empty = false;
        for _ in 0..2 {
            match self.list_once(name, query, page).await? {
                Some(list) if list.says_nothing() && !was_empty => was_empty = true,
                Some(list) => return Ok(list),
                None => {}
            }
        }
        Err(Error::retry(format!(
            "Kisi's list of {name} could not be read completely, in two tries"
        )))
    }

    /// Fetches a list once. Returns `None` for a bad read: a page that is no array, a repeated id,
    /// a total that changes or cannot be read, or a list that is shorter than its total. Without a
    /// total, the first page that is not full is the last one.
    async fn list_once<T>(
        &self,
        name: &str,
        query: &[(&str, &str)],
        page: usize,
    ) -> Result<Option<CompleteList<T>>>
    where
        T: DeserializeOwned + Numbered,
    {
        let mut items: Vec<T> = Vec::new();
        let mut seen = HashSet::new();
        let mut total = None;
        loop {
            let Some((some, of)) = self.page(name, query, page, items.len()).await? else {
                return Ok(None);
            };
            let (count, is_full) = (some.len(), some.len() >= page);
            if total.replace(of).is_some_and(|before| before != of) {
                return Ok(None);
            }
            for item in some {
                if !seen.insert(Numbered::number(&item)) {
                    return Ok(None);
                }
                items.push(item);
            }
            match of {
                Some(of) if items.len() >= of => {
                    return Ok((items.len() == of).then_some(CompleteList {
                        items,
                        counted: true,
                    }));
                }
                Some(_) if count == 0 => return Ok(None),
                None if !is_full => {
                    return Ok(Some(CompleteList {
                        items,
                        counted: false,
                    }));
                }
                Some(_) | None => {}
            }
            if items.len() > LARGEST_OFFSET {
                return Err(Error::permanent(format!(
                    "Kisi has more than {LARGEST_OFFSET} {name}: the list has no end"
                )));
            }
        }
    }

    async fn page<T>(
        &self,
        name: &str,
        query: &[(&str, &str)],
        limit: usize,
        offset: usize,
    ) -> Result<CountedPage<T>>
    where
        T: DeserializeOwned,
    {
        let mut url = self.url(&[name])?;
        url.query_pairs_mut()
            .extend_pairs(query)
            .append_pair("limit", &limit.to_string())
            .append_pair("offset", &offset.to_string());
        let answer = self
            .http
            .read(self.request(Method::GET, &url, None)?)
            .await?;
        let total = total(&answer);
        let items: Option<Vec<T>> = serde_json::from_slice(&done(answer)?).ok();
        Ok(items.zip(total.ok()))
    }

    fn url(&self, path: &[&str]) -> Result<Url> {
        vendor_http::below(self.base.as_ref().map_err(Clone::clone)?, path)
    }

    fn request(
        &self,
        method: Method,
        url: &Url,
        body: Option<&serde_json::Value>,
    ) -> Result<Request> {
        let key = self
            .key
            .as_ref()
            .ok_or_else(|| Error::invalid("the secret of a Kisi site needs api_key"))?;
        let login = format!("KISI-LOGIN {}", key.reveal());
        let contact = self
            .contact
            .as_deref()
            .map(|contact| ("X-Kisi-Integration-Contact", contact));
        let own = [
            ("Authorization", login.as_str()),
            ("Accept", "application/json"),
            ("X-Kisi-Integration-Identifier", "doorstep"),
        ];
        let headers: Vec<(&str, &str)> = own.into_iter().chain(contact).collect();
        vendor_http::request(method, url, &headers, body)
    }
}

/// A list that was read completely.
pub(super) struct CompleteList<T> {
    pub(super) items: Vec<T>,
    /// Whether Kisi stated the total.
    pub(super) counted: bool,
}

impl<T> CompleteList<T> {
    /// Returns whether the list is empty and has no total. A proxy or a broken vendor may answer
    /// like this.
    pub(super) fn says_nothing(&self) -> bool {
        self.items.is_empty() && !self.counted
    }
}

/// The items of one page and the list's total, where it states one; `None` where either cannot be
/// read.
type CountedPage<T> = Option<(Vec<T>, Option<usize>)>;

/// A total header without a number.
struct MissingTotal;

/// Returns the total in `X-Collection-Range: 0-9/200` `[D]`; `None` without this header. The last
/// number before it may exceed the total `[C]`.
fn total(answer: &Response) -> Result<Option<usize>, MissingTotal> {
    let Some(range) = answer.headers().get("X-Collection-Range") else {
        return Ok(None);
    };
    let total = range
        .to_str()
        .ok()
        .and_then(|range| range.rsplit_once('/'))
        .map(|(_, total)| total.trim());
    total
        .and_then(|total| total.parse().ok())
        .map(Some)
        .ok_or(MissingTotal)
}

/// Returns the body of a successful answer. Turns a refusal into an error.
///
/// # Errors
/// [`Error::Permanent`] with what to do. 409 is [`Error::Retry`]: the state changed, so it is read
/// again.
pub(super) fn done(answer: Response) -> Result<Bytes> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer.into_body());
    }
    Err(match status {
        StatusCode::UNAUTHORIZED => Error::permanent(
            "Kisi does not know the API key: one that is idle for 6 months expires; make a new one with expire:false",
        ),
        StatusCode::FORBIDDEN => Error::permanent(
            "Kisi forbids this to the API key: make the key on the account of the organisation's owner",
        ),
        StatusCode::CONFLICT => {
            Error::retry("Kisi reports that nothing would change; reading again")
        }
        StatusCode::UNPROCESSABLE_ENTITY => Error::permanent(format!(
            "Kisi does not accept: {}",
            refused_fields(&answer).join(", ")
        )),
        StatusCode::NOT_FOUND => Error::permanent("Kisi answered 404: check url and place"),
        _ => Error::permanent(format!("Kisi answered {}", status.as_u16())),
    })
}

/// Returns the names of the fields that a 422 refuses. Leaves out the messages, because they may
/// quote a person.
pub(super) fn refused_fields(answer: &Response) -> Vec<String> {
    #[derive(Deserialize)]
    struct Errors {
        errors: serde_json::Map<String, serde_json::Value>,
    }
    if answer.status() != StatusCode::UNPROCESSABLE_ENTITY {
        return Vec::new();
    }
    let Ok(Errors { errors }) = serde_json::from_slice(answer.body()) else {
        return vec!["what was sent (it does not say which field)".to_owned()];
    };
    let is_word = |name: &String| {
        name.len() <= 40
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || "_.".contains(c))
    };
    errors
        .into_iter()
        .map(|(name, _)| name)
        .filter(is_word)
        .take(FIELDS_NAMED)
        .collect()
}

/// Kisi's rate limit, five requests a second for all keys of one user, called one after another
/// `[D]`. It is kept for a little more than a second: one request may take longer to reach Kisi than
/// the next.
const WHOLE: RateLimit = RateLimit::new(5, SECOND);
const SECOND: Duration = Duration::from_millis(1_020);

/// Returns the part of the rate limit that one of two functions may always use.
///
/// Settle and reconcile are two functions with one gate each, and neither sees the other's calls.
/// No second has more than three calls of settle and two of reconcile. Settle may use all five
/// while no reconcile of the site runs.
fn part(share: Share) -> RateLimit {
    match share {
        Share::Settle => RateLimit::new(3, SECOND),
        Share::Reconcile => RateLimit::new(1, Duration::from_millis(520)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A_SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn no_second_has_six_calls_of_both_functions() {
        let of = |share| part(share).most_within(A_SECOND);
        assert_eq!((of(Share::Settle), of(Share::Reconcile)), (3, 2));
        assert_eq!(WHOLE.most_within(A_SECOND), 5);
    }
}
