//! The schedules.

use aws_sdk_scheduler::types::{
    ActionAfterCompletion, FlexibleTimeWindow, FlexibleTimeWindowMode, SqsParameters, Target,
};

use crate::common::{machine, scheduler, setup};
use crate::wire::{taken, watched};
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::minute::Minute;

#[tokio::test]
async fn scheduler_is_sent_what_the_sdk_sends() {
    let (machine, _) = machine(setup()).await;
    let (ours, sent) = watched(&machine);
    let (site, minute) = (SiteId::from("a"), "2026-03-01T12:30:00Z");
    let minute = Minute::from(minute.parse::<jiff::Timestamp>().expect("an instant"));
    assert!(ours.schedules.try_set(&site, minute).await.is_ok());
    ours.schedules.clear(&site).await.expect("deleted");
    let by_hand = taken(&sent);

    let (client, settings) = (scheduler(&ours), &ours.settings.schedules);
    let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off);
    let group = SqsParameters::builder().message_group_id("a").build();
    let body = TriggerMessage::new(&site, Trigger::Schedule(minute)).text();
    let target = Target::builder()
        .arn(&settings.trigger_queue_arn)
        .role_arn(&settings.role_arn)
        .input(body.expect("JSON"))
        .sqs_parameters(group);
    let name = format!("a-{minute}");
    client
        .create_schedule()
        .name(&name)
        .group_name(&settings.group)
        .schedule_expression("at(2026-03-01T12:30:00)")
        .schedule_expression_timezone("UTC")
        .flexible_time_window(window.build().expect("whole"))
        .action_after_completion(ActionAfterCompletion::Delete)
        .target(target.build().expect("whole"))
        .send()
        .await
        .expect("set");
    let listed = client.list_schedules().group_name(&settings.group);
    listed.name_prefix("a-").send().await.expect("listed");
    let delete = client.delete_schedule().group_name(&settings.group);
    delete.name(&name).send().await.expect("deleted");
    assert_eq!(by_hand, taken(&sent));
    assert_eq!(by_hand.len(), 3);
}
