//! SALTO KS's error bodies and codes `[M]`.

use serde_json::{Map, Value, json};

use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;
use crate::sandbox::shape::{self, Field};

/// Returns a refusal with one of the vendor's codes.
pub fn refused(status: u16, code: u16, message: &str) -> Answer {
    answer::json(
        status,
        &json!({ "ErrorCode": code.to_string(), "Message": message }),
    )
}

/// The token is missing or invalid.
pub fn unauthorized() -> Answer {
    refused(401, 1500, "Unauthorized")
}

/// The thing does not exist. Using the wrong one of a person's two ids gives this too.
pub fn not_found() -> Answer {
    refused(404, 2202, "Not found")
}

/// The call is not allowed in the present state.
pub fn not_allowed() -> Answer {
    refused(403, 2203, "Not allowed")
}

/// The request is invalid.
pub fn invalid(message: &str) -> Answer {
    refused(400, 1101, message)
}

/// The `$filter` is invalid.
pub fn bad_filter() -> Answer {
    refused(400, 1102, "Invalid filter")
}

/// Returns the body's object, checked against `fields`.
///
/// # Errors
/// SALTO KS's refusal.
pub fn body(ask: &Ask, fields: &[Field]) -> Result<Map<String, Value>, Answer> {
    if !ask.is("application/json") {
        return Err(refused(415, 1100, "Unsupported media type"));
    }
    let Some(Value::Object(body)) = ask.json() else {
        return Err(refused(400, 1100, "The body is not a JSON object"));
    };
    match shape::check(&body, fields).first() {
        Some(complaint) => Err(invalid(&format!("{} {}", complaint.field, complaint.what))),
        None => Ok(body),
    }
}
