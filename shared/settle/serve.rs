//! One site's turn: bells mark people due, then whoever is due is served, earliest first, until the time is used up.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::identity;
use super::look::Looker;
use super::round::settle_people;
use super::scene::Scene;
use crate::bus::Notice;
use crate::error::{Error, Result};
use crate::ledger::dues::{Due, Subject};
use crate::line::{Bell, Ring};
use crate::outside::Outside;
use crate::site::Site;

/// How long one run may serve before it rings again for the rest. The function may take longer to finish a slice.
const TURN: Duration = Duration::from_secs(45);
/// How many due items are served together: vendors with bulk calls get one call a group for all of them.
const SLICE: usize = 500;

/// Serves the bells of one site.
pub async fn serve(outside: &Outside, text: &str, bells: &[Bell]) -> Result<()> {
    let began = Instant::now();
    let site = Site::parse(text).map_err(|error| Error::report(format!("the stored site file: {error}")))?;
    let mut until = outside.time.now();
    for bell in bells {
        match bell {
            Bell::Things(mentions) => {
                let looker = Looker::new(outside, &site).await?;
                for mention in mentions {
                    looker.look(mention, 0).await?;
                }
            }
            Bell::Alarm(minute) => until = until.max(*minute),
            Bell::Due => {}
            Bell::Unread => outside.bus.publish(&site.id, &[Notice::ReconcileWanted]).await?,
        }
    }
    while let Some(slice) = due_slice(outside, &site.id, until).await? {
        if began.elapsed() > TURN {
            return outside.line.ring(&Ring { site: site.id.clone(), bell: Bell::Due }, None).await;
        }
        serve_slice(outside, &site, slice, until).await?;
        until = until.max(outside.time.now());
    }
    Ok(())
}

/// The next due items, earliest first; `None` where nobody is due.
async fn due_slice(outside: &Outside, site: &str, until: Timestamp) -> Result<Option<Vec<Due>>> {
    let mut dues = outside.ledger.due_until(site, until).await?;
    dues.truncate(SLICE);
    Ok((!dues.is_empty()).then_some(dues))
}

async fn serve_slice(outside: &Outside, site: &Site, slice: Vec<Due>, now: Timestamp) -> Result<()> {
    let (looks, people): (Vec<Due>, Vec<Due>) =
        slice.into_iter().partition(|due| matches!(due.subject, Subject::Look { .. }));
    if !looks.is_empty() {
        let looker = Looker::new(outside, site).await?;
        for due in &looks {
            if let Subject::Look { mention, looks } = &due.subject {
                looker.look(mention, *looks).await?;
            }
        }
        outside.ledger.cross_out(&site.id, &looks).await?;
    }
    if people.is_empty() {
        return Ok(());
    }
    let (scene, writers) = Scene::set(outside, site.clone()).await?;
    let summons = identity::summon(outside, &site.id, people).await?;
    settle_people(&scene, &writers, summons, now).await
}
