//! The queues.

use std::time::Duration;

use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};

use crate::common::{machine, setup, sqs};
use crate::wire::{taken, watched};
use doorstep_cloud::reconcile_request::{AskedBy, ReconcileRequest};
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::ids::SiteId;

#[tokio::test]
async fn the_queues_are_sent_what_the_sdk_sends() {
    let (machine, _) = machine(setup()).await;
    let (ours, sent) = watched(&machine);
    let (site, receipt) = (SiteId::from("a"), "receipt");
    let message = TriggerMessage::new(&site, Trigger::Due);
    let request = ReconcileRequest {
        site: site.clone(),
        begun: 3,
        by: AskedBy::Operator,
    };
    ours.triggers
        .enqueue(&message, Some("id"))
        .await
        .expect("taken");
    ours.triggers
        .again(receipt, Duration::from_secs(5))
        .await
        .expect("set");
    ours.triggers.waiting().await.expect("an answer");
    ours.reconciles
        .send(std::slice::from_ref(&request))
        .await
        .expect("taken");
    let by_hand = taken(&sent);

    let (client, settings) = (sqs(&ours), &ours.settings);
    let _answers = (
        client
            .send_message()
            .queue_url(&settings.trigger_queue_url)
            .message_body(message.text().expect("JSON"))
            .message_group_id("a")
            .message_deduplication_id("id")
            .send()
            .await,
        client
            .change_message_visibility()
            .queue_url(&settings.trigger_queue_url)
            .receipt_handle(receipt)
            .visibility_timeout(5)
            .send()
            .await,
        client
            .get_queue_attributes()
            .queue_url(&settings.trigger_queue_url)
            .attribute_names(QueueAttributeName::All)
            .send()
            .await,
    );
    let name = "doorstep-dead-letters.fifo";
    let dead = client.get_queue_url().queue_name(name).send().await;
    let dead = dead.expect("an answer").queue_url.expect("a URL");
    let dead = client.get_queue_attributes().queue_url(dead);
    dead.attribute_names(QueueAttributeName::All)
        .send()
        .await
        .expect("an answer");
    let entry = SendMessageBatchRequestEntry::builder()
        .id("0")
        .message_group_id("a")
        .message_deduplication_id(request.dedup_id())
        .message_body(serde_json::to_string(&request).expect("JSON"))
        .build()
        .expect("whole");
    let batch = client.send_message_batch().entries(entry);
    batch
        .queue_url(&settings.reconcile_url)
        .send()
        .await
        .expect("taken");
    assert_eq!(by_hand, taken(&sent));
    assert_eq!(by_hand.len(), 6);
}
