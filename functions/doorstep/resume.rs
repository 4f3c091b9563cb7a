//! `doorstep resume`.

use crate::End;
use crate::pause::say;
use crate::target::Target;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

/// The arguments of `doorstep resume`.
#[derive(clap::Args)]
pub struct Resume {
    /// The site.
    site: SiteId,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Ends a site's pause.
pub async fn run(asked: &Resume) -> Result<End> {
    let what = format!("resuming {}", asked.site);
    let state = asked.target.ask(&what, async |backend| backend.resume(&asked.site).await).await?;
    say(&state, asked.json)
}
