//! Logs a vendor's announcement that a part of its API will end: the headers `Deprecation` (RFC
//! 9745) and `Sunset` (RFC 8594). Each vendor and path pattern is logged once in the life of a
//! process.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::http::{Request, Response};

/// The most patterns kept in memory. The limit holds even if ids do not look like ids.
const MOST: usize = 200;
/// The longest part of a header that is logged.
const LONGEST: usize = 100;

static SAID: Mutex<BTreeSet<(&str, String)>> = Mutex::new(BTreeSet::new());

/// Logs the deprecation headers of an answer, once for each vendor and path pattern.
pub(super) fn note(vendor: &'static str, request: &Request, answer: &Response) {
    let text = |name: &str| {
        answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let (deprecation, sunset) = (cut(text("deprecation")), cut(text("sunset")));
    if deprecation.is_empty() && sunset.is_empty() {
        return;
    }
    let path = format!("{} {}", request.method(), pattern(request.uri().path()));
    if is_new(vendor, &path) {
        tracing::warn!(
            vendor,
            path,
            deprecation,
            sunset,
            "the vendor announces the end of a part of its API"
        );
    }
}

fn is_new(vendor: &'static str, path: &str) -> bool {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.len() < MOST && said.insert((vendor, path.to_owned()))
}

/// Returns the printable part of a header, cut to `LONGEST`.
fn cut(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_graphic() || *c == ' ')
        .take(LONGEST)
        .collect()
}

/// Returns a path with its ids replaced: each part that has a digit and is no version, and each
/// part that is no plain word.
fn pattern(path: &str) -> String {
    let word = |part: &str| {
        let version = part
            .strip_prefix('v')
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        version
            || part
                .bytes()
                .all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'))
    };
    path.split('/')
        .map(|part| if word(part) { part } else { "{id}" })
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_one_path_is_said_once_whatever_the_thing() {
        assert_eq!(
            pattern("/v1.2/sites/5e0c-11/users/a@b.example"),
            "/v1.2/sites/{id}/users/{id}"
        );
        assert!(is_new("Farewell", "GET /users/{id}"));
        assert!(!is_new("Farewell", "GET /users/{id}"));
        assert!(is_new("Farewell", "PATCH /users/{id}"));
    }
}
