//! The Lambda function `entries`. It accepts the signed webhooks of door systems at its own
//! Function URL. The work is in `doorstep_jobs::entries`.

// The futures of a run nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod webhook;

use doorstep_jobs::entries::entries;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    webhook::serve(entries).await
}
