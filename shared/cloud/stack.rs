//! The description of a deployed stack: one plain SSM parameter that the template writes. The
//! stack's name therefore suffices to find everything else.

use aws_credential_types::Credentials;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use serde::{Deserialize, Serialize};

use crate::aws::{SdkHttpClient, failure};
use crate::environment::{Settings, config};
use crate::schedules::ScheduleSettings;
use doorstep_core::model::error::{Error, Result};
use doorstep_vendors::http::Http;

/// The caller of AWS: region, credentials and endpoint.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The AWS region.
    pub region: String,
    /// The credentials. Their `Debug` output is redacted.
    pub credentials: Credentials,
    /// The endpoint of AWS, if not the public one.
    pub endpoint: Option<String>,
}

/// The names of a stack's resources: the JSON in the parameter `/{stack}/stack`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceNames {
    /// The table.
    pub table: String,
    /// The trigger queue's URL.
    pub trigger_queue_url: String,
    /// The trigger queue's ARN.
    pub trigger_queue_arn: String,
    /// The schedule group.
    pub schedule_group: String,
    /// The role with which schedules enqueue triggers.
    pub schedule_role_arn: String,
    /// The event bus.
    pub bus: String,
}

impl Settings {
    /// Returns the names as the stack's parameter holds them.
    pub fn names(&self) -> ResourceNames {
        let ScheduleSettings {
            group,
            trigger_queue_arn,
            role_arn,
        } = self.schedules.clone();
        let (table, trigger_queue_url, bus) = (
            self.table.clone(),
            self.trigger_queue_url.clone(),
            self.bus.clone(),
        );
        ResourceNames {
            table,
            trigger_queue_url,
            trigger_queue_arn,
            schedule_group: group,
            schedule_role_arn: role_arn,
            bus,
        }
    }

    /// Loads the settings of the stack named `stack`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there is no such stack in the region, or AWS denies the read;
    /// [`Error::Retry`] if AWS is unreachable; [`Error::Permanent`] if the parameter has another
    /// shape.
    pub async fn of_stack(stack: &str, asker: Asker, http: &Http) -> Result<Self> {
        let path = format!("/{stack}/stack");
        let ssm = config!(aws_sdk_ssm, asker, SdkHttpClient(http.clone()));
        let answer = ssm.get_parameter().name(&path).send().await;
        let found = answer.map_err(|error| match error.as_service_error() {
            Some(GetParameterError::ParameterNotFound(_)) => Error::invalid(format!(
                "there is no stack \"{stack}\" in {}: no parameter {path}. Choose another with --stack, --region or \
                 --profile, or deploy it",
                asker.region
            )),
            Some(_) => Error::invalid(format!("the stack cannot be asked: {}", failure("ssm GetParameter", &error))),
            None => Error::retry(format!("AWS cannot be reached: {}", failure("ssm GetParameter", &error))),
        })?;
        let text = found
            .parameter
            .and_then(|parameter| parameter.value)
            .unwrap_or_default();
        let names: ResourceNames = serde_json::from_str(&text).map_err(|error| {
            Error::permanent(format!(
                "the parameter {path} is not what the stack writes: {error}"
            ))
        })?;
        let Asker {
            region,
            credentials,
            endpoint,
        } = asker;
        let schedules = ScheduleSettings {
            group: names.schedule_group,
            trigger_queue_arn: names.trigger_queue_arn,
            role_arn: names.schedule_role_arn,
        };
        let ResourceNames {
            table,
            trigger_queue_url,
            bus,
            ..
        } = names;
        Ok(Settings {
            stack: stack.to_owned(),
            region,
            table,
            trigger_queue_url,
            reconcile_url: String::new(),
            schedules,
            bus,
            credentials,
            endpoint,
        })
    }
}
