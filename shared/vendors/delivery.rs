//! A webhook as it arrived and a verified webhook: two types, so that no unverified content can be
//! read.

use bytes::Bytes;
use http::HeaderMap;

use doorstep_core::model::push_update::{ChangeHint, PushUpdate};

/// The largest body that is accepted, in bytes.
pub const LARGEST_BODY: usize = 1 << 20;

/// A webhook as it arrived. Its sender is unknown.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The path of the request, without the query.
    pub path: String,
    /// The headers, each name as often as it was sent.
    pub headers: HeaderMap,
    /// The exact bytes that were signed.
    pub body: Bytes,
}

/// A delivery whose sender was verified. Only `VerifiedDelivery::by` makes one.
#[derive(Debug)]
pub struct VerifiedDelivery {
    delivery: Delivery,
    /// The deduplication id: the delivery's own id, or a digest of path, body and signed timestamp.
    pub dedup_id: String,
}

impl VerifiedDelivery {
    /// Wraps a delivery. Only a vendor's verification calls it, after it compared the signature.
    pub(crate) fn by(delivery: Delivery, dedup_id: String) -> Self {
        VerifiedDelivery { delivery, dedup_id }
    }

    /// Returns the verified body.
    pub fn body(&self) -> &Bytes {
        &self.delivery.body
    }

    /// Returns the sender's own id of this delivery, as Standard Webhooks sign it; empty where the
    /// sender gives none.
    pub fn sender_id(&self) -> &str {
        let headers = &self.delivery.headers;
        let id = headers.get("webhook-id").or_else(|| headers.get("svix-id"));
        id.and_then(|id| id.to_str().ok()).unwrap_or_default()
    }

    /// Returns the path. It is verified only where the platform signs it.
    pub fn path(&self) -> &str {
        &self.delivery.path
    }
}

/// A failed verification. It carries no reason, so that the answer can reveal none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unverified;

/// The content of a verified delivery.
#[derive(Debug, Clone, PartialEq)]
pub enum WebhookContent {
    /// Something may have changed about these things.
    About(Vec<ChangeHint>),
    /// An event that Doorstep does not use.
    NotForUs,
    /// A body that cannot be parsed. The text says why and quotes nothing of it.
    Unreadable(String),
    /// Facts from a platform that has no read API.
    Update(PushUpdate),
    /// A body that breaks the contract of a push platform. The sender gets the text, which quotes
    /// nothing of the body.
    Wrong(String),
}

/// The HTTP answer to the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body: JSON, or empty.
    pub body: String,
}

impl WebhookAnswer {
    fn new(status: u16, body: &str) -> Self {
        WebhookAnswer {
            status,
            body: body.to_owned(),
        }
    }

    /// Returns 202: the delivery was accepted.
    pub fn accepted() -> Self {
        WebhookAnswer::new(202, r#"{"accepted":true}"#)
    }

    /// Returns 401. The body is the same for every reason.
    pub fn unverified() -> Self {
        WebhookAnswer::new(401, r#"{"error":"unproven"}"#)
    }

    /// Returns 404: the path belongs to no site.
    pub fn unknown_address() -> Self {
        WebhookAnswer::new(404, r#"{"error":"no such address"}"#)
    }

    /// Returns 400: the event declares the body as base64, and it is not.
    pub fn not_base64() -> Self {
        WebhookAnswer::new(
            400,
            r#"{"error":"the body is not the base64 that it is said to be"}"#,
        )
    }

    /// Returns 413: the body is larger than [`LARGEST_BODY`].
    pub fn too_large() -> Self {
        WebhookAnswer::new(413, r#"{"error":"the body is larger than 1 MiB"}"#)
    }

    /// Returns 422 with `why`, for the developer of the sender. `why` quotes nothing of the body.
    pub fn wrong(why: &str) -> Self {
        WebhookAnswer {
            status: 422,
            body: serde_json::json!({ "error": why }).to_string(),
        }
    }

    /// Returns 503: the sender should post the delivery again later.
    pub fn try_again() -> Self {
        WebhookAnswer::new(503, r#"{"error":"try again later"}"#)
    }
}
