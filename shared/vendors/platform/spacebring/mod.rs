//! Spacebring: verifies and parses its webhooks, calls its API and translates its records into
//! facts.
//!
//! `docs/vendors.md` lists what is known of it, with the grades in brackets. Spacebring's field
//! names stay in this module. Nothing here decides about access, and nothing writes to Spacebring.

use jiff::Timestamp;

use crate::access::{Access, WebhookSecrets};
use crate::delivery::{Delivery, Unverified, VerifiedDelivery, WebhookContent};
use crate::platform::standard_webhooks::{self, SVIX, WEBHOOK};
use crate::platform::{Platform, PlatformApi, ReadPlatform};
use doorstep_core::model::error::Result;

mod bookings;
mod bridge;
mod calls;
mod fetch;
mod id;
mod memberships;
mod memory;
mod parse;
mod passes;
mod read_platform;
mod reader;
mod visits;
mod wire;

/// The Spacebring platform.
pub struct Spacebring;

impl Platform for Spacebring {
    /// Verifies a signature of Standard Webhooks. Spacebring sends through Svix, whose headers have
    /// other names. `[D]`
    fn verify(
        &self,
        delivery: Delivery,
        secrets: &WebhookSecrets,
        now: Timestamp,
    ) -> Result<VerifiedDelivery, Unverified> {
        standard_webhooks::verify(delivery, secrets, now, &[SVIX, WEBHOOK])
    }

    fn parse(&self, verified: &VerifiedDelivery) -> WebhookContent {
        parse::read(verified.body())
    }
}

impl PlatformApi for Spacebring {
    fn reader(&self, organization: &str, access: Access) -> Box<dyn ReadPlatform> {
        Box::new(reader::SpacebringReader::new(organization, access))
    }
}

#[cfg(test)]
mod tests;
