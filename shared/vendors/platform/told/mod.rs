//! Platforms that cannot be asked: they tell. Doorstep publishes a contract in their own words, and deliveries carry
//! facts with a version.
//!
//! What they tell is a mailbox in our own ledger, and that mailbox is what is re-read, as any other platform is: so a
//! bell is no order here either, and settle and reconcile do not know the difference. This room reads letters strictly,
//! and answers what a platform's interface would from what was told. What a platform's things mean is said in its own
//! file.

use jiff::Timestamp;
use serde_json::Value;

use super::{Platform, ReadPlatform, standard_webhooks};
use crate::access::{Access, WebhookSecrets};
use crate::delivery::{Delivery, Unverified, VerifiedDelivery, WebhookContent};
use doorstep_core::model::fact::{Fact, FactId, Kind, Location, Plan, Resource, What};

pub mod fields;
pub mod forget;
pub mod letters;
pub mod outdated;
pub mod reader;
pub mod roster;
pub mod store;

/// The kinds of facts that follow from what is told, catalogue first.
const KINDS: [Kind; 8] = [
    Kind::Location,
    Kind::Resource,
    Kind::Plan,
    Kind::Team,
    Kind::Member,
    Kind::Visitor,
    Kind::Membership,
    Kind::Booking,
];

/// A platform that cannot be asked: all that tells one from another is its contract.
pub struct PushPlatform(pub &'static Contract);

impl Platform for PushPlatform {
    fn prove(
        &self,
        delivery: Delivery,
        secrets: &WebhookSecrets,
        now: Timestamp,
    ) -> Result<VerifiedDelivery, Unverified> {
        standard_webhooks::prove(delivery, secrets, now)
    }

    fn letter(&self, proven: &VerifiedDelivery) -> WebhookContent {
        letters::read(self.0, proven.body())
    }

    fn reader(&self, _organization: &str, _access: Access) -> Box<dyn ReadPlatform> {
        Box::new(reader::Reader::of_nothing(self.0))
    }

    fn contract(&self) -> Option<&'static Contract> {
        Some(self.0)
    }
}

/// What one platform tells, and what that means.
pub struct Contract {
    /// Its word in addresses and reports.
    pub platform: &'static str,
    /// What it tells of, whatever others refer to first.
    pub entities: &'static [Entity],
    /// What holds of a thing that others speak of and that was never told itself.
    pub unknown: fn(&FactId) -> Option<Fact>,
}

/// One kind of thing that a platform tells of.
pub struct Entity {
    /// Its word in events: `{word}.updated`, `{word}.removed`.
    pub word: &'static str,
    /// Its list in a roster.
    pub list: &'static str,
    /// Reads one, strictly; what is wrong with it is said without quoting it.
    pub read: fn(&Value) -> Result<Box<dyn Record>, String>,
    /// The kinds of the facts of the same id that follow from one.
    pub kinds: &'static [Kind],
    /// What still holds once it was removed.
    pub remains: fn(&str) -> Vec<Fact>,
    /// That all of them are gone is nothing unusual, if they were few.
    pub may_run_out: bool,
}

/// One thing that was told.
pub trait Record {
    /// The platform's id of it.
    fn id(&self) -> &str;
    /// What it means.
    fn facts(&self) -> Vec<Fact>;
    /// When it is over by itself, where that can be said.
    fn is_over(&self, _at: Timestamp) -> bool {
        false
    }
}

impl Contract {
    /// The entity of that word.
    pub fn entity(&self, word: &str) -> Option<&'static Entity> {
        self.entities.iter().find(|entity| entity.word == word)
    }

    /// Which thing tells of a fact, and its id.
    fn told_in(&self, about: &FactId) -> Option<(&'static Entity, String)> {
        // A guest is told of with the booking, whose id begins the guest's.
        let (kind, id) = match about.kind {
            Kind::Visitor => (Kind::Booking, about.id.rsplit_once(fields::GUEST)?.0),
            kind => (kind, about.id.as_str()),
        };
        let entity = self.entities.iter().find(|entity| entity.kinds.contains(&kind))?;
        Some((entity, id.to_owned()))
    }
}

/// What others merely name is there as soon as it is named: its name is its id, in every location alike.
pub fn named(about: &FactId) -> Option<Fact> {
    let name = about.id.to_string();
    let what = match about.kind {
        Kind::Location => What::Location(Location { name, timezone: None }),
        Kind::Resource => What::Resource(Resource { name, location: None, floor: None }),
        Kind::Plan => What::Plan(Plan { name, location: None }),
        _ => return None,
    };
    Some(Fact { id: about.id.clone(), what, changed: None })
}

#[cfg(test)]
mod tests;
