//! OfficeRnD Flex: verifies and parses its webhooks, calls its API and translates its records into
//! facts.
//!
//! `docs/vendors.md` lists what is known of it, with the grades in brackets. OfficeRnD's field
//! names stay in this module. Nothing here decides about access, and nothing writes to OfficeRnD.

use jiff::Timestamp;

use crate::access::{Access, WebhookSecrets};
use crate::delivery::{Delivery, Unverified, VerifiedDelivery, WebhookContent};
use crate::platform::{Platform, PlatformApi, ReadPlatform, signature};

mod calls;
mod hooks;
mod limiter;
mod parse;
mod reader;
mod region;
mod token;
mod wire;

/// The signature header: `t=<Unix seconds>,signature=<hex>`. `[D]`
const SIGNATURE: &str = "officernd-signature";

/// The OfficeRnD platform.
pub struct OfficeRnd;

impl Platform for OfficeRnd {
    /// Verifies an HMAC-SHA256 over the body, a full stop and `t`, in this order `[C]`. Whether a
    /// retry refreshes `t` is unknown `[?]`. A retry with the old `t` is refused after 300 s, and
    /// reconcile finds the change that it reports.
    fn verify(
        &self,
        delivery: Delivery,
        secrets: &WebhookSecrets,
        now: Timestamp,
    ) -> Result<VerifiedDelivery, Unverified> {
        let dedup_id = proof(&delivery, secrets, now).ok_or(Unverified)?;
        Ok(VerifiedDelivery::by(delivery, dedup_id))
    }

    fn parse(&self, verified: &VerifiedDelivery) -> WebhookContent {
        parse::read(verified.body())
    }
}

impl PlatformApi for OfficeRnd {
    fn reader(&self, organization: &str, access: Access) -> Box<dyn ReadPlatform> {
        Box::new(reader::OfficerndReader::new(organization, access))
    }
}

/// Returns the identity of a verified delivery, a digest of path, body and `t`; `None` if anything
/// is wrong.
fn proof(delivery: &Delivery, secrets: &WebhookSecrets, now: Timestamp) -> Option<String> {
    let header = signature::only(&delivery.headers, SIGNATURE)?;
    let t = signature::pair(header, "t")?;
    let tag = hex::decode(signature::pair(header, "signature")?).ok()?;
    let fresh = signature::fresh(signature::seconds(t)?, now);
    let signed = signature::hmac_sha256(secrets, &[&delivery.body, b".", t.as_bytes()], &tag);
    (fresh & signed).then(|| {
        signature::digest(&[
            delivery.path.as_bytes(),
            b"\0",
            &delivery.body,
            b"\0",
            t.as_bytes(),
        ])
    })
}

#[cfg(test)]
mod tests;
