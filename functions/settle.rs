//! The Lambda function `settle`. It serves the trigger queue. The work is in
//! `doorstep_jobs::settle`.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

use doorstep_cloud::environment::Environment;
use doorstep_jobs::settle::settle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let environment = &Environment::on_lambda()?;
    run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        environment.begin_on_lambda(event.context.deadline);
        Ok::<SqsBatchResponse, Error>(settle(environment, event.payload).await)
    }))
    .await
}
