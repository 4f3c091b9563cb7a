//! `doorstep on-time`.

use crate::target::{Reached, Target};
use crate::{End, print, progress};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::on_time::{self, Wanted, on_time};

/// The arguments of `doorstep on-time`.
#[derive(clap::Args)]
pub struct OnTime {
    /// The site.
    site: String,
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
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows how many times doors opened and closed on time.
pub async fn run(asked: &OnTime) -> Result<End> {
    let wanted = Wanted { day: asked.day.clone(), from: asked.from.clone(), until: asked.until.clone() };
    let told = async {
        match asked.target.reach().await? {
            Reached::Stack(environment) => on_time(&environment, &SiteId::from(asked.site.as_str()), &wanted).await,
            Reached::Local(local) => local.get(&local.query(&asked.site, "on-time", &wanted)?).await,
        }
    };
    let told: on_time::OnTime = progress::wait("reading the audit chain", told).await?;
    match asked.json {
        true => print::json(&told)?,
        false => print::text(&told.to_string())?,
    }
    let late = told.days.iter().any(|day| !day.late.is_empty());
    Ok(if late { End::Found } else { End::Fine })
}
