//! The receive job. It verifies the signature over the exact bytes, parses the content, enqueues a trigger and stores
//! push updates. It calls no vendor, and has no right to door secrets or API credentials.

use doorstep_core::model::ids::SiteId;
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
    let Some(site_route) = route.site.as_ref() else { return Answer::nobody() };
    let vendor = site_route.platform.vendor();
    let Ok(verified) = vendor.verify(delivery, &route.secrets, environment.time.now()) else {
        tracing::warn!(site = site_route.site.as_str(), "refused an unproven delivery");
        return Answer::unverified();
    };
    let parse = vendor.parse(&verified);
    match take(environment, site_route, &verified, parse).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(site = site_route.site.as_str(), %error, "a delivery could not be taken");
            Answer::try_again()
        }
    }
}

/// Enqueues a trigger for the content of a delivery. A push update is stored before its trigger is enqueued, because
/// its platform has no read API. After a crash between the two steps, the platform posts the unanswered update again:
/// the update arrives twice and is never lost.
async fn take(
    environment: &Environment,
    site_route: &SiteRoute,
    verified: &VerifiedDelivery,
    parse: WebhookContent,
) -> doorstep_core::model::error::Result<Answer> {
    let now = environment.time.now();
    let (site, dedup_id) = (&site_route.site, verified.dedup_id.as_str());
    match parse {
        WebhookContent::NotForUs => {}
        WebhookContent::About(hints) => enqueue(environment, site, Trigger::Hints(hints), dedup_id).await?,
        WebhookContent::Tells(told) if told.version.at.as_second().saturating_sub(now.as_second()) > FUTURE_SECONDS => {
            tracing::warn!(site = site.as_str(), "refused a letter from the future");
            return Ok(Answer::wrong("timestamp is more than 300 seconds in the future"));
        }
        WebhookContent::Tells(told) => {
            let delivery = hex::encode(Sha256::digest(verified.sender_id()));
            environment.store.keep_update(site, &told, &Receipt { at: now, delivery }).await?;
            let trigger = match told.body {
                UpdateBody::Thing { .. } => Trigger::Hints(told.hints),
                UpdateBody::Snapshot { .. } => Trigger::Snapshot,
            };
            // Every push update enqueues a trigger, without deduplication. Settle may have to read the stored update
            // again.
            environment.triggers.enqueue(&TriggerMessage::new(site, trigger).by(dedup_id, now), None).await?;
        }
        WebhookContent::Wrong(why) => {
            tracing::warn!(site = site.as_str(), why, "refused a proven delivery that is not as the contract says");
            return Ok(Answer::wrong(&why));
        }
        WebhookContent::Unreadable(why) => {
            tracing::warn!(site = site.as_str(), why, "a proven delivery cannot be read");
            environment.store.keep_unreadable(site, dedup_id, &why, now).await?;
            enqueue(environment, site, Trigger::Unreadable, dedup_id).await?;
        }
    }
    Ok(Answer::accepted())
}

async fn enqueue(
    environment: &Environment,
    site: &SiteId,
    trigger: Trigger,
    dedup_id: &str,
) -> doorstep_core::model::error::Result<()> {
    let message = TriggerMessage::new(site, trigger).by(dedup_id, environment.time.now());
    environment.triggers.enqueue(&message, Some(dedup_id)).await
}
