//! Secrets in SSM Parameter Store. Each name has two parameters, so that `receive` can be denied
//! the second.

use serde::de::DeserializeOwned;

use crate::parameters::ParameterStore;
use doorstep_core::model::error::{Error, Result};
use doorstep_vendors::access::{ApiSecrets, WebhookSecrets};

/// The secrets of one stack.
#[derive(Clone)]
pub struct Secrets {
    parameters: ParameterStore,
    stack: String,
}

impl Secrets {
    /// Creates a client of the secrets below `/{stack}/`.
    pub fn new(parameters: ParameterStore, stack: String) -> Self {
        Secrets { parameters, stack }
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
        let value = self.parameters.secret(path).await.map_err(|failure| {
            Error::retry(format!("the secret {path} cannot be read: {failure}"))
        })?;
        let read = value.map(|text| serde_json::from_str(&text)).transpose();
        read.map_err(|_| {
            Error::permanent(format!(
                "the secret {path} is not the JSON object it should be"
            ))
        })
    }
}
