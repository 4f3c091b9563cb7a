//! The format of AWS requests, answers and errors. The formats of single services are in their own
//! files.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use doorstep_vendors::http::{Request, Response};

/// Returns the service and operation of a request in AWS JSON. REST services have none.
pub(super) fn target(request: &Request) -> Option<(&str, &str)> {
    request
        .headers()
        .get("x-amz-target")?
        .to_str()
        .ok()?
        .rsplit_once('.')
}

/// The error of a service.
#[derive(Debug)]
pub struct ServiceError {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl ServiceError {
    /// Creates a client error.
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        ServiceError {
            status: StatusCode::BAD_REQUEST,
            kind,
            message: message.into(),
        }
    }

    /// Sets the status, as REST services do.
    pub(super) fn with(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Creates the error for an operation that is not implemented here.
    pub(super) fn unknown_operation(operation: &str) -> Self {
        ServiceError::new(
            "UnknownOperationException",
            format!("{operation} is not part of the cloud on one machine"),
        )
    }

    /// Creates the error for a data folder that cannot be written.
    pub(super) fn not_kept() -> Self {
        ServiceError::new("InternalFailure", "the data folder cannot be written")
            .with(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Returns the error as an HTTP response. Header and body both name it, because SDKs differ in
    /// where they look.
    pub(super) fn into_response(self) -> Response {
        let body = serde_json::json!({ "__type": self.kind, "message": self.message });
        let mut response = json(self.status, &body);
        response
            .headers_mut()
            .insert("x-amzn-errortype", HeaderValue::from_static(self.kind));
        response
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

/// Parses a request's body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ServiceError> {
    serde_json::from_slice(body)
        .map_err(|error| ServiceError::new("SerializationException", error.to_string()))
}

/// Returns the same request with another body.
pub(super) fn with_body(request: &Request, body: &serde_json::Value) -> Request {
    let mut other = http::Request::new(Bytes::from(body.to_string()));
    other.headers_mut().clone_from(request.headers());
    other.headers_mut().remove(header::CONTENT_LENGTH);
    other.method_mut().clone_from(request.method());
    other.uri_mut().clone_from(request.uri());
    other
}

/// Returns the answer or the error as an HTTP response.
pub(super) fn answer<T: Serialize>(result: Result<T, ServiceError>) -> Response {
    match result {
        Ok(body) => json(StatusCode::OK, &body),
        Err(refusal) => refusal.into_response(),
    }
}

/// Returns an answer with a JSON body.
pub(super) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => bytes_of(status, bytes.into()),
        Err(_) => bytes_of(StatusCode::INTERNAL_SERVER_ERROR, Bytes::new()),
    }
}

/// Returns an answer whose body is already JSON.
pub(super) fn bytes_of(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-amz-json-1.0"),
    );
    response
}
