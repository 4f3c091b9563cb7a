//! SSM Parameter Store: one parameter by its name.

use serde::{Deserialize, Serialize};

use crate::service::{AwsApi, AwsCaller, AwsService, CallFailure};
use doorstep_vendors::http::Http;
use doorstep_vendors::time::SharedTime;

/// Parameter Store speaks AWS JSON 1.1. Source: the service's Smithy model. `[D]`
pub static SSM: AwsApi = AwsApi {
    name: "ssm",
    target: "AmazonSSM",
    content: "application/x-amz-json-1.1",
};

/// The parameters of an account and region.
#[derive(Clone)]
pub struct ParameterStore(AwsService);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetParameter<'a> {
    name: &'a str,
    with_decryption: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    parameter: Parameter,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    value: String,
}

impl ParameterStore {
    /// Creates a client. Makes no call.
    pub fn new(caller: AwsCaller, http: Http, time: SharedTime) -> Self {
        ParameterStore(AwsService::new(&SSM, caller, http, time))
    }

    /// Loads the value of a parameter that is no secret; `None` if there is no such parameter.
    ///
    /// # Errors
    /// AWS refused, or gave no answer that can be read.
    pub async fn plain(&self, name: &str) -> Result<Option<String>, CallFailure> {
        self.get(GetParameter {
            name,
            with_decryption: false,
        })
        .await
    }

    /// Loads and decrypts a secret; `None` if there is no such parameter.
    ///
    /// # Errors
    /// As [`ParameterStore::plain`].
    pub async fn secret(&self, name: &str) -> Result<Option<String>, CallFailure> {
        self.get(GetParameter {
            name,
            with_decryption: true,
        })
        .await
    }

    async fn get(&self, input: GetParameter<'_>) -> Result<Option<String>, CallFailure> {
        match self.0.call::<Found>("GetParameter", &input).await {
            Ok(found) => Ok(Some(found.parameter.value)),
            Err(failure) if failure.code() == Some("ParameterNotFound") => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}
