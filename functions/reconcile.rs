//! Lambda: compares everything, on a schedule and when a bell asks for it. Everything it does is in
//! `doorstep::reconcile`.

use doorstep::outside::Outside;
use doorstep::reconcile::reconcile;
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
        let named = event.payload.detail.and_then(|detail| detail.site);
        let sites = match named {
            Some(site) => vec![site],
            None => outside.ledger.doorplates().await?.into_iter().map(|plate| plate.site).collect(),
        };
        let mut failed = 0;
        for site in sites {
            // One site's trouble is never another's.
            if let Err(error) = reconcile(outside, &site).await {
                tracing::error!(site, %error, "a site could not be reconciled");
                failed += 1;
            }
        }
        if failed == 0 { Ok(()) } else { Err(Error::from(format!("{failed} sites could not be reconciled"))) }
    }))
    .await
}
