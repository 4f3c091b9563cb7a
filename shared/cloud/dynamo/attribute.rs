//! The attributes of the table's items, as DynamoDB's JSON writes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The value of an attribute. Doorstep stores texts and numbers. A value of another type, which
/// only a human can have written, is read as neither.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    #[serde(rename = "S", skip_serializing_if = "Option::is_none", default)]
    text: Option<String>,
    /// A number travels as a text.
    #[serde(rename = "N", skip_serializing_if = "Option::is_none", default)]
    number: Option<String>,
}

/// Attributes by name.
pub type Attributes = BTreeMap<String, Attribute>;

impl Attribute {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Attribute {
            text: Some(text.into()),
            number: None,
        }
    }

    /// A number.
    pub fn number(number: impl ToString) -> Self {
        Attribute {
            text: None,
            number: Some(number.to_string()),
        }
    }

    /// Returns the text; `None` for a value of another type.
    pub fn as_text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Returns the number as its text; `None` for a value of another type.
    pub fn as_number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// Returns whether the item lacks the attribute.
    fn is_missing(&self) -> bool {
        self.text.is_none() && self.number.is_none()
    }

    /// Returns the text; the empty one for a value of another type.
    pub fn into_text(self) -> String {
        self.text.unwrap_or_default()
    }
}

/// The key of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAttributes {
    #[serde(default)]
    pk: Attribute,
    #[serde(default)]
    sk: Attribute,
}

impl KeyAttributes {
    /// Creates a key of a partition key and a sort key.
    pub fn new(pk: &str, sk: &str) -> Self {
        KeyAttributes {
            pk: Attribute::text(pk),
            sk: Attribute::text(sk),
        }
    }
}

/// An item, with the attributes that an item of the table may have. Doorstep reads no other ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    /// The partition key.
    pub pk: Attribute,
    /// The sort key.
    pub sk: Attribute,
    /// The content.
    #[serde(skip_serializing_if = "Attribute::is_missing")]
    pub body: Attribute,
    /// The version.
    #[serde(skip_serializing_if = "Attribute::is_missing")]
    pub version: Attribute,
    /// The update version: see `WriteCondition::Below`.
    #[serde(skip_serializing_if = "Attribute::is_missing")]
    pub update_version: Attribute,
    /// The second after which the table deletes the item.
    #[serde(skip_serializing_if = "Attribute::is_missing")]
    pub expires: Attribute,
}
