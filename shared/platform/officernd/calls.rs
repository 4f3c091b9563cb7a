//! Questions to OfficeRnD: where they go, what opens the door, and what each refusal means for us.
//!
//! Only reads go out from here. The credentials go to the token service and the token to the interface, nowhere else.

use bytes::Bytes;
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};
use url::Url;

use super::pace::{Errand, Pace};
use crate::access::{Access, Secret};
use crate::caller;
use crate::error::{Error, Result};
use crate::http::{Request, Response};
use crate::tokens::Token;

/// Where everybody's interface is, unless a region has its own. `[C]`
const OWN: &str = "https://app.officernd.com";
/// Where tokens are made. `[C]`
const IDENTITY: &str = "https://identity.officernd.com";
/// The only domain that OfficeRnD may send us on to.
const DOMAIN: &str = "officernd.com";
/// All must be granted to the application, or no token is given. `[C]`
const SCOPES: &str = "flex.community.members.read flex.community.companies.read flex.community.memberships.read \
    flex.community.checkins.read flex.community.visitors.read flex.billing.plans.read flex.space.bookings.read \
    flex.space.passes.read flex.space.resources.read flex.space.floors.read flex.space.locations.read \
    flex.space.assignments.read";
/// A token that ends sooner than this is not used any more.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// The life of a token that does not say how long it lives, in seconds.
const LIFE: i64 = 3600;

/// The way to one organisation.
pub(super) struct Calls {
    organization: String,
    access: Access,
    pace: Pace,
    home: OnceCell<Url>,
    token: Mutex<Option<Token>>,
}

impl Calls {
    /// A way to `organization`. Nothing is asked yet.
    pub(super) fn new(organization: &str, access: Access) -> Self {
        let pace = Pace::new(access.http.clone(), access.time.clone(), &access.turn);
        Calls { organization: organization.to_owned(), access, pace, home: OnceCell::new(), token: Mutex::new(None) }
    }

    /// What is at `path` below the organisation; `None` where OfficeRnD knows nothing there.
    pub(super) async fn ask(&self, path: &[&str], query: &[(&str, &str)], errand: Errand) -> Result<Option<Value>> {
        let home = self.home.get_or_try_init(|| self.find_home()).await?;
        let mut url = caller::below(home, &["api", "v2", "organizations", &self.organization])?;
        url = caller::below(&url, path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.answered(&url, errand).await
    }

    /// The address of the organisation's region. An address of the operator's own choice, outside OfficeRnD's domain,
    /// is not asked for another one.
    async fn find_home(&self) -> Result<Url> {
        let base = caller::base(self.access.url.as_deref(), OWN)?;
        if !within_domain(&base) {
            return Ok(base);
        }
        let url = caller::below(&base, &["api", "v1", "organizations", &self.organization])?;
        let organization = self.answered(&url, Errand::Look).await?;
        match organization.as_ref().and_then(|it| it.get("regionInfo")?.get("regionUrl")?.as_str()) {
            None | Some("") => Ok(base),
            Some(region) => {
                Url::parse(region).ok().filter(|url| url.scheme() == "https" && within_domain(url)).ok_or_else(|| {
                    Error::report("OfficeRnD names an address outside officernd.com as this organisation's: not used")
                })
            }
        }
    }

    async fn answered(&self, url: &Url, errand: Errand) -> Result<Option<Value>> {
        let answer = self.with_token(url, errand).await?;
        let status = answer.status();
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::UNAUTHORIZED => Err(Error::report(
                "OfficeRnD does not take its own token: check that client_id and client_secret are of this organisation",
            )),
            StatusCode::FORBIDDEN => Err(Error::report(
                "OfficeRnD does not let us read this: grant the application every scope named in docs/vendors.md",
            )),
            _ if status.is_success() => serde_json::from_slice(answer.body())
                .map(Some)
                .map_err(|_| Error::later("OfficeRnD answered with something that is not JSON")),
            StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_EARLY => {
                Err(Error::later(format!("OfficeRnD answered {}", status.as_u16())))
            }
            _ => Err(Error::report(format!(
                "OfficeRnD answered {} to a question it should know: check organization in the site file",
                status.as_u16()
            ))),
        }
    }

    /// Sends one question. A token that is not taken is replaced once: it may have been revoked before its end.
    async fn with_token(&self, url: &Url, errand: Errand) -> Result<Response> {
        let token = self.token(None).await?;
        let answer = self.pace.send(question(url, &token)?, errand).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let token = self.token(Some(&token)).await?;
        self.pace.send(question(url, &token)?, errand).await
    }

    /// A token in force other than `refused`: the one in memory, or one that any function kept, or a new one. Only 5
    /// a minute are given `[C]`, so one is asked for at a time.
    async fn token(&self, refused: Option<&Secret>) -> Result<Secret> {
        let mut held = self.token.lock().await;
        let good = |token: &Token, now: Timestamp| {
            token.expires.duration_since(now) > MARGIN && refused != Some(&token.access)
        };
        if let Some(token) = held.as_ref().filter(|token| good(token, self.access.time.now())) {
            return Ok(token.access.clone());
        }
        let kept = self.access.tokens.kept(&self.access.token_name).await?;
        let token = match kept.filter(|token| good(token, self.access.time.now())) {
            Some(token) => token,
            None => {
                let token = self.new_token().await?;
                self.access.tokens.keep(&self.access.token_name, &token).await?;
                token
            }
        };
        Ok(held.insert(token).access.clone())
    }

    async fn new_token(&self) -> Result<Token> {
        let given = self.access.identity_url.as_deref().or(self.access.url.as_deref());
        let url = caller::below(&caller::base(given, IDENTITY)?, &["oauth", "token"])?;
        let answer = self.pace.send(self.token_request(&url)?, Errand::Look).await?;
        let now = self.access.time.now();
        match answer.status() {
            status if status.is_success() => read_token(answer.body(), now)
                .ok_or_else(|| Error::later("OfficeRnD's token service answered without a token")),
            status => Err(Error::report(format!(
                "OfficeRnD gives no token ({}): check client_id and client_secret, and that the application has every \
                 scope named in docs/vendors.md",
                status.as_u16()
            ))),
        }
    }

    fn token_request(&self, url: &Url) -> Result<Request> {
        let secrets = &self.access.secrets;
        let (Some(id), Some(secret)) = (&secrets.client_id, &secrets.client_secret) else {
            return Err(Error::report("client_id and client_secret are missing from the platform's secret"));
        };
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id.reveal()),
            ("client_secret", secret.reveal()),
            ("scope", SCOPES),
        ];
        let body = serde_urlencoded::to_string(form).map_err(|_| Error::report("client_id cannot be sent"))?;
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
        let mut request = caller::request(Method::POST, url, &headers, None)?;
        *request.body_mut() = Bytes::from(body);
        Ok(request)
    }
}

fn question(url: &Url, token: &Secret) -> Result<Request> {
    let bearer = format!("Bearer {}", token.reveal());
    caller::request(Method::GET, url, &[("authorization", &bearer), ("accept", "application/json")], None)
}

fn read_token(body: &[u8], now: Timestamp) -> Option<Token> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let access = answer.get("access_token")?.as_str().filter(|token| !token.is_empty())?;
    let life = answer.get("expires_in").and_then(|life| life.as_i64().or_else(|| life.as_str()?.parse().ok()));
    let life = SignedDuration::from_secs(life.unwrap_or(LIFE));
    Some(Token { access: Secret::new(access), refresh: None, expires: now.saturating_add(life).ok()? })
}

/// Whether `url` is OfficeRnD's: its domain or below it, on the usual port, with no credentials in it.
fn within_domain(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let theirs = host == DOMAIN || host.strip_suffix(DOMAIN).is_some_and(|before| before.ends_with('.'));
    theirs && url.port().is_none() && url.username().is_empty() && url.password().is_none()
}
