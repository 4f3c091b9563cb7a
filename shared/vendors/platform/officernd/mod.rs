//! OfficeRnD Flex: its deliveries proven and read, its interface asked, its records said in our words.
//!
//! What is known of it, and how surely, is in `docs/vendors.md`; the grades in brackets are from there. Its field
//! names stay in this room. Nothing here decides who may come in, and nothing writes to OfficeRnD.

use jiff::Timestamp;

use crate::access::{Access, WebhookSecrets};
use crate::delivery::{Delivery, Unverified, VerifiedDelivery, WebhookContent};
use crate::platform::{Platform, ReadPlatform, signature};

mod calls;
mod hooks;
mod letters;
mod pace;
mod reader;
mod region;
mod token;
mod wire;

/// The header that signs: `t=<Unix seconds>,signature=<hex>`. `[D]`
const SIGNATURE: &str = "officernd-signature";

/// OfficeRnD Flex.
pub struct OfficeRnd;

impl Platform for OfficeRnd {
    /// HMAC-SHA256 over the body, a full stop, and `t`, in this order `[C]`. Whether a retry refreshes `t` is unknown
    /// `[?]`: one that does not is refused after 300 s, and reconcile finds what it would have said.
    fn prove(
        &self,
        delivery: Delivery,
        secrets: &WebhookSecrets,
        now: Timestamp,
    ) -> Result<VerifiedDelivery, Unverified> {
        let sameness = proof(&delivery, secrets, now).ok_or(Unverified)?;
        Ok(VerifiedDelivery::by(delivery, sameness))
    }

    fn letter(&self, proven: &VerifiedDelivery) -> WebhookContent {
        letters::read(proven.body())
    }

    fn reader(&self, organization: &str, access: Access) -> Box<dyn ReadPlatform> {
        Box::new(reader::Reader::new(organization, access))
    }
}

/// What tells a proven delivery from every other one; `None` where anything at all is wrong.
fn proof(delivery: &Delivery, secrets: &WebhookSecrets, now: Timestamp) -> Option<String> {
    let header = signature::only(&delivery.headers, SIGNATURE)?;
    let t = signature::pair(header, "t")?;
    let tag = hex::decode(signature::pair(header, "signature")?).ok()?;
    let fresh = signature::fresh(signature::seconds(t)?, now);
    let signed = signature::hmac_sha256(secrets, &[&delivery.body, b".", t.as_bytes()], &tag);
    (fresh & signed).then(|| signature::digest(&[delivery.path.as_bytes(), b"\0", &delivery.body, b"\0", t.as_bytes()]))
}

#[cfg(test)]
mod tests;
