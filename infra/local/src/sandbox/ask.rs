//! One request, parsed once: decoded path and query, body as JSON or form. It judges nothing.

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// One request to a sandbox.
pub struct Ask {
    /// Its method.
    pub method: Method,
    /// Path below the vendor's prefix, as sent.
    pub path: String,
    /// The path's segments, decoded.
    pub segments: Vec<String>,
    /// The query's pairs, decoded, in their order.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: HeaderMap,
    /// The complete body.
    pub body: Bytes,
    /// The organisation or place, if the site file names one.
    pub of: Option<String>,
    /// The time of the run when it arrived.
    pub now: Timestamp,
}

impl Ask {
    /// Parses `request`.
    pub fn new(request: Request<Bytes>, of: Option<&str>, now: Timestamp) -> Ask {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let segments = segments(&path);
        let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
        let of = of.map(str::to_owned);
        Ask {
            method: parts.method,
            path,
            segments,
            query,
            headers: parts.headers,
            body,
            of,
            now,
        }
    }

    /// Returns the last value of a query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns a header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the text after `scheme` in the Authorization header; `None` if it is missing or
    /// empty.
    pub fn credentials(&self, scheme: &str) -> Option<&str> {
        let (given, rest) = self.header("authorization")?.split_once(' ')?;
        let rest = rest.trim();
        (given.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
    }

    /// Returns the body as JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Returns a field of a form body.
    pub fn form(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(&self.body)
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Returns whether the body's content type is `kind`.
    pub fn is(&self, kind: &str) -> bool {
        self.header("content-type")
            .is_some_and(|value| value.split(';').next().unwrap_or_default().trim() == kind)
    }
}

/// Returns the decoded segments of a path. A trailing slash is ignored.
pub fn segments(path: &str) -> Vec<String> {
    path.trim_matches('/')
        .split('/')
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect()
}
