//! Schedules: one-time schedules of EventBridge Scheduler that enqueue a trigger at a minute at
//! which something is due.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;

use crate::bus::EventBus;
use crate::reconcile_request::AskedBy;
use crate::scheduler::{OneTimeSchedule, Scheduler, SqsParameters, Target};
use crate::trigger_queue::{Trigger, TriggerMessage, TriggerQueue};
use doorstep_core::budgets::aws::TRIES_AGAIN;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::minute::Minute;
use doorstep_vendors::backoff::BackOff;
use doorstep_vendors::time::SharedTime;

/// Maximum time by which Scheduler's clock may be ahead of the function's.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// Length of the minute in a schedule's name: `yyyymmddThhmm`.
const MINUTE: usize = 13;

/// The names of the stack's resources that schedules need.
#[derive(Debug, Clone)]
pub struct ScheduleSettings {
    /// The schedule group.
    pub group: String,
    /// The trigger queue's ARN.
    pub trigger_queue_arn: String,
    /// The role with which Scheduler enqueues triggers.
    pub role_arn: String,
}

/// The reason why no trigger comes at a minute.
#[derive(Debug)]
pub enum Unset {
    /// Scheduler did not take the schedule. A later reconcile sets it.
    Schedule(Error),
    /// The minute has come, and the queue did not take the trigger.
    Queue(Error),
}

/// A client that sets schedules.
#[derive(Clone)]
pub struct Schedules {
    scheduler: Scheduler,
    settings: ScheduleSettings,
    line: TriggerQueue,
    bus: EventBus,
    time: SharedTime,
    /// Sites whose last schedule could not be set.
    unset: Arc<Mutex<BTreeSet<SiteId>>>,
}

impl Schedules {
    /// Creates a client whose schedules send to `line`.
    pub fn new(
        scheduler: Scheduler,
        settings: ScheduleSettings,
        line: TriggerQueue,
        bus: EventBus,
        time: SharedTime,
    ) -> Self {
        Schedules {
            scheduler,
            settings,
            line,
            bus,
            time,
            unset: Arc::default(),
        }
    }

    /// Schedules a trigger for `site` at `minute`, as [`Schedules::try_set`] does. A refusal of
    /// Scheduler is not an error, because the due item is in the table: the function requests a
    /// reconcile, which sets every schedule of the next 24 hours. It logs and requests once, until
    /// a schedule of the site can be set again.
    ///
    /// # Errors
    /// [`Error::Retry`] if the minute has come and the queue did not take the trigger.
    pub async fn set(&self, site: &SiteId, minute: Minute) -> Result<()> {
        match self.set_patiently(site, minute).await {
            Ok(()) => {
                self.unset().remove(site);
                Ok(())
            }
            Err(Unset::Schedule(error)) => {
                if self.unset().insert(site.to_owned()) {
                    tracing::warn!(site = site.as_str(), %error, "a schedule could not be set; a reconcile is asked for, which sets it");
                    self.bus.want_reconcile(site, AskedBy::Function).await;
                }
                Ok(())
            }
            Err(Unset::Queue(error)) => Err(error),
        }
    }

    /// Tries several times, but only once if the site's last schedule could not be set.
    async fn set_patiently(&self, site: &SiteId, minute: Minute) -> Result<(), Unset> {
        let mut back_off = BackOff::new(&self.time);
        let tries = if self.unset().contains(site) {
            0
        } else {
            TRIES_AGAIN
        };
        for _ in 0..tries {
            match self.try_set(site, minute).await {
                Err(Unset::Schedule(_)) => drop(back_off.may_send_again(1, 1).await),
                ended => return ended,
            }
        }
        self.try_set(site, minute).await
    }

    fn unset(&self) -> MutexGuard<'_, BTreeSet<SiteId>> {
        self.unset.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Schedules a trigger for `site` at `minute`. A schedule that exists is a success. If
    /// Scheduler refuses because the minute has come meanwhile, the trigger is enqueued at once.
    ///
    /// # Errors
    /// [`Unset`].
    pub async fn try_set(&self, site: &SiteId, minute: Minute) -> Result<(), Unset> {
        let message = TriggerMessage::new(site, Trigger::Schedule(minute));
        let schedule = OneTimeSchedule {
            group_name: &self.settings.group,
            schedule_expression: minute.start().strftime("at(%Y-%m-%dT%H:%M:%S)").to_string(),
            target: self.target(&message).map_err(Unset::Schedule)?,
        };
        let name = format!("{site}-{minute}");
        let Err(failure) = self.scheduler.create(&name, &schedule).await else {
            return Ok(());
        };
        match failure.code() {
            Some("ConflictException") => Ok(()),
            // The same refusal for a future minute means a mistake in this code or in the stack.
            Some("ValidationException") if self.has_come(minute) => self
                .line
                .enqueue(&message, None)
                .await
                .map_err(Unset::Queue),
            _ => Err(Unset::Schedule(Error::retry(format!(
                "a schedule could not be set: {failure}"
            )))),
        }
    }

    /// Returns the names of all schedules of a site.
    ///
    /// # Errors
    /// [`Error::Retry`] if Scheduler is unreachable.
    pub async fn of(&self, site: &SiteId) -> Result<Vec<String>> {
        let prefix = format!("{site}-");
        let listed = self.scheduler.names(&self.settings.group, &prefix).await;
        let mut names = listed
            .map_err(|failure| Error::retry(format!("schedules cannot be listed: {failure}")))?;
        // Another site's name may begin with this one's.
        let is_minute = |word: &str| {
            word.len() == MINUTE && word.bytes().all(|b| b.is_ascii_digit() || b == b'T')
        };
        names.retain(|name| name.strip_prefix(&prefix).is_some_and(is_minute));
        Ok(names)
    }

    /// Deletes all schedules of a site. They would do no harm, but their triggers would have
    /// nothing to serve.
    ///
    /// # Errors
    /// [`Error::Retry`] if Scheduler is unreachable.
    pub async fn clear(&self, site: &SiteId) -> Result<()> {
        for name in self.of(site).await? {
            let deleted = self.scheduler.delete(&self.settings.group, &name).await;
            let kept = deleted
                .err()
                .filter(|failure| failure.code() != Some("ResourceNotFoundException"));
            if let Some(failure) = kept {
                return Err(Error::retry(format!("a schedule stays: {failure}")));
            }
        }
        Ok(())
    }

    fn has_come(&self, minute: Minute) -> bool {
        self.time
            .now()
            .saturating_add(SKEW)
            .is_ok_and(|now| minute.start() <= now)
    }

    fn target<'a>(&'a self, message: &'a TriggerMessage) -> Result<Target<'a>> {
        Ok(Target {
            arn: &self.settings.trigger_queue_arn,
            role_arn: &self.settings.role_arn,
            input: message.text()?,
            sqs_parameters: SqsParameters {
                message_group_id: message.site.as_str(),
            },
        })
    }
}
