//! The one machine with a made-up site on it, in this process and, for functions in processes of
//! their own, behind a port: AWS, the vendors, and nothing else.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;
use tower::ServiceExt;

use crate::Outcome;
use crate::town::{Doors, SITE, Town};
use doorstep_core::model::ids::SiteId;
use doorstep_local::cloud::Cloud;
use doorstep_local::{Data, Machine, Setup};
use doorstep_vendors::delivery::Delivery;

/// What the sandbox platform signs with.
const SECRET: &str = doorstep_local::secrets::SANDBOX_WEBHOOK_SECRET;

/// The machine, with a clock that is frozen until it is moved.
pub struct Stage {
    /// The machine.
    pub machine: Machine,
    /// The site on it.
    pub town: Town,
    /// What the last `SendMessage` of a function asked for.
    pub last_sent: Arc<Mutex<Value>>,
}

impl Stage {
    /// Starts the machine at an instant, with a site that was never read.
    pub async fn open(town: Town, at: Timestamp) -> Outcome<Stage> {
        Stage::open_with(town, at, town.platform()).await
    }

    /// The same with another world of the platform.
    pub async fn open_with(town: Town, at: Timestamp, platform: Value) -> Outcome<Stage> {
        Stage::begin(town, Some(at), platform).await
    }

    /// Starts the machine with the real clock. It then serves what comes by itself. Kisi keeps its
    /// rate limit.
    pub async fn live(town: Town) -> Outcome<Stage> {
        Stage::begin(town, None, town.platform()).await
    }

    async fn begin(town: Town, clock: Option<Timestamp>, platform: Value) -> Outcome<Stage> {
        let mut house = town.house();
        if clock.is_none() && town.doors == Doors::Kisi {
            house["quirks"] = json!(["rate-limit"]);
        }
        let setup = Setup {
            sites: vec![town.site()],
            secrets: None,
            clock,
            reconcile: None,
            data: Data::Memory,
        };
        let stage = Stage {
            machine: Machine::start(setup).await?,
            town,
            last_sent: Arc::default(),
        };
        stage
            .back_door("officernd", Method::PUT, "/_world", &platform)
            .await?;
        stage
            .back_door(town.doors.word(), Method::PUT, "/_world", &house)
            .await?;
        Ok(stage)
    }

    async fn back_door(
        &self,
        vendor: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Outcome<Value> {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .body(Bytes::from(body.to_string()))?;
        let answer = self.machine.sandboxes().back_door(vendor, request).await;
        if !answer.status().is_success() {
            return Err(
                format!("{vendor}{path}: {}", String::from_utf8_lossy(answer.body())).into(),
            );
        }
        Ok(serde_json::from_slice(answer.body()).unwrap_or(Value::Null))
    }

    /// Lets each answer of the platform and of the door system take this long.
    pub async fn delay(&self, milliseconds: u64) -> Outcome<()> {
        let faults = json!([{ "match": "*", "delay_ms": milliseconds, "times": -1 }]);
        for vendor in ["officernd", self.town.doors.word()] {
            self.back_door(vendor, Method::PUT, "/_faults", &faults)
                .await?;
        }
        Ok(())
    }

    /// Posts these webhooks, all at once.
    pub async fn post_all(&self, posts: Vec<Bytes>) -> Outcome<()> {
        let mut posting = tokio::task::JoinSet::new();
        for body in posts {
            let (machine, path) = (self.machine.clone(), hook());
            let headers = signed(&body, self.machine.now())?;
            posting.spawn(async move {
                let delivery = Delivery {
                    path,
                    headers,
                    body,
                };
                machine.deliver(delivery).await.status
            });
        }
        while let Some(status) = posting.join_next().await {
            let status = status?;
            if status != 202 {
                return Err(format!("a webhook was answered {status}").into());
            }
        }
        Ok(())
    }

    /// Changes the platform, and gives the webhooks that it would post.
    pub async fn change(&self, change: &Value) -> Outcome<Vec<Bytes>> {
        let changed = self
            .machine
            .sandboxes()
            .change("officernd", None, change.to_string().into())
            .await;
        changed.map_err(|refused| String::from_utf8_lossy(refused.body()).into_owned().into())
    }

    /// Changes the platform and posts its webhooks; what follows waits in the line.
    pub async fn tell(&self, change: &Value) -> Outcome<()> {
        for delivery in self.change(change).await? {
            let (path, headers) = (hook(), signed(&delivery, self.machine.now())?);
            let status = self
                .machine
                .deliver(Delivery {
                    path,
                    headers,
                    body: delivery,
                })
                .await
                .status;
            if status != 202 {
                return Err(format!("a webhook was answered {status}").into());
            }
        }
        Ok(())
    }

    /// Moves the clock, with everything that is due on the way.
    pub async fn clock(&self, to: &str) -> Outcome<()> {
        self.machine.move_clock(to.parse()?).await?;
        Ok(())
    }

    /// Compares everything, and settles what that finds.
    pub async fn reconcile(&self) -> Outcome<()> {
        let report = self.machine.reconcile(&SiteId::from(SITE)).await?;
        match report.problems.first() {
            Some(problem) => Err(format!("the made-up site has a problem: {problem}").into()),
            None => Ok(()),
        }
    }

    /// How many lines the groups of the door system have in all.
    pub async fn inside(&self) -> Outcome<usize> {
        let world = self
            .back_door(self.town.doors.word(), Method::GET, "/_world", &Value::Null)
            .await?;
        let groups = world["groups"].as_array().into_iter().flatten();
        Ok(groups
            .map(|group| group["members"].as_array().map_or(0, Vec::len))
            .sum())
    }

    /// Calls that a vendor received since the last time this was asked, by method and path pattern.
    pub async fn calls(&self, vendor: &str) -> Outcome<BTreeMap<String, u64>> {
        let calls = self
            .back_door(vendor, Method::GET, "/_calls", &Value::Null)
            .await?;
        self.back_door(vendor, Method::DELETE, "/_calls", &Value::Null)
            .await?;
        Ok(serde_json::from_value(calls)?)
    }

    /// Serves AWS and the vendors on a free port of this machine.
    pub async fn serve(&self) -> Outcome<SocketAddr> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .fallback(answer)
            .with_state((self.machine.clone(), self.last_sent.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(address)
    }

    /// What a function's environment says on AWS, and where it finds this machine.
    pub fn environment(&self, address: SocketAddr) -> Vec<(String, String)> {
        let names = &self.machine.cloud().settings;
        let here = format!("http://{address}");
        [
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("AWS_REGION", &names.region),
            ("AWS_DEFAULT_REGION", &names.region),
            ("AWS_ENDPOINT_URL", &here),
            ("DOORSTEP_SANDBOX", &here),
            ("DOORSTEP_STAGE", "bench"),
            ("DOORSTEP_STACK", &names.stack),
            ("DOORSTEP_TABLE", &names.table),
            ("DOORSTEP_TRIGGER_QUEUE_URL", &names.trigger_queue_url),
            ("DOORSTEP_RECONCILE_URL", &names.reconcile_url),
            (
                "DOORSTEP_TRIGGER_QUEUE_ARN",
                &names.schedules.trigger_queue_arn,
            ),
            ("DOORSTEP_SCHEDULE_GROUP", &names.schedules.group),
            ("DOORSTEP_SCHEDULE_ROLE_ARN", &names.schedules.role_arn),
            ("DOORSTEP_BUS", &names.bus),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }
}

/// The path that the platform posts to.
pub fn hook() -> String {
    format!("/hooks/{SITE}/officernd")
}

/// The headers of a webhook that was signed at an instant.
pub fn signed(body: &[u8], at: Timestamp) -> Outcome<HeaderMap> {
    let at = at.as_second().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    [body, b".", at.as_bytes()]
        .into_iter()
        .for_each(|part| mac.update(part));
    let signature = format!(
        "t={at},signature={}",
        hex::encode(mac.finalize().into_bytes())
    );
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("officernd-signature", HeaderValue::from_str(&signature)?);
    Ok(headers)
}

/// One request of a function: to AWS, or to a vendor behind the machine's own port.
async fn answer(
    State((machine, last_sent)): State<(Machine, Arc<Mutex<Value>>)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let request = http::Request::from_parts(parts, body.to_bytes());
    if request
        .headers()
        .get("x-amz-target")
        .is_some_and(|target| target == "AmazonSQS.SendMessage")
    {
        let sent = serde_json::from_slice(request.body()).unwrap_or_default();
        *last_sent.lock().unwrap_or_else(PoisonError::into_inner) = sent;
    }
    if Cloud::is_for(&request) || request.uri().path().starts_with("/schedules") {
        let answer = machine.cloud().answer(&request).await;
        return answer.map_or_else(
            |_| StatusCode::BAD_GATEWAY.into_response(),
            |answer| answer.map(Into::into),
        );
    }
    match machine
        .router()
        .oneshot(request.map(axum::body::Body::from))
        .await
    {
        Ok(answer) => answer,
        Err(never) => match never {},
    }
}
