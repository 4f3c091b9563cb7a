//! The requests to a vendor and the bodies of its answers: addresses, headers, JSON.

use bytes::Bytes;
use http::Method;
use http::header::{self, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::de::DeserializeOwned;
use url::Url;

use super::USER_AGENT;
use crate::http::Request;
use doorstep_core::model::error::{Error, Result};

/// Returns the base address of a vendor: `given` by the site file, or the vendor's `own`.
///
/// # Errors
/// [`Error::Invalid`] for any scheme except https and `sandbox:`, which only the one-machine run
/// answers.
pub fn base(given: Option<&str>, own: &str) -> Result<Url> {
    let text = given.unwrap_or(own);
    let url = Url::parse(text)
        .map_err(|_| Error::invalid("url is not an address: write https://host"))?;
    match url.scheme() {
        "https" | "sandbox" if url.host_str().is_some() => Ok(url),
        _ => Err(Error::invalid("url must begin with https://")),
    }
}

/// Returns `base` with `segments` appended to its path. Each segment is escaped, so no id can
/// change the path.
///
/// # Errors
/// [`Error::Invalid`] for a base that cannot have a path, and for a segment that URL parsing would
/// drop (empty, `.`, `..`).
pub fn below(base: &Url, segments: &[&str]) -> Result<Url> {
    if segments
        .iter()
        .any(|segment| matches!(*segment, "" | "." | ".."))
    {
        return Err(Error::invalid("an id is empty or made of dots"));
    }
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Error::invalid("url cannot have a path behind it"))?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

/// Builds a request, with a JSON body if there is one.
///
/// # Errors
/// [`Error::Invalid`] where an address or a header cannot be sent.
pub fn request(
    method: Method,
    url: &Url,
    headers: &[(&str, &str)],
    body: Option<&serde_json::Value>,
) -> Result<Request> {
    let bytes = body.map(|json| Bytes::from(json.to_string()));
    composed(
        method,
        url,
        headers,
        bytes.map(|bytes| ("application/json", bytes)),
    )
}

/// Builds a POST with a form body, as token services require.
///
/// # Errors
/// [`Error::Invalid`] where an address or a header cannot be sent.
pub fn form(url: &Url, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Result<Request> {
    let text = serde_urlencoded::to_string(fields).map_err(|_| unsendable())?;
    composed(
        Method::POST,
        url,
        headers,
        Some(("application/x-www-form-urlencoded", Bytes::from(text))),
    )
}

fn composed(
    method: Method,
    url: &Url,
    headers: &[(&str, &str)],
    body: Option<(&str, Bytes)>,
) -> Result<Request> {
    let mut builder = http::Request::builder()
        .method(method)
        .uri(url.as_str())
        .header(header::USER_AGENT, USER_AGENT);
    for (name, value) in headers {
        let mut value = HeaderValue::from_str(value).map_err(|_| unsendable())?;
        value.set_sensitive(name.eq_ignore_ascii_case(AUTHORIZATION.as_str()));
        builder = builder.header(*name, value);
    }
    let bytes = match body {
        Some((kind, bytes)) => {
            builder = builder.header(CONTENT_TYPE, kind);
            bytes
        }
        None => Bytes::new(),
    };
    builder.body(bytes).map_err(|_| unsendable())
}

fn unsendable() -> Error {
    Error::invalid("a secret or an address contains characters that cannot be sent")
}

/// Deserializes a vendor's JSON body.
///
/// # Errors
/// [`Error::Retry`] where the body does not parse: a proxy answered, or the vendor is in trouble.
/// The error never quotes the body.
pub fn json<T: DeserializeOwned>(vendor: &str, body: &[u8]) -> Result<T> {
    serde_json::from_slice(body)
        .map_err(|_| Error::retry(format!("{vendor} sent an answer that cannot be parsed")))
}
