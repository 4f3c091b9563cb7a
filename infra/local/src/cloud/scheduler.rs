//! EventBridge Scheduler: one-time schedules that send to the trigger queue. The machine watches
//! the clock (`run`).

mod late;
mod request;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use http::{Method, StatusCode};
use jiff::Timestamp;
use late::ScheduleDelays;
use request::{Create, ScheduleQuery};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::wire::{self, ServiceError};
use super::{Changes, arn};
use crate::keep::Keep;
use crate::locked::locked;
use doorstep_cloud::environment::Settings;
use doorstep_vendors::http::{Request, Response};
use doorstep_vendors::time::SharedTime;

const SCHEDULE: &str = "alarm/";

/// A one-time schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Schedule {
    /// Its name, unique within the schedule group.
    pub name: String,
    /// When it fires.
    pub at: Timestamp,
    /// The message group that it sends to: the site.
    pub message_group: String,
    /// The body of its message.
    pub input: String,
    /// The role that sends its message.
    pub role_arn: String,
    /// The client token of the request that created it. The same request again succeeds.
    client_token: Option<String>,
    made: Timestamp,
}

/// Every schedule that has not fired.
pub struct PendingSchedules {
    group: String,
    trigger_queue_arn: String,
    time: SharedTime,
    keep: Keep,
    set: Mutex<BTreeMap<String, Schedule>>,
    refusals: AtomicU32,
    late: Mutex<ScheduleDelays>,
    changes: Changes,
}

impl PendingSchedules {
    pub(super) fn new(settings: &Settings, keep: Keep, time: SharedTime, changes: Changes) -> Self {
        let set = keep
            .list_json::<Schedule>(SCHEDULE)
            .into_iter()
            .map(|schedule| (schedule.name.clone(), schedule))
            .collect();
        PendingSchedules {
            group: settings.schedules.group.clone(),
            trigger_queue_arn: settings.schedules.trigger_queue_arn.clone(),
            time,
            keep,
            set: Mutex::new(set),
            refusals: AtomicU32::new(0),
            late: Mutex::default(),
            changes,
        }
    }

    /// Refuses the next `times` schedules, as AWS refuses a caller without permission.
    pub fn refuse(&self, times: u32) {
        self.refusals.store(times, Ordering::Relaxed);
    }

    /// Makes schedules fire as late as Scheduler may, and some of them twice, derived from `seed`.
    /// Without a seed each fires once, at its instant.
    pub fn fire_late(&self, seed: Option<u64>) {
        locked(&self.late).follow(seed);
        self.changes.notify();
    }

    /// Performs one call.
    pub(super) fn answer(&self, request: &Request) -> Response {
        let query: ScheduleQuery =
            serde_urlencoded::from_str(request.uri().query().unwrap_or_default())
                .unwrap_or_default();
        wire::answer(
            match (
                request.method(),
                request.uri().path().strip_prefix("/schedules"),
            ) {
                (&Method::GET, Some("" | "/")) => self.list(&query),
                (method, Some(name)) => {
                    self.one(method, name.trim_start_matches('/'), &query, request.body())
                }
                (_, None) => Err(ServiceError::unknown_operation(request.uri().path())),
            },
        )
    }

    fn one(
        &self,
        method: &Method,
        name: &str,
        query: &ScheduleQuery,
        body: &[u8],
    ) -> Result<Value, ServiceError> {
        match *method {
            Method::POST => self.create(name, wire::read(body)?),
            Method::GET => self
                .in_group(query.group_name.as_deref())
                .and_then(|()| self.get(name)),
            Method::DELETE => self
                .in_group(query.group_name.as_deref())
                .and_then(|()| self.delete(name)),
            _ => Err(ServiceError::unknown_operation(method.as_str())),
        }
    }

    fn create(&self, name: &str, create: Create) -> Result<Value, ServiceError> {
        self.in_group(create.group_name.as_deref())?;
        if self
            .refusals
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok()
        {
            return Err(
                ServiceError::new("AccessDeniedException", "refused").with(StatusCode::FORBIDDEN)
            );
        }
        let schedule = create.schedule(name, &self.trigger_queue_arn, self.time.now())?;
        let mut set = locked(&self.set);
        match set.get(name) {
            Some(there)
                if there.client_token.is_some() && there.client_token == schedule.client_token => {}
            Some(_) => {
                return Err(ServiceError::new(
                    "ConflictException",
                    "a schedule of this name exists",
                )
                .with(StatusCode::CONFLICT));
            }
            None if !self.keep.put_json(&format!("{SCHEDULE}{name}"), &schedule) => {
                return Err(ServiceError::not_kept());
            }
            None => drop(set.insert(name.to_owned(), schedule)),
        }
        drop(set);
        self.changes.notify();
        Ok(json!({ "ScheduleArn": self.arn(name) }))
    }

    fn get(&self, name: &str) -> Result<Value, ServiceError> {
        let set = locked(&self.set);
        let schedule = set.get(name).ok_or_else(missing)?;
        Ok(json!({
            "Arn": self.arn(name), "Name": name, "GroupName": self.group, "State": "ENABLED",
            "ScheduleExpression": request::expression(schedule.at), "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": { "Mode": "OFF" }, "ActionAfterCompletion": "DELETE",
            "CreationDate": schedule.made.as_second(), "LastModificationDate": schedule.made.as_second(),
            "Target": {
                "Arn": self.trigger_queue_arn, "RoleArn": schedule.role_arn,
                "Input": schedule.input, "SqsParameters": { "MessageGroupId": schedule.message_group },
            },
        }))
    }

    fn delete(&self, name: &str) -> Result<Value, ServiceError> {
        let removed = locked(&self.set).remove(name).ok_or_else(missing)?;
        self.keep.remove(&format!("{SCHEDULE}{}", removed.name));
        self.changes.notify();
        Ok(json!({}))
    }

    fn list(&self, query: &ScheduleQuery) -> Result<Value, ServiceError> {
        self.in_group(Some(query.schedule_group.as_deref().unwrap_or(&self.group)))?;
        let prefix = query.name_prefix.as_deref().unwrap_or_default();
        let from = query.next_token.as_deref().unwrap_or_default();
        let set = locked(&self.set);
        let mut wanted = set
            .values()
            .filter(|schedule| schedule.name.starts_with(prefix) && schedule.name.as_str() > from)
            .peekable();
        let mut page = Vec::new();
        let mut last = None;
        for schedule in wanted.by_ref().take(query.page()) {
            last = Some(schedule.name.clone());
            page.push(json!({
                "Arn": self.arn(&schedule.name), "Name": schedule.name, "GroupName": self.group, "State": "ENABLED",
                "CreationDate": schedule.made.as_second(), "LastModificationDate": schedule.made.as_second(),
                "Target": { "Arn": self.trigger_queue_arn },
            }));
        }
        Ok(json!({ "Schedules": page, "NextToken": wanted.peek().and(last) }))
    }

    fn in_group(&self, group: Option<&str>) -> Result<(), ServiceError> {
        if group == Some(&self.group) {
            Ok(())
        } else {
            Err(missing())
        }
    }

    fn arn(&self, name: &str) -> String {
        arn("scheduler", &format!("schedule/{}/{name}", self.group))
    }

    /// Returns when the next schedule fires.
    pub fn next(&self) -> Option<Timestamp> {
        let late = locked(&self.late);
        let first = locked(&self.set)
            .values()
            .map(|schedule| late.fires(schedule))
            .min();
        first.into_iter().chain(late.next_again()).min()
    }

    /// Returns the schedules that are due, earliest first.
    pub(super) fn due(&self) -> Vec<Schedule> {
        let (now, mut late) = (self.time.now(), locked(&self.late));
        let mut due = late.take_again(now);
        due.extend(
            locked(&self.set)
                .values()
                .filter(|schedule| late.fires(schedule) <= now)
                .cloned(),
        );
        due.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        due
    }

    /// Deletes a schedule after it fired.
    pub(super) fn fired(&self, schedule: &Schedule) {
        let first = locked(&self.set).remove(&schedule.name).is_some();
        self.keep.remove(&format!("{SCHEDULE}{}", schedule.name));
        if first {
            locked(&self.late).fired(schedule, self.time.now());
        }
    }
}

fn missing() -> ServiceError {
    ServiceError::new(
        "ResourceNotFoundException",
        "there is no such schedule or group",
    )
    .with(StatusCode::NOT_FOUND)
}
