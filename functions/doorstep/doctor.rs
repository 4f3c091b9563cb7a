//! `doorstep doctor`.

use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

/// The arguments of `doorstep doctor`.
#[derive(clap::Args)]
pub struct DoctorArgs {
    /// The site; left out: every site of the stack.
    site: Option<SiteId>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Examines one site or all sites and prints the findings.
pub async fn run(asked: &DoctorArgs) -> Result<VerbOutcome> {
    let is_fine = match &asked.site {
        Some(site) => {
            let what = format!("examining {site}");
            let checkup = asked
                .target
                .ask(&what, async |backend| backend.doctor(site).await)
                .await?;
            print::value(&checkup, asked.json)?;
            checkup.findings.is_empty()
        }
        None => {
            let checkups = asked
                .target
                .ask("examining every site", async |backend| {
                    backend.doctor_of_all().await
                })
                .await?;
            print::values(&checkups, asked.json)?;
            checkups.iter().all(|checkup| checkup.findings.is_empty())
        }
    };
    Ok(VerbOutcome::found_if(!is_fine))
}
