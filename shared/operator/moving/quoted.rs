//! Texts from outside as TOML strings.

use serde_json::Value;

/// Returns a text as a TOML string in one line, so that it can also stand in a comment. The escapes
/// of JSON are valid in TOML. JSON leaves the character 7F as it is, and TOML forbids that.
pub fn quoted(text: &str) -> String {
    Value::String(text.to_owned())
        .to_string()
        .replace('\u{7f}', "\\u007f")
}
