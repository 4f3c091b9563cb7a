//! How AWS writes requests, answers and refusals. The shapes of single services stay in their own files.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use doorstep_vendors::http::{Request, Response};

/// Service and operation of a request in AWS JSON. REST services have none.
pub(super) fn target(request: &Request) -> Option<(&str, &str)> {
    request.headers().get("x-amz-target")?.to_str().ok()?.rsplit_once('.')
}

/// Why a service did not do what it was asked.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl Refusal {
    /// One of the caller's making.
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Refusal { status: StatusCode::BAD_REQUEST, kind, message: message.into() }
    }

    /// With a status of its own, as REST services have.
    pub(super) fn with(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// An operation that is not played here.
    pub(super) fn unknown_operation(operation: &str) -> Self {
        Refusal::new("UnknownOperationException", format!("{operation} is not part of the cloud on one machine"))
    }

    /// The data folder cannot be written.
    pub(super) fn not_kept() -> Self {
        Refusal::new("InternalFailure", "the data folder cannot be written").with(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The refusal on the wire: both the header and the body name it, since SDKs differ in where they look.
    pub(super) fn into_response(self) -> Response {
        let body = serde_json::json!({ "__type": self.kind, "message": self.message });
        let mut response = json(self.status, &body);
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(self.kind));
        response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

/// Reads a request's body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::new("SerializationException", error.to_string()))
}

/// The same request with another body.
pub(super) fn with_body(request: &Request, body: &serde_json::Value) -> Request {
    let mut other = http::Request::new(Bytes::from(body.to_string()));
    other.headers_mut().clone_from(request.headers());
    other.headers_mut().remove(header::CONTENT_LENGTH);
    other.method_mut().clone_from(request.method());
    other.uri_mut().clone_from(request.uri());
    other
}

/// An answer, or the refusal in its place.
pub(super) fn answer<T: Serialize>(result: Result<T, Refusal>) -> Response {
    match result {
        Ok(body) => json(StatusCode::OK, &body),
        Err(refusal) => refusal.into_response(),
    }
}

/// An answer with a JSON body.
pub(super) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => bytes_of(status, bytes.into()),
        Err(_) => bytes_of(StatusCode::INTERNAL_SERVER_ERROR, Bytes::new()),
    }
}

/// An answer whose body is JSON already.
pub(super) fn bytes_of(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    response
}
