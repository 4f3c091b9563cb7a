//! Access tokens of the sandbox identity servers. They are signed, so that nothing needs storing,
//! and a restarted run accepts the tokens it gave before. They protect nothing real. The key is in
//! this file.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;

use super::answer::{self, Answer};

/// How long an access token is valid, in seconds `[C]`.
pub const LIFETIME: i64 = 3600;

const KEY: &[u8] = b"doorstep sandbox";

/// The contents of a token.
#[derive(Serialize, Deserialize)]
pub struct TokenClaims {
    /// Issuer and purpose, for example `kisi access`.
    pub iss: String,
    /// Scopes, separated by spaces.
    pub scope: String,
    /// Unix second at which it expires.
    pub exp: i64,
    /// Tells two tokens of one second apart.
    pub jti: String,
}

/// Creates a token.
pub fn mint(iss: &str, scope: &str, exp: i64) -> String {
    let jti = uuid::Uuid::new_v4().to_string();
    let claims = json!(TokenClaims {
        iss: iss.to_owned(),
        scope: scope.to_owned(),
        exp,
        jti
    });
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let seal = URL_SAFE_NO_PAD.encode(seal(&text));
    format!("{text}.{seal}")
}

/// Returns the contents of `token`, if it was issued as `iss` and is valid at `now`.
pub fn read(token: &str, iss: &str, now: Timestamp) -> Option<TokenClaims> {
    let (text, given) = token.rsplit_once('.')?;
    if URL_SAFE_NO_PAD.decode(given).ok()? != seal(text) {
        return None;
    }
    let (_, payload) = text.split_once('.')?;
    let claims: TokenClaims =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    (claims.iss == iss && now.as_second() < claims.exp).then_some(claims)
}

/// Returns an OAuth error.
pub fn refused(status: u16, error: &str, description: &str) -> Answer {
    answer::json(
        status,
        &json!({ "error": error, "error_description": description }),
    )
}

fn seal(text: &str) -> Vec<u8> {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(KEY) else {
        return Vec::new();
    };
    mac.chain_update(text).finalize().into_bytes().to_vec()
}
