//! What goes over the wire.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use doorstep_cloud::environment::{Environment, Settings};
use doorstep_local::Machine;
use doorstep_vendors::http::{Http, Request};

/// What a service reads of a request.
#[derive(Debug, PartialEq)]
pub struct Read {
    method: String,
    host: Option<String>,
    path: String,
    query: BTreeSet<String>,
    operation: Option<String>,
    content: Option<String>,
    pub body: Value,
    scope: Option<String>,
}

fn read(request: &Request) -> Read {
    let header = |name: &str| {
        let value = request.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let (uri, mut body) = (
        request.uri(),
        serde_json::from_slice(request.body()).unwrap_or_default(),
    );
    if let Value::Object(body) = &mut body {
        // The SDK makes one up for each call: see ADR 13.
        body.remove("ClientToken");
    }
    let without_token = |part: &&str| !part.starts_with("clientToken=");
    let query = uri.query().unwrap_or_default().split('&');
    let scope = header("authorization").and_then(|header| {
        let (_, rest) = header.split_once("Credential=")?;
        rest.split(',').next().map(str::to_owned)
    });
    Read {
        method: request.method().to_string(),
        host: uri.host().map(str::to_owned),
        path: uri.path().to_owned(),
        query: query.filter(without_token).map(str::to_owned).collect(),
        operation: header("x-amz-target"),
        // Without a body it says nothing.
        content: header("content-type").filter(|_| !request.body().is_empty()),
        body,
        scope: scope.map(|scope| scope.split('/').skip(2).collect::<Vec<_>>().join("/")),
    }
}

/// A machine's environment, and what it sends.
pub fn watched(machine: &Machine) -> (Environment, Arc<Mutex<Vec<Read>>>) {
    let environment = machine.environment();
    let sent = Arc::<Mutex<Vec<Read>>>::default();
    let (http, seen) = (environment.http.clone(), sent.clone());
    let http = Http::new(tower::service_fn(move |request: Request| {
        seen.lock().expect("requests").push(read(&request));
        let http = http.clone();
        async move { http.send(request).await }
    }));
    // In a region that exists: the SDK of DynamoDB calls `localhost` in the region `local`.
    let settings = Settings {
        region: "eu-west-1".to_owned(),
        ..environment.settings.clone()
    };
    let watched = Environment::new(settings, http, environment.time.clone());
    (watched, sent)
}

pub fn taken(sent: &Mutex<Vec<Read>>) -> Vec<Read> {
    std::mem::take(&mut *sent.lock().expect("requests"))
}
