//! The ids of things at Nexudus.

use serde_json::Value;

use crate::sandbox::object::Object;

/// Returns an id as text, whether it was given as a number or as a text.
pub fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        Value::String(text)
            if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Some(text.clone())
        }
        _ => None,
    }
}

/// Returns the other id of a thing.
pub fn alias(kind: usize, item: &Object) -> String {
    let given = item.text("UniqueId").map(str::to_owned);
    let number = item.0.get("Id").and_then(id_text).unwrap_or_default();
    given.unwrap_or_else(|| format!("00000000-{:04x}-4000-8000-{number:0>12}", kind + 1))
}

/// Returns the id of a thing in a list of `_world` or `_change`.
///
/// # Errors
/// A message for the author, if the thing has no valid id.
pub fn id(item: &Object, name: &str) -> Result<String, String> {
    let id = item.0.get("Id").and_then(id_text);
    id.ok_or_else(|| format!("{name}: every object needs an Id, a number or a text of digits"))
}
