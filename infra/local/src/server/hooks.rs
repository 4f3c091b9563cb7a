//! The webhook addresses. Receive and entries judge the deliveries. This module only stops
//! oversized bodies.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::answer::{Refused, refusal, written};
use super::body;
use crate::Machine;
use doorstep_vendors::delivery::Delivery;

/// Largest body that is passed on. Receive rejects much smaller ones itself. AWS also limits a
/// request to this size.
const LARGEST: usize = 6 << 20;

/// Passes one delivery to its function.
pub(super) async fn deliver(
    State(machine): State<Machine>,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let body = body::read(body, LARGEST).await?;
    let delivery = Delivery {
        path: parts.uri.path().to_owned(),
        headers: parts.headers,
        body,
    };
    let answer = machine.deliver(delivery).await;
    Ok(match StatusCode::from_u16(answer.status) {
        Ok(status) if answer.body.is_empty() => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            response
        }
        Ok(status) => written(status, answer.body.into()),
        Err(_) => refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the function answered without a valid status",
        ),
    })
}
