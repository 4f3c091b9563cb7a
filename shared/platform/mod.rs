//! Where bookings and memberships live. The traits, and the one place where platform names meet.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::{Access, WebhookSecrets};
use crate::delivery::{Delivery, Letter, Proven, Unproven};
use crate::error::Result;
use crate::fact::{Assignment, Fact, FactId, Kind};

pub mod json;
pub mod officernd;
pub mod signature;

/// The platforms that a site file can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlatformKind {
    /// OfficeRnD Flex.
    OfficeRnd,
}

impl PlatformKind {
    /// The word for it in addresses, site files and reports.
    pub fn word(self) -> &'static str {
        match self {
            PlatformKind::OfficeRnd => "officernd",
        }
    }

    /// What this platform's deliveries and interface look like.
    pub fn vendor(self) -> &'static dyn Platform {
        match self {
            PlatformKind::OfficeRnd => &officernd::OfficeRnd,
        }
    }
}

/// One platform: how its deliveries are proven and read, and how to ask it.
pub trait Platform: Send + Sync {
    /// Proves who sent the exact bytes. Touches nothing and tells no reason.
    fn prove(&self, delivery: Delivery, secrets: &WebhookSecrets, now: Timestamp) -> Result<Proven, Unproven>;
    /// Reads what a proven delivery is about.
    fn letter(&self, proven: &Proven) -> Letter;
    /// A reader of one organisation, with `access` to it.
    fn reader(&self, organization: &str, access: Access) -> Box<dyn ReadPlatform>;
}

/// What can be asked of a platform. Nothing here writes.
#[async_trait]
pub trait ReadPlatform: Send + Sync {
    /// The kinds it knows, catalogue first, whatever others refer to before what refers to it.
    fn kinds(&self) -> &'static [Kind];
    /// One thing as it is now, a membership with its assignments; `None` where the platform knows no such id.
    async fn look(&self, about: &FactId) -> Result<Option<Fact>>;
    /// Every thing of `kind`, memberships without their assignments. Fails whole: never part of a list.
    async fn read(&self, kind: Kind, span: &Span) -> Result<Vec<Fact>>;
    /// What is assigned of these resources, each with the membership that it comes with.
    async fn assignments(&self, resources: &[String]) -> Result<Vec<(String, Assignment)>>;
}

/// How much of a list is wanted.
#[derive(Debug, Clone)]
pub struct Span {
    /// Only what changed since, for the kinds whose lists can tell. `None`: all.
    pub changed_since: Option<Timestamp>,
    /// Check-ins from here on.
    pub checkins_from: Timestamp,
}
