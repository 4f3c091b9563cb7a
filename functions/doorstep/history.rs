//! `doorstep history`.

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

/// The arguments of `doorstep history`.
#[derive(clap::Args)]
pub struct HistoryArgs {
    /// The site.
    site: SiteId,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Lists the versions of a site's file.
pub async fn run(asked: &HistoryArgs) -> Result<VerbOutcome> {
    let ask = async |backend: &dyn Backend| backend.history(&asked.site).await;
    let history = asked.target.ask("reading the versions", ask).await?;
    print::value(&history, asked.json)?;
    Ok(VerbOutcome::Fine)
}
