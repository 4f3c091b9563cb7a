//! `doorstep doctor`.

use crate::target::Target;
use crate::{End, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

/// The arguments of `doorstep doctor`.
#[derive(clap::Args)]
pub struct Doctor {
    /// The site; left out: every site of the stack.
    site: Option<SiteId>,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Examines one site or all sites and prints the findings.
pub async fn run(asked: &Doctor) -> Result<End> {
    let is_fine = match &asked.site {
        Some(site) => {
            let what = format!("examining {site}");
            let checkup = asked.target.ask(&what, async |backend| backend.doctor(site).await).await?;
            print::value(&checkup, asked.json)?;
            checkup.findings.is_empty()
        }
        None => {
            let checkups =
                asked.target.ask("examining every site", async |backend| backend.doctor_of_all().await).await?;
            print::values(&checkups, asked.json)?;
            checkups.iter().all(|checkup| checkup.findings.is_empty())
        }
    };
    Ok(if is_fine { End::Fine } else { End::Found })
}
