//! What needs the operator, at all sites: one list of values, what keeps people out or in wrongly
//! first. It is read from the table, without a call to a vendor. It changes nothing.
//!
//! One site costs six reads of items and lists, and one batch for each hundred people; eight sites
//! are read at the same time. The queue is asked once.

mod judge;
mod load;
mod next;
mod print;
mod shape;
mod state;
mod whom;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use futures_util::future::join;
use futures_util::{StreamExt, stream};

use doorstep_cloud::environment::Environment;
use doorstep_core::model::error::Result;
use load::{SiteFound, load};
pub use shape::{Need, NeedGroup, NeedKind, NeedTarget, NeedsYou, NextAnywhere, NotReadReason};
use state::SiteState;

/// The most sites that are read at the same time.
const AT_ONCE: usize = 8;

/// Returns what needs the operator, at all sites. A site that cannot be read is one need, and so is
/// a queue that does not answer.
///
/// # Errors
/// [`Retry`](doorstep_core::model::error::Error::Retry) if the list of sites cannot be read.
pub async fn needs(environment: &Environment) -> Result<NeedsYou> {
    let (now, mut sites) = (
        environment.time.now(),
        environment.store.site_names().await?,
    );
    sites.sort();
    let each = sites
        .into_iter()
        .map(|site| load(environment, site))
        .collect::<Vec<_>>();
    let found = stream::iter(each).buffered(AT_ONCE).collect::<Vec<_>>();
    let (found, queue) = join(found, environment.triggers.waiting()).await;
    let mut needs = judge::of_queue(queue);
    let mut states: Vec<SiteState> = Vec::new();
    for one in found {
        match one {
            SiteFound::Gone => {}
            SiteFound::Unread(need) => needs.push(*need),
            SiteFound::Read(state) => {
                needs.extend(judge::of_site(&state, now));
                states.push(*state);
            }
        }
    }
    load::name_unnamed(environment, &mut needs).await;
    needs.sort_by(judge::order);
    Ok(NeedsYou {
        as_of: now,
        timezone: common_zone(&states),
        next: next::next(environment, &states, now).await,
        needs,
    })
}

/// Returns the zone that all of the sites have; UTC if they have several.
fn common_zone(states: &[SiteState]) -> String {
    let zones: BTreeSet<String> = states.iter().map(SiteState::timezone).collect();
    let mut zones = zones.into_iter();
    match (zones.next(), zones.next()) {
        (Some(only), None) => only,
        _ => "UTC".to_owned(),
    }
}
