//! `doorstep reconcile`.

use serde_json::json;

use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

/// The arguments of `doorstep reconcile`.
#[derive(clap::Args)]
pub struct ReconcileArgs {
    /// The site.
    site: SiteId,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Requests a reconcile of a site.
pub async fn run(asked: &ReconcileArgs) -> Result<VerbOutcome> {
    let site = &asked.site;
    let what = format!("requesting a reconcile of {site}");
    asked
        .target
        .ask(&what, async |backend| backend.reconcile(site).await)
        .await?;
    match asked.json {
        true => print::json(&json!({ "site": site, "requested": true }))?,
        false => print::text(&format!(
            "a reconcile of {site} is requested: `doorstep drift {site}{}` shows what is left to do",
            asked.target.repeated()
        ))?,
    }
    Ok(VerbOutcome::Fine)
}
