//! The part of AWS that Doorstep uses, in this process, answering the requests that the real SDKs made.
//!
//! One file per service. It checks what AWS checks where a mistake of ours could hide behind a kinder answer; it knows
//! no site, no platform and no doors.

pub mod dynamodb;
pub mod events;
pub mod scheduler;
pub mod sqs;
pub mod ssm;
pub mod template;

mod meter;
mod wire;

use std::path::Path;
use std::sync::Arc;

use doorstep::http::{Http, NoAnswer, Request, Response};
use doorstep::outside::Settings;
use doorstep::time::SharedTime;
use tokio::sync::watch;

use aws_credential_types::Credentials;
use doorstep::alarms::AlarmSettings;

use crate::keep::Keep;
use crate::secrets::Secrets;
use meter::Meter;
pub use meter::Spent;
use wire::Refusal;

/// Account that everything here belongs to.
const ACCOUNT: &str = "000000000000";

/// The names of what this cloud holds.
pub fn settings() -> Settings {
    Settings {
        stack: "doorstep".into(),
        region: "local".into(),
        table: "doorstep".into(),
        line_url: format!("https://sqs.local.amazonaws.com/{ACCOUNT}/doorstep-line.fifo"),
        alarms: AlarmSettings {
            group: "doorstep".into(),
            line_arn: format!("arn:aws:sqs:local:{ACCOUNT}:doorstep-line.fifo"),
            role_arn: format!("arn:aws:iam::{ACCOUNT}:role/doorstep-alarm"),
        },
        bus: "doorstep".into(),
        credentials: Credentials::new("local", "local", None, None, "one machine"),
        endpoint: None,
    }
}

/// The services, and what they hold.
pub struct Cloud {
    /// Names of what is here.
    pub settings: Settings,
    /// DynamoDB.
    pub table: dynamodb::Table,
    /// SQS.
    pub line: sqs::Line,
    /// EventBridge Scheduler.
    pub alarms: scheduler::Alarms,
    /// EventBridge.
    pub bus: events::Bus,
    /// Parameter Store.
    pub parameters: ssm::Parameters,
    /// Told of every change that somebody may wait for.
    pub(crate) stir: Stir,
    /// Counts what the table charges for.
    meter: Meter,
}

impl Cloud {
    /// A cloud that holds what `keep` and the table's file (or memory) hold. `network` leads to a table elsewhere.
    ///
    /// # Errors
    /// The table cannot be opened or made.
    pub async fn new(
        table: Option<&Path>,
        keep: &Keep,
        secrets: &Secrets,
        time: &SharedTime,
        network: &Http,
    ) -> Result<Self, dynamodb::TableError> {
        let mut settings = settings();
        let stir = Stir::default();
        let table = match table {
            Some(path) => dynamodb::Table::open(path, &settings.table)?,
            None => dynamodb::Table::memory(&settings.table, time.clone(), network).await?,
        };
        table.sign_in(&mut settings);
        Ok(Cloud {
            table,
            line: sqs::Line::new(&settings.line_url, keep.clone(), time.clone(), stir.clone()),
            alarms: scheduler::Alarms::new(&settings, keep.clone(), time.clone(), stir.clone()),
            bus: events::Bus::new(&settings.bus, keep.clone(), time.clone(), stir.clone()),
            parameters: ssm::Parameters::new(&settings, secrets),
            settings,
            stir,
            meter: Meter::default(),
        })
    }

    /// Whether `request` was made for AWS.
    pub fn is_for(request: &Request) -> bool {
        request.uri().host().is_some_and(|host| host.ends_with(".amazonaws.com")) || wire::target(request).is_some()
    }

    /// Answers as the service would.
    ///
    /// # Errors
    /// No answer came: only where the table is elsewhere.
    pub async fn answer(&self, request: &Request) -> Result<Response, NoAnswer> {
        let Some((service, operation)) = wire::target(request) else {
            return Ok(self.alarms.answer(request));
        };
        let body = request.body();
        Ok(match service {
            "DynamoDB_20120810" => return self.table(operation, request).await,
            "AmazonSQS" => self.line.answer(operation, body),
            "AWSEvents" => self.bus.answer(operation, body),
            "AmazonSSM" => self.parameters.answer(operation, body),
            _ => Refusal::unknown_operation(service).into_response(),
        })
    }

    async fn table(&self, operation: &str, request: &Request) -> Result<Response, NoAnswer> {
        let Some(asking) = self.meter.asking(request) else { return self.table.answer(operation, request).await };
        let answer = self.table.answer(operation, &asking).await?;
        self.meter.add(operation, asking.body(), &answer);
        Ok(answer)
    }

    /// What every operation on the table cost since this was last asked, in its own count of DynamoDB's units. Nothing
    /// is counted before it was asked once.
    pub fn spent(&self) -> Vec<Spent> {
        self.meter.read()
    }

    /// Sends every alarm that is due by now to the line, earliest first, and gives them.
    pub fn ring_due(&self) -> Vec<scheduler::Alarm> {
        let due = self.alarms.due();
        let rung = |alarm: &scheduler::Alarm| {
            // Deleted only after it was sent: a kill in between rings twice, never not at all.
            let sent = self.line.send(&alarm.message_group, &uuid::Uuid::new_v4().to_string(), &alarm.input);
            sent.inspect_err(|refusal| tracing::error!(%refusal, "an alarm could not ring")).ok();
            self.alarms.fired(alarm);
        };
        due.iter().for_each(rung);
        due
    }
}

/// Wakes whoever waits for the cloud to change.
#[derive(Clone, Default)]
pub(crate) struct Stir(Arc<watch::Sender<()>>);

impl Stir {
    pub(crate) fn stir(&self) {
        self.0.send_replace(());
    }

    pub(crate) fn watch(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}
