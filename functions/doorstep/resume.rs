//! `doorstep resume`.

use crate::VerbOutcome;
use crate::pause::say;
use crate::target::TargetOptions;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

/// The arguments of `doorstep resume`.
#[derive(clap::Args)]
pub struct ResumeArgs {
    /// The site.
    site: SiteId,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Ends a site's pause.
pub async fn run(asked: &ResumeArgs) -> Result<VerbOutcome> {
    let what = format!("resuming {}", asked.site);
    let state = asked
        .target
        .ask(&what, async |backend| backend.resume(&asked.site).await)
        .await?;
    say(&state, asked.json)
}
