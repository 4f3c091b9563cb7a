//! The page that says why a request has no other answer.

use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use maud::html;

use crate::layout::document;
use doorstep_core::model::error::Error;

/// Why a request has no other answer, and what to do.
pub(crate) struct Rejection {
    status: StatusCode,
    title: &'static str,
    why: String,
    again: Option<String>,
}

/// Creates a rejection.
pub(crate) fn page(status: StatusCode, title: &'static str, why: impl Into<String>) -> Rejection {
    Rejection {
        status,
        title,
        why: why.into(),
        again: None,
    }
}

impl Rejection {
    /// Adds a link to the same address. A browser that follows it from here belongs to this console:
    /// an address in a message of a colleague can then be opened.
    pub(crate) fn offering(self, uri: &Uri) -> Self {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let again = format!("/{}", path.trim_start_matches('/'));
        Rejection {
            again: Some(again),
            ..self
        }
    }
}

impl From<Error> for Rejection {
    fn from(error: Error) -> Self {
        let (status, title) = match &error {
            Error::Invalid(_) => (StatusCode::BAD_REQUEST, "This cannot be shown"),
            Error::Retry { .. } => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Something does not answer: try again",
            ),
            Error::Held(_) => (StatusCode::CONFLICT, "Something changed meanwhile"),
            Error::Permanent(_) => (StatusCode::INTERNAL_SERVER_ERROR, "This failed"),
        };
        page(status, title, error.why())
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let Rejection {
            status,
            title,
            why,
            again,
        } = self;
        let body = html! {
            main class="plain" {
                h1 { (title) }
                p { (why) }
                p class="actions" {
                    @if let Some(again) = &again {
                        a class="button" href=(again) { "Open this address again" }
                    }
                    a href="/" { "To the first page" }
                }
            }
        };
        (status, document(title, body)).into_response()
    }
}
