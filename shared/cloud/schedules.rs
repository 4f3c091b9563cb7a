//! Alarms: one-time schedules that ring a site's line at a minute in which somebody is due.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::operation::create_schedule::CreateScheduleError;
use aws_sdk_scheduler::operation::delete_schedule::DeleteScheduleError;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, SqsParameters, Target,
};
use jiff::{SignedDuration, Timestamp};

use crate::aws::{Lazy, failure};
use crate::bus::Bus;
use crate::reconcile_request::AskedBy;
use crate::store::dues::minute_word;
use crate::trigger_queue::{Trigger, TriggerMessage, TriggerQueue};
use doorstep_core::model::error::{Error, Result};
use doorstep_vendors::backoff::BackOff;
use doorstep_vendors::time::SharedTime;

/// How far Scheduler's clock may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// How often a schedule that Scheduler did not take is tried again at once.
const TRIES_AGAIN: u32 = 3;

/// Length of the minute in an alarm's name: `yyyymmddThhmm`.
const MINUTE: usize = 13;

/// Names that the stack gave to what alarms need.
#[derive(Debug, Clone)]
pub struct AlarmSettings {
    /// Schedule group.
    pub group: String,
    /// The line's ARN.
    pub line_arn: String,
    /// The role that Scheduler takes to ring the line.
    pub role_arn: String,
}

/// Why the line will not be rung at a minute.
#[derive(Debug)]
pub enum Unset {
    /// Scheduler did not take the schedule. A later reconcile sets it.
    Schedule(Error),
    /// The minute has come, and the line did not take the bell.
    Queue(Error),
}

/// Sets alarms.
#[derive(Clone)]
pub struct Schedules {
    scheduler: Lazy<Client>,
    settings: AlarmSettings,
    line: TriggerQueue,
    bus: Bus,
    time: SharedTime,
    /// Sites of which a schedule could not be set, and nobody could since.
    unset: Arc<Mutex<BTreeSet<String>>>,
}

impl Schedules {
    /// Alarms that ring `line`.
    pub fn new(
        scheduler: Lazy<Client>,
        settings: AlarmSettings,
        line: TriggerQueue,
        bus: Bus,
        time: SharedTime,
    ) -> Self {
        Schedules { scheduler, settings, line, bus, time, unset: Arc::default() }
    }

    /// Sees to it that the line of `site` is rung at `minute`, as [`Schedules::try_set`] does. Where Scheduler does not take
    /// it, nothing fails because of that: whoever is due stands in the table, so a reconcile is asked for, which sets every
    /// schedule of the next 24 hours. That is logged and asked for once, until a schedule of the site can be set again.
    ///
    /// # Errors
    /// [`Error::Retry`] where the minute has come and the line cannot be rung.
    pub async fn set(&self, site: &str, minute: Timestamp) -> Result<()> {
        match self.set_patiently(site, minute).await {
            Ok(()) => {
                self.unset().remove(site);
                Ok(())
            }
            Err(Unset::Schedule(error)) => {
                if self.unset().insert(site.to_owned()) {
                    tracing::warn!(site, %error, "a schedule could not be set; a reconcile is asked for, which sets it");
                    self.bus.want_reconcile(site, AskedBy::Function).await;
                }
                Ok(())
            }
            Err(Unset::Queue(error)) => Err(error),
        }
    }

    /// Tries a few times, but only once while Scheduler takes nothing for this site.
    async fn set_patiently(&self, site: &str, minute: Timestamp) -> Result<(), Unset> {
        let mut back_off = BackOff::new(&self.time);
        let tries = if self.unset().contains(site) { 0 } else { TRIES_AGAIN };
        for _ in 0..tries {
            match self.try_set(site, minute).await {
                Err(Unset::Schedule(_)) => drop(back_off.may_send_again(1, 1).await),
                ended => return ended,
            }
        }
        self.try_set(site, minute).await
    }

    fn unset(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.unset.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that the line of `site` is rung at `minute`. Setting an alarm twice is a success; one that Scheduler
    /// refuses because its minute has come meanwhile rings at once.
    ///
    /// # Errors
    /// [`Unset`].
    pub async fn try_set(&self, site: &str, minute: Timestamp) -> Result<(), Unset> {
        let ring = TriggerMessage::new(site, Trigger::Alarm(minute));
        let created = self
            .scheduler
            .create_schedule()
            .name(format!("{site}-{}", minute_word(minute)))
            .group_name(&self.settings.group)
            .schedule_expression(minute.strftime("at(%Y-%m-%dT%H:%M:%S)").to_string())
            .schedule_expression_timezone("UTC")
            .flexible_time_window(exact().map_err(Unset::Schedule)?)
            .action_after_completion(ActionAfterCompletion::Delete)
            .target(self.target(&ring).map_err(Unset::Schedule)?)
            .send()
            .await;
        match created {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(CreateScheduleError::ConflictException(_)) => Ok(()),
                // The same refusal would mean a mistake of ours or of the stack's, if it came for a minute to come.
                Some(CreateScheduleError::ValidationException(_)) if self.has_come(minute) => {
                    self.line.enqueue(&ring, None).await.map_err(Unset::Queue)
                }
                _ => {
                    let why = failure("scheduler CreateSchedule", &error);
                    Err(Unset::Schedule(Error::retry(format!("a schedule could not be set: {why}"))))
                }
            },
        }
    }

    /// Every alarm of a site that is set, by name.
    ///
    /// # Errors
    /// [`Error::Retry`] where Scheduler cannot be asked.
    pub async fn of(&self, site: &str) -> Result<Vec<String>> {
        let prefix = format!("{site}-");
        let listed = self.scheduler.list_schedules().group_name(&self.settings.group).name_prefix(&prefix);
        let mut pages = listed.into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                Error::retry(format!("schedules cannot be listed: {}", failure("scheduler ListSchedules", &error)))
            })?;
            names.extend(page.schedules.into_iter().filter_map(|alarm| alarm.name));
        }
        // Another site's name may begin with this one's.
        let is_minute = |word: &str| word.len() == MINUTE && word.bytes().all(|b| b.is_ascii_digit() || b == b'T');
        names.retain(|name| name.strip_prefix(&prefix).is_some_and(is_minute));
        Ok(names)
    }

    /// Takes back every alarm of a site. It would do no harm, but nobody is left to serve it.
    ///
    /// # Errors
    /// [`Error::Retry`] where Scheduler cannot be asked.
    pub async fn clear(&self, site: &str) -> Result<()> {
        for name in self.of(site).await? {
            let deleted = self.scheduler.delete_schedule().group_name(&self.settings.group).name(name).send().await;
            match deleted {
                Ok(_) => {}
                Err(error)
                    if matches!(error.as_service_error(), Some(DeleteScheduleError::ResourceNotFoundException(_))) => {}
                Err(error) => {
                    let why = failure("scheduler DeleteSchedule", &error);
                    return Err(Error::retry(format!("a schedule stays: {why}")));
                }
            }
        }
        Ok(())
    }

    fn has_come(&self, minute: Timestamp) -> bool {
        self.time.now().saturating_add(SKEW).is_ok_and(|now| minute <= now)
    }

    fn target(&self, ring: &TriggerMessage) -> Result<Target> {
        let sqs = SqsParameters::builder().message_group_id(&ring.site).build();
        let target = Target::builder().arn(&self.settings.line_arn).role_arn(&self.settings.role_arn);
        target.input(ring.text()?).sqs_parameters(sqs).build().map_err(unbuilt)
    }
}

fn exact() -> Result<FlexibleTimeWindow> {
    FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().map_err(unbuilt)
}

fn unbuilt(error: impl std::fmt::Display) -> Error {
    Error::permanent(format!("an alarm cannot be put together: {error}"))
}
