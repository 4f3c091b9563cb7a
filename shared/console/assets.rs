//! The files that every page uses: one style sheet, one script of our own, and htmx. Their address
//! contains their hash, so a browser may keep them.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

/// The style sheet: the common part, and the parts of the screens that need more.
pub const STYLE: &str = concat!(
    include_str!("assets/style.css"),
    include_str!("assets/chart.css"),
    include_str!("assets/day.css"),
    include_str!("assets/groups.css"),
    include_str!("assets/rules.css"),
);
/// Our own script: keyboard, live pages, copying. Every page works without it.
pub const SCRIPT: &str = include_str!("assets/console.js");
/// htmx 4.0.1, whose licence is `assets/htmx.LICENSE` and whose hash is in `assets/SHA256SUMS`.
pub const HTMX: &str = include_str!("assets/htmx.min.js");
/// The picture in the browser's tab.
const ICON: &str = include_str!("assets/icon.svg");

/// Returns the routes of the files. They contain nothing of a site.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/style.css", get(async || file("text/css", STYLE)))
        .route(
            "/assets/console.js",
            get(async || file("text/javascript", SCRIPT)),
        )
        .route(
            "/assets/htmx.js",
            get(async || file("text/javascript", HTMX)),
        )
        .route(
            "/assets/icon.svg",
            get(async || file("image/svg+xml", ICON)),
        )
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (
            header::CACHE_CONTROL,
            "private, max-age=86400, immutable".to_owned(),
        ),
    ];
    (headers, text)
}

/// Returns the address of a file. The query changes with every version of Doorstep and with the
/// length of the file, so that no browser uses an old one.
pub(crate) fn address(name: &str, text: &str) -> String {
    format!(
        "/assets/{name}?{}-{}",
        env!("CARGO_PKG_VERSION"),
        text.len()
    )
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn htmx_is_the_file_that_was_published() {
        let sums = include_str!("assets/SHA256SUMS");
        let hash = hex::encode(Sha256::digest(HTMX));
        assert_eq!(sums.split_whitespace().next(), Some(hash.as_str()));
        assert!(HTMX.contains("4.0.1"), "the version that the docs name");
    }

    #[test]
    fn no_file_of_a_page_names_another_host() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("http://") && !text.contains("https://"));
        }
    }
}
