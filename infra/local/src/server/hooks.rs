//! The webhook addresses. Everything about a delivery is judged by receive or entries; here only bodies without end are stopped.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::answer::{Refused, refusal, written};
use super::body;
use crate::Machine;
use doorstep_vendors::delivery::Delivery;

/// Largest body that receive is handed; it refuses far smaller ones itself, as on AWS, where no larger one arrives.
const LARGEST: usize = 6 << 20;

/// Takes one delivery.
pub(super) async fn deliver(State(machine): State<Machine>, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let body = body::read(body, LARGEST).await?;
    let delivery = Delivery { path: parts.uri.path().to_owned(), headers: parts.headers, body };
    let answer = machine.deliver(delivery).await;
    Ok(match StatusCode::from_u16(answer.status) {
        Ok(status) if answer.body.is_empty() => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            response
        }
        Ok(status) => written(status, answer.body.into()),
        Err(_) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "receive gave no status"),
    })
}
