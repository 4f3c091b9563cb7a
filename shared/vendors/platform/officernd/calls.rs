//! Requests to OfficeRnD: their addresses, and the meaning of each refusal. This module only reads.

use http::{Method, StatusCode};
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use super::limiter::{Priority, RateLimiter};
use super::region::{self, Home};
use super::token::{Identity, THINGS, VISITS, WEBHOOKS, refuses_its_own};
use crate::access::Access;
use crate::http::{Request, Response};
use crate::secret::Secret;
use crate::vendor_http;
use doorstep_core::model::error::{Error, Result};

/// Client of the OfficeRnD API for one organisation.
pub(super) struct OfficerndApi {
    organization: String,
    access: Access,
    limiter: RateLimiter,
    home: OnceCell<Url>,
    things: Identity,
    webhooks: Identity,
    visits: Identity,
}

impl OfficerndApi {
    /// Returns a client for `organization`. It sends no request yet.
    pub(super) fn new(organization: &str, access: Access) -> Self {
        let limiter = RateLimiter::new(access.http.clone(), access.time.clone(), &access.turn);
        let identity = |scopes| Identity::new(access.clone(), scopes);
        let (things, webhooks, visits) = (identity(THINGS), identity(WEBHOOKS), identity(VISITS));
        OfficerndApi {
            organization: organization.to_owned(),
            access,
            limiter,
            home: OnceCell::new(),
            things,
            webhooks,
            visits,
        }
    }

    /// Fetches `path` below the organisation; `None` if OfficeRnD answers 404.
    pub(super) async fn ask(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        priority: Priority,
    ) -> Result<Option<Value>> {
        let identity = match path.first() {
            Some(&"webhooks") => &self.webhooks,
            Some(&"visits") => &self.visits,
            _ => &self.things,
        };
        let home = self.home.get_or_try_init(|| self.find_home()).await?;
        let mut url =
            vendor_http::below(home, &["api", "v2", "organizations", &self.organization])?;
        url = vendor_http::below(&url, path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        read(&self.with_token(identity, &url, priority).await?)
    }

    /// Returns whether the application may read its webhooks.
    ///
    /// # Errors
    /// [`Error::Retry`] where this cannot be determined now.
    pub(super) async fn may_read_webhooks(&self) -> Result<bool> {
        match self.webhooks.token(&self.limiter, None).await {
            Ok(_) => Ok(true),
            Err(Error::Permanent(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns the address of the organisation's region.
    async fn find_home(&self) -> Result<Url> {
        let base = match region::known(&self.access, self.access.time.now()).await? {
            Home::Known(home) => return Ok(home),
            Home::Ask(base) => base,
        };
        let url = vendor_http::below(&base, &["api", "v1", "organizations", &self.organization])?;
        let token = self.things.token(&self.limiter, None).await?;
        // One attempt only: a failure of this request says nothing about the API itself.
        let record = match self.limiter.once(question(&url, &token)?).await {
            Ok(answer) if answer.status().is_success() => {
                serde_json::from_slice::<Value>(answer.body()).ok()
            }
            Ok(answer) => {
                tracing::info!(
                    status = answer.status().as_u16(),
                    "OfficeRnD did not return its region; using the usual one"
                );
                None
            }
            Err(error) => {
                tracing::info!(%error, "OfficeRnD did not return its region; using the usual one");
                None
            }
        };
        let record = record.filter(Value::is_object);
        region::remember(&self.access, base, record.as_ref(), self.access.time.now()).await
    }

    /// Sends one request. A rejected token is replaced once, because it may have been revoked
    /// before its end.
    async fn with_token(
        &self,
        identity: &Identity,
        url: &Url,
        priority: Priority,
    ) -> Result<Response> {
        let token = identity.token(&self.limiter, None).await?;
        let answer = self.limiter.send(question(url, &token)?, priority).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let token = identity.token(&self.limiter, Some(&token)).await?;
        self.limiter.send(question(url, &token)?, priority).await
    }
}

fn read(answer: &Response) -> Result<Option<Value>> {
    let status = answer.status();
    match status {
        StatusCode::NOT_FOUND => Ok(None),
        StatusCode::UNAUTHORIZED => Err(refuses_its_own()),
        StatusCode::FORBIDDEN => Err(Error::permanent(
            "OfficeRnD forbids this read: grant the application every scope named in docs/vendors.md",
        )),
        _ if status.is_success() => serde_json::from_slice(answer.body())
            .map(Some)
            .map_err(|_| Error::retry("OfficeRnD answered with something that is not JSON")),
        StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_EARLY => Err(
            Error::retry(format!("OfficeRnD answered {}", status.as_u16())),
        ),
        _ => Err(Error::permanent(format!(
            "OfficeRnD answered {} to a known path: check organization in the site file",
            status.as_u16()
        ))),
    }
}

fn question(url: &Url, token: &Secret) -> Result<Request> {
    let bearer = format!("Bearer {}", token.reveal());
    vendor_http::request(
        Method::GET,
        url,
        &[("authorization", &bearer), ("accept", "application/json")],
        None,
    )
}
