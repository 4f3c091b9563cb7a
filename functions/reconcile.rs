//! Lambda: compares everything, on a schedule and when a bell asks for it. Everything it does is in
//! `doorstep::reconcile`.

use doorstep::outside::Outside;
use doorstep::reconcile::{every_site, reconcile};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::Deserialize;

/// A schedule names no site and means all of them; an event of the bus names one.
#[derive(Deserialize)]
struct Asked {
    detail: Option<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    site: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let outside = &Outside::on_lambda()?;
    run(service_fn(move |event: LambdaEvent<Asked>| async move {
        outside.begin_on_lambda(event.context.deadline);
        match event.payload.detail.and_then(|detail| detail.site) {
            Some(site) => reconcile(outside, &site).await.map(|_| ())?,
            None => every_site(outside).await?,
        }
        Ok::<(), Error>(())
    }))
    .await
}
