//! Settle: the only job that writes to door systems. Triggers mark people as due. Settle then
//! evaluates each due person from the current facts, and applies the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::future::join_all;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::trigger_queue::TriggerMessage;
use doorstep_core::budgets::queue::PAUSES;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;

mod account_needs;
mod accounts;
mod apply;
mod attempts;
mod backlog;
mod batch;
#[cfg(test)]
mod batch_model;
mod cards;
mod commit;
mod decide;
mod directory;
mod doors_cache;
mod evaluate;
#[cfg(test)]
mod exploration;
mod failure;
mod identity;
mod intend;
mod interrupted;
mod lateness;
mod load;
mod lost_numbers;
#[cfg(test)]
mod model;
mod neighbours;
mod new_account_gate;
mod origin;
mod other_sites;
mod person_work;
mod phase;
mod problems;
mod refetch;
mod refetcher;
mod round;
mod run;
mod serve;
mod site_context;
mod unlist;
mod withhold;

pub use load::load_facts;
pub use origin::Origin;
pub use refetcher::end_refetch;
pub use site_context::catalogue;

/// The messages of one site in one batch.
struct SiteMessages {
    site: SiteId,
    triggers: Vec<TriggerMessage>,
    messages: Vec<SqsMessage>,
}

/// Serves one batch of the queue.
///
/// The batch is split by site. All sites are served concurrently under one deadline. If a site
/// fails or runs out of time, only the messages of that site return to the queue. Each of them
/// returns after a pause that grows with its failures.
pub async fn settle(environment: &Environment, batch: SqsEvent) -> SqsBatchResponse {
    let (parts, mut failed) = by_site(batch);
    let served = parts.into_iter().map(|part| async move {
        let served = environment.in_time(one_site(environment, &part.site, &part.triggers)).await;
        served.err().map(|error| {
            tracing::error!(site = part.site.as_str(), %error, "the triggers of a site could not be served: they return to the queue");
            part.messages
        })
    });
    for messages in join_all(served).await.into_iter().flatten() {
        failed.extend(
            messages
                .into_iter()
                .map(|message| (pause_after(&message), message)),
        );
    }
    join_all(
        failed
            .iter()
            .map(|(pause, message)| comes_again(environment, message, *pause)),
    )
    .await;
    let mut answer = SqsBatchResponse::default();
    answer.batch_item_failures = failed
        .into_iter()
        .map(|(_, message)| failure(message))
        .collect();
    answer
}

/// Splits the batch by site, in the order of its messages. The second value lists the messages that
/// fail at once, with a pause of zero: malformed messages, and the messages behind them in the same
/// group, which must not overtake them. On the last receive of a malformed message the group goes
/// on without it: the queue moves it to the dead-letter queue next, and the messages behind it have
/// waited long enough.
fn by_site(batch: SqsEvent) -> (Vec<SiteMessages>, Vec<(Duration, SqsMessage)>) {
    let mut parts: BTreeMap<String, SiteMessages> = BTreeMap::new();
    let (mut failed, mut held_up) = (Vec::new(), BTreeSet::new());
    for message in batch.records {
        let group = message.attributes.get("MessageGroupId").cloned();
        let trigger = message
            .body
            .as_deref()
            .and_then(|body| serde_json::from_str::<TriggerMessage>(body).ok());
        match trigger {
            Some(trigger) if group.as_ref().is_none_or(|group| !held_up.contains(group)) => {
                let new = || SiteMessages {
                    site: trigger.site.clone(),
                    triggers: Vec::new(),
                    messages: Vec::new(),
                };
                let part = parts.entry(trigger.site.to_string()).or_insert_with(new);
                part.triggers.push(trigger);
                part.messages.push(message);
            }
            Some(_) => failed.push((Duration::ZERO, message)),
            None => {
                tracing::error!(
                    id = message.message_id,
                    "malformed queue message; moving it to the dead-letter queue"
                );
                if receives(&message) <= PAUSES.len() {
                    held_up.extend(group);
                }
                failed.push((Duration::ZERO, message));
            }
        }
    }
    (parts.into_values().collect(), failed)
}

/// Makes a message return to the queue after `pause` instead of after the visibility timeout. A
/// malformed message returns at once. The queue delivers a site's messages in order, so the message
/// soon stops blocking those behind it.
async fn comes_again(environment: &Environment, message: &SqsMessage, pause: Duration) {
    if let Some(receipt) = &message.receipt_handle
        && let Err(error) = environment.triggers.again(receipt, pause).await
    {
        tracing::warn!(%error, "a message kept its visibility timeout: it returns later");
    }
}

fn failure(message: SqsMessage) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message.message_id.unwrap_or_default();
    failure
}

/// Returns how often a message was received, this time included.
fn receives(message: &SqsMessage) -> usize {
    let received = message
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok());
    received.unwrap_or(1)
}

fn pause_after(message: &SqsMessage) -> Duration {
    let pause = PAUSES.iter().take(receives(message)).next_back();
    Duration::from_secs(pause.copied().unwrap_or_default())
}

async fn one_site(
    environment: &Environment,
    site: &SiteId,
    triggers: &[TriggerMessage],
) -> Result<()> {
    match environment.store.active(site).await? {
        Some(stored) => serve::serve(environment, &stored, triggers).await,
        None => {
            tracing::warn!(
                site = site.as_str(),
                "a trigger for an unknown site was dropped"
            );
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, group: &str, body: &str, receives: usize) -> SqsMessage {
        let mut message = SqsMessage::default();
        (message.message_id, message.body) = (Some(id.to_owned()), Some(body.to_owned()));
        message
            .attributes
            .insert("MessageGroupId".to_owned(), group.to_owned());
        message
            .attributes
            .insert("ApproximateReceiveCount".to_owned(), receives.to_string());
        message
    }

    #[test]
    fn what_is_behind_an_unreadable_message_of_its_group_fails_with_it_until_that_is_given_up() {
        let due = |site: &SiteId| {
            TriggerMessage::new(site, doorstep_cloud::trigger_queue::Trigger::Due)
                .text()
                .unwrap()
        };
        let sorted = |receives: usize| {
            let mut batch = SqsEvent::default();
            batch.records = vec![
                message("1", "a", &due(&SiteId::from("a")), receives),
                message("2", "a", "?", receives),
                message("3", "b", &due(&SiteId::from("b")), 1),
                message("4", "a", &due(&SiteId::from("a")), receives),
            ];
            let (parts, failed) = by_site(batch);
            let id = |message: &SqsMessage| message.message_id.clone().unwrap_or_default();
            let served: Vec<Vec<String>> = parts
                .iter()
                .map(|part| part.messages.iter().map(id).collect())
                .collect();
            (
                served.concat(),
                failed
                    .iter()
                    .map(|(_, message)| id(message))
                    .collect::<Vec<_>>(),
            )
        };
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(sorted(4), (ids(&["1", "3"]), ids(&["2", "4"])));
        assert_eq!(
            sorted(5),
            (ids(&["1", "4", "3"]), ids(&["2"])),
            "no other message waits for a dead letter"
        );
    }

    #[test]
    fn what_fails_is_redelivered_later_each_time() {
        let pause = |count: &str| {
            let mut message = SqsMessage::default();
            message
                .attributes
                .insert("ApproximateReceiveCount".to_owned(), count.to_owned());
            pause_after(&message).as_secs()
        };
        assert_eq!(
            ["1", "2", "3", "4", "5", "400", "?"].map(pause),
            [5, 15, 45, 120, 120, 120, 5]
        );
    }
}
