//! `doorstep sites`.

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;

/// The arguments of `doorstep sites`.
#[derive(clap::Args)]
pub struct SitesArgs {
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Lists the sites with their modes, versions and vendors.
pub async fn run(asked: &SitesArgs) -> Result<VerbOutcome> {
    let ask = async |backend: &dyn Backend| backend.sites().await;
    let sites = asked.target.ask("reading the sites", ask).await?;
    match asked.json {
        true => print::json(&sites)?,
        false if sites.is_empty() => print::text("no site yet: push a site file")?,
        false => {
            let lines: Vec<String> = sites.iter().map(ToString::to_string).collect();
            print::text(&lines.join("\n"))?;
        }
    }
    Ok(VerbOutcome::Fine)
}
