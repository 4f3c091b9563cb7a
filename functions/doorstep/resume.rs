//! `doorstep resume`.

use crate::End;
use crate::pause::say;
use crate::target::{Reached, Target};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::pause;

/// The arguments of `doorstep resume`.
#[derive(clap::Args)]
pub struct Resume {
    /// The site.
    site: String,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Ends a site's pause.
pub async fn run(asked: &Resume) -> Result<End> {
    let state = match asked.target.reach().await? {
        Reached::Stack(environment) => pause::resume(&environment, &SiteId::from(asked.site.as_str())).await?,
        Reached::Local(local) => local.post(&format!("{}/resume", local.site(&asked.site)?), "").await?,
    };
    say(&state, asked.json)
}
