//! The Lambda function `reconcile`. It dispatches reconciles by schedule and on request from the
//! bus. For each message of the reconcile queue it compares one site. The work is in
//! `doorstep_jobs::reconcile`.

// The futures of a run nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

use doorstep_cloud::environment::Environment;
use doorstep_jobs::reconcile::{DispatchInput, dispatch, reconcile, serve};

/// The event of an invocation: a batch from the queue, or a request by the schedule or the bus.
#[derive(Deserialize)]
#[serde(untagged)]
enum Invocation {
    Requests(SqsEvent),
    Asked(DispatchInput),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = &Environment::on_lambda()?;
    run(service_fn(
        move |event: LambdaEvent<Invocation>| async move {
            environment.begin_on_lambda(event.context.deadline);
            Ok::<_, Error>(match event.payload {
                Invocation::Requests(batch) => {
                    serve(environment, batch, |site| async move {
                        reconcile(environment, &site).await.map(drop)
                    })
                    .await
                }
                Invocation::Asked(asked) => {
                    dispatch(environment, asked).await?;
                    SqsBatchResponse::default()
                }
            })
        },
    ))
    .await
}
