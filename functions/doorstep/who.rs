//! `doorstep who`.

use crate::target::{Reached, Target};
use crate::{End, print, progress};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::explain::who::{Told, Wanted, who};

/// The arguments of `doorstep who`.
#[derive(clap::Args)]
pub struct Who {
    /// The site.
    site: String,
    /// The group, by name or id. Write DOORS/NAME if several groups have the name.
    #[arg(long)]
    group: String,
    /// The instant, past or future, such as 2026-03-02T09:00:00Z; left out: now.
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows the members of a group.
pub async fn run(asked: &Who) -> Result<End> {
    let wanted = Wanted { group: asked.group.clone(), at: asked.at.clone() };
    let told = async {
        match asked.target.reach().await? {
            Reached::Stack(environment) => who(&environment, &SiteId::from(asked.site.as_str()), &wanted).await,
            Reached::Local(local) => local.get(&local.query(&asked.site, "who", &wanted)?).await,
        }
    };
    let told: Told = progress::wait("asking who is in it", told).await?;
    match asked.json {
        true => print::json(&told)?,
        false => print::text(&told.to_string())?,
    }
    Ok(End::Fine)
}
