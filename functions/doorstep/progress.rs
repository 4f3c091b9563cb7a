//! A progress line on standard error. It appears on a terminal, after one second.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// The time before the line appears.
const QUIET: Duration = Duration::from_secs(1);
/// The interval of the spinner.
const TURN: Duration = Duration::from_millis(120);

/// Waits for `work` and shows `what` while it lasts. Clears the line afterwards.
pub async fn wait<T>(what: &str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(QUIET, &mut work).await {
        return done;
    }
    // The bar hides itself if standard error is no terminal.
    let bar = ProgressBar::new_spinner()
        .with_message(what.to_owned())
        .with_elapsed(QUIET);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TURN);
    let done = work.await;
    bar.finish_and_clear();
    done
}
