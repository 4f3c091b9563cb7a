//! The second journey, and the only one that touches doors: a bell marks people due, then whoever is due is settled
//! from what is true now.

use std::collections::BTreeMap;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};

use crate::error::Result;
use crate::line::{Bell, Ring};
use crate::outside::Outside;

mod accounts;
mod apply;
mod case;
mod commit;
mod identity;
mod intend;
mod interrupted;
mod look;
mod moves;
mod problems;
mod round;
mod scene;
mod serve;

pub use moves::{HeldRows, Judged, Move, View, concerned, judge_person};
pub use scene::{Scene, Terms};

/// Serves one batch of the line. Where a site fails, its messages come again; another site's do not.
pub async fn settle(outside: &Outside, batch: SqsEvent) -> SqsBatchResponse {
    let mut sites: BTreeMap<String, (Vec<Bell>, Vec<String>)> = BTreeMap::new();
    for message in batch.records {
        let id = message.message_id.unwrap_or_default();
        let ring = message.body.as_deref().and_then(|body| serde_json::from_str::<Ring>(body).ok());
        // A message that nobody can read fails alone, until it ends in the dead letters.
        let (site, bell) = ring.map_or_else(|| (format!("?{id}"), None), |ring| (ring.site, Some(ring.bell)));
        let (bells, ids) = sites.entry(site).or_default();
        bells.extend(bell);
        ids.push(id);
    }
    let mut answer = SqsBatchResponse::default();
    for (site, (bells, ids)) in sites {
        if let Err(error) = one_site(outside, &site, &bells).await {
            tracing::error!(site, %error, "a batch of bells could not be served and comes again");
            answer.batch_item_failures.extend(ids.into_iter().map(|id| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                failure
            }));
        }
    }
    answer
}

async fn one_site(outside: &Outside, site: &str, bells: &[Bell]) -> Result<()> {
    if bells.is_empty() {
        return Err(crate::error::Error::report("the message is not a bell of ours"));
    }
    match outside.ledger.active(site).await? {
        Some(stored) => serve::serve(outside, &stored.text, bells).await,
        None => {
            tracing::warn!(site, "a bell for a site that is not here");
            Ok(())
        }
    }
}
