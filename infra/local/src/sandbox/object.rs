//! A JSON object that keeps everything it was given, with short accessors. Knows no vendor.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A JSON object, kept verbatim.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Object(pub Map<String, Value>);

impl Object {
    /// Returns the field's text; `None` if it is missing, null or of another type.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field)?.as_str()
    }

    /// Returns whether the field is `true`.
    pub fn flag(&self, field: &str) -> bool {
        self.0.get(field).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Returns the texts in the field's list. Other elements are left out.
    pub fn texts(&self, field: &str) -> Vec<&str> {
        self.list(field).iter().filter_map(Value::as_str).collect()
    }

    /// Returns the field's list; empty if it has none.
    pub fn list(&self, field: &str) -> &[Value] {
        self.0
            .get(field)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// Returns the field, or null.
    pub fn or_null(&self, field: &str) -> Value {
        self.0.get(field).cloned().unwrap_or(Value::Null)
    }

    /// Returns the field, or `usual`.
    pub fn or(&self, field: &str, usual: impl Into<Value>) -> Value {
        self.0.get(field).cloned().unwrap_or_else(|| usual.into())
    }

    /// Sets a field.
    pub fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.0.insert(field.to_owned(), value.into());
    }

    /// Sets a field if it is missing.
    pub fn set_missing(&mut self, field: &str, value: impl Into<Value>) {
        self.0.entry(field).or_insert_with(|| value.into());
    }
}

/// Returns `value` as an object. The error says what `what` should be.
///
/// # Errors
/// A message for the author of the value.
pub fn object(value: Value, what: &str) -> Result<Object, String> {
    match value {
        Value::Object(map) => Ok(Object(map)),
        _ => Err(format!("{what} must be an object")),
    }
}

/// Returns `value` as a list. The error says what `what` should be.
///
/// # Errors
/// A message for the author of the value.
pub fn list(value: Value, what: &str) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(list) => Ok(list),
        _ => Err(format!("{what} must be a list")),
    }
}
