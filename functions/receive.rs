//! Lambda: takes webhooks at the Function URL. Everything it does is in `doorstep::receive`.

use doorstep::delivery::Delivery;
use doorstep::outside::Outside;
use doorstep::receive::{receive, warm};
use futures_util::future::join;
use lambda_http::{Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let outside = &Outside::on_lambda()?;
    let serve = run(service_fn(move |request: Request| async move {
        let answer = receive(outside, Delivery::from(request)).await;
        let response = Response::builder().status(answer.status).header("content-type", "application/json");
        Ok::<_, Error>(response.body(answer.body)?)
    }));
    // What the first delivery needs is made ready while the first event is asked for.
    join(warm(outside), serve).await.1
}
