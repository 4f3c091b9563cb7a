//! `doorstep retire`.

use std::time::Duration;

use crate::backend::Backend;
use crate::target::TargetOptions;
use crate::{VerbOutcome, print};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{Checksum, SiteId};
use doorstep_operator::retire::{How, Order, RetireStage, Retirement};

/// The pause between two requests.
const PAUSE: Duration = Duration::from_secs(3);
/// How many requests in a row may show no progress.
const PATIENCE: u32 = 20;

/// The arguments of `doorstep retire`.
#[derive(clap::Args)]
#[group(id = "access", required = true, args = ["leave_access", "revoke_access"])]
pub struct RetireArgs {
    /// The site.
    site: SiteId,
    /// Leaves the access that Doorstep granted. Doorstep no longer revokes it.
    #[arg(long)]
    leave_access: bool,
    /// Revokes the access that Doorstep granted.
    #[arg(long)]
    revoke_access: bool,
    /// Deletes the stored data of the site, except its audit chain.
    #[arg(long)]
    delete_data: bool,
    /// Applies the consequences that were shown with this checksum.
    #[arg(long, value_name = "CHECKSUM")]
    yes: Option<Checksum>,
    #[command(flatten)]
    target: TargetOptions,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Shows what it means to take a site out of service, or does it.
pub async fn run(asked: &RetireArgs) -> Result<VerbOutcome> {
    let how = if asked.revoke_access {
        How::RevokeAccess
    } else {
        How::LeaveAccess
    };
    let order = Order {
        how,
        delete_data: asked.delete_data,
        yes: asked.yes.clone(),
    };
    let ask = async |backend: &dyn Backend| until_done(backend, &asked.site, &order).await;
    let retirement = asked
        .target
        .ask(&format!("retiring {}", asked.site), ask)
        .await?;
    print::value(&retirement, asked.json)?;
    Ok(VerbOutcome::found_if(
        retirement.stage == RetireStage::UnderWay,
    ))
}

/// Repeats the request while the retirement is under way.
async fn until_done(backend: &dyn Backend, site: &SiteId, order: &Order) -> Result<Retirement> {
    let mut retirement = backend.retire(site, order).await?;
    let mut still = 0;
    while order.yes.is_some() && retirement.stage == RetireStage::UnderWay && still < PATIENCE {
        tokio::time::sleep(PAUSE).await;
        let now = backend.retire(site, order).await?;
        still = if now.people == retirement.people && now.inside == retirement.inside {
            still + 1
        } else {
            0
        };
        retirement = now;
    }
    Ok(retirement)
}
