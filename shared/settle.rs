//! The second journey, and the only one that touches doors: a bell marks people due, then whoever is due is settled
//! from what is true now.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};

use crate::error::Result;
use crate::line::Ring;
use crate::outside::Outside;

mod accounts;
mod apply;
mod basis;
mod card_moves;
mod cards;
mod case;
mod commit;
mod crowd;
mod directory;
mod doubts;
mod held;
mod identity;
mod intend;
mod interrupted;
mod look;
#[cfg(test)]
mod model;
mod moves;
mod numbers;
mod order;
mod portion;
mod prepare;
mod problems;
mod rest;
mod round;
mod scene;
mod serve;
mod shared;
mod tidy;
mod timely;
mod turn;

pub use accounts::{taken_already, the_one};
pub(crate) use case::dossier_of;
pub use doubts::COUNTED;
pub use held::{GroupRows, HeldRows};
pub use look::{Heard, end_look};
pub use moves::{Judged, Move, View, concerned, judge_person};
pub use rest::resume_at;
pub use scene::Terms;
pub(crate) use scene::catalogue;

/// How long a site's line waits before a message that failed comes again, by how often it came. After the fifth time
/// the queue gives it to the dead letters.
const PAUSES: [u64; 4] = [5, 15, 45, 120];

/// Serves one batch of the line. Where a site fails, its messages come again; another site's do not.
pub async fn settle(outside: &Outside, batch: SqsEvent) -> SqsBatchResponse {
    let mut sites: BTreeMap<String, (Vec<Ring>, Vec<SqsMessage>)> = BTreeMap::new();
    let mut answer = SqsBatchResponse::default();
    for message in batch.records {
        match message.body.as_deref().and_then(|body| serde_json::from_str::<Ring>(body).ok()) {
            Some(ring) => {
                let (rings, messages) = sites.entry(ring.site.clone()).or_default();
                rings.push(ring);
                messages.push(message);
            }
            None => {
                tracing::error!(id = message.message_id, "a message is not a bell of ours: to the dead letters");
                comes_again(outside, &mut answer, message, Duration::ZERO).await;
            }
        }
    }
    for (site, (rings, messages)) in sites {
        if let Err(error) = one_site(outside, &site, &rings).await {
            tracing::error!(site, %error, "a batch of bells could not be served and comes again");
            for message in messages {
                let pause = pause_after(&message);
                comes_again(outside, &mut answer, message, pause).await;
            }
        }
    }
    answer
}

/// Reports a message as not served. One that nobody can read comes again at once, so that it soon stands in nobody's
/// way: a site's messages are handed out in order.
async fn comes_again(outside: &Outside, answer: &mut SqsBatchResponse, message: SqsMessage, pause: Duration) {
    if let Some(receipt) = &message.receipt_handle
        && let Err(error) = outside.line.again(receipt, pause).await
    {
        tracing::warn!(%error, "a message comes again later than it could");
    }
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message.message_id.unwrap_or_default();
    answer.batch_item_failures.push(failure);
}

fn pause_after(message: &SqsMessage) -> Duration {
    let received = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse::<usize>().ok());
    let pause = PAUSES.iter().take(received.unwrap_or(1)).next_back();
    Duration::from_secs(pause.copied().unwrap_or_default())
}

async fn one_site(outside: &Outside, site: &str, rings: &[Ring]) -> Result<()> {
    match outside.ledger.active(site).await? {
        Some(stored) => serve::serve(outside, &stored, rings).await,
        None => {
            tracing::warn!(site, "a bell for a site that is not here");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_comes_again_later_each_time() {
        let pause = |count: &str| {
            let mut message = SqsMessage::default();
            message.attributes.insert("ApproximateReceiveCount".to_owned(), count.to_owned());
            pause_after(&message).as_secs()
        };
        assert_eq!(["1", "2", "3", "4", "5", "400", "?"].map(pause), [5, 15, 45, 120, 120, 120, 5]);
    }
}
