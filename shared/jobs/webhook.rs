//! The webhook endpoint, which receive and entries share. One delivery goes this way:
//!
//! size → route → verify → parse → enqueue → store → answer
//!                                 └ count
//!
//! The two jobs differ in their routes, and in what a verified delivery causes: see
//! [`WebhookRoute`]. The endpoint calls no vendor. It has no right to door secrets or API
//! credentials.

use futures_util::future::join;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use doorstep_cloud::environment::Environment;
use doorstep_cloud::trigger_queue::{Trigger, TriggerMessage};
use doorstep_core::model::access_attempt::AccessAttempt;
use doorstep_core::model::delivery_counts::DeliveryOutcome;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::log_event;
use doorstep_core::model::push_update::{PushUpdate, Receipt, UpdateBody};
use doorstep_core::model::webhook_sender::WebhookSender;
use doorstep_vendors::delivery::{
    Delivery, LARGEST_BODY, Unverified, VerifiedDelivery, WebhookAnswer,
};

/// The longest time, in seconds, by which the date of an event may be ahead of our clock.
pub(crate) const AHEAD_SECONDS: i64 = 300;

/// The sender behind a webhook address: the platform or a door system of one site.
pub(crate) trait WebhookRoute {
    /// Returns the site.
    fn site(&self) -> &SiteId;
    /// Returns the door system; `None` for a platform.
    fn doors(&self) -> Option<&DoorsName>;
    /// Verifies the sender over the exact bytes.
    fn verify(&self, delivery: Delivery, now: Timestamp) -> Result<VerifiedDelivery, Unverified>;
    /// Returns what a verified delivery causes. Writes nothing.
    fn effect(&self, verified: &VerifiedDelivery, now: Timestamp) -> Effect;
}

/// What a verified delivery causes.
pub(crate) enum Effect {
    /// Nothing: Doorstep does not use the event.
    Nothing,
    /// A trigger.
    Trigger(Trigger),
    /// A push update is stored, and then triggers.
    Update(PushUpdate),
    /// An access attempt triggers, if it needs one, and is then stored.
    Attempt {
        /// The attempt.
        attempt: AccessAttempt,
        /// The trigger, with its own deduplication id.
        trigger: Option<AttemptTrigger>,
        /// For how many days the attempt is stored.
        keep_days: u32,
    },
    /// The body cannot be parsed, for this reason. A trigger reads the whole platform.
    Unreadable(String),
    /// The body breaks the contract of a push platform. The sender gets this reason.
    Invalid(String),
}

impl Effect {
    /// Returns how the delivery is counted.
    fn outcome(&self) -> DeliveryOutcome {
        match self {
            Effect::Nothing | Effect::Trigger(_) | Effect::Update(_) | Effect::Attempt { .. } => {
                DeliveryOutcome::Verified
            }
            Effect::Unreadable(_) | Effect::Invalid(_) => DeliveryOutcome::Unreadable,
        }
    }
}

/// The trigger of an access attempt.
pub(crate) struct AttemptTrigger {
    /// The trigger.
    pub(crate) trigger: Trigger,
    /// The deduplication id of the attempt, which does not depend on the delivery.
    pub(crate) dedup_id: String,
}

/// Takes one delivery and returns the HTTP answer. Rejecting a delivery costs no vendor call.
/// `find` looks up the route of a path. The delivery is counted beside its enqueue, which costs one
/// small write for most deliveries and at most ten a minute for one address: see
/// [`DeliveryTally`](doorstep_cloud::delivery_tally::DeliveryTally). A delivery to an unknown
/// address is not counted.
pub(crate) async fn take<R: WebhookRoute>(
    environment: &Environment,
    delivery: Delivery,
    find: impl AsyncFnOnce(&str, Timestamp) -> Result<Option<R>>,
) -> WebhookAnswer {
    if delivery.body.len() > LARGEST_BODY {
        return WebhookAnswer::too_large();
    }
    let now = environment.time.now();
    let route = match find(&delivery.path, now).await {
        Ok(Some(route)) => route,
        Ok(None) => return WebhookAnswer::unknown_address(),
        Err(error) => {
            tracing::error!(%error, "the route of a delivery cannot be read: the sender is asked to post it again");
            return WebhookAnswer::try_again();
        }
    };
    let (site, doors) = (route.site(), route.doors());
    let sender = WebhookSender::of(doors);
    let doors = doors.map(DoorsName::as_str);
    let count = |outcome| environment.deliveries.count(site, &sender, outcome, now);
    let Ok(verified) = route.verify(delivery, now) else {
        tracing::warn!(
            event = log_event::DELIVERY_REFUSED,
            site = site.as_str(),
            doors,
            "a delivery could not be verified: it is refused"
        );
        count(DeliveryOutcome::Refused).await;
        return WebhookAnswer::unverified();
    };
    let effect = route.effect(&verified, now);
    if let Effect::Invalid(why) = &effect {
        tracing::warn!(
            site = site.as_str(),
            why,
            "refused a verified delivery that breaks the contract"
        );
        count(effect.outcome()).await;
        return WebhookAnswer::wrong(why);
    }
    let endpoint = Endpoint {
        environment,
        site,
        verified: &verified,
        now,
    };
    let counted = count(effect.outcome());
    match join(endpoint.apply(effect), counted).await.0 {
        Ok(()) => WebhookAnswer::accepted(),
        Err(error) => {
            tracing::error!(site = site.as_str(), doors, %error, "a delivery cannot be taken: the sender is asked to post it again");
            WebhookAnswer::try_again()
        }
    }
}

/// One verified delivery, with the site that it concerns.
struct Endpoint<'a> {
    environment: &'a Environment,
    site: &'a SiteId,
    verified: &'a VerifiedDelivery,
    now: Timestamp,
}

impl Endpoint<'_> {
    async fn apply(&self, effect: Effect) -> Result<()> {
        match effect {
            Effect::Nothing | Effect::Invalid(_) => Ok(()),
            Effect::Trigger(trigger) => self.enqueue(trigger, Some(&self.verified.dedup_id)).await,
            Effect::Update(update) => self.store_update(update).await,
            Effect::Attempt {
                attempt,
                trigger,
                keep_days,
            } => {
                // The trigger is first. A crash between the two steps costs a duplicate trigger,
                // and the attempt is never lost. An attempt that is delivered twice is stored under
                // the same key.
                if let Some(AttemptTrigger { trigger, dedup_id }) = trigger {
                    let message = TriggerMessage::new(self.site, trigger).by(&dedup_id, self.now);
                    self.environment
                        .triggers
                        .enqueue(&message, Some(&dedup_id))
                        .await?;
                }
                let store = &self.environment.store;
                store
                    .keep_attempts(
                        self.site,
                        std::slice::from_ref(&attempt),
                        keep_days,
                        self.now,
                    )
                    .await
            }
            Effect::Unreadable(why) => {
                // It is accepted: a vendor switches off a webhook that keeps failing.
                tracing::warn!(
                    site = self.site.as_str(),
                    why,
                    "a verified delivery cannot be parsed"
                );
                let store = &self.environment.store;
                store
                    .keep_unreadable(self.site, &self.verified.dedup_id, &why, self.now)
                    .await?;
                self.enqueue(Trigger::Unreadable, Some(&self.verified.dedup_id))
                    .await
            }
        }
    }

    /// Stores a push update before its trigger is enqueued, because its platform has no read API.
    /// After a crash between the two steps, the platform posts the unanswered update again: the
    /// update arrives twice and is never lost.
    async fn store_update(&self, update: PushUpdate) -> Result<()> {
        let delivery = hex::encode(Sha256::digest(self.verified.sender_id()));
        self.environment
            .store
            .keep_update(
                self.site,
                &update,
                &Receipt {
                    at: self.now,
                    delivery,
                },
            )
            .await?;
        let trigger = match update.body {
            UpdateBody::Thing { .. } => Trigger::Hints(update.hints),
            UpdateBody::Snapshot { .. } => Trigger::Snapshot,
        };
        // Every push update enqueues a trigger, without deduplication. Settle may have to read the
        // stored update again.
        self.enqueue(trigger, None).await
    }

    /// Enqueues a trigger that the delivery caused.
    async fn enqueue(&self, trigger: Trigger, dedup_id: Option<&str>) -> Result<()> {
        let message = TriggerMessage::new(self.site, trigger).by(&self.verified.dedup_id, self.now);
        self.environment.triggers.enqueue(&message, dedup_id).await
    }
}
