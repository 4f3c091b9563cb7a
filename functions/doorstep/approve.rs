//! `doorstep approve`.

use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::{Checksum, SiteId};

/// The arguments of `doorstep approve`.
#[derive(clap::Args)]
pub struct ApproveArgs {
    /// The checksum of the hold. Without it, the command shows every hold and approves nothing.
    checksum: Option<Checksum>,
    /// Only holds of this site.
    #[arg(long)]
    site: Option<SiteId>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows the open holds, or approves the one with the checksum.
pub async fn run(asked: &ApproveArgs) -> Result<VerbOutcome> {
    match &asked.checksum {
        None => look(asked).await,
        Some(checksum) => release(asked, checksum).await,
    }
}

async fn look(asked: &ApproveArgs) -> Result<VerbOutcome> {
    let site = asked.site.as_ref();
    let holds = asked
        .target
        .ask("reading the holds", async |backend| {
            backend.holds(site).await
        })
        .await?;
    match holds.is_empty() && !asked.json {
        true => print::text("no hold is open")?,
        false => print::values(&holds, asked.json)?,
    }
    Ok(VerbOutcome::found_if(!holds.is_empty()))
}

async fn release(asked: &ApproveArgs, checksum: &Checksum) -> Result<VerbOutcome> {
    let site = asked.site.as_ref();
    let hold = asked
        .target
        .ask("approving", async |backend| {
            backend.approve(site, checksum).await
        })
        .await?;
    match asked.json {
        true => print::json(&hold)?,
        false => print::text(&format!(
            "{}: approved for one hour: {}. Settle applies the changes now",
            hold.site,
            hold.what()
        ))?,
    }
    if hold.approved.is_none() {
        return Err(Error::permanent(
            "the approval was not stored: approve the hold again",
        ));
    }
    Ok(VerbOutcome::Fine)
}
