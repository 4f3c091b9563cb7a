//! `doorstep drift`.

use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

/// The arguments of `doorstep drift`.
#[derive(clap::Args)]
pub struct DriftArgs {
    /// The site.
    site: SiteId,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows where the doors differ from the version in force.
pub async fn run(asked: &DriftArgs) -> Result<VerbOutcome> {
    let what = format!("comparing {}", asked.site);
    let drift = asked
        .target
        .ask(&what, async |backend| backend.drift(&asked.site).await)
        .await?;
    print::value(&drift, asked.json)?;
    Ok(VerbOutcome::found_if(drift.is_any()))
}
