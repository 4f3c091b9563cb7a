//! EventBridge Scheduler: the three operations that schedules need.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::service::{AwsApi, AwsCaller, AwsService, CallFailure};
use doorstep_vendors::http::Http;
use doorstep_vendors::time::SharedTime;

/// Scheduler is a REST service. Source: the API reference of `CreateSchedule`. `[D]`
static SCHEDULER: AwsApi = AwsApi {
    name: "scheduler",
    target: "",
    content: "application/json",
};

/// The schedules of an account and region.
#[derive(Clone)]
pub struct Scheduler(AwsService);

/// A one-time schedule with a FIFO queue as its target.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneTimeSchedule<'a> {
    /// The schedule group.
    pub group_name: &'a str,
    /// `at(yyyy-mm-ddThh:mm:ss)`, in UTC.
    pub schedule_expression: String,
    /// The target.
    pub target: Target<'a>,
}

/// The target of a schedule.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Target<'a> {
    /// The queue's ARN.
    pub arn: &'a str,
    /// The role with which Scheduler sends.
    pub role_arn: &'a str,
    /// The body of the message.
    pub input: String,
    /// The parameters of a FIFO queue.
    pub sqs_parameters: SqsParameters<'a>,
}

/// The parameters of a FIFO queue as a target.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SqsParameters<'a> {
    /// The message group.
    pub message_group_id: &'a str,
}

/// What every schedule of Doorstep has: it fires once, at its minute, and is deleted then.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateSchedule<'a> {
    #[serde(flatten)]
    schedule: &'a OneTimeSchedule<'a>,
    schedule_expression_timezone: &'static str,
    flexible_time_window: FlexibleTimeWindow,
    action_after_completion: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FlexibleTimeWindow {
    mode: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    /// Proves that the schedule exists.
    #[serde(rename = "ScheduleArn")]
    _schedule_arn: String,
}

#[derive(Serialize)]
struct ListSchedules<'a> {
    #[serde(rename = "ScheduleGroup")]
    group: &'a str,
    #[serde(rename = "NamePrefix")]
    prefix: &'a str,
    #[serde(rename = "NextToken", skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    schedules: Vec<Listed>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    name: String,
}

#[derive(Serialize)]
struct DeleteSchedule<'a> {
    #[serde(rename = "groupName")]
    group: &'a str,
}

impl Scheduler {
    /// Creates a client. Makes no call.
    pub fn new(caller: AwsCaller, http: Http, time: SharedTime) -> Self {
        Scheduler(AwsService::new(&SCHEDULER, caller, http, time))
    }

    /// Creates a schedule. `name` has only characters that Scheduler allows in names: none of them
    /// is encoded in a path.
    ///
    /// # Errors
    /// AWS refused, or gave no answer that can be read. The schedule may exist.
    pub async fn create(
        &self,
        name: &str,
        schedule: &OneTimeSchedule<'_>,
    ) -> Result<(), CallFailure> {
        let input = CreateSchedule {
            schedule,
            schedule_expression_timezone: "UTC",
            flexible_time_window: FlexibleTimeWindow { mode: "OFF" },
            action_after_completion: "DELETE",
        };
        let call = ("CreateSchedule", Method::POST);
        let created = self
            .0
            .rest::<Created>(call, &path(name), Some(&input))
            .await;
        created.map(drop)
    }

    /// Returns the names of all schedules of `group` that begin with `prefix`.
    ///
    /// # Errors
    /// As [`Scheduler::create`].
    pub async fn names(&self, group: &str, prefix: &str) -> Result<Vec<String>, CallFailure> {
        let (mut names, mut next) = (Vec::new(), None::<String>);
        loop {
            let query = encoded(&ListSchedules {
                group,
                prefix,
                next: next.as_deref(),
            });
            let call = ("ListSchedules", Method::GET);
            let page: Page = self
                .0
                .rest(call, &format!("/schedules?{query}"), None::<&()>)
                .await?;
            names.extend(page.schedules.into_iter().map(|schedule| schedule.name));
            next = page.next_token;
            if next.is_none() {
                return Ok(names);
            }
        }
    }

    /// Deletes a schedule.
    ///
    /// # Errors
    /// As [`Scheduler::create`]. `ResourceNotFoundException` where there is none.
    pub async fn delete(&self, group: &str, name: &str) -> Result<(), CallFailure> {
        let query = encoded(&DeleteSchedule { group });
        let call = ("DeleteSchedule", Method::DELETE);
        let deleted = self
            .0
            .rest::<serde::de::IgnoredAny>(call, &format!("{}?{query}", path(name)), None::<&()>)
            .await;
        deleted.map(drop)
    }
}

fn path(name: &str) -> String {
    format!("/schedules/{name}")
}

/// Returns a query. None of its values can fail to be one.
fn encoded(query: &impl Serialize) -> String {
    serde_urlencoded::to_string(query).unwrap_or_default()
}
