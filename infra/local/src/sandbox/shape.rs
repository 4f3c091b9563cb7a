//! Checks the body of a request against a vendor's interface description: unknown fields, missing
//! fields, wrong types. It returns each error and its field. Each vendor decides how to report
//! them.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The type of a field.
#[derive(Clone, Copy)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// An e-mail address, checked roughly.
    Email,
    /// An absolute address.
    Uri,
    /// An instant (RFC 3339).
    Instant,
    /// A UUID.
    Uuid,
    /// A list of UUIDs.
    Uuids,
    /// A list of texts.
    Texts,
    /// A whole number.
    Whole,
    /// true or false.
    Flag,
    /// A flat object: at most 50 keys, texts of at most 500 characters (Kisi's `metadata`) `[D]`.
    Flat,
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

/// One field of a body.
pub struct Field {
    name: &'static str,
    kind: FieldKind,
    required: bool,
    nullable: bool,
}

/// Creates a required field.
pub const fn must(name: &'static str, kind: FieldKind) -> Field {
    Field {
        name,
        kind,
        required: true,
        nullable: false,
    }
}

/// Creates an optional field.
pub const fn may(name: &'static str, kind: FieldKind) -> Field {
    Field {
        name,
        kind,
        required: false,
        nullable: false,
    }
}

/// Creates an optional field that may be null.
pub const fn may_null(name: &'static str, kind: FieldKind) -> Field {
    Field {
        name,
        kind,
        required: false,
        nullable: true,
    }
}

/// An error in one field.
pub struct Complaint {
    /// The field.
    pub field: String,
    /// The error.
    pub what: &'static str,
}

/// Returns every error in `body`; empty if it is valid.
pub fn check(body: &Map<String, Value>, fields: &[Field]) -> Vec<Complaint> {
    let mut wrong = Vec::new();
    let mut complain = |field: &str, what| {
        wrong.push(Complaint {
            field: field.to_owned(),
            what,
        })
    };
    for field in fields {
        match body.get(field.name) {
            None if field.required => complain(field.name, "can't be blank"),
            Some(Value::String(text)) if field.required && text.trim().is_empty() => {
                complain(field.name, "can't be blank");
            }
            Some(Value::Null) if field.nullable => {}
            Some(value) if !field.kind.takes(value) => complain(field.name, "is invalid"),
            _ => {}
        }
    }
    for name in body
        .keys()
        .filter(|name| !fields.iter().any(|field| field.name == *name))
    {
        complain(name, "is unknown");
    }
    wrong
}

impl FieldKind {
    fn takes(self, value: &Value) -> bool {
        match (self, value) {
            (FieldKind::Text, Value::String(_)) | (FieldKind::Flag, Value::Bool(_)) => true,
            (FieldKind::Email, Value::String(text)) => is_email(text),
            (FieldKind::Uri, Value::String(text)) => url::Url::parse(text).is_ok(),
            (FieldKind::Instant, Value::String(text)) => text.parse::<Timestamp>().is_ok(),
            (FieldKind::Uuid, Value::String(text)) => uuid::Uuid::try_parse(text).is_ok(),
            (FieldKind::Uuids, Value::Array(list)) => {
                list.iter().all(|item| FieldKind::Uuid.takes(item))
            }
            (FieldKind::Texts, Value::Array(list)) => list.iter().all(Value::is_string),
            (FieldKind::Whole, Value::Number(number)) => number.is_i64() || number.is_u64(),
            (FieldKind::Flat, Value::Object(map)) => map.len() <= 50 && map.values().all(flat),
            (FieldKind::OneOf(choices), Value::String(text)) => choices.contains(&text.as_str()),
            _ => false,
        }
    }
}

fn flat(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().count() <= 500,
        other => !other.is_object() && !other.is_array(),
    }
}

/// Returns whether this is an e-mail address, checked roughly.
pub fn is_email(text: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    text.split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.split('.').all(is_label))
        && !text.chars().any(char::is_whitespace)
}
