//! Kisi's error bodies: `{error, code}`, and `{errors: {field: […]}}` for 422 `[D]`.

use serde_json::{Map, Value, json};

use crate::sandbox::answer::{self, Answer};
use crate::sandbox::ask::Ask;
use crate::sandbox::shape::{self, Field};

/// The credentials are missing.
pub fn unauthorized() -> Answer {
    plain(401, "Unauthorized", "a1e401")
}

/// The path or the thing does not exist. If a body names two things, the error does not say which
/// one `[C]`.
pub fn not_found() -> Answer {
    plain(404, "Not Found", "a1e404")
}

/// The thing exists already, or a similar one does `[C]`.
pub fn conflict() -> Answer {
    plain(409, "Role assignment already exists", "a1e409")
}

/// The permissions are insufficient.
pub fn forbidden() -> Answer {
    plain(403, "Forbidden", "a1e403")
}

/// Any other refusal.
pub fn plain(status: u16, error: &str, code: &str) -> Answer {
    answer::json(status, &json!({ "error": error, "code": code }))
}

/// One field is invalid.
pub fn invalid(field: &str, what: &str) -> Answer {
    answer::json(422, &json!({ "errors": { field: [what] } }))
}

/// Returns the body's one object, checked against `fields`.
///
/// # Errors
/// Kisi's refusal.
pub fn body(ask: &Ask, wrapper: &str, fields: &[Field]) -> Result<Map<String, Value>, Answer> {
    if !ask.is("application/json") {
        return Err(plain(415, "Unsupported Media Type", "a1e415"));
    }
    let Some(Value::Object(mut outer)) = ask.json() else {
        return Err(plain(400, "The body is not a JSON object", "a1e400"));
    };
    let Some(Value::Object(inner)) = outer.remove(wrapper) else {
        return Err(invalid(wrapper, "can't be blank"));
    };
    if let Some(field) = outer.keys().next() {
        return Err(invalid(field, "is unknown"));
    }
    let mut errors: Map<String, Value> = Map::new();
    for complaint in shape::check(&inner, fields) {
        errors.insert(complaint.field, json!([complaint.what]));
    }
    if errors.is_empty() {
        Ok(inner)
    } else {
        Err(answer::json(422, &json!({ "errors": errors })))
    }
}
