//! Lambda: dispatches reconciles, by the clock and by wishes on the bus, and compares everything of one site for each
//! message of the reconcile queue. Everything it does is in `doorstep_jobs::reconcile`.

// Journeys nest futures deeper than the compiler follows by itself.
#![recursion_limit = "256"]

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

use doorstep_cloud::environment::Environment;
use doorstep_jobs::reconcile::{Asked, dispatch, reconcile, serve};

/// The queue hands over a batch; the clock and the bus say what is asked for.
#[derive(Deserialize)]
#[serde(untagged)]
enum Event {
    Requests(SqsEvent),
    Asked(Asked),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = &Environment::on_lambda()?;
    run(service_fn(move |event: LambdaEvent<Event>| async move {
        environment.begin_on_lambda(event.context.deadline);
        Ok::<_, Error>(match event.payload {
            Event::Requests(batch) => {
                serve(environment, batch, |site| async move { reconcile(environment, &site).await.map(drop) }).await
            }
            Event::Asked(asked) => {
                dispatch(environment, asked).await?;
                SqsBatchResponse::default()
            }
        })
    }))
    .await
}
