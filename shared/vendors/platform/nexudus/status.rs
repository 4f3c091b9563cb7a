//! Errors that Nexudus puts into the body of a success.

use http::StatusCode;
use serde_json::Value;

/// Returns the error in the body of a success: `{Status, Message, Value, WasSuccessful, Errors}`
/// with a status of 400 or more. A record may have a field `Status`, but it also has an id. A list
/// has records. `[D]`
pub(super) fn status_within(body: &Value) -> Option<StatusCode> {
    let fields = body.as_object()?;
    if fields.contains_key("Records") || fields.contains_key("Id") {
        return None;
    }
    let said = fields
        .get("Status")
        .and_then(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok());
    let failed = fields.get("WasSuccessful").and_then(Value::as_bool) == Some(false);
    match said {
        Some(status) if status >= 400 => {
            Some(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY))
        }
        _ if failed => Some(StatusCode::BAD_GATEWAY),
        _ => None,
    }
}
