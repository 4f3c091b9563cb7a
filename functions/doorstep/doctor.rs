//! `doorstep doctor`.

use doorstep::doctor::{self, Checkup};
use doorstep::error::Result;

use crate::target::{Reached, Target};
use crate::{End, print, progress};

/// Which site.
#[derive(clap::Args)]
pub struct Doctor {
    /// The site.
    site: String,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Looks for what somebody should do something about.
pub async fn run(asked: &Doctor) -> Result<End> {
    let checkup = async {
        match asked.target.reach().await? {
            Reached::Stack(outside) => doctor::doctor(&outside, &asked.site).await,
            Reached::Local(local) => local.get(&format!("{}/doctor", local.site(&asked.site)?)).await,
        }
    };
    let checkup: Checkup = progress::wait(&format!("asking everybody whom {} needs", asked.site), checkup).await?;
    match asked.json {
        true => print::json(&checkup)?,
        false => print::text(&checkup.to_string())?,
    }
    Ok(if checkup.findings.is_empty() { End::Fine } else { End::Found })
}
