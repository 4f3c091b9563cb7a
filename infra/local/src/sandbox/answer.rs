//! Builds answers. Each vendor decides their contents.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Value, json};

/// An answer with its complete body.
pub type Answer = Response<Bytes>;

/// Returns an answer in JSON.
pub fn json(status: u16, body: &Value) -> Answer {
    let mut answer = verbatim(status, Bytes::from(body.to_string()));
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// Returns an answer without a body.
pub fn empty(status: u16) -> Answer {
    verbatim(status, Bytes::new())
}

/// Returns an answer of exactly these bytes.
pub fn verbatim(status: u16, body: Bytes) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
}

/// Adds a header to `answer`. An invalid value is left out.
pub fn with(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
    answer
}

/// Adds the methods that a path has to the refusal of another method (RFC 9110, 15.5.6).
pub fn allowing(refusal: Answer, methods: &str) -> Answer {
    with(refusal, "allow", methods)
}

/// Returns the answer of a control call to an invalid request.
pub fn refused(status: u16, why: &str) -> Answer {
    json(status, &json!({ "error": why }))
}
