//! `doorstep drift`.

use crate::target::{Reached, Target};
use crate::{End, print, progress};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::drift;

/// The arguments of `doorstep drift`.
#[derive(clap::Args)]
pub struct Drift {
    /// The site.
    site: String,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows where the doors differ from the version in force.
pub async fn run(asked: &Drift) -> Result<End> {
    let found = async {
        match asked.target.reach().await? {
            Reached::Stack(environment) => drift::drift(&environment, &SiteId::from(asked.site.as_str())).await,
            Reached::Local(local) => local.get(&format!("{}/drift", local.site(&asked.site)?)).await,
        }
    };
    let found: drift::Drift = progress::wait(&format!("comparing {}", asked.site), found).await?;
    match asked.json {
        true => print::json(&found)?,
        false => print::text(&found.to_string())?,
    }
    Ok(if found.is_any() { End::Found } else { End::Fine })
}
