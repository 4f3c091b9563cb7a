//! The requests of Scheduler, and which of them the real service would reject.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::Schedule;
use crate::cloud::wire::ServiceError;

/// Longest name. `[D]`
const LONGEST_NAME: usize = 64;
/// Most schedules on one page. `[D]`
const LARGEST_PAGE: usize = 100;

/// Query parameters of all calls.
#[derive(Default, Deserialize)]
pub(super) struct ScheduleQuery {
    #[serde(rename = "groupName")]
    pub(super) group_name: Option<String>,
    #[serde(rename = "ScheduleGroup")]
    pub(super) schedule_group: Option<String>,
    #[serde(rename = "NamePrefix")]
    pub(super) name_prefix: Option<String>,
    #[serde(rename = "NextToken")]
    pub(super) next_token: Option<String>,
    #[serde(rename = "MaxResults")]
    max_results: Option<usize>,
}

impl ScheduleQuery {
    /// Returns the page size.
    pub(super) fn page(&self) -> usize {
        self.max_results
            .unwrap_or(LARGEST_PAGE)
            .clamp(1, LARGEST_PAGE)
    }
}

/// Body of `CreateSchedule`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Create {
    pub(super) group_name: Option<String>,
    client_token: Option<String>,
    schedule_expression: String,
    schedule_expression_timezone: Option<String>,
    action_after_completion: Option<String>,
    flexible_time_window: FlexibleTimeWindow,
    target: ScheduleTarget,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FlexibleTimeWindow {
    mode: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduleTarget {
    arn: String,
    role_arn: String,
    input: Option<String>,
    sqs_parameters: Option<SqsParameters>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SqsParameters {
    message_group_id: Option<String>,
}

impl Create {
    /// Returns the requested schedule.
    pub(super) fn schedule(
        self,
        name: &str,
        trigger_queue_arn: &str,
        now: Timestamp,
    ) -> Result<Schedule, ServiceError> {
        let invalid = |why: &str| ServiceError::new("ValidationException", why);
        let named = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if !(1..=LONGEST_NAME).contains(&name.len()) || !name.bytes().all(named) {
            return Err(invalid(
                "a name is 1 to 64 letters, digits, '-', '_' or '.'",
            ));
        }
        if self
            .schedule_expression_timezone
            .is_some_and(|zone| zone != "UTC")
        {
            return Err(invalid("only schedules in UTC are supported"));
        }
        if self.flexible_time_window.mode != "OFF"
            || self.action_after_completion.as_deref() != Some("DELETE")
        {
            return Err(invalid(
                "only schedules without a flexible window that are deleted after completion are supported",
            ));
        }
        let role_arn = self.target.role_arn;
        if self.target.arn != trigger_queue_arn || role_arn.is_empty() {
            return Err(invalid(
                "the target must be the trigger queue, and have a role",
            ));
        }
        let at = instant(&self.schedule_expression)
            .ok_or_else(|| invalid("only at(yyyy-mm-ddThh:mm:ss) is played here"))?;
        if at <= now {
            return Err(invalid("the instant has passed"));
        }
        let message_group = self
            .target
            .sqs_parameters
            .and_then(|parameters| parameters.message_group_id);
        Ok(Schedule {
            name: name.to_owned(),
            at,
            message_group: message_group
                .ok_or_else(|| invalid("a FIFO queue needs MessageGroupId"))?,
            role_arn,
            input: self
                .target
                .input
                .ok_or_else(|| invalid("a schedule needs Input"))?,
            client_token: self.client_token,
            made: now,
        })
    }
}

fn instant(expression: &str) -> Option<Timestamp> {
    let civil: DateTime = expression
        .strip_prefix("at(")?
        .strip_suffix(')')?
        .parse()
        .ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// Formats `at` as Scheduler does.
pub(super) fn expression(at: Timestamp) -> String {
    format!("at({})", at.strftime("%Y-%m-%dT%H:%M:%S"))
}
