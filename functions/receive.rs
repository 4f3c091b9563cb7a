//! The Lambda function `receive`. It accepts the signed webhooks of platforms at its own Function
//! URL. The work is in `doorstep_jobs::receive`.

// The futures of a run nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod webhook;

use doorstep_jobs::receive::receive;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    webhook::serve(receive).await
}
