//! What the tests send requests with, and a clock that they can move.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use doorstep_local::keep::Keep;
use doorstep_local::sandbox::Sandboxes;
use doorstep_vendors::time::Time;

/// When every test begins.
pub const START: &str = "2026-07-01T09:00:00Z";

/// A clock that stands until it is moved.
pub struct Standing(Mutex<Timestamp>);

#[async_trait]
impl Time for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn pass(&self, _span: Duration) {}
}

/// An answer, read.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

/// One vendor's sandbox, and a clock.
pub struct Client {
    pub vendor: &'static str,
    pub sandboxes: Sandboxes,
    pub keep: Keep,
    pub headers: Vec<(&'static str, String)>,
    pub of: Option<&'static str>,
    clock: Arc<Standing>,
}

impl Client {
    pub fn new(vendor: &'static str) -> Client {
        let clock = Arc::new(Standing(Mutex::new(START.parse().unwrap())));
        let keep = Keep::memory();
        let sandboxes = Sandboxes::new(keep.clone(), clock.clone());
        Client {
            vendor,
            sandboxes,
            keep,
            headers: Vec::new(),
            of: None,
            clock,
        }
    }

    /// The same run, started again.
    pub fn restart(&mut self) {
        self.sandboxes = Sandboxes::new(self.keep.clone(), self.clock.clone());
    }

    pub fn pass(&self, seconds: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now = now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let json = ("content-type", "application/json".to_owned());
        let headers = self
            .headers
            .iter()
            .cloned()
            .chain(body.as_ref().map(|_| json));
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.send_raw(method, path, headers.collect(), body).await
    }

    pub async fn send_raw(
        &self,
        method: &str,
        path: &str,
        headers: Vec<(&str, String)>,
        body: String,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        read(
            self.sandboxes
                .vendor(
                    self.vendor,
                    self.of,
                    request.body(Bytes::from(body)).unwrap(),
                )
                .await,
        )
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub async fn form(&self, path: &str, headers: Vec<(&str, String)>, body: &str) -> Answer {
        let form = (
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        );
        self.send_raw(
            "POST",
            path,
            headers.into_iter().chain([form]).collect(),
            body.to_owned(),
        )
        .await
    }

    pub async fn back(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Bytes::from(body.to_string()))
            .unwrap();
        read(self.sandboxes.back_door(self.vendor, request).await)
    }

    pub async fn put_world(&self, world: Value) {
        let answer = self.back("PUT", "/_world", world).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    pub async fn put_faults(&self, faults: Value) {
        let answer = self.back("PUT", "/_faults", faults).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    pub async fn world(&self) -> Value {
        self.back("GET", "/_world", Value::Null).await.body
    }

    pub async fn calls(&self) -> Value {
        self.back("GET", "/_calls", Value::Null).await.body
    }

    pub async fn change(&self, body: Value) -> Result<Vec<Value>, u16> {
        let body = Bytes::from(body.to_string());
        let events = self
            .sandboxes
            .change(self.vendor, self.of, body)
            .await
            .map_err(|no| no.status().as_u16())?;
        Ok(events
            .iter()
            .map(|event| serde_json::from_slice(event).unwrap())
            .collect())
    }
}

fn read(answer: http::Response<Bytes>) -> Answer {
    let (parts, body) = answer.into_parts();
    let json = parts
        .headers
        .get("content-type")
        .is_some_and(|kind| kind == "application/json");
    assert!(body.is_empty() || json, "every answer is JSON or empty");
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}

/// One field of every item of a list.
pub fn each(list: &Value, field: &str) -> Vec<Value> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item[field].clone())
        .collect()
}
