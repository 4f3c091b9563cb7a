//! Lambda: takes webhooks at the Function URL. Everything it does is in `doorstep_jobs::receive`.

// Journeys nest futures deeper than the compiler follows by itself.
#![recursion_limit = "256"]

use futures_util::future::join;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

use doorstep_cloud::function_url::{FunctionUrlRequest, answer};
use doorstep_cloud::outside::Environment;
use doorstep_jobs::receive::receive;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let outside = &Environment::on_lambda()?;
    let serve = run(service_fn(move |event: LambdaEvent<FunctionUrlRequest>| async move {
        Ok::<_, Error>(answer(event.payload, async |delivery| receive(outside, delivery).await).await)
    }));
    // What the first delivery needs is made ready while the first event is asked for.
    join(outside.warm(), serve).await.1
}
