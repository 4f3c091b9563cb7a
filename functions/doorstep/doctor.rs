//! `doorstep doctor`.

use crate::target::{Reached, Target};
use crate::{End, print, progress};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_operator::doctor::{self, Checkup};

/// The arguments of `doorstep doctor`.
#[derive(clap::Args)]
pub struct Doctor {
    /// The site; left out: every site of the stack.
    site: Option<String>,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Examines one site or all sites and prints the findings.
pub async fn run(asked: &Doctor) -> Result<End> {
    let checkups = match &asked.site {
        Some(site) => {
            let checkup = progress::wait(&format!("asking everything that {site} needs"), one(asked, site)).await?;
            if asked.json {
                print::json(&checkup)?;
            }
            vec![checkup]
        }
        None => {
            let checkups = progress::wait("asking everything that each site needs", all(asked)).await?;
            if asked.json {
                print::json(&checkups)?;
            }
            checkups
        }
    };
    if !asked.json {
        print::text(&checkups.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))?;
    }
    let is_fine = checkups.iter().all(|checkup| checkup.findings.is_empty());
    Ok(if is_fine { End::Fine } else { End::Found })
}

async fn one(asked: &Doctor, site: &str) -> Result<Checkup> {
    match asked.target.reach().await? {
        Reached::Stack(environment) => doctor::doctor(&environment, &SiteId::from(site)).await,
        Reached::Local(local) => local.get(&format!("{}/doctor", local.site(site)?)).await,
    }
}

async fn all(asked: &Doctor) -> Result<Vec<Checkup>> {
    match asked.target.reach().await? {
        Reached::Stack(environment) => doctor::doctor_of_all(&environment).await,
        Reached::Local(local) => local.get("/sandbox/doctor").await,
    }
}
