//! Server-sent events: a page that was opened learns that something changed, and asks again.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream};
use serde::Deserialize;

use crate::Console;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::pulse::{Pulse, pulse};

/// How long one stream lasts. The browser then opens the next one by itself.
const LASTS: Duration = Duration::from_secs(300);

/// What a page shows.
#[derive(Deserialize)]
pub(crate) struct Watched {
    site: Option<SiteId>,
}

/// A stream between two events.
struct Watch {
    console: Console,
    site: Option<SiteId>,
    last: Option<Pulse>,
    until: tokio::time::Instant,
}

/// Returns the stream of changes of one site, or of all sites.
pub(crate) async fn changes(
    State(console): State<Console>,
    Query(watched): Query<Watched>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watch = Watch {
        last: current(&console, watched.site.as_ref()).await,
        console,
        site: watched.site,
        until: tokio::time::Instant::now() + LASTS,
    };
    Sse::new(stream::unfold(watch, next)).keep_alive(KeepAlive::default())
}

/// Waits for the next change. Returns `None` at the end of the stream.
async fn next(mut watch: Watch) -> Option<(Result<Event, Infallible>, Watch)> {
    while tokio::time::Instant::now() < watch.until && !watch.console.host().is_stopping() {
        tokio::time::sleep(watch.console.host().pace()).await;
        let now = current(&watch.console, watch.site.as_ref()).await;
        if now.is_some() && now != watch.last {
            watch.last = now;
            let event = Event::default().event("changed").data("1");
            return Some((Ok(event), watch));
        }
    }
    None
}

/// Returns the present state; `None` if the table cannot be read now.
async fn current(console: &Console, site: Option<&SiteId>) -> Option<Pulse> {
    console.host().catch_up().await;
    pulse(console.environment(), site).await.ok()
}
