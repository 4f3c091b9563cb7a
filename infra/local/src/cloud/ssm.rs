//! Parameter Store: the secrets under the names that they have on AWS, and the parameters of the
//! stack.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::{Value, json};

use super::ACCOUNT;
use super::wire::{self, ServiceError};
use crate::locked::locked;
use crate::secrets::LocalSecrets;
use doorstep_cloud::environment::Settings;
use doorstep_vendors::http::Response;

/// Largest value, in bytes, in the advanced tier.
const LARGEST_VALUE: usize = 8 << 10;
/// Most levels of a name.
const DEEPEST_NAME: usize = 15;

/// Every parameter.
pub struct Parameters {
    stack: String,
    /// The parameters that are not secret.
    plain: BTreeMap<String, String>,
    secret: Mutex<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ParameterRequest {
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
    pub(super) fn new(settings: &Settings, secrets: &LocalSecrets) -> Self {
        let stack = settings.stack.clone();
        let names = serde_json::to_string(&settings.names()).unwrap_or_default();
        let plain = BTreeMap::from([(format!("/{stack}/stack"), names)]);
        let secret = Mutex::new(storable(secrets.parameters(&stack)));
        Parameters {
            stack,
            plain,
            secret,
        }
    }

    /// Replaces all secrets.
    pub(crate) fn hold(&self, secrets: &LocalSecrets) {
        *locked(&self.secret) = storable(secrets.parameters(&self.stack));
    }

    /// Performs one operation.
    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Response {
        wire::answer(
            wire::read(body).and_then(|wanted: ParameterRequest| match operation {
                "GetParameter" => self.one(&wanted),
                "GetParameters" => Ok(self.several(&wanted)),
                "GetParametersByPath" => Ok(self.below(&wanted)),
                _ => Err(ServiceError::unknown_operation(operation)),
            }),
        )
    }

    fn one(&self, wanted: &ParameterRequest) -> Result<Value, ServiceError> {
        let found = wanted
            .name
            .as_ref()
            .and_then(|name| self.parameter(name, wanted.with_decryption));
        let found = found
            .ok_or_else(|| ServiceError::new("ParameterNotFound", "there is no such parameter"))?;
        Ok(json!({ "Parameter": found }))
    }

    fn several(&self, wanted: &ParameterRequest) -> Value {
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        for name in &wanted.names {
            match self.parameter(name, wanted.with_decryption) {
                Some(parameter) => found.push(parameter),
                None => unknown.push(name),
            }
        }
        json!({ "Parameters": found, "InvalidParameters": unknown })
    }

    fn below(&self, wanted: &ParameterRequest) -> Value {
        let path = format!(
            "{}/",
            wanted
                .path
                .as_deref()
                .unwrap_or_default()
                .trim_end_matches('/')
        );
        let is_below = |name: &str| {
            name.strip_prefix(&path)
                .is_some_and(|rest| wanted.recursive || !rest.contains('/'))
        };
        let secret: Vec<String> = locked(&self.secret).keys().cloned().collect();
        let names = self
            .plain
            .keys()
            .chain(&secret)
            .filter(|name| is_below(name));
        let found: Vec<_> = names
            .filter_map(|name| self.parameter(name, wanted.with_decryption))
            .collect();
        json!({ "Parameters": found })
    }

    /// Returns one parameter. Without decryption AWS returns the cipher text of a secret. Here it
    /// is an unreadable word.
    fn parameter(&self, name: &str, decrypted: bool) -> Option<Value> {
        let (kind, value) = match self.plain.get(name) {
            Some(value) => ("String", value.clone()),
            None => {
                let value = locked(&self.secret).get(name).cloned()?;
                (
                    "SecureString",
                    if decrypted {
                        value
                    } else {
                        "encrypted".to_owned()
                    },
                )
            }
        };
        Some(json!({
            "Name": name, "Type": kind, "Version": 1, "DataType": "text", "Value": value,
            "ARN": format!("arn:aws:ssm:local:{ACCOUNT}:parameter{name}"),
        }))
    }
}

/// Returns those that Parameter Store would accept.
fn storable(mut secrets: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let named = |name: &str| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
        name.bytes().all(letters) && name.split('/').skip(1).count() <= DEEPEST_NAME
    };
    secrets.retain(|name, value| {
        let takes = named(name) && value.len() <= LARGEST_VALUE;
        if !takes {
            tracing::error!(
                name,
                "no parameter of AWS holds this secret: letters, digits and _.-/ in 15 levels, and 8 KB"
            );
        }
        takes
    });
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_parameter_store_refuses_is_not_there() {
        let levels = |count: usize| "/x".repeat(count);
        let is_there =
            |name: &str| !storable(BTreeMap::from([(name.to_owned(), "{}".to_owned())])).is_empty();
        assert!(is_there("/doorstep/a/officernd/api") && is_there(&levels(15)));
        for refused in [
            levels(16),
            "/doorstep/a b/api".to_owned(),
            "/doorstep/a:b/api".to_owned(),
        ] {
            assert!(!is_there(&refused), "{refused}");
        }
    }
}
