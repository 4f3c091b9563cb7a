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
use doorstep_vendors::doors::openings::AccessNews;
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
    let Ok(proven) = entrance.vendor.prove(delivery, &entrance.secrets) else {
        tracing::warn!(site = entrance.site, doors = entrance.doors, "refused an unproven delivery");
        return Answer::unproven();
    };
    match take(environment, &entrance, &proven).await {
        Ok(()) => Answer::accepted(),
        Err(error) => {
            tracing::error!(site = entrance.site, doors = entrance.doors, %error, "a delivery could not be taken");
            Answer::try_again()
        }
    }
}

async fn take(environment: &Environment, entrance: &DoorsRoute, proven: &VerifiedDelivery) -> Result<()> {
    let sameness = proven.sameness.as_str();
    match entrance.vendor.news(&entrance.doors, entrance.place.as_deref(), proven) {
        AccessNews::NotForUs => Ok(()),
        AccessNews::AccessAttempt(opening)
            if opening.at > environment.time.now().saturating_add(AHEAD).unwrap_or(opening.at) =>
        {
            unreadable(environment, entrance, sameness, "the event is dated in the future").await
        }
        AccessNews::AccessAttempt(opening) => keep(environment, entrance, opening).await,
        AccessNews::Account(id) => {
            let bell = Trigger::Account { doors: entrance.doors.clone(), id };
            enqueue(environment, entrance, bell, sameness).await
        }
        AccessNews::Unclear => enqueue(environment, entrance, Trigger::Unread, sameness).await,
        AccessNews::Unreadable(why) => unreadable(environment, entrance, sameness, &why).await,
    }
}

/// Enqueues the trigger first and stores the attempt second. A crash between the two steps costs a duplicate trigger,
/// and the attempt is never lost. An attempt that is delivered twice is stored under the same key.
async fn keep(environment: &Environment, entrance: &DoorsRoute, opening: AccessAttempt) -> Result<()> {
    let now = environment.time.now();
    let lately = now.duration_since(opening.at) <= RINGS_WITHIN;
    if let Some(id) = opening.account.clone().filter(|_| lately && opening.refused.is_some()) {
        let sameness = digest(&[b"opening\0", opening.doors.as_bytes(), b"\0", opening.id.as_bytes()]);
        enqueue(environment, entrance, Trigger::Account { doors: opening.doors.clone(), id }, &sameness).await?;
    }
    environment.store.keep_openings(&entrance.site, std::slice::from_ref(&opening), entrance.keep_days, now).await
}

/// Records an unreadable delivery and accepts it. A door system switches off a webhook that keeps failing.
async fn unreadable(environment: &Environment, entrance: &DoorsRoute, sameness: &str, why: &str) -> Result<()> {
    tracing::warn!(site = entrance.site, doors = entrance.doors, why, "a proven delivery cannot be read");
    environment.store.keep_unread(&entrance.site, sameness, why, environment.time.now()).await?;
    enqueue(environment, entrance, Trigger::Unread, sameness).await
}

async fn enqueue(environment: &Environment, entrance: &DoorsRoute, bell: Trigger, sameness: &str) -> Result<()> {
    let ring = TriggerMessage::new(&entrance.site, bell).by(sameness, environment.time.now());
    environment.triggers.enqueue(&ring, Some(sameness)).await
}
