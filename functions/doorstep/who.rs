//! `doorstep who`.

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::explain::who::WhoQuery;

/// The arguments of `doorstep who`.
#[derive(clap::Args)]
pub struct WhoArgs {
    /// The site.
    site: SiteId,
    /// The group, by name or id. Write DOORS/NAME if several groups have the name.
    #[arg(long)]
    group: String,
    /// The instant, past or future, such as 2026-03-02T09:00:00Z; left out: now.
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows the members of a group.
pub async fn run(asked: &WhoArgs) -> Result<VerbOutcome> {
    let wanted = WhoQuery {
        group: asked.group.clone(),
        at: asked.at.clone(),
    };
    let ask = async |backend: &dyn Backend| backend.who(&asked.site, &wanted).await;
    let members = asked
        .target
        .ask(&format!("reading the members of {}", asked.group), ask)
        .await?;
    print::value(&members, asked.json)?;
    Ok(VerbOutcome::Fine)
}
