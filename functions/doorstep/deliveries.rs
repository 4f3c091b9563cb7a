//! `doorstep deliveries`.

use jiff::civil::Date;

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

/// The arguments of `doorstep deliveries`.
#[derive(clap::Args)]
pub struct DeliveriesArgs {
    /// The site.
    site: SiteId,
    /// The local day, such as 2026-03-02; left out: today.
    #[arg(long)]
    day: Option<Date>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows the deliveries of a day, and the last reads.
pub async fn run(asked: &DeliveriesArgs) -> Result<VerbOutcome> {
    let ask = async |backend: &dyn Backend| backend.deliveries(&asked.site, asked.day).await;
    let found = asked.target.ask("reading the deliveries", ask).await?;
    print::value(&found, asked.json)?;
    Ok(VerbOutcome::Fine)
}
