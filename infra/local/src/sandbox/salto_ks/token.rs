//! SALTO KS's identity server: password, authorization_code and refresh_token grants behind HTTP
//! Basic `[M]`. The scope `offline_access` adds a refresh token. With the quirk `rotate-refresh`
//! each works once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::SaltoWorld;
use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;
use crate::sandbox::token::{self, LIFETIME};

const ACCESS: &str = "salto-ks access";
const REFRESH: &str = "salto-ks refresh";
/// How long a refresh token is valid: 30 days `[?]`.
const REFRESH_LIFETIME: i64 = 30 * 24 * 3600;
const SCOPE: &str = "user_api.full_access";

impl SaltoWorld {
    /// Answers `POST /connect/token`.
    pub(super) fn token(&mut self, ask: &Ask) -> Answer {
        self.grant(ask).unwrap_or_else(|refusal| refusal)
    }

    fn grant(&mut self, ask: &Ask) -> Result<Answer, Answer> {
        if !ask.is("application/x-www-form-urlencoded") {
            return Err(token::refused(
                400,
                "invalid_request",
                "the body must be a form",
            ));
        }
        if !is_client(ask) {
            return Err(token::refused(
                400,
                "invalid_client",
                "client_id and client_secret belong into HTTP Basic",
            ));
        }
        let there = |name: &str| ask.form(name).is_some_and(|value| !value.is_empty());
        match ask.form("grant_type").unwrap_or_default().as_str() {
            "password" if there("username") && there("password") => {
                Ok(give(ask, &scope(ask)?, None))
            }
            "authorization_code" if there("code") && there("redirect_uri") => {
                Ok(give(ask, &scope(ask)?, None))
            }
            "password" | "authorization_code" => Err(token::refused(
                400,
                "invalid_grant",
                "invalid_username_or_password",
            )),
            "refresh_token" => self.refresh(ask),
            _ => Err(token::refused(
                400,
                "unsupported_grant_type",
                "unsupported grant type",
            )),
        }
    }

    fn refresh(&mut self, ask: &Ask) -> Result<Answer, Answer> {
        let given = ask.form("refresh_token").unwrap_or_default();
        let no_good = || token::refused(400, "invalid_grant", "invalid refresh token");
        let claims = token::read(&given, REFRESH, ask.now).ok_or_else(no_good)?;
        if !self.0.quirk("rotate-refresh") {
            return Ok(give(ask, &claims.scope, Some(&given)));
        }
        if self.0.spend(&claims.jti) {
            Ok(give(ask, &claims.scope, None))
        } else {
            Err(no_good())
        }
    }
}

/// Returns whether the request's token is valid.
pub fn is_good(ask: &Ask) -> bool {
    ask.credentials("Bearer")
        .is_some_and(|given| token::read(given, ACCESS, ask.now).is_some())
}

fn is_client(ask: &Ask) -> bool {
    let decoded = ask
        .credentials("Basic")
        .and_then(|given| STANDARD.decode(given).ok());
    let text = decoded
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default();
    text.split_once(':')
        .is_some_and(|(id, secret)| !id.is_empty() && !secret.is_empty())
}

fn scope(ask: &Ask) -> Result<String, Answer> {
    let scope = ask.form("scope").unwrap_or_default();
    let known = |asked: &str| [SCOPE, "offline_access", "openid", "profile"].contains(&asked);
    match scope.split_whitespace().any(|asked| asked == SCOPE)
        && scope.split_whitespace().all(known)
    {
        true => Ok(scope),
        false => Err(token::refused(400, "invalid_scope", "invalid scope")),
    }
}

fn give(ask: &Ask, scope: &str, refresh: Option<&str>) -> Answer {
    let until = |span: i64| ask.now.as_second().saturating_add(span);
    let mut body = json!({
        "access_token": token::mint(ACCESS, scope, until(LIFETIME)),
        "expires_in": LIFETIME,
        "token_type": "Bearer",
        "scope": scope,
    });
    if scope
        .split_whitespace()
        .any(|asked| asked == "offline_access")
    {
        let fresh = || token::mint(REFRESH, scope, until(REFRESH_LIFETIME));
        body["refresh_token"] = json!(refresh.map_or_else(fresh, str::to_owned));
    }
    answer::json(200, &body)
}
