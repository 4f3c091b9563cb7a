//! `doorstep approve`.

use crate::target::{Reached, Target};
use crate::{End, print, progress};
use doorstep_core::decide::guard::Hold;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_operator::approve::{self, Opened};

/// The arguments of `doorstep approve`.
#[derive(clap::Args)]
pub struct Approve {
    /// The checksum of the hold. Without it, the command shows every hold and approves nothing.
    checksum: Option<String>,
    /// Only holds of this site.
    #[arg(long)]
    site: Option<String>,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows the open holds, or approves the one with the checksum.
pub async fn run(asked: &Approve) -> Result<End> {
    match &asked.checksum {
        None => look(asked).await,
        Some(checksum) => release(asked, checksum).await,
    }
}

async fn look(asked: &Approve) -> Result<End> {
    let held = async {
        match asked.target.reach().await? {
            Reached::Stack(environment) => {
                approve::holds(&environment, asked.site.as_deref().map(SiteId::from).as_ref()).await
            }
            Reached::Local(local) => match &asked.site {
                Some(site) => local.get(&format!("{}/holds", local.site(site)?)).await,
                None => local.get("/sandbox/holds").await,
            },
        }
    };
    let held: Vec<Opened> = progress::wait("looking at what waits", held).await?;
    match (asked.json, held.is_empty()) {
        (true, _) => print::json(&held)?,
        (false, true) => print::text("nothing waits for you")?,
        (false, false) => {
            print::text(&held.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))?;
        }
    }
    Ok(if held.is_empty() { End::Fine } else { End::Found })
}

async fn release(asked: &Approve, checksum: &str) -> Result<End> {
    let approved = async {
        match asked.target.reach().await? {
            Reached::Stack(environment) => {
                approve::approve(&environment, asked.site.as_deref().map(SiteId::from).as_ref(), checksum).await
            }
            Reached::Local(local) => {
                let body = serde_json::json!({ "checksum": checksum }).to_string();
                match &asked.site {
                    Some(site) => local.post(&format!("{}/approve", local.site(site)?), &body).await,
                    None => local.post("/sandbox/approve", &body).await,
                }
            }
        }
    };
    let hold: Hold = progress::wait("approving", approved).await?;
    match asked.json {
        true => print::json(&hold)?,
        false => print::text(&format!(
            "{}: {} may be done within the next hour, and are being done",
            hold.site,
            hold.what()
        ))?,
    }
    if hold.approved.is_none() {
        return Err(Error::permanent("it was not written down: approve it again"));
    }
    Ok(End::Fine)
}
