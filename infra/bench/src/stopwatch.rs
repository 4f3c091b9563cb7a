//! Times a part of the production code where it runs: the spans that it marks itself.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tracing::span::Id;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

/// The span around the deciding part of a reconcile.
const DECIDE: &str = "decide";

static BEGUN: Mutex<Option<Instant>> = Mutex::new(None);
static TIMES: Mutex<Vec<f64>> = Mutex::new(Vec::new());

struct Stopwatch;

impl<S: Subscriber> Layer<S> for Stopwatch {
    fn on_enter(&self, _: &Id, _: Context<'_, S>) {
        *BEGUN.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn on_exit(&self, _: &Id, _: Context<'_, S>) {
        if let Some(begun) = BEGUN.lock().unwrap_or_else(PoisonError::into_inner).take() {
            TIMES
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(crate::ms(begun.elapsed()));
        }
    }
}

/// Starts listening. All other log lines are ignored.
pub fn install() {
    let decides = |metadata: &Metadata<'_>| metadata.is_span() && metadata.name() == DECIDE;
    Registry::default()
        .with(Stopwatch.with_filter(filter_fn(decides)))
        .init();
}

/// How long each deciding took since this was last asked, in milliseconds.
pub fn times() -> Vec<f64> {
    std::mem::take(&mut *TIMES.lock().unwrap_or_else(PoisonError::into_inner))
}
