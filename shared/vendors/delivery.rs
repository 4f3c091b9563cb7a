//! A webhook as it arrived, and as proven: two types, so that nothing unproven can be read.

use bytes::Bytes;
use http::HeaderMap;

use doorstep_core::model::push_update::{ChangeHint, PushUpdate};

/// Largest body that is taken, in bytes.
pub const LARGEST_BODY: usize = 1 << 20;

/// A webhook as it arrived: anybody may have sent it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The path it was posted to, without the query.
    pub path: String,
    /// Its headers, each name as often as it was sent.
    pub headers: HeaderMap,
    /// The exact bytes that were signed.
    pub body: Bytes,
}

/// A delivery whose sender was proven. Made only by `VerifiedDelivery::by`.
#[derive(Debug)]
pub struct VerifiedDelivery {
    delivery: Delivery,
    /// The delivery's own id, or what tells it from every other one: path, body and signed timestamp.
    pub sameness: String,
}

impl VerifiedDelivery {
    /// Called by a platform's proof alone, after the signature was compared.
    pub(crate) fn by(delivery: Delivery, sameness: String) -> Self {
        VerifiedDelivery { delivery, sameness }
    }

    /// The body, proven.
    pub fn body(&self) -> &Bytes {
        &self.delivery.body
    }

    /// The sender's own id of this delivery, as Standard Webhooks sign it; empty where the sender gives none.
    pub fn sender_id(&self) -> &str {
        let id = self.delivery.headers.get("webhook-id").and_then(|id| id.to_str().ok());
        id.unwrap_or_default()
    }

    /// The path, proven only where the platform signs it.
    pub fn path(&self) -> &str {
        &self.delivery.path
    }
}

/// The proof failed. It carries no reason, so that no reason can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unverified;

/// What a proven delivery turned out to say.
#[derive(Debug, Clone, PartialEq)]
pub enum WebhookContent {
    /// Something may have changed about these.
    About(Vec<ChangeHint>),
    /// An event that is none of our business.
    NotForUs,
    /// Proven, but it cannot be read; the text says why without quoting it.
    Unreadable(String),
    /// Facts themselves, from a platform that cannot be asked.
    Tells(PushUpdate),
    /// Proven, but not what the contract says, from a platform whose sender is told so; the text says what is wrong
    /// without quoting it.
    Wrong(String),
}

/// What the sender is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// JSON, or empty.
    pub body: String,
}

impl Answer {
    fn new(status: u16, body: &str) -> Self {
        Answer { status, body: body.to_owned() }
    }

    /// Returns 202: the delivery was taken.
    pub fn accepted() -> Self {
        Answer::new(202, r#"{"accepted":true}"#)
    }

    /// Returns 401, with one and the same body whatever was wrong.
    pub fn unproven() -> Self {
        Answer::new(401, r#"{"error":"unproven"}"#)
    }

    /// Returns 404: the path is no address of a site.
    pub fn nobody() -> Self {
        Answer::new(404, r#"{"error":"no such address"}"#)
    }

    /// Returns 400: the body is not the base64 that the event says it is.
    pub fn not_base64() -> Self {
        Answer::new(400, r#"{"error":"the body is not the base64 that it is said to be"}"#)
    }

    /// Returns 413: the body is larger than [`LARGEST_BODY`].
    pub fn too_large() -> Self {
        Answer::new(413, r#"{"error":"the body is larger than 1 MiB"}"#)
    }

    /// Returns 422, for the person who builds the sender. `why` quotes nothing of what was sent.
    pub fn wrong(why: &str) -> Self {
        Answer { status: 422, body: serde_json::json!({ "error": why }).to_string() }
    }

    /// Returns 503: the sender should post the delivery again later.
    pub fn try_again() -> Self {
        Answer::new(503, r#"{"error":"try again later"}"#)
    }
}
