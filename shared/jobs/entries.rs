//! The entries job. A door system posts access attempts. The job verifies the delivery and stores the attempt. A
//! recently refused attempt enqueues a trigger for its account. Like receive, the job calls no vendor and has no right
//! to door secrets or API credentials.

use jiff::SignedDuration;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::routes::DoorsRoute;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::error::Result;
use doorstep_vendors::delivery::{Answer, Delivery, LARGEST_BODY, VerifiedDelivery};
use doorstep_vendors::doors::attempts::AccessNews;
use doorstep_vendors::platform::signature::digest;

/// The longest age of a refused attempt that enqueues a trigger. After that time the person has left the door.
pub const RINGS_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// The longest time by which the date of an event may be ahead of our clock.
const AHEAD: SignedDuration = SignedDuration::from_secs(300);

/// Takes one delivery and returns the HTTP answer. Rejecting a delivery costs no vendor call.
pub async fn entries(environment: &Environment, delivery: Delivery) -> Answer {
    if delivery.body.len() > LARGEST_BODY {
        return Answer::too_large();
    }
    let found = match environment.routes.doors(&delivery.path, environment.time.now()).await {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(%error, "a delivery could not be taken");
            return Answer::try_again();
        }
    };
    let Some(entrance) = found else { return Answer::nobody() };
    let Ok(verified) = entrance.vendor.verify(delivery, &entrance.secrets) else {
        tracing::warn!(site = entrance.site.as_str(), doors = entrance.doors, "refused an unproven delivery");
        return Answer::unverified();
    };
    match take(environment, &entrance, &verified).await {
        Ok(()) => Answer::accepted(),
        Err(error) => {
            tracing::error!(site = entrance.site.as_str(), doors = entrance.doors, %error, "a delivery could not be taken");
            Answer::try_again()
        }
    }
}

async fn take(environment: &Environment, entrance: &DoorsRoute, verified: &VerifiedDelivery) -> Result<()> {
    let dedup_id = verified.dedup_id.as_str();
    match entrance.vendor.news(&entrance.doors, entrance.place.as_deref(), verified) {
        AccessNews::NotForUs => Ok(()),
        AccessNews::AccessAttempt(attempt)
            if attempt.at > environment.time.now().saturating_add(AHEAD).unwrap_or(attempt.at) =>
        {
            unreadable(environment, entrance, dedup_id, "the event is dated in the future").await
        }
        AccessNews::AccessAttempt(attempt) => keep(environment, entrance, attempt).await,
        AccessNews::Account(id) => {
            let trigger = Trigger::Account { doors: entrance.doors.clone(), id };
            enqueue(environment, entrance, trigger, dedup_id).await
        }
        AccessNews::Unclear => enqueue(environment, entrance, Trigger::Unreadable, dedup_id).await,
        AccessNews::Unreadable(why) => unreadable(environment, entrance, dedup_id, &why).await,
    }
}

/// Enqueues the trigger first and stores the attempt second. A crash between the two steps costs a duplicate trigger,
/// and the attempt is never lost. An attempt that is delivered twice is stored under the same key.
async fn keep(environment: &Environment, entrance: &DoorsRoute, attempt: AccessAttempt) -> Result<()> {
    let now = environment.time.now();
    let lately = now.duration_since(attempt.at) <= RINGS_WITHIN;
    if let Some(id) = attempt.account.clone().filter(|_| lately && attempt.refused.is_some()) {
        let dedup_id = digest(&[b"opening\0", attempt.doors.as_bytes(), b"\0", attempt.id.as_bytes()]);
        enqueue(environment, entrance, Trigger::Account { doors: attempt.doors.clone(), id }, &dedup_id).await?;
    }
    environment.store.keep_attempts(&entrance.site, std::slice::from_ref(&attempt), entrance.keep_days, now).await
}

/// Records an unreadable delivery and accepts it. A door system switches off a webhook that keeps failing.
async fn unreadable(environment: &Environment, entrance: &DoorsRoute, dedup_id: &str, why: &str) -> Result<()> {
    tracing::warn!(site = entrance.site.as_str(), doors = entrance.doors, why, "a proven delivery cannot be read");
    environment.store.keep_unreadable(&entrance.site, dedup_id, why, environment.time.now()).await?;
    enqueue(environment, entrance, Trigger::Unreadable, dedup_id).await
}

async fn enqueue(environment: &Environment, entrance: &DoorsRoute, trigger: Trigger, dedup_id: &str) -> Result<()> {
    let message = TriggerMessage::new(&entrance.site, trigger).by(dedup_id, environment.time.now());
    environment.triggers.enqueue(&message, Some(dedup_id)).await
}
