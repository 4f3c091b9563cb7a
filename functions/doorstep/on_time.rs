//! `doorstep on-time`.

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::on_time::OnTimeQuery;

/// The arguments of `doorstep on-time`.
#[derive(clap::Args)]
pub struct OnTimeArgs {
    /// The site.
    site: SiteId,
    /// One local day, such as 2026-03-02.
    #[arg(long, conflicts_with_all = ["from", "until"])]
    day: Option<String>,
    /// The first local day; left out: a week that ends with the last day.
    #[arg(long)]
    from: Option<String>,
    /// The last local day; left out: today.
    #[arg(long)]
    until: Option<String>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows how many times doors opened and closed on time.
pub async fn run(asked: &OnTimeArgs) -> Result<VerbOutcome> {
    let wanted = OnTimeQuery {
        day: asked.day.clone(),
        from: asked.from.clone(),
        until: asked.until.clone(),
    };
    let ask = async |backend: &dyn Backend| backend.on_time(&asked.site, &wanted).await;
    let record = asked.target.ask("reading the audit chain", ask).await?;
    print::value(&record, asked.json)?;
    let is_late = record.days.iter().any(|day| !day.late.is_empty());
    Ok(VerbOutcome::found_if(is_late))
}
