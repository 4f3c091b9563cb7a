//! One permission of a role, and one action that a request needs.

use std::collections::BTreeMap;

use serde_json::Value;

/// The condition key for the partitions that a call accesses.
pub(super) const LEADING_KEYS: &str = "dynamodb:LeadingKeys";

/// One permission of one role: an action on a resource, and one pattern of partitions if the
/// statement names partitions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The role's ARN.
    pub role: String,
    /// The action, such as `dynamodb:PutItem`.
    pub action: String,
    /// The pattern of the resource's ARN.
    pub resource: String,
    /// The pattern of the partition, if the statement names partitions.
    pub partition: Option<String>,
}

/// One action that a request needs.
#[derive(Debug, Clone)]
pub(in crate::cloud) struct RequiredAction {
    /// The action.
    pub(in crate::cloud) action: String,
    /// The resource's ARN.
    pub(in crate::cloud) resource: String,
    /// Condition keys with their values.
    pub(in crate::cloud) context: BTreeMap<&'static str, Vec<String>>,
}

impl RequiredAction {
    pub(in crate::cloud) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        RequiredAction {
            action: action.into(),
            resource: resource.into(),
            context: BTreeMap::new(),
        }
    }

    pub(in crate::cloud) fn with(mut self, key: &'static str, values: Vec<String>) -> Self {
        self.context.insert(key, values);
        self
    }
}

/// Returns a text of the template; empty if the value is none.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Returns the texts of a list, or the one text.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().map(text).collect(),
        Value::String(one) => vec![one.clone()],
        _ => Vec::new(),
    }
}
