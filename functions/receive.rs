//! Lambda: takes webhooks at the Function URL. Everything it does is in `doorstep::receive`.

use bytes::Bytes;
use doorstep::delivery::Delivery;
use doorstep::outside::Outside;
use doorstep::receive::receive;
use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let outside = &Outside::on_lambda()?;
    // What the first delivery needs is read while nobody waits for it.
    outside.doorplates.warm(outside.time.now()).await?;
    run(service_fn(move |request: Request| async move {
        let answer = receive(outside, delivery(request)).await;
        let response = Response::builder().status(answer.status).header("content-type", "application/json");
        Ok::<_, Error>(response.body(answer.body)?)
    }))
    .await
}

fn delivery(request: Request) -> Delivery {
    let (head, body) = request.into_parts();
    // A Function URL hands over bytes that are not text in base64; the runtime has undone that.
    let body = match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    };
    Delivery { path: head.uri.path().to_owned(), headers: head.headers, body }
}
