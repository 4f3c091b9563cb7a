//! The part of AWS that Doorstep uses, in this process. It answers the requests of the real SDKs.
//!
//! There is one file per service. A service checks what AWS checks if leniency could hide a mistake
//! of ours. It knows no site, no platform and no door system.

pub mod dynamodb;
pub mod events;
pub mod rights;
pub mod scheduler;
pub mod sqs;
pub mod ssm;
pub mod template;

mod meter;
mod throttling;
mod wire;

use std::path::Path;
use std::sync::Arc;

use aws_credential_types::Credentials;
use meter::Meter;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::keep::Keep;
use crate::secrets::LocalSecrets;
use crate::spent::{Part, counted};
use doorstep_cloud::environment::Settings;
use doorstep_cloud::schedules::ScheduleSettings;
use doorstep_vendors::http::{Http, NoAnswer, Request, Response};
use doorstep_vendors::time::SharedTime;
pub use meter::UnitsUsed;
use sqs::QueueConfig;
use template::Template;
use throttling::Throttling;
use wire::ServiceError;

/// The account that owns everything here.
const ACCOUNT: &str = "000000000000";

/// Returns the ARN of a resource of this account.
fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:local:{ACCOUNT}:{resource}")
}

/// Returns the ARN of a resource of a service without regions.
fn arn_anywhere(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}::{ACCOUNT}:{resource}")
}

/// Returns the names of the resources of this cloud.
pub fn settings() -> Settings {
    Settings {
        stack: "doorstep".into(),
        region: "local".into(),
        table: "doorstep".into(),
        trigger_queue_url: format!(
            "https://sqs.local.amazonaws.com/{ACCOUNT}/doorstep-triggers.fifo"
        ),
        reconcile_url: format!("https://sqs.local.amazonaws.com/{ACCOUNT}/doorstep-reconcile.fifo"),
        schedules: ScheduleSettings {
            group: "doorstep".into(),
            trigger_queue_arn: arn("sqs", "doorstep-triggers.fifo"),
            role_arn: template::role_arn("ScheduleRole"),
        },
        bus: "doorstep".into(),
        credentials: Credentials::new("local", "local", None, None, "one machine"),
        endpoint: None,
    }
}

/// The services and their contents.
pub struct Cloud {
    /// Names of the resources.
    pub settings: Settings,
    /// DynamoDB.
    pub table: dynamodb::LocalTable,
    /// SQS: the trigger queue.
    pub triggers: sqs::FifoQueue,
    /// SQS: the reconcile queue.
    pub reconciles: sqs::FifoQueue,
    /// EventBridge Scheduler.
    pub schedules: scheduler::PendingSchedules,
    /// EventBridge.
    pub bus: events::LocalEventBus,
    /// Parameter Store.
    pub parameters: ssm::Parameters,
    /// What the roles of the template allow, and which of it was used.
    pub rights: rights::Rights,
    /// Notified of every change that a task may wait for.
    pub(crate) changes: Changes,
    /// Counts what DynamoDB would charge.
    meter: Meter,
    /// Throttles calls, and leaves parts of batches unprocessed.
    throttling: Throttling,
}

impl Cloud {
    /// Creates a cloud with the contents of `keep` and of the table's file (or memory). `network`
    /// leads to DynamoDB Local.
    ///
    /// # Errors
    /// The table cannot be opened or created.
    pub async fn new(
        table: Option<&Path>,
        keep: &Keep,
        secrets: &LocalSecrets,
        clock: &Arc<Clock>,
        network: &Http,
    ) -> Result<Self, dynamodb::TableError> {
        let template = Template::of_the_stack()
            .map_err(|wrong| dynamodb::TableError::Template(wrong.to_string()))?;
        let time: SharedTime = clock.clone();
        let mut settings = settings();
        let changes = Changes::default();
        let table = match table {
            Some(path) => dynamodb::LocalTable::open(path, &settings.table)?,
            None => dynamodb::LocalTable::memory(&settings.table, time.clone(), network).await?,
        };
        table.sign_in(&mut settings);
        Ok(Cloud {
            table,
            triggers: sqs::FifoQueue::new(
                &settings.trigger_queue_url,
                QueueConfig::of(template, "TriggerQueue", "Settle"),
                keep.clone(),
                time.clone(),
                changes.clone(),
            ),
            reconciles: sqs::FifoQueue::new(
                &settings.reconcile_url,
                QueueConfig::of(template, "Reconciles", "Reconcile"),
                keep.within("reconcile/"),
                time.clone(),
                changes.clone(),
            ),
            schedules: scheduler::PendingSchedules::new(
                &settings,
                keep.clone(),
                time.clone(),
                changes.clone(),
            ),
            bus: events::LocalEventBus::new(
                &settings.bus,
                keep.clone(),
                time.clone(),
                changes.clone(),
            ),
            parameters: ssm::Parameters::new(&settings, secrets),
            rights: rights::Rights::of(template),
            settings,
            changes,
            meter: Meter::default(),
            throttling: Throttling::new(clock.clone()),
        })
    }

    /// Returns whether `request` is for AWS.
    pub fn is_for(request: &Request) -> bool {
        request
            .uri()
            .host()
            .is_some_and(|host| host.ends_with(".amazonaws.com"))
            || wire::target(request).is_some()
    }

    /// Answers a function of the stack, named by its logical id in the template. Refuses a call
    /// that its role does not allow.
    ///
    /// # Errors
    /// As [`Cloud::answer`].
    pub async fn answer_function(
        &self,
        function: &str,
        request: &Request,
    ) -> Result<Response, NoAnswer> {
        let allowed = self
            .rights
            .judge_request(function, request)
            .and_then(|()| dynamodb::reads_consistently(request));
        let is_table =
            wire::target(request).is_some_and(|(service, _)| service == "DynamoDB_20120810");
        let allowed = allowed.and_then(|()| {
            let refusal = is_table.then(|| self.throttling.overloaded()).flatten();
            refusal.map_or(Ok(()), Err)
        });
        match allowed {
            Ok(()) => self.answer(request).await,
            Err(refusal) => Ok(refusal.into_response()),
        }
    }

    /// Answers a caller with all permissions.
    ///
    /// # Errors
    /// No answer came. This happens only with DynamoDB Local.
    pub async fn answer(&self, request: &Request) -> Result<Response, NoAnswer> {
        let Some((service, operation)) = wire::target(request) else {
            return Ok(self.schedules.answer(request));
        };
        let body = request.body();
        Ok(match service {
            "DynamoDB_20120810" => return self.table(operation, request).await,
            "AmazonSQS" => self.queue(body).answer(operation, body),
            "AWSEvents" => self.bus.answer(operation, body),
            "AmazonSSM" => match self.throttling.throttles_parameters() {
                Some(refusal) => refusal.into_response(),
                None => self.parameters.answer(operation, body),
            },
            _ => ServiceError::unknown_operation(service).into_response(),
        })
    }

    /// Returns the queue of a request. The default is the trigger queue.
    fn queue(&self, body: &[u8]) -> &sqs::FifoQueue {
        let asked: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        if asked["QueueUrl"] == self.settings.reconcile_url.as_str() {
            &self.reconciles
        } else {
            &self.triggers
        }
    }

    /// Lets the table refuse the functions' calls but for one of `one_of`; all of them if it is
    /// [`u64::MAX`], and none more than usual if it is 0.
    pub(crate) fn overload_table(&self, one_of: u64) {
        self.throttling.overload(one_of);
    }

    async fn table(&self, operation: &str, request: &Request) -> Result<Response, NoAnswer> {
        if let Some(refusal) = self.throttling.throttles_table() {
            return Ok(refusal.into_response());
        }
        match self.throttling.shortens(operation, request) {
            Some(shortened) => {
                let answer = self.metered(operation, &shortened.request).await?;
                Ok(shortened.complete(answer))
            }
            None => self.metered(operation, request).await,
        }
    }

    async fn metered(&self, operation: &str, request: &Request) -> Result<Response, NoAnswer> {
        let Some(asking) = self.meter.asking(request) else {
            return counted(Part::Table, self.table.answer(operation, request)).await;
        };
        let answer = counted(Part::Table, self.table.answer(operation, &asking)).await?;
        self.meter.add(operation, asking.body(), &answer);
        Ok(answer)
    }

    /// Returns what every operation on the table cost since the last call, in DynamoDB's own units.
    /// Counting begins with the first call.
    pub fn units_used(&self) -> Vec<UnitsUsed> {
        self.meter.read()
    }

    /// Sends the message of every schedule that is due, earliest first, and returns these
    /// schedules. A schedule whose message the queue refuses is lost, as on AWS.
    pub fn send_due_schedules(&self) -> Vec<scheduler::Schedule> {
        let due = self.schedules.due();
        let sent = |schedule: &scheduler::Schedule| {
            // The schedule is deleted only after it was sent. A kill in between sends it twice and
            // never loses it.
            if let Err(refusal) = self.send_by_schedule(schedule) {
                tracing::error!(%refusal, schedule = schedule.name, "the queue does not take the message of a schedule: dropped");
            }
            self.schedules.fired(schedule);
        };
        due.iter().for_each(sent);
        due
    }

    /// Sends with the role that the schedule names, and without a deduplication id, as Scheduler
    /// does.
    fn send_by_schedule(&self, schedule: &scheduler::Schedule) -> Result<(), ServiceError> {
        let send = rights::RequiredAction::new(
            "sqs:SendMessage",
            &self.settings.schedules.trigger_queue_arn,
        );
        self.rights.judge(&schedule.role_arn, &send)?;
        self.triggers
            .send(&schedule.message_group, None, &schedule.input)
            .map(drop)
    }
}

/// Notifies tasks that wait for a change of the cloud.
#[derive(Clone, Default)]
pub(crate) struct Changes(Arc<watch::Sender<()>>);

impl Changes {
    pub(crate) fn notify(&self) {
        self.0.send_replace(());
    }

    pub(crate) fn watch(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}
