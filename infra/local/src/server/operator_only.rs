//! Rejects requests that this machine's operator did not send. Only webhooks and the health check are
//! open to others.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::answer::{Refused, refusal};
use doorstep_console::access::origin::{Hosts, judge};

/// Accepts requests of this machine's operator, and rejects all others with 403.
pub(super) async fn operator_only(
    State(hosts): State<Hosts>,
    request: Request,
    next: Next,
) -> Result<Response, Refused> {
    match judge(&hosts, request.uri(), request.headers()) {
        Ok(()) => Ok(next.run(request).await),
        Err(why) => Ok(refusal(StatusCode::FORBIDDEN, why)),
    }
}
