//! Lambda: takes webhooks at the Function URL. Everything it does is in `doorstep_jobs::receive`.

// Journeys nest futures deeper than the compiler follows by itself.
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
    // What the first delivery needs is made ready while the first event is asked for.
    join(environment.warm(), serve).await.1
}
