//! AWS Lambda for one function: its process, and the runtime interface that hands it events.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{Path as Segments, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use crate::Outcome;

/// Longest wait for a function: a whole reconcile is held back by the platform's rate limit for
/// minutes.
const PATIENCE: Duration = Duration::from_secs(900);
/// How often a function that says nothing is looked at.
const GLANCE: Duration = Duration::from_secs(1);

/// A function in a process of its own.
pub struct Lambda {
    process: Child,
    events: mpsc::Sender<Bytes>,
    heard: mpsc::Receiver<RuntimeCall>,
    /// From the start of the process to its first question for an event.
    pub started: Duration,
}

/// The calls of the function to the runtime interface.
enum RuntimeCall {
    /// It asked for an event.
    Asked(Instant),
    /// It answered one.
    Answered(Instant, Bytes),
    /// It failed.
    Failed(String),
}

struct Interface {
    events: Mutex<mpsc::Receiver<Bytes>>,
    hears: mpsc::Sender<RuntimeCall>,
}

impl Lambda {
    /// Starts a function, and waits until it asks for its first event.
    pub async fn start(program: &Path, environment: &[(String, String)]) -> Outcome<Lambda> {
        Lambda::launch(Command::new(program), environment).await
    }

    /// Starts a function that is not a program by itself.
    pub async fn launch(mut command: Command, environment: &[(String, String)]) -> Outcome<Lambda> {
        let (events, waiting) = mpsc::channel(1);
        let (hears, heard) = mpsc::channel(4);
        let interface = Arc::new(Interface {
            events: Mutex::new(waiting),
            hears,
        });
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        tokio::spawn(async move { axum::serve(listener, router(interface)).await });
        let logs = if std::env::var_os("BENCH_LOGS").is_some() {
            Stdio::inherit
        } else {
            Stdio::null
        };
        let program = command.get_program().to_string_lossy().into_owned();
        command
            .env_clear()
            .envs(environment.iter().cloned())
            .stdout(logs())
            .stderr(logs());
        command.env("AWS_LAMBDA_RUNTIME_API", address).envs([
            ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
        ]);
        let begun = Instant::now();
        let process = command
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        let mut lambda = Lambda {
            process,
            events,
            heard,
            started: Duration::ZERO,
        };
        match lambda.hear().await? {
            RuntimeCall::Asked(at) => lambda.started = at - begun,
            RuntimeCall::Answered(..) => return Err("an answer to nothing".into()),
            RuntimeCall::Failed(why) => return Err(format!("{program}: {why}").into()),
        }
        Ok(lambda)
    }

    /// Hands over one event and gives the answer, with how long it took.
    pub async fn call(&mut self, event: &Value) -> Outcome<(Value, Duration)> {
        let begun = Instant::now();
        self.events.send(event.to_string().into()).await?;
        loop {
            match self.hear().await? {
                RuntimeCall::Asked(_) => {}
                RuntimeCall::Answered(at, body) => {
                    return Ok((serde_json::from_slice(&body)?, at - begun));
                }
                RuntimeCall::Failed(why) => return Err(why.into()),
            }
        }
    }

    async fn hear(&mut self) -> Outcome<RuntimeCall> {
        let begun = Instant::now();
        loop {
            if let Ok(heard) = timeout(GLANCE, self.heard.recv()).await {
                return Ok(heard.ok_or("the function is gone")?);
            }
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("the function ended by itself: {status}").into());
            }
            if begun.elapsed() > PATIENCE {
                return Err("the function does not answer".into());
            }
        }
    }

    /// The time that the process has been on a core, in microseconds; `None` where the system does
    /// not say. Threads that ended are not in it.
    pub fn on_core(&self) -> Option<f64> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).ok()?;
        let nanos = threads.map(|thread| {
            let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        });
        Some(nanos.flatten().sum::<f64>() / 1_000.0)
    }

    /// The most memory that the process ever had, in MiB; `None` where the system does not say.
    pub fn peak(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kib / 1024.0)
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        // It may be gone already.
        let _gone = self.process.kill();
        let _status = self.process.wait();
    }
}

fn router(interface: Arc<Interface>) -> Router {
    let below = "/2018-06-01/runtime";
    Router::new()
        .route(&format!("{below}/invocation/next"), get(next))
        .route(
            &format!("{below}/invocation/{{id}}/response"),
            post(answered),
        )
        .route(&format!("{below}/invocation/{{id}}/error"), post(failed))
        .route(&format!("{below}/init/error"), post(failed_to_start))
        .with_state(interface)
}

async fn next(State(interface): State<Arc<Interface>>) -> Response {
    let asked = RuntimeCall::Asked(Instant::now());
    if interface.hears.send(asked).await.is_err() {
        return StatusCode::GONE.into_response();
    }
    let Some(event) = interface.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = jiff::Timestamp::now().as_millisecond() + 900_000;
    let headers = [
        ("content-type", "application/json".to_owned()),
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
        ),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:local:000000000000:function:bench".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned(),
        ),
    ];
    (headers, event).into_response()
}

async fn answered(
    State(interface): State<Arc<Interface>>,
    Segments(_): Segments<String>,
    body: Bytes,
) -> StatusCode {
    told(&interface, RuntimeCall::Answered(Instant::now(), body)).await
}

async fn failed(
    State(interface): State<Arc<Interface>>,
    Segments(_): Segments<String>,
    body: Bytes,
) -> StatusCode {
    told(
        &interface,
        RuntimeCall::Failed(String::from_utf8_lossy(&body).into_owned()),
    )
    .await
}

async fn failed_to_start(State(interface): State<Arc<Interface>>, body: Bytes) -> StatusCode {
    told(
        &interface,
        RuntimeCall::Failed(String::from_utf8_lossy(&body).into_owned()),
    )
    .await
}

async fn told(interface: &Interface, heard: RuntimeCall) -> StatusCode {
    // The receiver is gone after the function was dropped.
    let _unheard = interface.hears.send(heard).await;
    StatusCode::ACCEPTED
}
