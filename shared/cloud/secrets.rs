//! Secrets in SSM Parameter Store. Each name has two parameters, so that `receive` can be denied
//! the second.

use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use serde::de::DeserializeOwned;

use crate::aws::{Lazy, failure};
use doorstep_core::model::error::{Error, Result};
use doorstep_vendors::access::{ApiSecrets, WebhookSecrets};

/// The secrets of one stack.
#[derive(Clone)]
pub struct Secrets {
    ssm: Lazy<Client>,
    stack: String,
}

impl Secrets {
    /// Creates a client of the secrets below `/{stack}/`.
    pub fn new(ssm: Lazy<Client>, stack: String) -> Self {
        Secrets { ssm, stack }
    }

    /// Builds the SDK client now, if no request has built it yet.
    pub fn build(&self) {
        self.ssm.build();
    }

    /// Loads the secrets that verify deliveries; `None` if the operator stored none.
    pub async fn webhook(&self, name: &str) -> Result<Option<WebhookSecrets>> {
        self.parameter(&format!("/{}/{name}/webhook", self.stack))
            .await
    }

    /// Loads the credentials of a vendor's API.
    ///
    /// # Errors
    /// [`Error::Permanent`] if the operator stored none.
    pub async fn api(&self, name: &str) -> Result<ApiSecrets> {
        let path = format!("/{}/{name}/api", self.stack);
        let found = self.parameter(&path).await?;
        found.ok_or_else(|| {
            Error::permanent(format!(
                "there is no secret {path}: put it there as a SecureString"
            ))
        })
    }

    async fn parameter<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>> {
        let answer = self
            .ssm
            .get_parameter()
            .name(path)
            .with_decryption(true)
            .send()
            .await;
        let value = match answer {
            Ok(answer) => answer.parameter.and_then(|parameter| parameter.value),
            Err(error) => match error.as_service_error() {
                Some(GetParameterError::ParameterNotFound(_)) => return Ok(None),
                _ => {
                    let why = failure("ssm GetParameter", &error);
                    return Err(Error::retry(format!(
                        "the secret {path} cannot be read: {why}"
                    )));
                }
            },
        };
        let read = value.map(|text| serde_json::from_str(&text)).transpose();
        read.map_err(|_| {
            Error::permanent(format!(
                "the secret {path} is not the JSON object it should be"
            ))
        })
    }
}
