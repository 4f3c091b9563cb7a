//! `doorstep retire`.

use std::time::Duration;

use serde_json::json;

use crate::target::{Reached, Target};
use crate::{End, print, progress};
use doorstep_core::model::error::Result;
use doorstep_operator::retire::{self, How, Order, Retirement, Stage};

/// How long it is waited between two looks.
const PAUSE: Duration = Duration::from_secs(3);
/// How many looks in a row may find nothing new.
const PATIENCE: u32 = 20;

/// Which site, and what becomes of its people.
#[derive(clap::Args)]
#[group(id = "access", required = true, args = ["leave_access", "revoke_access"])]
pub struct Retire {
    /// The site.
    site: String,
    /// Whoever Doorstep put in stays in; nobody takes them out any more.
    #[arg(long)]
    leave_access: bool,
    /// Whoever Doorstep put in is taken out first.
    #[arg(long)]
    revoke_access: bool,
    /// Deletes everything that is kept of the site, but for its audit chain.
    #[arg(long)]
    delete_data: bool,
    /// Does what was shown under this checksum.
    #[arg(long, value_name = "CHECKSUM")]
    yes: Option<String>,
    #[command(flatten)]
    target: Target,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows what taking a site out of service would do, or does it.
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

/// Says it again while it goes on.
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
        Reached::Stack(environment) => retire::retire(environment, site, order).await,
        Reached::Local(local) => local.post(&format!("{}/retire", local.site(site)?), &json!(order).to_string()).await,
    }
}
