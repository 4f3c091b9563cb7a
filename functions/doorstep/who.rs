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
    #[command(flatten)]
    group: GroupChoice,
    /// The instant, past or future: "2026-03-02 09:00" in the site's time, 2026-03-02T09:00:00Z, or
    /// -2h; left out: now.
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    at: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// The two ways to name a group.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct GroupChoice {
    /// The group, by name or id. Write DOORS/NAME if several groups have the name.
    #[arg(value_name = "GROUP")]
    named: Option<String>,
    /// The same.
    #[arg(long)]
    group: Option<String>,
}

/// Shows the members of a group.
pub async fn run(asked: &WhoArgs) -> Result<VerbOutcome> {
    let GroupChoice { named, group } = &asked.group;
    let group = named
        .as_ref()
        .or(group.as_ref())
        .cloned()
        .unwrap_or_default();
    let wanted = WhoQuery {
        group: group.clone(),
        at: asked.at.clone(),
    };
    let ask = async |backend: &dyn Backend| backend.who(&asked.site, &wanted).await;
    let members = asked
        .target
        .ask(&format!("reading the members of {group}"), ask)
        .await?;
    print::value(&members, asked.json)?;
    Ok(VerbOutcome::Fine)
}
