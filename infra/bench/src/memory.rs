//! The most memory that each function ever has, in a process of its own, under a load that is large
//! for it.

use jiff::Timestamp;
use serde_json::json;

use crate::figure::Figure;
use crate::lambda::Lambda;
use crate::reconcile::LARGE;
use crate::stage::Stage;
use crate::town::{Doors, SITE, Town};
use crate::webhooks::{SMALL, deliver, deliveries};
use crate::{Options, Outcome};
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::ids::SiteId;

/// At most so many MiB.
const AIM: f64 = 40.0;

/// Measures; the reconcile takes minutes, for the platform's rate limit counts.
pub async fn measure(options: &Options) -> Outcome<Vec<Figure>> {
    Ok(vec![
        receive(options).await?,
        settle(options).await?,
        reconcile(options).await?,
    ])
}

fn figure(name: &str, peak: Option<f64>) -> Outcome<Figure> {
    let peak = peak.ok_or("this system does not say how much memory a process had")?;
    Ok(Figure::count(name, "MiB", peak).at_most(AIM))
}

async fn receive(options: &Options) -> Outcome<Figure> {
    let stage = Stage::open(SMALL, Timestamp::now()).await?;
    let mut lambda = Lambda::start(
        &options.function("receive"),
        &stage.environment(stage.serve().await?),
    )
    .await?;
    deliver(&mut lambda, &deliveries(&stage, "memory", 1_000).await?).await?;
    figure("peak memory of receive, 1,000 webhooks", lambda.peak())
}

/// A company of 2,000 comes in at once.
async fn settle(options: &Options) -> Outcome<Figure> {
    let town = Town {
        doors: Doors::SaltoKs,
        members: 2_000,
        groups: 10,
        on_plans: true,
        accounts: true,
        inside: false,
    };
    let stage = Stage::open(town, Timestamp::now()).await?;
    // Marks all people as due. Only the started process serves the trigger that it enqueues.
    doorstep_jobs::reconcile::reconcile(stage.machine.environment(), &SiteId::from(SITE)).await?;
    let mut lambda = Lambda::start(
        &options.function("settle"),
        &stage.environment(stage.serve().await?),
    )
    .await?;
    let message = TriggerMessage::new(&SiteId::from(SITE), Trigger::Due).text()?;
    let event = json!({ "Records": [{
        "messageId": "1", "receiptHandle": "1", "body": message, "eventSource": "aws:sqs", "awsRegion": "local",
        "eventSourceARN": stage.machine.cloud().settings.schedules.trigger_queue_arn, "attributes": { "ApproximateReceiveCount": "1" },
        "messageAttributes": {}, "md5OfBody": "",
    }] });
    while stage.inside().await? < town.members {
        let before = stage.inside().await?;
        let (answer, _) = lambda.call(&event).await?;
        if stage.inside().await? == before {
            return Err(format!("no more people get access: {answer}").into());
        }
    }
    figure("peak memory of settle, 2,000 come in", lambda.peak())
}

async fn reconcile(options: &Options) -> Outcome<Figure> {
    let stage = Stage::open(LARGE, Timestamp::now()).await?;
    stage.reconcile().await?;
    let mut lambda = Lambda::start(
        &options.function("reconcile"),
        &stage.environment(stage.serve().await?),
    )
    .await?;
    let body = json!({ "site": SITE, "begun": 0, "by": "clock" }).to_string();
    lambda
        .call(
            &json!({ "Records": [{ "messageId": "1", "receiptHandle": "1", "body": body,
        "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {} }] }),
        )
        .await?;
    figure("peak memory of reconcile, 10,000 people", lambda.peak())
}
