//! Building answers. What they say is each vendor's own affair.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Value, json};

/// An answer with its whole body.
pub type Answer = Response<Bytes>;

/// An answer in JSON.
pub fn json(status: u16, body: &Value) -> Answer {
    let mut answer = verbatim(status, Bytes::from(body.to_string()));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// An answer without a body.
pub fn empty(status: u16) -> Answer {
    verbatim(status, Bytes::new())
}

/// An answer of exactly these bytes.
pub fn verbatim(status: u16, body: Bytes) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer
}

/// `answer` with one more header; a value that cannot be sent is left out.
pub fn with(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(HeaderName::from_static(name), value);
    }
    answer
}

/// What the back door says to a request that it cannot follow.
pub fn refused(status: u16, why: &str) -> Answer {
    json(status, &json!({ "error": why }))
}
