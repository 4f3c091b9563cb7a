//! The entries job: the webhook endpoint of door systems, which post access attempts. A recently
//! refused attempt triggers its account.

use jiff::{SignedDuration, Timestamp};

use crate::webhook::{self, AHEAD_SECONDS, AttemptTrigger, Effect, WebhookRoute};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::routes::DoorsRoute;
use doorstep_cloud::trigger_queue::Trigger;
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_vendors::delivery::{Delivery, Unverified, VerifiedDelivery, WebhookAnswer};
use doorstep_vendors::doors::attempts::AccessNews;
use doorstep_vendors::platform::signature::digest;

/// The longest age of a refused attempt that enqueues a trigger. After that time the person has
/// left the door.
pub const TRIGGERS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// Takes one delivery of a door system and returns the HTTP answer.
pub async fn entries(environment: &Environment, delivery: Delivery) -> WebhookAnswer {
    webhook::take(environment, delivery, async |path, now| {
        environment.routes.doors(path, now).await
    })
    .await
}

impl WebhookRoute for DoorsRoute {
    fn site(&self) -> &SiteId {
        &self.site
    }

    fn doors(&self) -> Option<&DoorsName> {
        Some(&self.doors)
    }

    fn verify(&self, delivery: Delivery, _: Timestamp) -> Result<VerifiedDelivery, Unverified> {
        self.vendor.verify(delivery, &self.secrets)
    }

    fn effect(&self, verified: &VerifiedDelivery, now: Timestamp) -> Effect {
        let latest = now
            .saturating_add(SignedDuration::from_secs(AHEAD_SECONDS))
            .unwrap_or(Timestamp::MAX);
        match self
            .vendor
            .news(&self.doors, self.place.as_deref(), verified)
        {
            AccessNews::NotForUs => Effect::Nothing,
            AccessNews::AccessAttempt(attempt) if attempt.at > latest => {
                Effect::Unreadable("the event is dated in the future".to_owned())
            }
            AccessNews::AccessAttempt(attempt) => Effect::Attempt {
                trigger: trigger(&attempt, now),
                attempt,
                keep_days: self.keep_days,
            },
            AccessNews::Account(id) => Effect::Trigger(Trigger::Account {
                doors: self.doors.clone(),
                id,
            }),
            AccessNews::Unclear => Effect::Trigger(Trigger::Unreadable),
            AccessNews::Unreadable(why) => Effect::Unreadable(why),
        }
    }
}

/// Returns the trigger of a recently refused attempt of a known account.
fn trigger(attempt: &AccessAttempt, now: Timestamp) -> Option<AttemptTrigger> {
    let is_recent = now.duration_since(attempt.at) <= TRIGGERS_WITHIN;
    let id = attempt
        .account
        .clone()
        .filter(|_| is_recent && attempt.refused.is_some())?;
    let dedup_id = digest(&[
        b"opening\0",
        attempt.doors.as_bytes(),
        b"\0",
        attempt.id.as_bytes(),
    ]);
    Some(AttemptTrigger {
        trigger: Trigger::Account {
            doors: attempt.doors.clone(),
            id,
        },
        dedup_id,
    })
}
