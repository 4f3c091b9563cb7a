//! Where bookings and memberships live. The traits, and the one place where platform names meet.

use async_trait::async_trait;
use found::{Assigned, FactList, Lookup, Unreadable};
use jiff::Timestamp;
use relation::Relation;
use told::Contract;

use crate::access::{Access, WebhookSecrets};
use crate::delivery::{Delivery, Unverified, VerifiedDelivery, WebhookContent};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Fact, FactId, Holder, Id, Kind, What};
use doorstep_core::model::platform_kind::PlatformKind;

pub mod andcards;
pub mod deskworks;
pub(crate) mod fields;
pub mod found;
pub mod json;
pub mod nexudus;
pub mod officernd;
pub mod relation;
#[cfg(test)]
mod script;
pub mod signature;
pub mod standard_webhooks;
pub mod told;

/// How a kind of platform is reached. Only here their names meet.
pub trait PlatformVendor {
    /// Returns what this platform's deliveries and interface look like.
    fn vendor(self) -> &'static dyn Platform;
}

impl PlatformVendor for PlatformKind {
    fn vendor(self) -> &'static dyn Platform {
        match self {
            PlatformKind::OfficeRnd => &officernd::OfficeRnd,
            PlatformKind::Nexudus => &nexudus::Nexudus,
            PlatformKind::Andcards => &andcards::PLATFORM,
            PlatformKind::Deskworks => &deskworks::PLATFORM,
        }
    }
}

/// One platform: how its deliveries are proven and read, and how to ask it.
pub trait Platform: Send + Sync {
    /// Proves who sent the exact bytes. Touches nothing and tells no reason.
    fn prove(
        &self,
        delivery: Delivery,
        secrets: &WebhookSecrets,
        now: Timestamp,
    ) -> Result<VerifiedDelivery, Unverified>;
    /// Reads what a proven delivery is about.
    fn letter(&self, proven: &VerifiedDelivery) -> WebhookContent;
    /// A reader of one organisation, with `access` to it.
    fn reader(&self, organization: &str, access: Access) -> Box<dyn ReadPlatform>;
    /// What it tells us by itself, if it cannot be asked: then what it told is read, and it has no API secret.
    fn contract(&self) -> Option<&'static Contract> {
        None
    }
}

/// What can be asked of a platform. Nothing here writes.
#[async_trait]
pub trait ReadPlatform: Send + Sync {
    /// The kinds it knows, catalogue first, whatever others refer to before what refers to it.
    fn kinds(&self) -> &'static [Kind];
    /// One thing as it is now, a membership with its assignments.
    async fn look(&self, about: &FactId) -> Result<Lookup>;
    /// Every thing of `kind`, memberships without their assignments. Fails whole: never part of a list.
    async fn read(&self, kind: Kind, span: &Span) -> Result<FactList>;
    /// What is assigned of these resources.
    async fn assignments(&self, resources: &[Id]) -> Result<Assigned>;
    /// Everything as the newest snapshot has it, where that one is not believed and waits for a human. None of it counts
    /// until they approve what would follow.
    async fn held_back(&self) -> Result<Option<Vec<Fact>>> {
        Ok(None)
    }
    /// Whether asking for one thing tells more than a list does. Where it does not, a list is judged by whoever reads
    /// it; what is missing from one is gone by inference, and one thing only where its removal was signed.
    fn answers_by_id(&self) -> bool {
        true
    }
    /// What was read and is not believed, so far.
    fn doubts(&self) -> Vec<String> {
        Vec::new()
    }
    /// Whether a bell about somebody may stand for anything about them, so that [`ReadPlatform::around`] must be asked.
    fn tells_of_people(&self) -> bool {
        false
    }
    /// Returns whether the platform, asked for this relation, has it. Where the thing itself says what belongs to it,
    /// there is nothing to ask for.
    async fn confirms(&self, _relation: &Relation) -> Result<bool> {
        Ok(false)
    }
    /// Returns whether a lookup of such a thing reads a list beside it, and so may lose a [`Relation`].
    fn relates(&self, _kind: Kind) -> bool {
        false
    }
    /// Returns whether a delivery proves when it was sent and what happened. Where it does not, a removal is a hint like
    /// any other, and whatever a hint is about is read again after the first look: the platform may lag its webhook, and
    /// an equal delivery about a second change counts as the first.
    fn proves_times(&self) -> bool {
        true
    }
    /// What else a bell about this may be about: `what` is the thing as it is, or as it was where it is `gone`.
    async fn around(&self, _about: &FactId, _what: Option<&What>, _gone: bool) -> Result<Around> {
        Ok(Around::default())
    }
    /// Whether the webhooks that post to `site` work, as far as the platform tells.
    async fn hearing(&self, _site: &str) -> Result<Hearing> {
        Ok(Hearing::default())
    }
}

/// What was read beside the thing that a bell is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Around {
    /// Other things, as they are now.
    pub facts: Vec<Fact>,
    /// Things that exist and cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// Whom these are about, where they are all that there is of some kinds.
    pub holder: Option<Holder>,
    /// The kinds of which these are all that there is about the holder ...
    pub kinds: &'static [Kind],
    /// ... if they took place after this.
    pub since: Option<Timestamp>,
    /// The list that should hold the thing itself was read, and leaves it out.
    pub unlisted: bool,
    /// Everybody in the team that the bell is about.
    pub people: Option<Vec<Id>>,
    /// The platform has a record that the thing was called off: that it is missing needs no second look.
    pub called_off: bool,
}

impl Around {
    /// The same, of a list that should hold this thing, and leaves it out where it is not among these.
    pub fn without(self, about: &FactId) -> Self {
        Around { unlisted: !self.has(about), ..self }
    }

    /// Whether a thing is among these, readable or not.
    pub fn has(&self, about: &FactId) -> bool {
        self.facts.iter().any(|fact| fact.name() == *about) || self.unreadable.iter().any(|one| one.name == *about)
    }
}

/// How well a platform's webhooks reach us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hearing {
    /// Webhooks that are switched off, fail or are missing, each with what to do.
    pub problems: Vec<String>,
    /// That there is no webhook at all, where none was ever made.
    pub silence: Option<String>,
    /// Locations of which no webhook, or not every needed one, tells.
    pub unheard: Vec<Unheard>,
}

/// A location whose changes no webhook tells, or not all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unheard {
    /// Its id at the platform.
    pub location: Id,
    /// Its name.
    pub name: String,
    /// What is missing there, and what to do.
    pub problem: String,
}

impl Hearing {
    /// The same for a site of these locations, by name or id; `None`: of all of them. What is unheard there is a problem.
    pub fn at(mut self, locations: Option<&[String]>) -> Hearing {
        let is = |unheard: &Unheard, wanted: &String| *wanted == unheard.name || unheard.location == *wanted;
        for unheard in std::mem::take(&mut self.unheard) {
            if locations.is_none_or(|all| all.iter().any(|wanted| is(&unheard, wanted))) {
                self.problems.push(unheard.problem);
            }
        }
        self
    }
}

/// How much of a list is wanted.
#[derive(Debug, Clone)]
pub struct Span {
    /// Only what changed since, for the kinds whose lists can tell. `None`: all.
    pub changed_since: Option<Timestamp>,
    /// Check-ins from here on.
    pub checkins_from: Timestamp,
}
