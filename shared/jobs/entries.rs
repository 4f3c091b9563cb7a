//! The fourth journey: who came and went. A door system posts what happens at its locks; it is proven, kept, and where
//! somebody was refused, their bell is rung at once. Like receive it calls no vendor and holds no right to what opens
//! doors.

use jiff::SignedDuration;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::routes::DoorsRoute;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::error::Result;
use doorstep_vendors::delivery::{Answer, Delivery, LARGEST_BODY, VerifiedDelivery};
use doorstep_vendors::doors::openings::AccessNews;
use doorstep_vendors::platform::signature::digest;

/// Whoever was refused longer ago than this has gone away; nobody is looked at for their sake.
pub const RINGS_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// A letter that is dated further ahead than this is dated wrong.
const AHEAD: SignedDuration = SignedDuration::from_secs(300);

/// Takes one delivery. Refusing one costs no call to anything.
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

/// Rings first, then keeps: a crash between the two costs a duplicate, never an opening. The same one told twice lands
/// in the same place.
async fn keep(environment: &Environment, entrance: &DoorsRoute, opening: AccessAttempt) -> Result<()> {
    let now = environment.time.now();
    let lately = now.duration_since(opening.at) <= RINGS_WITHIN;
    if let Some(id) = opening.account.clone().filter(|_| lately && opening.refused.is_some()) {
        let sameness = digest(&[b"opening\0", opening.doors.as_bytes(), b"\0", opening.id.as_bytes()]);
        enqueue(environment, entrance, Trigger::Account { doors: opening.doors.clone(), id }, &sameness).await?;
    }
    environment.store.keep_openings(&entrance.site, std::slice::from_ref(&opening), entrance.keep_days, now).await
}

/// A door system switches a webhook off that keeps failing, so what it sends is taken all the same, and said.
async fn unreadable(environment: &Environment, entrance: &DoorsRoute, sameness: &str, why: &str) -> Result<()> {
    tracing::warn!(site = entrance.site, doors = entrance.doors, why, "a proven delivery cannot be read");
    environment.store.keep_unread(&entrance.site, sameness, why, environment.time.now()).await?;
    enqueue(environment, entrance, Trigger::Unread, sameness).await
}

async fn enqueue(environment: &Environment, entrance: &DoorsRoute, bell: Trigger, sameness: &str) -> Result<()> {
    let ring = TriggerMessage::new(&entrance.site, bell).by(sameness, environment.time.now());
    environment.triggers.enqueue(&ring, Some(sameness)).await
}
