//! The single port: webhook addresses, sandbox vendors, and the calls for outside tests. Handlers
//! are thin: they read requests, call the [`Machine`] and write answers. Every answer is JSON or
//! empty.

mod answer;
mod attempts;
mod body;
mod clock;
mod console;
mod explain;
mod holds;
mod hooks;
mod needs;
mod operator_only;
mod push;
mod sites;
mod vendors;

use std::convert::Infallible;

use answer::{Refused, answer, refusal};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get, post};
use body::Json;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Machine;
use crate::run::crash::CrashStep;
use doorstep_console::access::origin::Hosts;
use doorstep_console::command::CommandTarget;
use doorstep_console::{Console, ConsoleSettings};
use doorstep_core::model::ids::SiteId;
use operator_only::operator_only;

/// Returns all routes. Webhooks and the health check are open to all. Only this machine's operator
/// may call the others.
pub fn router(machine: Machine, hosts: Hosts, console: Router<Machine>) -> Router {
    Router::new()
        .route(
            "/healthz",
            get(async || answer(StatusCode::OK, &json!({ "status": "ok" }))),
        )
        .route("/hooks/{*path}", post(hooks::deliver))
        .merge(driven().layer(from_fn_with_state(hosts, operator_only)))
        .merge(console)
        .layer(from_fn(whole))
        .with_state(machine)
}

/// Returns the routes that only the operator may call.
fn driven() -> Router<Machine> {
    Router::new()
        .route("/sandbox/clock", get(clock::show).put(clock::set))
        .route("/sandbox/quiet", post(quiet))
        .route("/sandbox/outbox", get(outbox))
        .route("/sandbox/crash", post(crash))
        .route("/sandbox/survey", post(push::survey))
        .route("/sandbox/diff", post(push::diff))
        .route("/sandbox/push", post(push::push))
        .route("/sandbox/holds", get(holds::all))
        .route("/sandbox/approve", post(holds::approve_any))
        .route("/sandbox/needs", get(needs::all))
        .route("/sandbox/sites/{site}/deliveries", get(needs::deliveries))
        .route("/sandbox/sites", get(sites::all))
        .route("/sandbox/sites/{site}/history", get(sites::history))
        .route("/sandbox/sites/{site}/file", get(sites::file))
        .route("/sandbox/sites/{site}/holds", get(holds::of_site))
        .route("/sandbox/sites/{site}/approve", post(holds::approve))
        .route("/sandbox/rehearse", post(push::rehearse))
        .route("/sandbox/sites/{site}/pause", post(push::pause))
        .route("/sandbox/sites/{site}/resume", post(push::resume))
        .route("/sandbox/sites/{site}/retire", post(push::retire))
        .route("/sandbox/sites/{site}/diff", get(push::drift))
        .route("/sandbox/doctor", get(push::doctor_of_all))
        .route("/sandbox/sites/{site}/doctor", get(push::doctor))
        .route("/sandbox/sites/{site}/drift", get(push::drifted))
        .route("/sandbox/sites/{site}/reconcile", post(sites::reconcile))
        .route("/sandbox/sites/{site}/entries", get(sites::entries))
        .route("/sandbox/sites/{site}/presence", get(sites::presence))
        .route("/sandbox/sites/{site}/people", get(sites::people))
        .route("/sandbox/sites/{site}/explain", get(explain::explain))
        .route("/sandbox/sites/{site}/who", get(explain::who))
        .route("/sandbox/sites/{site}/on-time", get(explain::on_time))
        .route("/sandbox/sites/{site}/forget", post(explain::forget))
        .route("/sandbox/sites/{site}/audit", get(sites::audit))
        .route("/sandbox/sites/{site}/audit/verify", get(explain::verify))
        .route("/sandbox/{vendor}/{*rest}", any(vendors::call))
        .fallback(async || refusal(StatusCode::NOT_FOUND, "unknown address"))
}

/// Completes every request, even if its sender disconnects. A cancelled drain would leave messages
/// without an owner. A panic becomes a 500.
async fn whole(request: Request, next: Next) -> Result<Response, Infallible> {
    let ended = tokio::spawn(next.run(request)).await;
    Ok(ended.unwrap_or_else(|_| {
        refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal error: see the log",
        )
    }))
}

async fn quiet(State(machine): State<Machine>) -> Response {
    machine.quiet().await;
    answer(
        StatusCode::OK,
        &json!({ "quiet": true, "dead": machine.cloud().triggers.dead().len() }),
    )
}

async fn outbox(State(machine): State<Machine>) -> Response {
    machine.settle_down().await;
    answer(StatusCode::OK, &machine.cloud().bus.published())
}

/// Which function is to crash, and how often.
#[derive(Serialize, Deserialize)]
struct CrashOrder {
    after: CrashStep,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

async fn crash(
    State(machine): State<Machine>,
    Json(order): Json<CrashOrder>,
) -> Result<Response, Refused> {
    if machine.has_real_vendors() {
        let why =
            "a site of this run has a real vendor: crashes are possible only with sandbox vendors";
        return Err(Refused::new(StatusCode::CONFLICT, why));
    }
    machine.settle_down().await;
    machine.crash(order.after, order.times);
    Ok(answer(StatusCode::OK, &order))
}

impl Machine {
    /// Returns the HTTP interface of the run, controllable under loopback names only. The caller
    /// opens the port.
    pub fn router(&self) -> Router {
        router(self.clone(), Hosts::default(), Router::new())
    }

    /// Returns the HTTP interface, controllable under the name that it listens on too. It contains
    /// the pages of `console`, if there is one.
    pub fn router_at(&self, listen: &str, console: Option<&Console>) -> Router {
        let console = console.map_or_else(Router::new, Console::router);
        router(self.clone(), Hosts::with(listen), console)
    }

    /// Creates the console of the run. It is served at the run's own port, under loopback names
    /// only.
    pub fn console(&self, port: u16, can_act: bool) -> Console {
        let settings = ConsoleSettings {
            hosts: Hosts::default(),
            port,
            can_act,
            target: CommandTarget::local(port),
        };
        Console::new(self.clone(), settings)
    }
}

/// Rejects a site that this run has never served.
async fn remembered(machine: &Machine, site: &SiteId) -> Result<(), Refused> {
    if machine.remembers(site).await? {
        Ok(())
    } else {
        known(machine, site)
    }
}

/// Rejects a site that this run does not serve.
fn known(machine: &Machine, site: &SiteId) -> Result<(), Refused> {
    if machine.knows(site) {
        Ok(())
    } else {
        Err(Refused::new(
            StatusCode::NOT_FOUND,
            "there is no such site here",
        ))
    }
}
