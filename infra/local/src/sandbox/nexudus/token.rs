//! Nexudus' tokens: for a name and a password, or for a refresh token with the name in the header
//! `client_id` `[D]`. Any name and password that are not empty are valid.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;
use crate::sandbox::token::{self, LIFETIME};

const ACCESS: &str = "nexudus access";
const REFRESH: &str = "nexudus refresh";
/// How long a refresh token is valid, in seconds.
const LONG: i64 = 30 * 24 * 3600;

/// Answers `POST /api/token`.
pub fn give(ask: &Ask) -> Answer {
    if !ask.is("application/x-www-form-urlencoded") {
        return token::refused(400, "unsupported_grant_type", "The body must be a form");
    }
    let field = |name| ask.form(name).unwrap_or_default();
    match field("grant_type").as_str() {
        "password" if field("username").is_empty() || field("password").is_empty() => {
            token::refused(
                400,
                "invalid_grant",
                "The user name or password is incorrect.",
            )
        }
        "password" => tokens(ask),
        "refresh_token" => {
            let known = token::read(&field("refresh_token"), REFRESH, ask.now).is_some();
            match known && ask.header("client_id").is_some_and(|name| !name.is_empty()) {
                true => tokens(ask),
                false => token::refused(400, "invalid_grant", "The refresh token is not valid."),
            }
        }
        _ => token::refused(
            400,
            "unsupported_grant_type",
            "grant_type must be password or refresh_token",
        ),
    }
}

fn tokens(ask: &Ask) -> Answer {
    let mint = |issuer, life| token::mint(issuer, "", ask.now.as_second().saturating_add(life));
    let (access, refresh) = (mint(ACCESS, LIFETIME), mint(REFRESH, LONG));
    let body = json!({ "access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": LIFETIME });
    answer::json(200, &body)
}

/// Returns whether the request may read: with a token of this sandbox, or with a name and a
/// password.
pub fn may(ask: &Ask) -> bool {
    if let Some(basic) = ask.credentials("Basic") {
        let text = STANDARD
            .decode(basic)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let both = text.as_deref().and_then(|text| text.split_once(':'));
        return both.is_some_and(|(name, password)| !name.is_empty() && !password.is_empty());
    }
    ask.credentials("Bearer")
        .is_some_and(|given| token::read(given, ACCESS, ask.now).is_some())
}
