//! Calls to SALTO KS: authorized with a token, refusals recognized, lists complete or an error.
//!
//! It knows no people and no groups.

use std::collections::HashSet;

use http::Method;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use url::Url;

use super::login::Login;
use super::pages::{AnyPage, SaltoPage, next_page};
use super::refusal::SaltoAnswer;
use super::wire::{Identified, VENDOR};
use crate::access::Access;
use crate::http::Response;
use crate::secret::Secret;
use crate::time::SharedTime;
use crate::vendor_http::{self, RateLimit, VendorHttp};
use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::error::{Error, Result};

/// For entries, tags, keys, time schedules, one account and membership `[M]``[C]`.
pub(super) const V1_1: &str = "v1.1";
/// The version for sites, users and the list of groups `[M]``[C]`.
pub(super) const V1_2: &str = "v1.2";
/// The most pages of a list. A list with more pages is taken for a loop.
const MOST_PAGES: usize = 2_000;

/// The client of one SALTO KS site.
pub(super) struct SaltoClient {
    http: VendorHttp,
    time: SharedTime,
    login: Login,
    base: Result<Url>,
    site: Option<String>,
    /// The id of the role `site_user` at this site, looked up once.
    pub(super) user_role: OnceCell<String>,
}

/// A request without its token.
struct Outgoing<'a> {
    method: Method,
    url: &'a Url,
    body: Option<&'a serde_json::Value>,
    /// Headers beside the token.
    headers: &'a [(&'a str, &'a str)],
}

impl SaltoClient {
    pub(super) fn new(place: Option<&str>, access: Access) -> Self {
        SaltoClient {
            http: VendorHttp::new(
                VENDOR,
                access.http.clone(),
                access.time.clone(),
                RateLimit::NONE,
            )
            .taking(access.turn.clone()),
            time: access.time.clone(),
            base: vendor_http::base(access.url.as_deref(), DoorsKind::SaltoKs.usual_url()),
            login: Login::new(access),
            site: place.map(str::to_owned),
            user_role: OnceCell::new(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// Fetches one thing below the site. Returns refusals too.
    pub(super) async fn one(&self, version: &str, path: &[&str]) -> Result<SaltoAnswer> {
        self.send(Method::GET, &self.url(version, path)?, None)
            .await
    }

    /// Changes one thing below the site. Returns refusals too.
    pub(super) async fn write(
        &self,
        method: Method,
        version: &str,
        path: &[&str],
        body: Option<&serde_json::Value>,
    ) -> Result<SaltoAnswer> {
        self.send(method, &self.url(version, path)?, body).await
    }

    /// Fetches one page of a list with a continuation token. Returns refusals too.
    pub(super) async fn page(
        &self,
        version: &str,
        path: &[&str],
        query: &[(&str, &str)],
        token: Option<&str>,
    ) -> Result<SaltoAnswer> {
        let mut url = self.url(version, path)?;
        url.query_pairs_mut().extend_pairs(query);
        let token = token.map(|token| ("CLP-Continuation-Token", token));
        self.send_more(&Outgoing {
            method: Method::GET,
            url: &url,
            body: None,
            headers: token.as_slice(),
        })
        .await
    }

    /// Fetches a complete list below the site. After a bad read it starts over once.
    ///
    /// # Errors
    /// [`Error::Retry`] after a second bad read; [`Error::Permanent`] for refusals: 404 is a site
    /// or group that is gone.
    pub(super) async fn list<T>(
        &self,
        version: &str,
        path: &[&str],
        filter: Option<&str>,
    ) -> Result<Vec<T>>
    where
        T: DeserializeOwned + Identified,
    {
        self.list_as(version, path, filter, Some).await
    }

    /// Fetches a list as [`SaltoClient::list`] does, and converts each item as it arrives. A whole
    /// large list in the vendor's form would take much of a function's memory.
    ///
    /// # Errors
    /// As [`SaltoClient::list`].
    pub(super) async fn list_as<T, U>(
        &self,
        version: &str,
        path: &[&str],
        filter: Option<&str>,
        wanted: impl Fn(T) -> Option<U>,
    ) -> Result<Vec<U>>
    where
        T: DeserializeOwned + Identified,
    {
        let mut first = self.url(version, path)?;
        if let Some(filter) = filter {
            first.query_pairs_mut().append_pair("$filter", filter);
        }
        for _ in 0..2 {
            if let Some(items) = self.list_once(&first, &wanted).await? {
                return Ok(items);
            }
        }
        let name = path.last().unwrap_or(&"sites");
        Err(Error::retry(format!(
            "SALTO KS's list of {name} could not be read completely, in two tries"
        )))
    }

    /// Fetches a list once. Returns `None` for a bad read: a page that is no list, a repeated id, a
    /// repeated page, or fewer items than counted.
    async fn list_once<T, U>(
        &self,
        first: &Url,
        wanted: &impl Fn(T) -> Option<U>,
    ) -> Result<Option<Vec<U>>>
    where
        T: DeserializeOwned + Identified,
    {
        let mut items = Vec::new();
        let mut ids = HashSet::new();
        let mut pages = HashSet::new();
        let mut counted = 0;
        let mut next = Some(first.clone());
        while let Some(url) = next {
            if pages.len() >= MOST_PAGES || !pages.insert(url.clone()) {
                return Ok(None);
            }
            let answer = self.send(Method::GET, &url, None).await?.done()?;
            let Ok(SaltoPage {
                items: some,
                next_page_link: link,
                count,
            }) = answer.json::<AnyPage<T>>().map(SaltoPage::from)
            else {
                return Ok(None);
            };
            for item in some {
                if !ids.insert(item.name().to_owned()) {
                    return Ok(None);
                }
                items.extend(wanted(item));
            }
            counted = counted.max(count.unwrap_or(0));
            next = link
                .filter(|link| !link.is_empty())
                .map(|link| self.next_page(&url, &link))
                .transpose()?;
        }
        Ok((ids.len() >= counted).then_some(items))
    }

    fn next_page(&self, page: &Url, link: &str) -> Result<Url> {
        next_page(page, self.base.as_ref().map_err(Clone::clone)?.path(), link)
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        body: Option<&serde_json::Value>,
    ) -> Result<SaltoAnswer> {
        self.send_more(&Outgoing {
            method,
            url,
            body,
            headers: &[],
        })
        .await
    }

    /// Sends a request. A refused token is replaced once. A request that got a 401 was not
    /// processed, so even a change may be sent again.
    async fn send_more(&self, outgoing: &Outgoing<'_>) -> Result<SaltoAnswer> {
        let token = self.login.token(&self.http, None).await?;
        let answer = SaltoAnswer::from(self.send_with(&token, outgoing).await?);
        if !answer.is_unauthorized() {
            return Ok(answer);
        }
        let token = self.login.token(&self.http, Some(&token)).await?;
        Ok(SaltoAnswer::from(self.send_with(&token, outgoing).await?))
    }

    async fn send_with(&self, token: &Secret, outgoing: &Outgoing<'_>) -> Result<Response> {
        let bearer = format!("Bearer {}", token.reveal());
        let headers = [
            &[
                ("Authorization", bearer.as_str()),
                ("Accept", "application/json"),
            ],
            outgoing.headers,
        ]
        .concat();
        let request = vendor_http::request(
            outgoing.method.clone(),
            outgoing.url,
            &headers,
            outgoing.body,
        )?;
        if outgoing.method == Method::GET {
            self.http.read(request).await
        } else {
            self.http.write(request).await
        }
    }

    fn url(&self, version: &str, path: &[&str]) -> Result<Url> {
        let site = self.site.as_deref().filter(|site| !site.is_empty());
        let site = site.ok_or_else(|| {
            Error::invalid("SALTO KS doors need place: the id of the SALTO KS site")
        })?;
        let base = self.base.as_ref().map_err(Clone::clone)?;
        vendor_http::below(base, &[&[version, "sites", site], path].concat())
    }
}
