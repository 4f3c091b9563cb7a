//! OfficeRnD's identity server: client credentials only. Every requested scope must exist, and the
//! application must have it `[C]`.

use serde_json::json;

use super::entity::ENTITIES;
use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;
use crate::sandbox::token::{self, LIFETIME};

const ISSUER: &str = "officernd access";

/// Answers `POST /oauth/token` of an application without the scopes `ungranted`.
pub fn give(ask: &Ask, ungranted: &[&str]) -> Answer {
    if !ask.is("application/x-www-form-urlencoded") {
        return token::refused(400, "invalid_request", "The body must be a form");
    }
    let field = |name| ask.form(name).unwrap_or_default();
    if field("grant_type") != "client_credentials" {
        return token::refused(
            400,
            "unsupported_grant_type",
            "Only client_credentials is supported",
        );
    }
    if field("client_id").is_empty() || field("client_secret").is_empty() {
        return token::refused(401, "invalid_client", "Client authentication failed");
    }
    let scope = field("scope");
    let known = |asked: &str| {
        ENTITIES.iter().any(|entity| entity.scope == asked) && !ungranted.contains(&asked)
    };
    if scope.trim().is_empty() || !scope.split_whitespace().all(known) {
        return token::refused(
            400,
            "invalid_scope",
            "The requested scope is invalid, unknown, or malformed",
        );
    }
    let access = token::mint(ISSUER, &scope, ask.now.as_second().saturating_add(LIFETIME));
    let body = json!({ "access_token": access, "token_type": "Bearer", "expires_in": LIFETIME, "scope": scope });
    answer::json(200, &body)
}

/// Returns the scopes of the request's token; `None` without a valid token.
pub fn scopes(ask: &Ask) -> Option<String> {
    Some(token::read(ask.credentials("Bearer")?, ISSUER, ask.now)?.scope)
}
