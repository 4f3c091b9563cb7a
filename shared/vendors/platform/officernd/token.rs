//! OfficeRnD's tokens. The credentials are sent only to its token service, and never more often
//! than it allows.

use bytes::Bytes;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use super::limiter::{Priority, RateLimiter};
use crate::access::Access;
use crate::http::Request;
use crate::secret::Secret;
use crate::tokens::Token;
use crate::vendor_http;
use doorstep_core::model::error::{Error, Result};

/// The address of the token service. `[C]`
const IDENTITY: &str = "https://identity.officernd.com";
/// Scopes for reading everything but webhooks. The service issues no token unless the application
/// has all of them. `[C]`
pub(super) const THINGS: &str = "flex.community.members.read flex.community.companies.read \
    flex.community.memberships.read flex.community.checkins.read flex.community.visitors.read flex.billing.plans.read \
    flex.space.bookings.read flex.space.passes.read flex.space.resources.read flex.space.floors.read \
    flex.space.locations.read flex.space.assignments.read";
/// Scope for reading the webhooks. It has its own token, so an application without it can read
/// everything else. `[D]`
/// <https://developer.officernd.com/v2.0-Flex/reference/webhookscontroller_getitems>
pub(super) const WEBHOOKS: &str = "flex.settings.webhooks.read";
/// Scope for reading visits. It has its own token, which is asked for only if a rule is about
/// visitors, so an application without it can read everything else. `[C]`
pub(super) const VISITS: &str = "flex.community.visits.read";
/// A token that expires sooner than this is no longer used.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// Assumed life of a token without an expiry, in seconds.
const LIFE: i64 = 3600;
/// Token requests in one minute. The service issues five `[C]`; Doorstep uses one less.
const MOST_A_MINUTE: usize = 4;
const MINUTE: SignedDuration = SignedDuration::from_secs(60);
/// Name of the note that lists the times of token requests.
const ASKED: &str = "asked";

/// Tokens of one client for some scopes.
pub(super) struct Identity {
    access: Access,
    scopes: &'static str,
    /// Name under which the token is stored.
    name: String,
    state: Mutex<TokenState>,
}

#[derive(Default)]
struct TokenState {
    held: Option<Token>,
    /// The last failed request and its time. It is not repeated for a minute.
    failed: Option<(Timestamp, Error)>,
    /// The token that replaced a rejected one.
    replaced: Option<Secret>,
}

impl Identity {
    /// Returns the tokens for `scopes`. It sends no request yet.
    pub(super) fn new(access: Access, scopes: &'static str) -> Self {
        let name = match scopes {
            WEBHOOKS => format!("{}#webhooks", access.token_name),
            VISITS => format!("{}#visits", access.token_name),
            _ => access.token_name.clone(),
        };
        Identity {
            access,
            scopes,
            name,
            state: Mutex::default(),
        }
    }

    /// Returns a valid token: from memory, from the table where any function stored it, or a new
    /// one. If the vendor rejected the token `refused`, returns another one, once.
    ///
    /// # Errors
    /// [`Error::Permanent`] where the vendor issues no token or rejects every one. [`Error::Retry`]
    /// where the token requests of this minute are used up or the vendor cannot be reached.
    pub(super) async fn token(
        &self,
        limiter: &RateLimiter,
        refused: Option<&Secret>,
    ) -> Result<Secret> {
        let mut state = self.state.lock().await;
        let now = self.access.time.now();
        let good = |token: &Token| {
            token.expires.duration_since(now) > MARGIN
                && refused.is_none_or(|it| *it != token.access)
        };
        if let Some(token) = state.held.as_ref().filter(|token| good(token)) {
            return Ok(token.access.clone());
        }
        if let Some((_, error)) = state
            .failed
            .as_ref()
            .filter(|(at, _)| now.duration_since(*at) < MINUTE)
        {
            return Err(error.clone());
        }
        if refused.is_some() && state.replaced.as_ref() == refused {
            return Err(refuses_its_own());
        }
        let kept = self.access.tokens.kept(&self.name).await?;
        let token = match kept.filter(|token| good(token)) {
            Some(token) => token,
            None => match self.buy(limiter, now).await {
                Ok(token) => token,
                Err(error) => {
                    state.failed = Some((now, error.clone()));
                    return Err(error);
                }
            },
        };
        state.replaced = refused.map(|_| token.access.clone());
        Ok(state.held.insert(token).access.clone())
    }

    async fn buy(&self, limiter: &RateLimiter, now: Timestamp) -> Result<Token> {
        self.count(now).await?;
        let answer = limiter.send(self.request()?, Priority::Refetch).await?;
        let now = self.access.time.now();
        match answer.status() {
            status if status.is_success() => {
                let token = read(answer.body(), now).ok_or_else(|| {
                    Error::retry("OfficeRnD's token service answered without a token")
                })?;
                self.access.tokens.keep(&self.name, &token).await?;
                Ok(token)
            }
            status => {
                let scopes = match self.scopes {
                    THINGS => "every scope named in docs/vendors.md".to_owned(),
                    one => format!("the scope {one}"),
                };
                Err(Error::permanent(format!(
                    "OfficeRnD gives no token ({}): check client_id and client_secret, and that the application has {scopes}",
                    status.as_u16()
                )))
            }
        }
    }

    /// Counts a token request. Fails if all functions together used up the requests of this minute.
    async fn count(&self, now: Timestamp) -> Result<()> {
        let (tokens, name) = (&self.access.tokens, &self.access.token_name);
        let noted = tokens.noted(name, ASKED).await?;
        let mut asked: Vec<Timestamp> = noted
            .and_then(|noted| serde_json::from_str(&noted).ok())
            .unwrap_or_default();
        asked.retain(|at| now.duration_since(*at) < MINUTE);
        if asked.len() >= MOST_A_MINUTE {
            let after = asked
                .first()
                .map(|first| MINUTE.saturating_sub(now.duration_since(*first)));
            let after = after.and_then(|after| std::time::Duration::try_from(after).ok());
            return Err(Error::Retry {
                why: "OfficeRnD's token limit of this minute is used up".into(),
                after,
            });
        }
        asked.push(now);
        tokens
            .note(
                name,
                ASKED,
                &serde_json::to_string(&asked).unwrap_or_default(),
            )
            .await
    }

    /// Returns the address of the token service. A proxy in front of the API sees no credentials:
    /// they go to the vendor's own service, unless the site file names another one. A sandbox
    /// issues its own tokens.
    fn address(&self) -> Result<Url> {
        let sandbox = self.access.url.as_deref().filter(|url| is_sandbox(url));
        let given = self.access.identity_url.as_deref().or(sandbox);
        vendor_http::below(&vendor_http::base(given, IDENTITY)?, &["oauth", "token"])
    }

    fn request(&self) -> Result<Request> {
        let secrets = &self.access.secrets;
        let (Some(id), Some(secret)) = (&secrets.client_id, &secrets.client_secret) else {
            return Err(Error::permanent(
                "client_id and client_secret are missing from the platform's secret",
            ));
        };
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id.reveal()),
            ("client_secret", secret.reveal()),
            ("scope", self.scopes),
        ];
        let body = serde_urlencoded::to_string(form)
            .map_err(|_| Error::permanent("client_id cannot be sent"))?;
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept", "application/json"),
        ];
        let mut request = vendor_http::request(Method::POST, &self.address()?, &headers, None)?;
        *request.body_mut() = Bytes::from(body);
        Ok(request)
    }
}

/// Returns whether an address is that of a sandbox vendor.
pub(super) fn is_sandbox(url: &str) -> bool {
    url.starts_with("sandbox:")
}

/// Returns the error for a new token that is rejected like the one before it.
pub(super) fn refuses_its_own() -> Error {
    Error::permanent(
        "OfficeRnD rejects its own token: check that client_id and client_secret are of this organisation",
    )
}

fn read(body: &[u8], now: Timestamp) -> Option<Token> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let access = answer
        .get("access_token")?
        .as_str()
        .filter(|token| !token.is_empty())?;
    let life = answer
        .get("expires_in")
        .and_then(|life| life.as_i64().or_else(|| life.as_str()?.parse().ok()));
    let life = SignedDuration::from_secs(life.unwrap_or(LIFE));
    Some(Token {
        access: Secret::new(access),
        refresh: None,
        expires: now.saturating_add(life).ok()?,
    })
}
