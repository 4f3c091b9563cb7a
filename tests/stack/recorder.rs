//! What the functions call inside the account, beside the rights that the template gives them.
//!
//! The functions' calls go through this process, which notes them and hands them on as they are.
//! Who called is told by the access key: each function has its own. Whose key it is follows from
//! what was called with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::cloud::Cloud;
use doorstep_local::cloud;
use doorstep_local::cloud::rights::{Right, Rights};
use doorstep_local::cloud::template::Template;
use doorstep_vendors::http::{Http, Request};
use doorstep_vendors::network;

/// Largest request of a function.
const LARGEST: usize = 32 << 20;

/// Rights whose occasion this hour does not bring. `tests/rights.rs` brings all of them, and fails
/// where one is unused.
const OTHER_OCCASIONS: [(&str, &str); 13] = [
    // So many names that are no site.
    ("ReceiveRole", "dynamodb:Query"),
    ("EntriesRole", "dynamodb:Query"),
    // A verified delivery that cannot be parsed; entries enqueues a trigger for a person who was
    // refused.
    ("ReceiveRole", "dynamodb:PutItem"),
    ("EntriesRole", "dynamodb:PutItem"),
    ("EntriesRole", "sqs:SendMessage"),
    // A schedule whose minute has come.
    ("SettleRole", "sqs:SendMessage"),
    // A group that another site rules, too.
    ("SettleRole", "dynamodb:ConditionCheckItem"),
    // A route of an older version, a hold that comes and goes, people whose boundary is within a
    // day.
    ("ReconcileRole", "dynamodb:ConditionCheckItem"),
    ("ReconcileRole", "dynamodb:DeleteItem"),
    ("ReconcileRole", "dynamodb:BatchGetItem"),
    ("ReconcileRole", "events:PutEvents"),
    ("ReconcileRole", "scheduler:CreateSchedule"),
    ("ReconcileRole", "iam:PassRole"),
];

/// Notes what the functions call.
#[derive(Clone)]
pub struct Recorder {
    /// Where the functions find AWS.
    pub endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    http: Http,
    account: OnceLock<String>,
    calls: Mutex<Vec<Call>>,
}

/// One call of a function.
struct Call {
    access_key: String,
    request: Request,
    denied: bool,
}

impl Recorder {
    /// Listens on a free port.
    pub async fn start() -> Recorder {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
        let http = network::client(None).expect("a client");
        let shared = Arc::new(Shared {
            http,
            account: OnceLock::new(),
            calls: Mutex::default(),
        });
        let served = Router::new().fallback(record).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, served).await });
        Recorder { endpoint, shared }
    }

    /// Hands calls on to the account at `endpoint`.
    pub fn forward_to(&self, endpoint: &str) {
        self.shared
            .account
            .set(endpoint.to_owned())
            .expect("there is one account");
    }

    /// Asserts that the functions lacked no right, and that each function that ran used all of its
    /// rights but those of [`OTHER_OCCASIONS`].
    pub async fn judge(&self, cloud: &Cloud) {
        let rights = Rights::of(Template::of_the_stack().expect("a template"));
        rights
            .let_services_work()
            .expect("AWS itself may do what the template has it do");
        let roles = self.roles(cloud, &rights).await;
        let used = rights.used();
        let is_excused = |right: &Right| {
            let named =
                |role: &str, action: &str| right.role.ends_with(role) && right.action == action;
            OTHER_OCCASIONS
                .iter()
                .any(|(role, action)| named(role, action))
        };
        let given = rights
            .given()
            .into_iter()
            .filter(|right| roles.contains(&right.role));
        let unused: Vec<Right> = given
            .filter(|right| !used.contains(right) && !is_excused(right))
            .collect();
        assert!(
            unused.is_empty(),
            "the template gives what nothing uses: {unused:#?}"
        );
    }

    /// The roles of the functions that called. Each of their calls is judged on the way.
    async fn roles(&self, cloud: &Cloud, rights: &Rights) -> Vec<String> {
        let mut keys: BTreeMap<String, Vec<Request>> = BTreeMap::new();
        let names = cloud.environment().await.settings;
        let here = cloud::settings();
        for call in self.shared.calls.lock().expect("whole").iter() {
            assert!(
                !call.denied,
                "a function lacks a right: {:?} {:?}",
                call.request.uri(),
                call.request.headers()
            );
            let body = String::from_utf8_lossy(call.request.body());
            let body = body
                .replace(&names.table, &here.table)
                .replace(&names.schedules.role_arn, &here.schedules.role_arn);
            let (head, _) = call.request.clone().into_parts();
            keys.entry(call.access_key.clone())
                .or_default()
                .push(Request::from_parts(head, body.into()));
        }
        let mut fitting: Vec<(Vec<Request>, Vec<String>)> = keys
            .into_values()
            .map(|requests| {
                let roles = rights.roles_for(&requests);
                assert!(
                    !roles.is_empty(),
                    "no role of the template allows all calls of a function"
                );
                (requests, roles)
            })
            .collect();
        // Settle and reconcile have much in common: a key that only one role fits is decided first.
        let mut decided = Vec::new();
        while !fitting.is_empty() {
            fitting.sort_by_key(|(_, roles)| {
                roles.iter().filter(|role| !decided.contains(*role)).count()
            });
            let (requests, roles) = fitting.remove(0);
            let role = roles
                .into_iter()
                .find(|role| !decided.contains(role))
                .expect("a role for each function");
            requests
                .iter()
                .for_each(|request| assert!(rights.allows(&role, request), "{role}"));
            decided.push(role);
        }
        decided
    }
}

async fn record(State(shared): State<Arc<Shared>>, request: axum::extract::Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.expect("a request of ours");
    let request = Request::from_parts(head, body);
    let Some(account) = shared.account.get() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let mut forwarded = request.clone();
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    *forwarded.uri_mut() = format!("{account}{path}").parse().expect("an address");
    let answer = match shared.http.send(forwarded).await {
        Ok(answer) => answer,
        Err(_) => return StatusCode::BAD_GATEWAY.into_response(),
    };
    let said = String::from_utf8_lossy(answer.body());
    let denied = answer.status().is_client_error() && said.contains("AccessDenied");
    if let Some(access_key) = access_key(&request) {
        shared.calls.lock().expect("whole").push(Call {
            access_key,
            request,
            denied,
        });
    }
    let (mut head, body) = answer.into_parts();
    for hop in [
        header::CONNECTION,
        header::TRANSFER_ENCODING,
        header::CONTENT_LENGTH,
    ] {
        head.headers.remove(hop);
    }
    Response::from_parts(head, Body::from(body))
}

/// Whose signature a request carries. What is not signed was not called by a function.
fn access_key(request: &Request) -> Option<String> {
    let signed = request
        .headers()
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?;
    let key = signed.split("Credential=").nth(1)?.split('/').next()?;
    Some(key.to_owned())
}
