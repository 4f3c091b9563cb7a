//! Who may use the console: a browser on this machine that was opened with the printed address.
//!
//! Three checks stand before every page. The `Host`, `Origin` and `Sec-Fetch-Site` headers show
//! that no other page causes the request. The cookie shows that the browser was given the address
//! of this start. The answer's headers forbid scripts and frames of others.

pub mod origin;
pub mod session;

mod headers;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::Console;
use crate::reject;

/// Rejects requests that another page or another host name causes, and sets the headers of every
/// answer.
pub(crate) async fn own_origin(
    State(console): State<Console>,
    request: Request,
    next: Next,
) -> Response {
    let hosts = &console.parts.settings.hosts;
    let judged = origin::judge(hosts, request.uri(), request.headers());
    let mut answer = match judged {
        Ok(()) => next.run(request).await,
        Err(why) => reject::page(StatusCode::FORBIDDEN, "This request is refused", why)
            .offering(request.uri())
            .into_response(),
    };
    headers::set(&mut answer);
    answer
}

/// Rejects requests without the cookie of this start. An address with the right token sets it.
pub(crate) async fn admit(
    State(console): State<Console>,
    request: Request,
    next: Next,
) -> Response {
    let session = &console.parts.session;
    if let Some(rest) = session.entered(request.uri()) {
        let mut answer = Redirect::to(&rest).into_response();
        answer
            .headers_mut()
            .insert(header::SET_COOKIE, session.cookie());
        return answer;
    }
    if !session.is_open(request.headers()) {
        let why = "Open the address that Doorstep printed when it started. It contains the token of this start.";
        return reject::page(
            StatusCode::UNAUTHORIZED,
            "This browser is not admitted",
            why,
        )
        .offering(request.uri())
        .into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        // A browser always says which page a form belongs to. A request that does not say it comes
        // from elsewhere.
        if !request.headers().contains_key(header::ORIGIN)
            && !request.headers().contains_key("sec-fetch-site")
        {
            let why = "A form must be sent by the console's own page.";
            return reject::page(StatusCode::FORBIDDEN, "This request is refused", why)
                .into_response();
        }
    }
    next.run(request).await
}
