//! The one port: webhook address, sandbox vendors, and the calls that outside tests drive. Thin: it reads requests,
//! asks the [`Machine`], and writes answers. Every answer is JSON or empty.

mod answer;
mod body;
mod clock;
mod explain;
mod gate;
mod holds;
mod hooks;
mod openings;
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
use crate::run::crash::Step;
pub use gate::Hosts;
use gate::gate;

/// Every path that is served: webhooks and the health check to all, everything else to this machine's operator.
pub fn router(machine: Machine, hosts: Hosts) -> Router {
    Router::new()
        .route("/healthz", get(async || answer(StatusCode::OK, &json!({ "status": "ok" }))))
        .route("/hooks/{*path}", post(hooks::deliver))
        .merge(driven().layer(from_fn_with_state(hosts, gate)))
        .layer(from_fn(whole))
        .with_state(machine)
}

/// What only the operator may call.
fn driven() -> Router<Machine> {
    Router::new()
        .route("/sandbox/clock", get(clock::show).put(clock::set))
        .route("/sandbox/quiet", post(quiet))
        .route("/sandbox/outbox", get(outbox))
        .route("/sandbox/crash", post(crash))
        .route("/sandbox/diff", post(push::diff))
        .route("/sandbox/push", post(push::push))
        .route("/sandbox/holds", get(holds::all))
        .route("/sandbox/approve", post(holds::approve_any))
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
        .route("/sandbox/sites/{site}/people", get(sites::people))
        .route("/sandbox/sites/{site}/explain", get(explain::explain))
        .route("/sandbox/sites/{site}/who", get(explain::who))
        .route("/sandbox/sites/{site}/on-time", get(explain::on_time))
        .route("/sandbox/sites/{site}/forget", post(explain::forget))
        .route("/sandbox/sites/{site}/audit", get(sites::audit))
        .route("/sandbox/sites/{site}/audit/verify", get(explain::verify))
        .route("/sandbox/{vendor}/{*rest}", any(vendors::call))
        .fallback(async || refusal(StatusCode::NOT_FOUND, "there is nothing at this address"))
}

/// Carries every request through to its end, even where its sender hangs up: half a drain would leave messages in
/// nobody's hands. A bug ends in a 500, not in silence.
async fn whole(request: Request, next: Next) -> Result<Response, Infallible> {
    let ended = tokio::spawn(next.run(request)).await;
    Ok(ended
        .unwrap_or_else(|_| refusal(StatusCode::INTERNAL_SERVER_ERROR, "this should not have happened: see the log")))
}

async fn quiet(State(machine): State<Machine>) -> Response {
    machine.quiet().await;
    answer(StatusCode::OK, &json!({ "quiet": true, "dead": machine.cloud().line.dead().len() }))
}

async fn outbox(State(machine): State<Machine>) -> Response {
    machine.settle_down().await;
    answer(StatusCode::OK, &machine.cloud().bus.published())
}

/// Which function shall die, and how often.
#[derive(Serialize, Deserialize)]
struct Shot {
    after: Step,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

async fn crash(State(machine): State<Machine>, Json(shot): Json<Shot>) -> Result<Response, Refused> {
    if machine.has_real_vendors() {
        let why = "a site of this run has real doors or a real platform: crashes are for sandbox vendors only";
        return Err(Refused::new(StatusCode::CONFLICT, why));
    }
    machine.settle_down().await;
    machine.crash(shot.after, shot.times);
    Ok(answer(StatusCode::OK, &shot))
}

impl Machine {
    /// The run behind HTTP, driven under loopback names only; what listens is the caller's business.
    pub fn router(&self) -> Router {
        router(self.clone(), Hosts::default())
    }

    /// The same, driven under the name too that it listens on.
    pub fn router_at(&self, listen: &str) -> Router {
        router(self.clone(), Hosts::with(listen))
    }
}

/// Refuses a site that is not served here and never was.
async fn remembered(machine: &Machine, site: &str) -> Result<(), Refused> {
    if machine.remembers(site).await? { Ok(()) } else { known(machine, site) }
}

/// Refuses a site that is not served here.
fn known(machine: &Machine, site: &str) -> Result<(), Refused> {
    if machine.knows(site) { Ok(()) } else { Err(Refused::new(StatusCode::NOT_FOUND, "there is no such site here")) }
}
