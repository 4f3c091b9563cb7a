//! Everything outside, built once from the environment: the clients, and the names of what they reach.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use bytes::Bytes;
use futures_util::future::{join, join_all};
use http::Uri;
use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::aws::{Lazy, Seam};
use crate::bus::Bus;
use crate::ids::Ids;
use crate::reconcile_queue::ReconcileQueue;
use crate::routes::WebhookRoutes;
use crate::schedules::{AlarmSettings, Schedules};
use crate::secrets::Secrets;
use crate::store::Store;
use crate::trigger_queue::TriggerQueue;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::site::{DoorsConfig, Site};
use doorstep_vendors::access::{Access, Share};
use doorstep_vendors::deadline::{Bounded, Deadline};
use doorstep_vendors::doors::{DoorsVendor, ReadDoors, WriteDoors};
use doorstep_vendors::http::Http;
use doorstep_vendors::network::{self, given};
use doorstep_vendors::platform::told::reader::Reader as Told;
use doorstep_vendors::platform::{PlatformVendor, ReadPlatform};
use doorstep_vendors::time::{SharedTime, WallClock};
use doorstep_vendors::tokens::Tokens;
use doorstep_vendors::vendor_http::{RateGate, RateGates};

/// Names of what the stack made for us, and the credentials to reach it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The stack's name: first part of every secret's name.
    pub stack: String,
    /// AWS region.
    pub region: String,
    /// The table.
    pub table: String,
    /// The trigger queue: a FIFO queue's URL.
    pub line_url: String,
    /// The reconcile queue: a FIFO queue's URL. Only the function that is fed by it sends to it; elsewhere it may be empty.
    pub reconcile_url: String,
    /// What schedules need.
    pub alarms: AlarmSettings,
    /// The event bus.
    pub bus: String,
    /// What AWS gave this function to act with. It prints redacted.
    pub credentials: Credentials,
    /// Where AWS is, if not at its own addresses: `AWS_ENDPOINT_URL`, which every SDK honours.
    pub endpoint: Option<String>,
}

impl Settings {
    /// Reads the environment that the template gives to every function.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the variable that is missing.
    pub fn from_environment() -> Result<Self> {
        let need = |name: &str| {
            std::env::var(name).map_err(|_| Error::invalid(format!("the environment variable {name} is not set")))
        };
        let session = given("AWS_SESSION_TOKEN");
        let (key, secret) = (need("AWS_ACCESS_KEY_ID")?, need("AWS_SECRET_ACCESS_KEY")?);
        Ok(Settings {
            stack: need("DOORSTEP_STACK")?,
            region: need("AWS_REGION")?,
            table: need("DOORSTEP_TABLE")?,
            line_url: need("DOORSTEP_LINE_URL")?,
            reconcile_url: need("DOORSTEP_RECONCILE_URL")?,
            alarms: AlarmSettings {
                group: need("DOORSTEP_ALARM_GROUP")?,
                line_arn: need("DOORSTEP_LINE_ARN")?,
                role_arn: need("DOORSTEP_ALARM_ROLE_ARN")?,
            },
            bus: need("DOORSTEP_BUS")?,
            credentials: Credentials::new(key, secret, session, None, "environment"),
            endpoint: given("AWS_ENDPOINT_URL"),
        })
    }

    /// Returns where a delivery's calls go: the queue, and the table and the secrets beside it. A queue whose address has
    /// another form stands alone: then the first delivery opens the other two ways.
    fn origins(&self) -> Vec<String> {
        let address: Option<Uri> = self.endpoint.as_ref().unwrap_or(&self.line_url).parse().ok();
        let found = address.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?.as_str())));
        let Some((scheme, host)) = found else { return Vec::new() };
        match host.strip_prefix("sqs.") {
            Some(rest) => ["sqs", "dynamodb", "ssm"].map(|service| format!("{scheme}://{service}.{rest}/")).into(),
            None => vec![format!("{scheme}://{host}/")],
        }
    }
}

/// Opens a connection: the one that the first answer leaves behind, whatever that answer is, is used again. It needs no
/// right to anything.
async fn connect(http: &Http, origin: String) {
    if let Ok(request) = http::Request::get(origin).body(Bytes::new()) {
        let _answer = http.send(request).await;
    }
}

/// Everything outside.
#[derive(Clone)]
pub struct Environment {
    /// The names of what the stack made for us.
    pub settings: Settings,
    /// The way out, for vendors.
    pub http: Http,
    /// The clock on the wall.
    pub time: SharedTime,
    /// Where ids of people come from.
    pub ids: Ids,
    /// The table.
    pub store: Store,
    /// The trigger queue.
    pub triggers: TriggerQueue,
    /// Alarms.
    pub schedules: Schedules,
    /// The event bus.
    pub bus: Bus,
    /// Secrets.
    pub secrets: Secrets,
    /// Vendors' tokens.
    pub tokens: Tokens,
    /// Whose turn it is to call each vendor.
    pub turns: RateGates,
    /// Requests to compare everything of one site.
    pub reconciles: ReconcileQueue,
    /// Whose webhook addresses are, and what verifies deliveries.
    pub routes: WebhookRoutes,
    /// When the present invocation ends.
    pub deadline: Deadline,
}

/// The configuration that every SDK's builder takes alike.
macro_rules! config {
    ($sdk:ident, $settings:expr, $seam:expr $(, $time:expr)?) => {{
        let mut config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new($settings.region.clone()))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                $settings.credentials.clone(),
            ))
            .http_client($seam.clone())
            .retry_config(
                $sdk::config::retry::RetryConfig::standard()
                    .with_max_attempts(crate::aws::TRIES)
                    .with_initial_backoff(crate::aws::FIRST_PAUSE)
                    .with_max_backoff(crate::aws::LONGEST_PAUSE),
            )
            // Bodies are whole when the SDK sees them: our own way out bounds their time and size.
            .stalled_stream_protection($sdk::config::StalledStreamProtectionConfig::disabled());
        config.set_endpoint_url($settings.endpoint.clone());
        $(config.set_sleep_impl(Some($sdk::config::SharedAsyncSleep::new(crate::aws::Pauses($time.clone()))));)?
        $sdk::Client::from_conf(config.build())
    }};
}
pub(crate) use config;

/// The same, built when it is first used.
macro_rules! lazily {
    ($sdk:ident, $settings:expr, $seam:expr, $time:expr) => {{
        let (settings, seam, time) = ($settings.clone(), $seam.clone(), $time.clone());
        Lazy::new(move || config!($sdk, settings, seam, time))
    }};
}

impl Environment {
    /// Everything outside of a function on Lambda, which lives as long as the process; logs are JSON lines.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the environment variable that is missing.
    pub fn on_lambda() -> Result<Self> {
        let chosen = given("RUST_LOG").and_then(|levels| levels.parse::<Targets>().ok());
        let levels = chosen.unwrap_or_else(|| Targets::new().with_default(tracing::Level::INFO));
        let lines = tracing_subscriber::fmt::layer().json().without_time().with_target(false);
        tracing_subscriber::registry().with(lines).with(levels).init();
        let sandbox = network::Sandbox::from_environment()?;
        let http = network::client(sandbox)?;
        Ok(Environment::new(Settings::from_environment()?, http, Arc::new(WallClock)))
    }

    /// Builds every client on one way out. Nothing is called yet.
    pub fn new(settings: Settings, http: Http, time: SharedTime) -> Self {
        let deadline = Deadline::default();
        let bounded = |answer: fn(&Deadline, Timestamp) -> Duration| {
            let (deadline, time) = (deadline.clone(), time.clone());
            http.clone().within(move || answer(&deadline, time.now()))
        };
        let (seam, http) = (Seam(bounded(Deadline::aws_answer)), bounded(Deadline::vendor_answer));
        let time: SharedTime = Arc::new(Bounded::new(time.clone(), deadline.clone()));
        let store = Store::new(lazily!(aws_sdk_dynamodb, settings, seam, time), settings.table.clone(), time.clone());
        let queues = lazily!(aws_sdk_sqs, settings, seam, time);
        let triggers = TriggerQueue::new(queues.clone(), settings.line_url.clone());
        let reconciles = ReconcileQueue::new(queues, settings.reconcile_url.clone(), time.clone());
        let secrets = Secrets::new(lazily!(aws_sdk_ssm, settings, seam, time), settings.stack.clone());
        let scheduler = lazily!(aws_sdk_scheduler, settings, seam, time);
        let bus = Bus::new(lazily!(aws_sdk_eventbridge, settings, seam, time), settings.bus.clone(), time.clone());
        Environment {
            schedules: Schedules::new(scheduler, settings.alarms.clone(), triggers.clone(), bus.clone(), time.clone()),
            bus,
            tokens: Tokens::shared(Arc::new(store.clone())),
            routes: WebhookRoutes::new(store.clone(), secrets.clone()),
            reconciles,
            turns: RateGates::default(),
            deadline,
            settings,
            http,
            time,
            ids: Ids::default(),
            secrets,
            store,
            triggers,
        }
    }

    /// Begins an invocation that Lambda ends at `limit`: no call outlasts it, and vendors that were closed for the last
    /// one are asked again.
    pub fn begin(&self, limit: Timestamp) {
        let now = self.time.now();
        self.deadline.begin(now, limit);
        self.turns.begin(self.deadline.left(now).unwrap_or_default());
    }

    /// The same, where Lambda tells the limit: milliseconds since 1970.
    pub fn begin_on_lambda(&self, limit: u64) {
        let limit = i64::try_from(limit).ok().and_then(|limit| Timestamp::from_millisecond(limit).ok());
        if let Some(limit) = limit {
            self.begin(limit);
        }
    }

    /// What `work` comes to, as long as there is time to give its messages back.
    ///
    /// # Errors
    /// Those of `work`; [`Error::Retry`] where the time of the invocation is used up before.
    pub async fn in_time(&self, work: impl Future<Output = Result<()>>) -> Result<()> {
        match self.deadline.left_for_work(self.time.now()) {
            Some(left) => {
                let late = || Error::retry("the time of the run was used up");
                tokio::time::timeout(left, work).await.unwrap_or_else(|_| Err(late()))
            }
            None => work.await,
        }
    }

    /// Makes ready what a first delivery needs: the clients, and a connection to the table, the secrets and the queue. It
    /// reads nothing, so that it takes as long with one site as with ten thousand.
    pub async fn warm(&self) {
        join(self.build(), join_all(self.settings.origins().into_iter().map(|origin| connect(&self.http, origin))))
            .await;
    }

    /// Builds the clients that every delivery needs, on a thread of their own: it takes the processor most of a
    /// millisecond, in which the first event is asked for. Returns once the table can be asked.
    async fn build(&self) {
        let store = self.store.clone();
        // What is not built here is built by whoever needs it first.
        let _built = spawn_blocking(move || store.build()).await;
        let (secrets, triggers) = (self.secrets.clone(), self.triggers.clone());
        let _meanwhile = spawn_blocking(move || {
            secrets.build();
            triggers.build();
        });
    }

    /// A reader of a site's platform, or of what it told where it cannot be asked.
    pub async fn platform(&self, site: &Site) -> Result<Box<dyn ReadPlatform>> {
        let config = &site.platform;
        if let Some(contract) = config.kind.vendor().contract() {
            return Ok(Box::new(Told::new(contract, Arc::new(self.store.clone()), &site.id, self.time.clone())));
        }
        let of = config.organization.as_deref();
        let name = format!("{}#{}#{}", site.id, config.kind.word(), config.secret);
        let url = address(config.url.as_deref(), config.kind.word(), of);
        let access = self.access(&config.secret, url, config.identity_url.clone(), name).await?;
        let turn = self.turn(config.kind.word(), &config.secret);
        let (card_property, region) = (config.card_property.clone(), config.region.clone());
        let access = Access { card_property, region, turn, ..access };
        Ok(config.kind.vendor().reader(of.unwrap_or_default(), access))
    }

    /// A reader and a writer of one of a site's door systems.
    pub async fn doors(
        &self,
        site: &Site,
        doors: &str,
        share: Share,
    ) -> Result<(Box<dyn ReadDoors>, Box<dyn WriteDoors>)> {
        let config = site.doors.get(doors).ok_or_else(|| Error::permanent(format!("there are no doors {doors}")))?;
        let of = config.place.as_deref();
        let url = address(config.url.as_deref(), config.kind.word(), of);
        let name = format!("{}#doors#{doors}#{}", site.id, config.secret);
        let access = self.access(&config.secret, url, config.identity_url.clone(), name).await?;
        let (turn, contact) = (self.doors_turn(config), config.contact.clone());
        let access = Access { share, contact, turn, ..access };
        Ok(config.kind.connect(of, access))
    }

    /// Whose turn it is to call a door system, and whether it is closed.
    pub fn doors_turn(&self, config: &DoorsConfig) -> RateGate {
        self.turn(config.kind.word(), &config.secret)
    }

    /// One vendor with one set of credentials has one rate limit.
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
        Ok(Access {
            http: self.http.clone(),
            time: self.time.clone(),
            url,
            identity_url,
            secrets: self.secrets.api(secret).await?,
            tokens: self.tokens.clone(),
            token_name,
            turn: RateGate::default(),
            card_property: None,
            contact: None,
            region: None,
            share: Share::default(),
        })
    }
}

/// The base address of a vendor. `sandbox` is a scheme of its own, which only the one-machine run answers, in its own
/// process or behind [`network::Sandbox`]: the last
/// label of the host is the vendor, what stands before it tells one organisation or place from another.
fn address(url: Option<&str>, vendor: &str, of: Option<&str>) -> Option<String> {
    let sandbox = || match of.map(label).filter(|of| !of.is_empty()) {
        Some(of) => format!("sandbox://{of}.{vendor}"),
        None => format!("sandbox://{vendor}"),
    };
    url.map(|url| if url == "sandbox" { sandbox() } else { url.trim_end_matches('/').to_owned() })
}

/// What can stand in a host.
fn label(of: &str) -> String {
    let plain = of.chars().map(|c| if c == ',' { '-' } else { c });
    plain.filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}
