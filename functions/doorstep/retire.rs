//! `doorstep retire`.

use doorstep_core::model::ids::SiteId;
use std::time::Duration;

use serde_json::json;

use crate::target::{Reached, Target};
use crate::{End, print, progress};
use doorstep_core::model::error::Result;
use doorstep_operator::retire::{self, How, Order, Retirement, Stage};

/// The pause between two requests.
const PAUSE: Duration = Duration::from_secs(3);
/// How many requests in a row may show no progress.
const PATIENCE: u32 = 20;

/// The arguments of `doorstep retire`.
#[derive(clap::Args)]
#[group(id = "access", required = true, args = ["leave_access", "revoke_access"])]
pub struct Retire {
    /// The site.
    site: String,
    /// Leaves the access that Doorstep granted. Doorstep no longer revokes it.
    #[arg(long)]
    leave_access: bool,
    /// Revokes the access that Doorstep granted.
    #[arg(long)]
    revoke_access: bool,
    /// Deletes the stored data of the site, except its audit chain.
    #[arg(long)]
    delete_data: bool,
    /// Does what was shown with this checksum.
    #[arg(long, value_name = "CHECKSUM")]
    yes: Option<String>,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows what it means to take a site out of service, or does it.
pub async fn run(asked: &Retire) -> Result<End> {
    let how = if asked.revoke_access { How::RevokeAccess } else { How::LeaveAccess };
    let order = Order { how, delete_data: asked.delete_data, yes: asked.yes.clone() };
    let target = asked.target.reach().await?;
    let seen = progress::wait(&format!("retiring {}", asked.site), until_done(&target, &asked.site, &order)).await?;
    match asked.json {
        true => print::json(&seen)?,
        false => print::text(&seen.to_string())?,
    }
    Ok(if seen.stage == Stage::UnderWay { End::Found } else { End::Fine })
}

/// Repeats the request while the retirement is under way.
async fn until_done(target: &Reached, site: &str, order: &Order) -> Result<Retirement> {
    let mut seen = once(target, site, order).await?;
    let mut still = 0;
    while order.yes.is_some() && seen.stage == Stage::UnderWay && still < PATIENCE {
        tokio::time::sleep(PAUSE).await;
        let now = once(target, site, order).await?;
        still = if now.people == seen.people && now.inside == seen.inside { still + 1 } else { 0 };
        seen = now;
    }
    Ok(seen)
}

async fn once(target: &Reached, site: &str, order: &Order) -> Result<Retirement> {
    match target {
        Reached::Stack(environment) => retire::retire(environment, &SiteId::from(site), order).await,
        Reached::Local(local) => local.post(&format!("{}/retire", local.site(site)?), &json!(order).to_string()).await,
    }
}
