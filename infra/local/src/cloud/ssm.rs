//! Parameter Store: the secrets under the names that they have on AWS.

use std::collections::BTreeMap;

use doorstep::http::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ACCOUNT;
use super::wire::{self, Refusal};
use crate::secrets::Secrets;

/// Every parameter.
pub struct Parameters {
    values: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wanted {
    name: Option<String>,
    #[serde(default)]
    names: Vec<String>,
    path: Option<String>,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    with_decryption: bool,
}

impl Parameters {
    pub(super) fn new(stack: &str, secrets: &Secrets) -> Self {
        Parameters { values: secrets.parameters(stack) }
    }

    /// Carries out one operation.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Response {
        wire::answer(wire::read(body).and_then(|wanted: Wanted| match operation {
            "GetParameter" => self.one(&wanted),
            "GetParameters" => Ok(self.several(&wanted)),
            "GetParametersByPath" => Ok(self.below(&wanted)),
            _ => Err(Refusal::unknown_operation(operation)),
        }))
    }

    fn one(&self, wanted: &Wanted) -> Result<Value, Refusal> {
        let found = wanted.name.as_ref().and_then(|name| self.values.get_key_value(name));
        let (name, value) = found.ok_or_else(|| Refusal::new("ParameterNotFound", "there is no such parameter"))?;
        Ok(json!({ "Parameter": parameter(name, value, wanted.with_decryption) }))
    }

    fn several(&self, wanted: &Wanted) -> Value {
        let (known, unknown): (Vec<_>, Vec<_>) = wanted.names.iter().partition(|name| self.values.contains_key(*name));
        let known = known.into_iter().filter_map(|name| self.values.get_key_value(name));
        let found: Vec<_> = known.map(|(name, value)| parameter(name, value, wanted.with_decryption)).collect();
        json!({ "Parameters": found, "InvalidParameters": unknown })
    }

    fn below(&self, wanted: &Wanted) -> Value {
        let path = format!("{}/", wanted.path.as_deref().unwrap_or_default().trim_end_matches('/'));
        let is_below =
            |name: &str| name.strip_prefix(&path).is_some_and(|rest| wanted.recursive || !rest.contains('/'));
        let found = self.values.iter().filter(|(name, _)| is_below(name));
        let found: Vec<_> = found.map(|(name, value)| parameter(name, value, wanted.with_decryption)).collect();
        json!({ "Parameters": found })
    }
}

/// One parameter. Without decryption AWS gives the cipher text, which is of no use: here a word that cannot be read.
fn parameter(name: &str, value: &str, decrypted: bool) -> Value {
    json!({
        "Name": name, "Type": "SecureString", "Version": 1, "DataType": "text",
        "Value": if decrypted { value } else { "encrypted" },
        "ARN": format!("arn:aws:ssm:local:{ACCOUNT}:parameter{name}"),
    })
}
