//! Secrets in SSM Parameter Store. Each name has two parameters, so that `receive` can be denied
//! the second.

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::cached::Cached;
use crate::parameters::ParameterStore;
use doorstep_core::model::error::{Error, Result};
use doorstep_vendors::access::{ApiSecrets, WebhookSecrets};

/// The secrets of one stack.
#[derive(Clone)]
pub struct Secrets {
    parameters: ParameterStore,
    stack: String,
    api: Cached<Option<ApiSecrets>>,
}

impl Secrets {
    /// Creates a client of the secrets below `/{stack}/`.
    pub fn new(parameters: ParameterStore, stack: String) -> Self {
        Secrets {
            parameters,
            stack,
            api: Cached::default(),
        }
    }

    /// Loads the secrets that verify deliveries; `None` if the operator stored none.
    pub async fn webhook(&self, name: &str) -> Result<Option<WebhookSecrets>> {
        self.parameter(&format!("/{}/{name}/webhook", self.stack))
            .await
    }

    /// Loads the credentials of a vendor's API. They are cached for a minute, and for a quarter of
    /// an hour while they cannot be read: many sites that are due at once would otherwise read more
    /// than the 40 parameters a second that AWS allows.
    ///
    /// # Errors
    /// [`Error::Permanent`] if the operator stored none.
    pub async fn api(&self, name: &str, now: Timestamp) -> Result<ApiSecrets> {
        let path = format!("/{}/{name}/api", self.stack);
        let known = self.api.get(name, now, || self.parameter(&path)).await?;
        known.as_ref().clone().ok_or_else(|| {
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
