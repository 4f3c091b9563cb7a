//! The receive job. It verifies the signature over the exact bytes, parses the content, enqueues a trigger and stores
//! push updates. It calls no vendor, and has no right to door secrets or API credentials.

use sha2::{Digest, Sha256};

use doorstep_cloud::environment::Environment;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::push_update::{Receipt, UpdateBody};
use doorstep_core::site::route::SiteRoute;
use doorstep_vendors::delivery::{Answer, Delivery, LARGEST_BODY, VerifiedDelivery, WebhookContent};
use doorstep_vendors::platform::PlatformVendor;

/// The longest time, in seconds, by which the timestamp of a push update may be ahead of our clock.
const FUTURE_SECONDS: i64 = 300;

/// Takes one delivery and returns the HTTP answer. Rejecting a delivery costs no vendor call.
pub async fn receive(environment: &Environment, delivery: Delivery) -> Answer {
    if delivery.body.len() > LARGEST_BODY {
        return Answer::too_large();
    }
    let found = match environment.routes.platform(&delivery.path, environment.time.now()).await {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(%error, "a delivery could not be taken");
            return Answer::try_again();
        }
    };
    let Some(route) = &found else { return Answer::nobody() };
    let Some(plate) = route.site.as_ref() else { return Answer::nobody() };
    let vendor = plate.platform.vendor();
    let Ok(proven) = vendor.prove(delivery, &route.secrets, environment.time.now()) else {
        tracing::warn!(site = plate.site, "refused an unproven delivery");
        return Answer::unproven();
    };
    let letter = vendor.letter(&proven);
    match take(environment, plate, &proven, letter).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(site = plate.site, %error, "a delivery could not be taken");
            Answer::try_again()
        }
    }
}

/// Enqueues a trigger for the content of a delivery. A push update is stored before its trigger is enqueued, because
/// its platform has no read API. After a crash between the two steps, the platform posts the unanswered update again:
/// the update arrives twice and is never lost.
async fn take(
    environment: &Environment,
    plate: &SiteRoute,
    proven: &VerifiedDelivery,
    letter: WebhookContent,
) -> doorstep_core::model::error::Result<Answer> {
    let now = environment.time.now();
    let (site, sameness) = (plate.site.as_str(), proven.sameness.as_str());
    match letter {
        WebhookContent::NotForUs => {}
        WebhookContent::About(mentions) => enqueue(environment, site, Trigger::Things(mentions), sameness).await?,
        WebhookContent::Tells(told) if told.rank.at.as_second().saturating_sub(now.as_second()) > FUTURE_SECONDS => {
            tracing::warn!(site, "refused a letter from the future");
            return Ok(Answer::wrong("timestamp is more than 300 seconds in the future"));
        }
        WebhookContent::Tells(told) => {
            let delivery = hex::encode(Sha256::digest(proven.sender_id()));
            environment.store.tell(site, &told, &Receipt { at: now, delivery }).await?;
            let bell = match told.news {
                UpdateBody::Thing { .. } => Trigger::Things(told.mentions),
                UpdateBody::Roster { .. } => Trigger::Roster,
            };
            // Every push update enqueues a trigger, without deduplication. Settle may have to read the stored update
            // again.
            environment.triggers.enqueue(&TriggerMessage::new(site, bell).by(sameness, now), None).await?;
        }
        WebhookContent::Wrong(why) => {
            tracing::warn!(site, why, "refused a proven delivery that is not as the contract says");
            return Ok(Answer::wrong(&why));
        }
        WebhookContent::Unreadable(why) => {
            tracing::warn!(site, why, "a proven delivery cannot be read");
            environment.store.keep_unread(site, sameness, &why, now).await?;
            enqueue(environment, site, Trigger::Unread, sameness).await?;
        }
    }
    Ok(Answer::accepted())
}

async fn enqueue(
    environment: &Environment,
    site: &str,
    bell: Trigger,
    sameness: &str,
) -> doorstep_core::model::error::Result<()> {
    let ring = TriggerMessage::new(site, bell).by(sameness, environment.time.now());
    environment.triggers.enqueue(&ring, Some(sameness)).await
}
