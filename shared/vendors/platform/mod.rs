//! Platforms, where bookings and memberships live: the traits, and the one `match` in which
//! platform names meet.

use async_trait::async_trait;
use bridge::BridgedGroup;
use found::{FactList, Lookup, ResourceAssignments, Unreadable};
use jiff::Timestamp;
use push::Contract;
use relation::Relation;

use crate::access::{Access, WebhookSecrets};
use crate::delivery::{Delivery, Unverified, VerifiedDelivery, WebhookContent};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Fact, FactId, Holder, Id, Kind, What};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::platform_kind::PlatformKind;

pub mod andcards;
pub mod bridge;
pub mod deskworks;
pub(crate) mod fields;
pub mod found;
pub mod json;
mod list_read;
pub mod nexudus;
pub mod officernd;
pub mod push;
pub mod relation;
#[cfg(test)]
mod script;
pub mod signature;
pub mod spacebring;
pub mod standard_webhooks;

/// Link from a kind of platform to its code. Platform names meet only in its one implementation.
pub trait PlatformVendor {
    /// Returns the platform's webhooks and its contract.
    fn vendor(self) -> &'static dyn Platform;
    /// Returns the platform's API.
    fn api(self) -> &'static dyn PlatformApi;
}

impl PlatformVendor for PlatformKind {
    fn vendor(self) -> &'static dyn Platform {
        match self {
            PlatformKind::OfficeRnd => &officernd::OfficeRnd,
            PlatformKind::Nexudus => &nexudus::Nexudus,
            PlatformKind::Spacebring => &spacebring::Spacebring,
            PlatformKind::Andcards => &andcards::PLATFORM,
            PlatformKind::Deskworks => &deskworks::PLATFORM,
        }
    }

    fn api(self) -> &'static dyn PlatformApi {
        match self {
            PlatformKind::OfficeRnd => &officernd::OfficeRnd,
            PlatformKind::Nexudus => &nexudus::Nexudus,
            PlatformKind::Spacebring => &spacebring::Spacebring,
            PlatformKind::Andcards => &andcards::PLATFORM,
            PlatformKind::Deskworks => &deskworks::PLATFORM,
        }
    }
}

/// One platform: how Doorstep verifies and parses its webhooks.
pub trait Platform: Send + Sync {
    /// Verifies who sent the exact bytes. Changes nothing and gives no reason for a refusal.
    fn verify(
        &self,
        delivery: Delivery,
        secrets: &WebhookSecrets,
        now: Timestamp,
    ) -> Result<VerifiedDelivery, Unverified>;
    /// Parses a verified delivery: what it is about.
    fn parse(&self, verified: &VerifiedDelivery) -> WebhookContent;
    /// Returns the push contract of a platform without a read API. Doorstep then reads the stored
    /// push updates, and the platform has no API secret.
    fn contract(&self) -> Option<&'static Contract> {
        None
    }
}

/// How Doorstep reads one platform. It is no part of [`Platform`], so that a function that only
/// verifies webhooks does not link the readers: they are two thirds of `receive` and of the time of
/// its start.
pub trait PlatformApi: Send + Sync {
    /// Returns a reader of one organisation. `access` holds its credentials.
    fn reader(&self, organization: &str, access: Access) -> Box<dyn ReadPlatform>;
}

/// Read access to a platform. No method writes to the platform.
#[async_trait]
pub trait ReadPlatform: Send + Sync {
    /// Returns the kinds that the platform has: catalogue first, and each kind after the kinds that
    /// it refers to.
    fn kinds(&self) -> Vec<Kind>;
    /// Fetches one thing as it is now. A membership comes with its assignments.
    async fn fetch(&self, about: &FactId) -> Result<Lookup>;
    /// Fetches every thing of `kind`. Memberships come without their assignments. Returns the whole
    /// list or an error, never a part of a list.
    async fn read(&self, kind: Kind, span: &Span) -> Result<FactList>;
    /// Returns whether [`ReadPlatform::changes`] lists this kind.
    fn lists_changes(&self, _kind: Kind) -> bool {
        false
    }
    /// Fetches things of `kind` that changed since an instant, in a few pages. Each is as complete
    /// as a lookup returns it. The list may be cut off, so that what it leaves out says nothing.
    async fn changes(&self, _kind: Kind, _since: Timestamp) -> Result<Vec<Fact>> {
        Ok(Vec::new())
    }
    /// Fetches the assignments of these resources.
    async fn assignments(&self, resources: &[Id]) -> Result<ResourceAssignments>;
    /// Returns all facts of the newest snapshot, if that snapshot is rejected and waits for a
    /// human. These facts count only after the human approves what would follow from them.
    async fn held_back(&self) -> Result<Option<Vec<Fact>>> {
        Ok(None)
    }
    /// Returns whether a lookup by id says more than a list does. Where it does not, the caller
    /// judges the list: a thing that the list leaves out is gone by inference. A single thing is
    /// then gone only if a signed delivery removed it.
    fn answers_by_id(&self) -> bool {
        true
    }
    /// Returns what was read so far and is rejected, with the reason.
    fn flaws(&self) -> Vec<String> {
        Vec::new()
    }
    /// Returns whether a trigger about a person may mean a change of anything that concerns the
    /// person. The caller then calls [`ReadPlatform::around`] too.
    fn lists_people(&self) -> bool {
        false
    }
    /// Asks the platform for this relation and returns whether it has it. The default answer is no:
    /// there is nothing to ask for where the thing itself says what belongs to it.
    async fn confirms(&self, _relation: &Relation) -> Result<bool> {
        Ok(false)
    }
    /// Returns whether a lookup of this kind also reads a list, and may therefore lose a
    /// [`Relation`].
    fn relates(&self, _kind: Kind) -> bool {
        false
    }
    /// Returns whether the signature of a delivery covers the time and the event. Where it does
    /// not:
    ///
    /// - A removal is a hint like any other.
    /// - An equal delivery about a second change counts as the first one.
    fn verifies_times(&self) -> bool {
        true
    }
    /// Returns whether a delivery says which version of the thing a read must reach. Where it does
    /// not, the platform may lag behind its webhook, so the caller reads the hinted thing again
    /// after 1 and 5 minutes.
    fn announces_versions(&self) -> bool {
        self.verifies_times()
    }
    /// Returns whether the list of memberships leaves out those that are over. Such a membership
    /// counts as over by its own record, and is not missing.
    fn lists_only_current_memberships(&self) -> bool {
        false
    }
    /// Returns the beginning of the ids of a series' occurrences, on a platform that gives every
    /// occurrence an id of its own.
    fn occurrences_of(&self, _series: &str) -> Option<String> {
        None
    }
    /// Fetches the other things that a trigger about this thing may concern. `what` is the thing as
    /// it is now, or as it was last known if it is `gone`.
    async fn around(&self, _about: &FactId, _what: Option<&What>, _gone: bool) -> Result<Around> {
        Ok(Around::default())
    }
    /// Returns the groups that the platform's own bridge to door systems opens.
    async fn bridged(&self) -> Result<Vec<BridgedGroup>> {
        Ok(Vec::new())
    }
    /// Returns whether the webhooks that post to `site` work, as far as the platform says.
    async fn hearing(&self, _site: &SiteId) -> Result<Hearing> {
        Ok(Hearing::default())
    }
}

/// Facts that were read in addition to the thing that a trigger is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Around {
    /// Other things, as they are now.
    pub facts: Vec<Fact>,
    /// Things that exist but cannot be read.
    pub unreadable: Vec<Unreadable>,
    /// The holder of these things, if they are all things of some kinds that the holder has.
    pub holder: Option<Holder>,
    /// The kinds of which the holder has only these things ...
    pub kinds: &'static [Kind],
    /// ... later than this instant.
    pub since: Option<Timestamp>,
    /// The list that should hold the thing was read and leaves it out.
    pub unlisted: bool,
    /// All members of the team that the trigger is about.
    pub people: Option<Vec<Id>>,
    /// The platform has a record of the cancellation. The missing thing then needs no second read.
    pub called_off: bool,
}

impl Around {
    /// Sets `unlisted` if `about` is missing from these things. The list that was read should hold
    /// it.
    pub fn without(self, about: &FactId) -> Self {
        Around {
            unlisted: !self.has(about),
            ..self
        }
    }

    /// Returns whether `about` is among these things, readable or not.
    pub fn has(&self, about: &FactId) -> bool {
        self.facts.iter().any(|fact| fact.name() == *about)
            || self.unreadable.iter().any(|one| one.name == *about)
    }
}

/// State of the webhooks that a platform sends to Doorstep.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hearing {
    /// Webhooks that are switched off, fail or are missing, each with what to do.
    pub problems: Vec<String>,
    /// Report that the site has no webhook at all, or that the platform does not show its webhooks.
    pub silence: Option<String>,
    /// Locations without a webhook, or without one of the needed webhooks.
    pub unheard: Vec<Unheard>,
}

/// A location that lacks some or all of the needed webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unheard {
    /// The platform's id of the location.
    pub location: Id,
    /// The name of the location.
    pub name: String,
    /// What is missing there, and what to do.
    pub problem: String,
}

impl Hearing {
    /// Reduces the state to a site with these locations, given by name or id; `None` means all
    /// locations. Each of them that is in `unheard` becomes a problem.
    pub fn at(mut self, locations: Option<&[String]>) -> Hearing {
        let is = |unheard: &Unheard, wanted: &String| {
            *wanted == unheard.name || unheard.location == *wanted
        };
        for unheard in std::mem::take(&mut self.unheard) {
            if locations.is_none_or(|all| all.iter().any(|wanted| is(&unheard, wanted))) {
                self.problems.push(unheard.problem);
            }
        }
        self
    }
}

/// Extent of a list that the caller asks for.
#[derive(Debug, Clone)]
pub struct Span {
    /// Only things that changed since, for the kinds whose lists can filter by change. `None` means
    /// all things.
    pub changed_since: Option<Timestamp>,
    /// Only check-ins from this instant on.
    pub checkins_from: Timestamp,
}
