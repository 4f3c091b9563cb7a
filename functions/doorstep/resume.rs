//! `doorstep resume`.

use doorstep::error::Result;
use doorstep::pause;

use crate::End;
use crate::pause::say;
use crate::target::{Reached, Target};

/// Which site.
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
        Reached::Stack(outside) => pause::resume(&outside, &asked.site).await?,
        Reached::Local(local) => local.post(&format!("{}/resume", local.site(&asked.site)?), "").await?,
    };
    say(&state, asked.json)
}
