//! The environment of a function: its settings, and the clients of everything outside of the
//! process.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use bytes::Bytes;
use futures_util::future::join_all;
use http::Uri;
use jiff::Timestamp;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::aws::Lazy;
use crate::bus::EventBus;
use crate::delivery_tally::DeliveryTally;
use crate::dynamo::Dynamo;
use crate::ids::IdSource;
use crate::other_callers::ReconcileOfSite;
use crate::parameters::ParameterStore;
use crate::reconcile_queue::ReconcileQueue;
use crate::routes::WebhookRoutes;
use crate::scheduler::Scheduler;
use crate::schedules::{ScheduleSettings, Schedules};
use crate::sdk::Sdk;
use crate::secrets::Secrets;
use crate::service::AwsCaller;
use crate::sqs::Sqs;
use crate::store::Store;
use crate::trigger_queue::TriggerQueue;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::{DoorsConfig, Site};
use doorstep_vendors::access::{Access, Extras, Share};
use doorstep_vendors::deadline::{Bounded, Deadline};
use doorstep_vendors::doors::{DoorsVendor, ReadDoors, WriteDoors};
use doorstep_vendors::http::Http;
use doorstep_vendors::network::{self, given};
use doorstep_vendors::platform::push::reader::PushReader as Told;
use doorstep_vendors::platform::{PlatformVendor, ReadPlatform};
use doorstep_vendors::time::{SharedTime, WallClock};
use doorstep_vendors::tokens::Tokens;
use doorstep_vendors::vendor_http::{OtherCallers, RateGate, RateGates};

/// The names of the stack's resources, and the credentials for them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The stack's name: the first part of every secret's name.
    pub stack: String,
    /// The AWS region.
    pub region: String,
    /// The name of the table.
    pub table: String,
    /// The URL of the trigger queue, a FIFO queue.
    pub trigger_queue_url: String,
    /// The URL of the reconcile queue, a FIFO queue. Only the function that this queue feeds sends
    /// to it; elsewhere it may be empty.
    pub reconcile_url: String,
    /// The settings of the schedules.
    pub schedules: ScheduleSettings,
    /// The name of the event bus.
    pub bus: String,
    /// The function's AWS credentials. Their `Debug` output is redacted.
    pub credentials: Credentials,
    /// The endpoint of AWS, if not the public one: `AWS_ENDPOINT_URL`, which every SDK honours.
    pub endpoint: Option<String>,
}

impl Settings {
    /// Reads the environment variables that the template sets for every function.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the name of the missing variable.
    pub fn from_environment() -> Result<Self> {
        let need = |name: &str| {
            std::env::var(name)
                .map_err(|_| Error::invalid(format!("the environment variable {name} is not set")))
        };
        let session = given("AWS_SESSION_TOKEN");
        let (key, secret) = (need("AWS_ACCESS_KEY_ID")?, need("AWS_SECRET_ACCESS_KEY")?);
        Ok(Settings {
            stack: need("DOORSTEP_STACK")?,
            region: need("AWS_REGION")?,
            table: need("DOORSTEP_TABLE")?,
            trigger_queue_url: need("DOORSTEP_TRIGGER_QUEUE_URL")?,
            reconcile_url: need("DOORSTEP_RECONCILE_URL")?,
            schedules: ScheduleSettings {
                group: need("DOORSTEP_SCHEDULE_GROUP")?,
                trigger_queue_arn: need("DOORSTEP_TRIGGER_QUEUE_ARN")?,
                role_arn: need("DOORSTEP_SCHEDULE_ROLE_ARN")?,
            },
            bus: need("DOORSTEP_BUS")?,
            credentials: Credentials::new(key, secret, session, None, "environment"),
            endpoint: given("AWS_ENDPOINT_URL"),
        })
    }

    /// Returns the caller of AWS.
    pub fn caller(&self) -> AwsCaller {
        AwsCaller {
            region: self.region.clone(),
            credentials: self.credentials.clone(),
            endpoint: self.endpoint.clone(),
        }
    }

    /// Returns the origins that a delivery needs: the queue, and the table and the secrets in the
    /// same region. For a queue URL of another form, returns only the queue; the first delivery
    /// then opens the other two connections.
    fn origins(&self) -> Vec<String> {
        let address: Option<Uri> = self
            .endpoint
            .as_ref()
            .unwrap_or(&self.trigger_queue_url)
            .parse()
            .ok();
        let found = address
            .as_ref()
            .and_then(|uri| Some((uri.scheme_str()?, uri.authority()?.as_str())));
        let Some((scheme, host)) = found else {
            return Vec::new();
        };
        match host.strip_prefix("sqs.") {
            Some(rest) => ["sqs", "dynamodb", "ssm"]
                .map(|service| format!("{scheme}://{service}.{rest}/"))
                .into(),
            None => vec![format!("{scheme}://{host}/")],
        }
    }
}

/// Opens a connection. The client keeps it after any answer, whatever the status, so the request
/// needs no right.
async fn connect(http: &Http, origin: String) {
    if let Ok(request) = http::Request::get(origin).body(Bytes::new()) {
        let _answer = http.send(request).await;
    }
}

/// The environment of a function.
#[derive(Clone)]
pub struct Environment {
    /// The names of the stack's resources.
    pub settings: Settings,
    /// The HTTP client for vendors.
    pub http: Http,
    /// The clock.
    pub time: SharedTime,
    /// The source of person ids.
    pub ids: IdSource,
    /// The table.
    pub store: Store,
    /// The trigger queue.
    pub triggers: TriggerQueue,
    /// The schedules.
    pub schedules: Schedules,
    /// The event bus.
    pub bus: EventBus,
    /// The secrets.
    pub secrets: Secrets,
    /// The tokens of vendors.
    pub tokens: Tokens,
    /// The rate gates of the vendors.
    pub turns: RateGates,
    /// The reconcile queue.
    pub reconciles: ReconcileQueue,
    /// The webhook routes and the secrets that verify their deliveries.
    pub routes: WebhookRoutes,
    /// The counts of deliveries.
    pub deliveries: DeliveryTally,
    /// The end of the current invocation.
    pub deadline: Deadline,
}

impl Environment {
    /// Creates the environment of a Lambda function. It lives as long as the process. Logs are JSON
    /// lines.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the name of the missing environment variable.
    pub fn on_lambda() -> Result<Self> {
        let chosen = given("RUST_LOG").and_then(|levels| levels.parse::<Targets>().ok());
        let levels = chosen.unwrap_or_else(|| Targets::new().with_default(tracing::Level::INFO));
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .without_time()
            .with_target(false);
        tracing_subscriber::registry()
            .with(lines)
            .with(levels)
            .init();
        let sandbox = network::Sandbox::from_environment()?;
        let http = network::client(sandbox)?;
        Ok(Environment::new(
            Settings::from_environment()?,
            http,
            Arc::new(WallClock),
        ))
    }

    /// Creates every client on one HTTP client. Makes no call.
    pub fn new(settings: Settings, http: Http, time: SharedTime) -> Self {
        let deadline = Deadline::default();
        let bounded = |answer: fn(&Deadline, Timestamp) -> Duration| {
            let (deadline, time) = (deadline.clone(), time.clone());
            http.clone().within(move || answer(&deadline, time.now()))
        };
        let (aws_http, http) = (
            bounded(Deadline::aws_answer),
            bounded(Deadline::vendor_answer),
        );
        let time: SharedTime = Arc::new(Bounded::new(time.clone(), deadline.clone()));
        let sdk = Sdk::new(settings.caller(), aws_http.clone(), time.clone());
        let dynamo = Dynamo::new(settings.caller(), aws_http.clone(), time.clone());
        let store = Store::new(dynamo, sdk.clone(), settings.table.clone(), time.clone());
        let sqs = Sqs::new(settings.caller(), aws_http.clone(), time.clone());
        let triggers = TriggerQueue::new(sqs.clone(), settings.trigger_queue_url.clone());
        let reconciles = ReconcileQueue::new(sqs, settings.reconcile_url.clone(), time.clone());
        let parameters = ParameterStore::new(settings.caller(), aws_http.clone(), time.clone());
        let secrets = Secrets::new(parameters, settings.stack.clone());
        let scheduler = Scheduler::new(settings.caller(), aws_http, time.clone());
        let bus = EventBus::new(
            Lazy::new(move || sdk.eventbridge()),
            settings.bus.clone(),
            time.clone(),
        );
        Environment {
            schedules: Schedules::new(
                scheduler,
                settings.schedules.clone(),
                triggers.clone(),
                bus.clone(),
                time.clone(),
            ),
            bus,
            tokens: Tokens::shared(Arc::new(store.clone())),
            routes: WebhookRoutes::new(store.clone(), secrets.clone()),
            deliveries: DeliveryTally::new(store.clone()),
            reconciles,
            turns: RateGates::default(),
            deadline,
            settings,
            http,
            time,
            ids: IdSource::default(),
            secrets,
            store,
            triggers,
        }
    }

    /// Begins an invocation that Lambda ends at `limit`. No call outlasts it, and vendors that were
    /// closed for the last invocation are called again.
    pub fn begin(&self, limit: Timestamp) {
        let now = self.time.now();
        self.deadline.begin(now, limit);
        self.turns
            .begin(self.deadline.left(now).unwrap_or_default());
    }

    /// Begins an invocation with the limit that Lambda passes: milliseconds since 1970.
    pub fn begin_on_lambda(&self, limit: u64) {
        let limit = i64::try_from(limit)
            .ok()
            .and_then(|limit| Timestamp::from_millisecond(limit).ok());
        if let Some(limit) = limit {
            self.begin(limit);
        }
    }

    /// Runs `work` as long as there is time left to return its messages to the queue.
    ///
    /// # Errors
    /// Those of `work`; [`Error::Retry`] if the time of the invocation ends first.
    pub async fn in_time(&self, work: impl Future<Output = Result<()>>) -> Result<()> {
        match self.deadline.left_for_work(self.time.now()) {
            Some(left) => {
                let late = || Error::retry("the time of the run was used up");
                tokio::time::timeout(left, work)
                    .await
                    .unwrap_or_else(|_| Err(late()))
            }
            None => work.await,
        }
    }

    /// Opens the connections that a first delivery needs: to the table, the secrets and the queue. It
    /// reads nothing, so its time does not depend on the number of sites.
    pub async fn warm(&self) {
        let origins = self.settings.origins().into_iter();
        join_all(origins.map(|origin| connect(&self.http, origin))).await;
    }

    /// Returns a reader of a site's platform, or of its stored push updates if the platform has no
    /// read API.
    pub async fn platform(&self, site: &Site) -> Result<Box<dyn ReadPlatform>> {
        let config = &site.platform;
        if let Some(contract) = config.kind.vendor().contract() {
            return Ok(Box::new(Told::new(
                contract,
                Arc::new(self.store.clone()),
                &site.id,
                self.time.clone(),
            )));
        }
        let of = config.organization.as_deref();
        let name = format!("{}#{}#{}", site.id, config.kind.word(), config.secret);
        let url = address(config.url.as_deref(), config.kind.word(), of);
        let access = self
            .access(&config.secret, url, config.identity_url.clone(), name)
            .await?;
        let turn = self.turn(config.kind.word(), &config.secret);
        let (card_property, region) = (config.card_property.clone(), config.region.clone());
        let access = Access {
            card_property,
            region,
            turn,
            extras: Extras::of(site),
            ..access
        };
        Ok(config.kind.api().reader(of.unwrap_or_default(), access))
    }

    /// Returns a reader and a writer of one of a site's door systems.
    pub async fn doors(
        &self,
        site: &Site,
        doors: &DoorsName,
        share: Share,
    ) -> Result<(Box<dyn ReadDoors>, Box<dyn WriteDoors>)> {
        let config = site
            .doors
            .get(doors)
            .ok_or_else(|| Error::permanent(format!("there are no doors {doors}")))?;
        let of = config.place.as_deref();
        let url = address(config.url.as_deref(), config.kind.word(), of);
        let name = format!("{}#doors#{doors}#{}", site.id, config.secret);
        let access = self
            .access(&config.secret, url, config.identity_url.clone(), name)
            .await?;
        let (turn, contact) = (self.doors_turn(config), config.contact.clone());
        let access = Access {
            share,
            others: Some(self.other_callers(site)),
            contact,
            turn,
            ..access
        };
        Ok(config.kind.connect(of, access))
    }

    /// Returns the callers that share the rate limits of the site's door systems with settle.
    fn other_callers(&self, site: &Site) -> Arc<dyn OtherCallers> {
        let (store, time) = (self.store.clone(), self.time.clone());
        Arc::new(ReconcileOfSite::new(store, time, site.id.clone()))
    }

    /// Returns the rate gate of a door system, which also says whether it is closed.
    pub fn doors_turn(&self, config: &DoorsConfig) -> RateGate {
        self.turn(config.kind.word(), &config.secret)
    }

    /// Returns the rate gate of a vendor. One vendor with one set of credentials has one rate
    /// limit.
    fn turn(&self, vendor: &str, secret: &str) -> RateGate {
        self.turns.of(&format!("{vendor}#{secret}"))
    }

    async fn access(
        &self,
        secret: &str,
        url: Option<String>,
        identity_url: Option<String>,
        token_name: String,
    ) -> Result<Access> {
        let secrets = self.secrets.api(secret, self.time.now()).await?;
        Ok(Access {
            url,
            identity_url,
            tokens: self.tokens.clone(),
            ..Access::new(self.http.clone(), self.time.clone(), secrets, token_name)
        })
    }
}

/// Returns the base URL of a vendor. `sandbox` is a scheme of Doorstep's own. Only the one-machine
/// run answers it, in its own process or behind [`network::Sandbox`]. The last label of the host is
/// the vendor, and the label before it separates one organisation or place from another.
fn address(url: Option<&str>, vendor: &str, of: Option<&str>) -> Option<String> {
    let sandbox = || match of.map(label).filter(|of| !of.is_empty()) {
        Some(of) => format!("sandbox://{of}.{vendor}"),
        None => format!("sandbox://{vendor}"),
    };
    url.map(|url| {
        if url == "sandbox" {
            sandbox()
        } else {
            url.trim_end_matches('/').to_owned()
        }
    })
}

/// Returns `of` as a host label: a comma becomes `-`, and other characters that a host cannot
/// contain are dropped.
fn label(of: &str) -> String {
    let plain = of.chars().map(|c| if c == ',' { '-' } else { c });
    plain
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect()
}
