//! The Lambda function `receive`. It accepts webhooks at the Function URL. The work is in `doorstep_jobs::receive`.

// The futures of a run nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

use futures_util::future::join;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

use doorstep_cloud::environment::Environment;
use doorstep_cloud::function_url::{FunctionUrlRequest, answer};
use doorstep_jobs::receive::receive;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = &Environment::on_lambda()?;
    let serve = run(service_fn(move |event: LambdaEvent<FunctionUrlRequest>| async move {
        Ok::<_, Error>(answer(event.payload, async |delivery| receive(environment, delivery).await).await)
    }));
    // The clients for the first delivery are prepared while the runtime waits for the first event.
    join(environment.warm(), serve).await.1
}
