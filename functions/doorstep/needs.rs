//! `doorstep needs`.

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;

/// The arguments of `doorstep needs`.
#[derive(clap::Args)]
pub struct NeedsArgs {
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Lists what needs the operator, at all sites.
pub async fn run(asked: &NeedsArgs) -> Result<VerbOutcome> {
    let ask = async |backend: &dyn Backend| backend.needs().await;
    let found = asked.target.ask("reading the sites", ask).await?;
    print::value(&found, asked.json)?;
    Ok(VerbOutcome::found_if(!found.needs.is_empty()))
}
