//! Lambda: takes webhooks at the Function URL. Everything it does is in `doorstep::receive`.

use doorstep::delivery::Delivery;
use doorstep::outside::Outside;
use doorstep::receive::receive;
use lambda_http::{Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let outside = &Outside::on_lambda()?;
    // What the first delivery needs is read while nobody waits for it.
    outside.doorplates.warm(outside.time.now()).await?;
    run(service_fn(move |request: Request| async move {
        let answer = receive(outside, Delivery::from(request)).await;
        let response = Response::builder().status(answer.status).header("content-type", "application/json");
        Ok::<_, Error>(response.body(answer.body)?)
    }))
    .await
}
