//! Tokens of SALTO KS: obtained with a refresh token or a password, shared, and replaced before
//! they expire.
//!
//! Whether a refresh token changes with each use is unknown `[?]`, and Doorstep assumes that it
//! does. A new refresh token is stored before the old one is dropped. When two functions refresh at
//! once, the slower one takes the token that the faster one stored.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::wire::VENDOR;
use crate::access::{Access, ApiSecrets};
use crate::http::Response;
use crate::secret::Secret;
use crate::time::SharedTime;
use crate::tokens::{self, RefusedSignIn, Token, Tokens};
use crate::vendor_http::{self, VendorHttp};
use doorstep_core::model::error::{Error, Result};

/// How long before its expiry a token is replaced, so that it does not expire during a call.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// The time that another function may take to store a refresh token that it got.
const OTHERS_KEEP: Duration = Duration::from_secs(1);
/// The life of a token that states none: the vendor's usual hour `[M]`.
const USUAL_LIFE: i64 = 3_600;
/// How long a refused password is not tried again. How many wrong ones lock the account is unknown
/// `[?]`.
const REFUSED_FOR: SignedDuration = SignedDuration::from_mins(10);
/// The requested scope `[D]`.
const SCOPE: &str = "user_api.full_access";

/// The sign-in to one SALTO KS site.
pub(super) struct Login {
    identity: Result<Url>,
    secrets: ApiSecrets,
    tokens: Tokens,
    name: String,
    time: SharedTime,
    held: Mutex<Option<CachedToken>>,
}

/// The token in the memory of this process.
struct CachedToken {
    token: Token,
    /// Whether it is in the shared store. If not, the next call stores it.
    kept: bool,
}

/// The reason why no token was granted.
enum No {
    /// `invalid_grant`: the refresh token is used up, or the password is wrong.
    Grant,
    Other(Error),
}

impl Login {
    pub(super) fn new(access: Access) -> Self {
        let sandbox = access
            .url
            .as_deref()
            .filter(|url| url.starts_with("sandbox:"));
        let given = access.identity_url.as_deref().or(sandbox);
        Login {
            identity: vendor_http::base(given, "https://identity.eu.my-clay.com"),
            secrets: access.secrets,
            tokens: access.tokens,
            name: access.token_name,
            time: access.time,
            held: Mutex::new(None),
        }
    }

    /// Returns a valid token other than `refused`. `http` sends the request to the token service.
    ///
    /// # Errors
    /// [`Error::Permanent`] where the credentials are not accepted; [`Error::Retry`] where the
    /// token service does not answer or the new token could not be stored.
    pub(super) async fn token(
        &self,
        http: &VendorHttp,
        refused: Option<&Secret>,
    ) -> Result<Secret> {
        let mut held = self.held.lock().await;
        let in_force = |token: &Token| Some(&token.access) != refused && self.lasts(token);
        if !held.as_ref().is_some_and(|ours| in_force(&ours.token)) {
            let bought = self
                .buy(http, held.as_ref().map(|ours| &ours.token), &in_force)
                .await?;
            *held = Some(bought);
        }
        let Some(CachedToken { token, kept }) = held.as_mut() else {
            return Err(Error::retry("SALTO KS gave no token"));
        };
        if !*kept {
            self.tokens.keep(&self.name, token).await?;
            *kept = true;
        }
        Ok(token.access.clone())
    }

    /// Gets a token: the one that another function stored, else by a refresh, else by the password.
    /// `ours` may hold a refresh token that was never stored. The store is read again after each
    /// refusal, because another function may have refreshed.
    async fn buy(
        &self,
        http: &VendorHttp,
        ours: Option<&Token>,
        in_force: &impl Fn(&Token) -> bool,
    ) -> Result<CachedToken> {
        let mut tried: Vec<Secret> = Vec::new();
        loop {
            let theirs = self.tokens.kept(&self.name).await?;
            if let Some(token) = theirs.as_ref().filter(|token| in_force(token)) {
                return Ok(CachedToken {
                    token: token.clone(),
                    kept: true,
                });
            }
            let known = [ours, theirs.as_ref()]
                .into_iter()
                .flatten()
                .filter_map(|token| token.refresh.as_ref());
            let mut fresh = known
                .chain(&self.secrets.refresh_token)
                .filter(|refresh| !tried.contains(refresh));
            let Some(refresh) = fresh.next().cloned() else {
                break;
            };
            match self.refreshed(http, &refresh).await {
                Ok(token) => return Ok(CachedToken { token, kept: false }),
                Err(No::Grant) => tried.push(refresh),
                Err(No::Other(error)) => return Err(error),
            }
            self.time.pass(OTHERS_KEEP).await;
        }
        let token = self.with_password(http).await?;
        Ok(CachedToken { token, kept: false })
    }

    /// Sends one refresh. It is never repeated, because a lost answer may have used up the refresh
    /// token.
    async fn refreshed(&self, http: &VendorHttp, refresh: &Secret) -> Result<Token, No> {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.reveal()),
            ("scope", SCOPE),
        ];
        let answer = http
            .write(self.request(&fields).map_err(No::Other)?)
            .await
            .map_err(No::Other)?;
        let mut token = self.granted(answer)?;
        token.refresh.get_or_insert_with(|| refresh.clone());
        Ok(token)
    }

    async fn with_password(&self, http: &VendorHttp) -> Result<Token> {
        let (Some(username), Some(password)) = (&self.secrets.username, &self.secrets.password)
        else {
            return Err(Error::permanent(
                "SALTO KS needs a new sign-in: put username and password, or a new refresh_token, into the secret",
            ));
        };
        let (now, credentials) = (self.time.now(), self.fingerprint(username, password));
        let refused = self.tokens.refused_sign_in(&self.name).await?;
        if refused.is_some_and(|refused| refused.credentials == credentials && now < refused.until)
        {
            return Err(password_refused());
        }
        let fields = [
            ("grant_type", "password"),
            ("username", username.reveal()),
            ("password", password.reveal()),
            ("scope", SCOPE),
        ];
        let answer = http.read(self.request(&fields)?).await?;
        match self.granted(answer) {
            Ok(token) => Ok(token),
            Err(No::Other(error)) => Err(error),
            Err(No::Grant) => {
                let until = now.saturating_add(REFUSED_FOR).unwrap_or(Timestamp::MAX);
                self.tokens
                    .keep_refused_sign_in(&self.name, RefusedSignIn { credentials, until })
                    .await?;
                Err(password_refused())
            }
        }
    }

    /// Returns the fingerprint of a username and password, for the table. Its key is the client's
    /// secret, which the table does not hold. The password can therefore not be guessed from it.
    fn fingerprint(&self, username: &Secret, password: &Secret) -> String {
        let key = self
            .secrets
            .client_secret
            .as_ref()
            .map(Secret::reveal)
            .unwrap_or_default();
        tokens::fingerprint(key, &[username.reveal(), password.reveal()])
    }

    fn request(&self, fields: &[(&str, &str)]) -> Result<crate::http::Request> {
        let identity = self.identity.as_ref().map_err(Clone::clone)?;
        let (Some(id), Some(secret)) = (&self.secrets.client_id, &self.secrets.client_secret)
        else {
            return Err(Error::invalid(
                "the secret of a SALTO KS site needs client_id and client_secret",
            ));
        };
        let basic = format!(
            "Basic {}",
            BASE64_STANDARD.encode(format!("{}:{}", id.reveal(), secret.reveal()))
        );
        let url = vendor_http::below(identity, &["connect", "token"])?;
        vendor_http::form(
            &url,
            &[("Authorization", &basic), ("Accept", "application/json")],
            fields,
        )
    }

    fn granted(&self, answer: Response) -> Result<Token, No> {
        if !answer.status().is_success() {
            return Err(refused(&answer));
        }
        let Granted {
            access_token,
            refresh_token,
            expires_in,
        } = vendor_http::json(VENDOR, answer.body()).map_err(No::Other)?;
        let life = SignedDuration::from_secs(expires_in.unwrap_or(USUAL_LIFE));
        let expires = self
            .time
            .now()
            .saturating_add(life)
            .unwrap_or(Timestamp::MAX);
        Ok(Token {
            access: access_token,
            refresh: refresh_token,
            expires,
        })
    }

    fn lasts(&self, token: &Token) -> bool {
        self.time.now().duration_until(token.expires) > MARGIN
    }
}

fn password_refused() -> Error {
    Error::permanent(
        "SALTO KS does not accept username and password of the secret: correct the secret. The same password is tried \
         again after 10 minutes, so that the account is not locked",
    )
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    refresh_token: Option<Secret>,
    /// In seconds.
    expires_in: Option<i64>,
}

/// Translates the `error` of a token service (RFC 6749, 5.2).
fn refused(answer: &Response) -> No {
    #[derive(Deserialize)]
    struct TokenRefusal {
        error: String,
    }
    let word = serde_json::from_slice::<TokenRefusal>(answer.body())
        .map(|refusal| refusal.error)
        .unwrap_or_default();
    match word.as_str() {
        "invalid_grant" => No::Grant,
        "unauthorized_client" | "unsupported_grant_type" => No::Other(Error::permanent(
            "SALTO KS does not let this client_id sign in this way: ask SALTO for the grant, or use a refresh_token",
        )),
        "invalid_scope" => No::Other(Error::permanent(
            "SALTO KS does not give this client_id the scope user_api.full_access",
        )),
        _ if word == "invalid_client" || answer.status() == StatusCode::UNAUTHORIZED => No::Other(
            Error::permanent("SALTO KS does not accept client_id and client_secret of the secret"),
        ),
        _ => {
            let status = answer.status().as_u16();
            No::Other(Error::permanent(format!(
                "SALTO KS's token service answered {status}: check identity_url"
            )))
        }
    }
}
