//! The description of a deployed stack: one plain SSM parameter that the template writes. The
//! stack's name therefore suffices to find everything else.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::environment::Settings;
use crate::parameters::ParameterStore;
use crate::schedules::ScheduleSettings;
use crate::service::AwsCaller;
use doorstep_core::model::error::{Error, Result};
use doorstep_vendors::http::Http;
use doorstep_vendors::time::WallClock;

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
    pub async fn of_stack(stack: &str, caller: AwsCaller, http: &Http) -> Result<Self> {
        let path = format!("/{stack}/stack");
        let parameters = ParameterStore::new(caller.clone(), http.clone(), Arc::new(WallClock));
        let found = parameters.plain(&path).await.map_err(|failure| {
            if failure.is_refusal() {
                Error::invalid(format!("the stack cannot be asked: {failure}"))
            } else {
                Error::retry(format!("AWS cannot be reached: {failure}"))
            }
        })?;
        let text = found.ok_or_else(|| {
            Error::invalid(format!(
                "there is no stack \"{stack}\" in {}: no parameter {path}. Choose another with --stack, --region or \
                 --profile, or deploy it",
                caller.region
            ))
        })?;
        let names: ResourceNames = serde_json::from_str(&text).map_err(|error| {
            Error::permanent(format!(
                "the parameter {path} is not what the stack writes: {error}"
            ))
        })?;
        let AwsCaller {
            region,
            credentials,
            endpoint,
        } = caller;
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
