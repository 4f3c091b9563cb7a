//! One process of a function whose calls are counted, and take time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::stage::Stage;
use doorstep_cloud::environment::Environment;
use doorstep_vendors::http::{Http, Request};

/// The calls of one operation.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Calls {
    /// How many there were.
    pub count: usize,
    /// Bytes of requests and answers.
    pub bytes: usize,
}

/// Calls by operation; calls that are not to AWS's JSON services have their host as name.
type All = BTreeMap<String, Calls>;

/// One process of a function.
pub struct Watched {
    /// Its environment.
    pub environment: Environment,
    calls: Arc<Mutex<All>>,
}

impl Watched {
    /// Starts a process. Each call to AWS takes `aws`, and each other call takes `vendor`.
    pub fn of(stage: &Stage, aws: Duration, vendor: Duration) -> Self {
        let (calls, environment): (Arc<Mutex<All>>, _) =
            (Arc::default(), stage.machine.environment());
        let (http, counted) = (environment.http.clone(), calls.clone());
        let service = tower::service_fn(move |request: Request| {
            let (http, counted) = (http.clone(), counted.clone());
            async move {
                let (name, is_aws) = name(&request);
                let sent = request.body().len();
                tokio::time::sleep(if is_aws { aws } else { vendor }).await;
                let answer = http.send(request).await?;
                let mut all = counted.lock().unwrap_or_else(PoisonError::into_inner);
                let calls = all.entry(name).or_default();
                calls.count += 1;
                calls.bytes += sent + answer.body().len();
                Ok(answer)
            }
        });
        let environment = Environment::new(
            environment.settings.clone(),
            Http::new(service),
            environment.time.clone(),
        );
        Watched { environment, calls }
    }

    /// Returns the calls since the last time, without those that only open a connection.
    pub fn calls(&self) -> All {
        let mut all = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let mut calls = std::mem::take(&mut *all);
        calls.retain(|name, _| name != OPENED);
        calls
    }
}

/// The name of a request that only opens a connection.
const OPENED: &str = "opened";

/// Returns the name of a request, and whether it is to AWS.
fn name(request: &Request) -> (String, bool) {
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let host = request.uri().host().unwrap_or_default();
    let is_aws = target.is_some() || host.ends_with(".amazonaws.com");
    let name = match target.and_then(|target| target.split('.').next_back()) {
        Some(operation) => operation,
        None if host.starts_with("scheduler.") => "schedule",
        None if is_aws => OPENED,
        None => host,
    };
    (name.to_owned(), is_aws)
}

/// Returns the number of all calls, and their bytes.
pub fn sum(calls: &All) -> Calls {
    let add = |sum: Calls, one: &Calls| Calls {
        count: sum.count + one.count,
        bytes: sum.bytes + one.bytes,
    };
    calls.values().fold(Calls::default(), add)
}
