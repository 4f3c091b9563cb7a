//! What is being waited for, said on standard error where that is a terminal and it takes longer than a second.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How long nothing is said.
const QUIET: Duration = Duration::from_secs(1);
/// How often the spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// Waits for `work`, and says `what` takes so long. Nothing of it is left on the terminal afterwards.
pub async fn wait<T>(what: &str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(QUIET, &mut work).await {
        return done;
    }
    // Hidden by itself where standard error is no terminal.
    let bar = ProgressBar::new_spinner().with_message(what.to_owned()).with_elapsed(QUIET);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TURN);
    let done = work.await;
    bar.finish_and_clear();
    done
}
