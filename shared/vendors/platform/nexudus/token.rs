//! Authentication: a token for the user's name and password, stored and refreshed. Where a server
//! issues no tokens, each request carries name and password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;

use super::status::status_within;
use crate::access::Access;
use crate::secret::Secret;
use crate::tokens::Token;
use crate::vendor_http::{self, VendorHttp};
use doorstep_core::model::error::{Error, Result};

/// A token that expires sooner than this is no longer used.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// Assumed life of a token without an expiry, in seconds.
const LIFE: i64 = 3600;

/// Credentials of one request.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum RequestCredentials {
    /// A token.
    Bearer(Secret),
    /// Name and password.
    Basic(Secret),
}

impl RequestCredentials {
    /// Returns the value of the Authorization header.
    pub(super) fn header(&self) -> String {
        match self {
            RequestCredentials::Bearer(token) => format!("Bearer {}", token.reveal()),
            RequestCredentials::Basic(both) => format!("Basic {}", both.reveal()),
        }
    }
}

/// Name and password of the user.
struct UserPassword {
    name: Secret,
    password: Secret,
}

impl UserPassword {
    fn of(access: &Access) -> Result<UserPassword> {
        match (&access.secrets.username, &access.secrets.password) {
            (Some(name), Some(password)) => Ok(UserPassword {
                name: name.clone(),
                password: password.clone(),
            }),
            _ => Err(Error::permanent(
                "username and password are missing from the platform's secret",
            )),
        }
    }

    fn basic(&self) -> RequestCredentials {
        RequestCredentials::Basic(Secret::new(STANDARD.encode(format!(
            "{}:{}",
            self.name.reveal(),
            self.password.reveal()
        ))))
    }
}

/// Returns the credentials for the next request, other than `refused`.
///
/// # Errors
/// [`Error::Permanent`] where Nexudus rejects the user. [`Error::Retry`] where Nexudus does not
/// answer.
pub(super) async fn get(
    access: &Access,
    http: &VendorHttp,
    base: &Url,
    refused: Option<&RequestCredentials>,
) -> Result<RequestCredentials> {
    let user = UserPassword::of(access)?;
    let now = access.time.now();
    let refused =
        |token: &Token| refused == Some(&RequestCredentials::Bearer(token.access.clone()));
    let good = |token: &Token| {
        !refused(token)
            && now
                .saturating_add(MARGIN)
                .is_ok_and(|soon| soon < token.expires)
    };
    let kept = match access
        .tokens
        .remembered(&access.token_name)
        .filter(|token| good(token))
    {
        Some(token) => Some(token),
        None => access.tokens.kept(&access.token_name).await?,
    };
    if let Some(token) = kept.as_ref().filter(|token| good(token)) {
        return Ok(RequestCredentials::Bearer(token.access.clone()));
    }
    let url = vendor_http::below(base, &["api", "token"])?;
    if let Some(refresh) = kept.and_then(|token| token.refresh)
        && let TokenOutcome::Token(token) = refreshed(access, http, &url, &user, &refresh).await?
    {
        return keep(access, token).await;
    }
    match by_password(access, http, &url, &user).await? {
        TokenOutcome::Token(token) => keep(access, token).await,
        TokenOutcome::NoTokensHere => Ok(user.basic()),
        TokenOutcome::Refused(status) => Err(Error::permanent(format!(
            "Nexudus gives no token ({status}): check username and password, and that this user may use the REST API"
        ))),
    }
}

async fn keep(access: &Access, token: Token) -> Result<RequestCredentials> {
    access.tokens.keep(&access.token_name, &token).await?;
    Ok(RequestCredentials::Bearer(token.access))
}

/// Result of a token request.
enum TokenOutcome {
    Token(Token),
    Refused(u16),
    NoTokensHere,
}

async fn by_password(
    access: &Access,
    http: &VendorHttp,
    url: &Url,
    user: &UserPassword,
) -> Result<TokenOutcome> {
    let fields = [
        ("grant_type", "password"),
        ("username", user.name.reveal()),
        ("password", user.password.reveal()),
    ];
    ask(
        access,
        http,
        vendor_http::form(url, &[("accept", "application/json")], &fields)?,
    )
    .await
}

/// Requests a new token with the refresh token. The header `client_id` carries the user's name.
/// `[D]`
async fn refreshed(
    access: &Access,
    http: &VendorHttp,
    url: &Url,
    user: &UserPassword,
    refresh: &Secret,
) -> Result<TokenOutcome> {
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.reveal()),
    ];
    let headers = [
        ("accept", "application/json"),
        ("client_id", user.name.reveal()),
    ];
    ask(access, http, vendor_http::form(url, &headers, &fields)?).await
}

async fn ask(
    access: &Access,
    http: &VendorHttp,
    request: crate::http::Request,
) -> Result<TokenOutcome> {
    let answer = http.read(request).await?;
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let within = body
        .as_ref()
        .filter(|_| answer.status().is_success())
        .and_then(status_within);
    let status = within.unwrap_or_else(|| answer.status());
    let error = body.as_ref().and_then(|body| body.get("error")?.as_str());
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Ok(TokenOutcome::NoTokensHere),
        StatusCode::BAD_REQUEST if error == Some("unsupported_grant_type") => {
            Ok(TokenOutcome::NoTokensHere)
        }
        status if status.is_success() => {
            match body.as_ref().and_then(|body| read(body, access.time.now())) {
                Some(token) => Ok(TokenOutcome::Token(token)),
                None => Err(Error::retry("Nexudus answered without a token")),
            }
        }
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Ok(TokenOutcome::Refused(status.as_u16()))
        }
        // An error in the body of a success says nothing about the user. `[D]` Name and password
        // may work without a token.
        _ if within.is_some() => Ok(TokenOutcome::NoTokensHere),
        status => Ok(TokenOutcome::Refused(status.as_u16())),
    }
}

fn read(answer: &Value, now: Timestamp) -> Option<Token> {
    let text = |name| answer.get(name)?.as_str().filter(|token| !token.is_empty());
    let life = answer
        .get("expires_in")
        .and_then(|life| life.as_i64().or_else(|| life.as_str()?.parse().ok()));
    let life = SignedDuration::from_secs(life.unwrap_or(LIFE));
    let expires = now.saturating_add(life).ok()?;
    Some(Token {
        access: Secret::new(text("access_token")?),
        refresh: text("refresh_token").map(Secret::new),
        expires,
    })
}
