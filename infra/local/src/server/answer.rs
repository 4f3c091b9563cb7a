//! Answers: JSON with a status, and the shape of an error.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use doorstep_core::model::error::Error;

/// Returns a JSON answer.
pub(super) fn answer<T: Serialize>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => written(status, bytes.into()),
        Err(_) => written(StatusCode::INTERNAL_SERVER_ERROR, Body::empty()),
    }
}

/// Returns the error body `{"error": why}`.
pub(super) fn refusal(status: StatusCode, why: &str) -> Response {
    answer(status, &json!({ "error": why }))
}

/// Returns an answer whose body is already JSON.
pub(super) fn written(status: StatusCode, json: Body) -> Response {
    let mut response = Response::new(json);
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

/// The reason why a call was rejected.
pub(super) struct Refused {
    status: StatusCode,
    why: String,
}

impl Refused {
    /// Creates an error with a status and a text for the caller.
    pub(super) fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Refused {
            status,
            why: why.into(),
        }
    }

    /// Creates an error for a malformed request.
    pub(super) fn bad(why: impl Into<String>) -> Self {
        Refused::new(StatusCode::BAD_REQUEST, why)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let status = match error {
            Error::Invalid(_) => StatusCode::BAD_REQUEST,
            Error::Retry { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Error::Held(_) => StatusCode::CONFLICT,
            Error::Permanent(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Refused::new(status, error.why())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        refusal(self.status, &self.why)
    }
}
