//! Platforms without a read API. They push updates to Doorstep, by a contract that Doorstep
//! publishes in their own words. Each delivery carries facts with a version.
//!
//! Doorstep stores the pushed updates, and reads the stored updates as it reads any other platform.
//! A trigger is therefore a hint here too, and settle and reconcile treat all platforms alike. This
//! module parses the webhook content strictly, and answers reads from the stored updates. The file
//! of each platform says what its things mean.

use jiff::Timestamp;
use serde_json::Value;

use super::{Platform, PlatformApi, ReadPlatform, standard_webhooks};
use crate::access::{Access, WebhookSecrets};
use crate::delivery::{Delivery, Unverified, VerifiedDelivery, WebhookContent};
use doorstep_core::model::fact::{Fact, FactId, Kind, Location, Plan, Resource, What};

pub mod fields;
pub mod forget;
pub mod outdated;
pub mod parse;
pub mod reader;
pub mod snapshot;
pub mod store;
pub mod visits;

/// The kinds of facts that follow from push updates, catalogue first.
const KINDS: [Kind; 9] = [
    Kind::Location,
    Kind::Resource,
    Kind::Plan,
    Kind::Team,
    Kind::Member,
    Kind::Visitor,
    Kind::Visit,
    Kind::Membership,
    Kind::Booking,
];

/// A platform without a read API. Only the contract differs between such platforms.
pub struct PushPlatform(pub &'static Contract);

impl Platform for PushPlatform {
    fn verify(
        &self,
        delivery: Delivery,
        secrets: &WebhookSecrets,
        now: Timestamp,
    ) -> Result<VerifiedDelivery, Unverified> {
        standard_webhooks::verify(delivery, secrets, now, &[standard_webhooks::WEBHOOK])
    }

    fn parse(&self, verified: &VerifiedDelivery) -> WebhookContent {
        parse::read(self.0, verified.body())
    }

    fn contract(&self) -> Option<&'static Contract> {
        Some(self.0)
    }
}

impl PlatformApi for PushPlatform {
    fn reader(&self, _organization: &str, _access: Access) -> Box<dyn ReadPlatform> {
        Box::new(reader::PushReader::of_nothing(self.0))
    }
}

/// What one platform pushes, and which facts follow from it.
pub struct Contract {
    /// The platform's word in addresses and reports.
    pub platform: &'static str,
    /// The kinds of things that it pushes. A kind comes after the kinds that it refers to.
    pub entities: &'static [PushEntity],
    /// Returns the fact of a thing that other things refer to and that was never pushed itself.
    pub unknown: fn(&FactId) -> Option<Fact>,
}

/// A kind of thing that a platform pushes.
pub struct PushEntity {
    /// Its word in events: `{word}.updated`, `{word}.removed`.
    pub word: &'static str,
    /// The key of its list in a snapshot.
    pub list: &'static str,
    /// Parses one thing strictly. An error says what is wrong without quoting the content.
    pub read: fn(&Value) -> Result<Box<dyn PushedThing>, String>,
    /// The kinds of the facts that follow from one thing and have its id.
    pub kinds: &'static [Kind],
    /// Returns the facts that still hold after the thing is removed.
    pub remains: fn(&str) -> Vec<Fact>,
    /// Whether a snapshot may list no such thing. A long list that runs out is still refused,
    /// because it lost half or more.
    pub may_run_out: bool,
    /// Whether the contract got this kind later than the others. A sender may not know its list
    /// yet: a snapshot without the list says nothing about these things.
    pub added_later: bool,
}

/// A thing that was pushed.
pub trait PushedThing {
    /// Returns the platform's id of the thing.
    fn id(&self) -> &str;
    /// Returns the facts that follow from the thing.
    fn facts(&self) -> Vec<Fact>;
    /// Returns whether the thing is over at `at`. Things without an end of their own are never
    /// over.
    fn is_over(&self, _at: Timestamp) -> bool {
        false
    }
}

impl Contract {
    /// Returns the entity with this word.
    pub fn entity(&self, word: &str) -> Option<&'static PushEntity> {
        self.entities.iter().find(|entity| entity.word == word)
    }

    /// Returns the entity whose updates carry a fact, and the id of the thing.
    fn pushed_in(&self, about: &FactId) -> Option<(&'static PushEntity, String)> {
        // A booking carries its guests, and a visit its visitor. Their ids begin with its id.
        let (kind, id) = match about.kind {
            Kind::Visitor => match about.id.rsplit_once(fields::GUEST)? {
                (visit, digest) if digest.starts_with(fields::OF_VISIT) => (Kind::Visit, visit),
                (booking, _) => (Kind::Booking, booking),
            },
            kind => (kind, about.id.as_str()),
        };
        let entity = self
            .entities
            .iter()
            .find(|entity| entity.kinds.contains(&kind))?;
        Some((entity, id.to_owned()))
    }
}

/// Returns the fact of a thing that exists as soon as another thing names it. Its name is its id,
/// in every location.
pub fn named(about: &FactId) -> Option<Fact> {
    let name = about.id.to_string();
    let what = match about.kind {
        Kind::Location => What::Location(Location {
            name,
            timezone: None,
        }),
        Kind::Resource => What::Resource(Resource {
            parent: None,
            name,
            location: None,
            floor: None,
        }),
        Kind::Plan => What::Plan(Plan {
            name,
            location: None,
        }),
        _ => return None,
    };
    Some(Fact {
        id: about.id.clone(),
        what,
        changed: None,
    })
}

#[cfg(test)]
mod tests;
