//! A scripted vendor for tests of door clients. Each request must be the next expected one, and
//! none may be left over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use crate::access::{Access, ApiSecrets};
use crate::http::{Http, NoAnswer, Request, Response};
use crate::secret::Secret;
use crate::time::Time;

/// The instant at which every script begins.
pub(crate) const NOW: &str = "2026-03-02T10:00:00Z";

/// One expected request and its answer.
pub(crate) struct ScriptStep {
    line: String,
    body: Option<Value>,
    status: u16,
    headers: Vec<(&'static str, String)>,
    answer: String,
}

/// Expects `line`: method, path and decoded query. Answers 200 with an empty body.
pub(crate) fn on(line: &str) -> ScriptStep {
    ScriptStep {
        line: line.to_owned(),
        body: None,
        status: 200,
        headers: Vec::new(),
        answer: String::new(),
    }
}

impl ScriptStep {
    /// Expects this body. A form is compared as an object of texts.
    pub(crate) fn with(mut self, body: Value) -> ScriptStep {
        self.body = Some(body);
        self
    }

    pub(crate) fn says(mut self, status: u16, answer: Value) -> ScriptStep {
        self.status = status;
        self.answer = if answer.is_null() {
            String::new()
        } else {
            answer.to_string()
        };
        self
    }

    pub(crate) fn is(self, status: u16) -> ScriptStep {
        self.says(status, Value::Null)
    }

    /// Gives no answer at all.
    pub(crate) fn lost(self) -> ScriptStep {
        self.is(0)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> ScriptStep {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Answers with a Kisi list that is complete on this page.
    pub(crate) fn lists(self, items: Value) -> ScriptStep {
        let total = items.as_array().map_or(0, Vec::len);
        self.says(200, items)
            .header("X-Collection-Range", &format!("0-{total}/{total}"))
    }
}

/// The script and its record of requests.
#[derive(Clone)]
pub(crate) struct DoorsScript(Arc<Mutex<ScriptState>>);

struct ScriptState {
    steps: VecDeque<ScriptStep>,
    wrong: Vec<String>,
    headers: Vec<HeaderMap>,
    hosts: Vec<String>,
    now: Timestamp,
    passed: Vec<Duration>,
}

impl DoorsScript {
    pub(crate) fn new(steps: impl IntoIterator<Item = ScriptStep>) -> DoorsScript {
        DoorsScript(Arc::new(Mutex::new(ScriptState {
            steps: steps.into_iter().collect(),
            wrong: Vec::new(),
            headers: Vec::new(),
            hosts: Vec::new(),
            now: NOW.parse().unwrap(),
            passed: Vec::new(),
        })))
    }

    pub(crate) fn http(&self) -> Http {
        let script = self.clone();
        Http::new(tower::service_fn(move |request: Request| {
            let answer = script.answer(request);
            async move { answer }
        }))
    }

    /// Returns access to a sandbox named `vendor`, with a value for every secret except the refresh
    /// token.
    pub(crate) fn access(&self, vendor: &str) -> Access {
        let secret = |text: &str| Some(Secret::new(text));
        let secrets = ApiSecrets {
            client_id: secret("id"),
            client_secret: secret("hush"),
            username: secret("system"),
            password: secret("word"),
            refresh_token: None,
            api_key: secret("key"),
        };
        let (time, token_name) = (Arc::new(self.clone()), "riverside-main".to_owned());
        Access {
            url: Some(format!("sandbox://{vendor}")),
            ..Access::new(self.http(), time, secrets, token_name)
        }
    }

    /// Asserts that exactly the scripted requests were sent.
    #[track_caller]
    pub(crate) fn is_over(&self) {
        let state = self.state();
        let left: Vec<&str> = state.steps.iter().map(|step| step.line.as_str()).collect();
        assert!(
            state.wrong.is_empty() && left.is_empty(),
            "wrong: {:#?}\nnever asked: {left:#?}",
            state.wrong
        );
    }

    pub(crate) fn header(&self, request: usize, name: &str) -> String {
        self.state().headers[request]
            .get(name)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// Returns the host of each request, in order.
    pub(crate) fn hosts(&self) -> Vec<String> {
        self.state().hosts.clone()
    }

    /// Returns the pauses that were made, in order. Each pause advanced the clock.
    pub(crate) fn passed(&self) -> Vec<Duration> {
        self.state().passed.clone()
    }

    pub(crate) fn move_clock(&self, span: Duration) {
        let mut state = self.state();
        state.now = state.now.checked_add(span).unwrap();
    }

    fn state(&self) -> MutexGuard<'_, ScriptState> {
        self.0.lock().unwrap()
    }

    fn answer(&self, request: Request) -> Result<Response, NoAnswer> {
        let mut state = self.state();
        let line = line_of(&request);
        let sent = body_of(&request);
        state.headers.push(request.headers().clone());
        state.hosts.push(request.uri().host().unwrap().to_owned());
        let Some(step) = state.steps.pop_front_if(|step| step.line == line) else {
            state.wrong.push(format!("{line} {sent:?}"));
            return Ok(http::Response::builder()
                .status(418)
                .body(Bytes::new())
                .unwrap());
        };
        if sent != step.body {
            state.wrong.push(format!(
                "{line}\n  sent     {sent:?}\n  expected {:?}",
                step.body
            ));
        }
        if step.status == 0 {
            return Err(NoAnswer::Lost("scripted".to_owned()));
        }
        let mut answer = http::Response::builder().status(step.status);
        for (name, value) in step.headers {
            answer = answer.header(name, value);
        }
        Ok(answer.body(Bytes::from(step.answer)).unwrap())
    }
}

fn line_of(request: &Request) -> String {
    let url = Url::parse(&request.uri().to_string()).unwrap();
    let pairs: Vec<String> = url
        .query_pairs()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let query = if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    };
    format!("{} {}{query}", request.method(), url.path())
}

fn body_of(request: &Request) -> Option<Value> {
    match request.headers().get("Content-Type")?.to_str().unwrap() {
        "application/json" => Some(serde_json::from_slice(request.body()).unwrap()),
        _ => {
            let fields: Vec<(String, String)> =
                serde_urlencoded::from_bytes(request.body()).unwrap();
            Some(
                fields
                    .into_iter()
                    .map(|(name, value)| (name, Value::String(value)))
                    .collect(),
            )
        }
    }
}

#[async_trait]
impl Time for DoorsScript {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    async fn pass(&self, span: Duration) {
        self.move_clock(span);
        self.state().passed.push(span);
    }
}
