//! `doorstep show`.

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

/// The arguments of `doorstep show`.
#[derive(clap::Args)]
pub struct ShowArgs {
    /// The site.
    site: SiteId,
    /// The number of the version; left out: the version in force.
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Prints a version of a site's file, exactly as it was pushed.
pub async fn run(asked: &ShowArgs) -> Result<VerbOutcome> {
    let ask = async |backend: &dyn Backend| backend.file(&asked.site, asked.version).await;
    let file = asked.target.ask("reading the file", ask).await?;
    match asked.json {
        true => print::json(&file)?,
        false => print::table(&file.text)?,
    }
    Ok(VerbOutcome::Fine)
}
