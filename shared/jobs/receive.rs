//! The receive job: the webhook endpoint of platforms.

use jiff::Timestamp;

use crate::webhook::{self, AHEAD_SECONDS, Effect, WebhookRoute};
use doorstep_cloud::environment::Environment;
use doorstep_cloud::routes::PlatformRoute;
use doorstep_cloud::trigger_queue::Trigger;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_vendors::delivery::{
    Delivery, Unverified, VerifiedDelivery, WebhookAnswer, WebhookContent,
};
use doorstep_vendors::platform::PlatformVendor;

/// Takes one delivery of a platform and returns the HTTP answer.
pub async fn receive(environment: &Environment, delivery: Delivery) -> WebhookAnswer {
    webhook::take(environment, delivery, async |path, now| {
        environment.routes.platform(path, now).await
    })
    .await
}

impl WebhookRoute for PlatformRoute {
    fn site(&self) -> &SiteId {
        &self.site
    }

    fn doors(&self) -> Option<&DoorsName> {
        None
    }

    fn verify(&self, delivery: Delivery, now: Timestamp) -> Result<VerifiedDelivery, Unverified> {
        self.platform.vendor().verify(delivery, &self.secrets, now)
    }

    fn effect(&self, verified: &VerifiedDelivery, now: Timestamp) -> Effect {
        match self.platform.vendor().parse(verified) {
            WebhookContent::NotForUs => Effect::Nothing,
            WebhookContent::About(hints) => Effect::Trigger(Trigger::Hints(hints)),
            WebhookContent::Update(update)
                if update
                    .version
                    .at
                    .as_second()
                    .saturating_sub(now.as_second())
                    > AHEAD_SECONDS =>
            {
                Effect::Invalid(format!(
                    "timestamp is more than {AHEAD_SECONDS} seconds in the future"
                ))
            }
            WebhookContent::Update(update) => Effect::Update(update),
            WebhookContent::Wrong(why) => Effect::Invalid(why),
            WebhookContent::Unreadable(why) => Effect::Unreadable(why),
        }
    }
}
