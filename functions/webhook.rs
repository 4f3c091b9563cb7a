//! What the Lambda functions `receive` and `entries` share: the loop over the requests at their
//! Function URLs.

use futures_util::future::join;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

use doorstep_cloud::environment::Environment;
use doorstep_cloud::function_url::{FunctionUrlRequest, answer};
use doorstep_vendors::delivery::{Delivery, WebhookAnswer};

/// Answers each request with the answer of `take` to its delivery.
pub async fn serve(
    take: impl AsyncFn(&Environment, Delivery) -> WebhookAnswer,
) -> Result<(), Error> {
    let environment = &Environment::on_lambda()?;
    let take = &take;
    let serve = run(service_fn(
        move |event: LambdaEvent<FunctionUrlRequest>| async move {
            Ok::<_, Error>(
                answer(event.payload, async |delivery| {
                    take(environment, delivery).await
                })
                .await,
            )
        },
    ));
    // The runtime asks for the first event first. Connections are opened while it waits.
    join(serve, environment.warm()).await.0
}
