//! A webhook as it arrived, and as proven: two types, so that nothing unproven can be read.

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;

use crate::fact::FactId;

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

impl From<lambda_http::Request> for Delivery {
    fn from(request: lambda_http::Request) -> Self {
        let (head, body) = request.into_parts();
        // A Function URL hands over bytes that are not text in base64; the runtime has undone that.
        let body = match body {
            lambda_http::Body::Text(text) => Bytes::from(text),
            lambda_http::Body::Binary(bytes) => Bytes::from(bytes),
            _ => Bytes::new(),
        };
        Delivery { path: head.uri.path().to_owned(), headers: head.headers, body }
    }
}

/// A delivery whose sender was proven. Made only by [`Proven::by`].
#[derive(Debug)]
pub struct Proven {
    delivery: Delivery,
    /// The delivery's own id, or what tells it from every other one: path, body and signed timestamp.
    pub sameness: String,
}

impl Proven {
    /// Called by a platform's proof alone, after the signature was compared.
    pub(crate) fn by(delivery: Delivery, sameness: String) -> Self {
        Proven { delivery, sameness }
    }

    /// The body, proven.
    pub fn body(&self) -> &Bytes {
        &self.delivery.body
    }

    /// The path, proven only where the platform signs it.
    pub fn path(&self) -> &str {
        &self.delivery.path
    }
}

/// The proof failed. It carries no reason, so that no reason can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unproven;

/// What a proven delivery turned out to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Letter {
    /// Something may have changed about these.
    About(Vec<Mention>),
    /// An event that is none of our business.
    NotForUs,
    /// Proven, but it cannot be read; the text says why without quoting it.
    Unreadable(String),
}

/// One thing that a letter is about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mention {
    /// The thing.
    pub about: FactId,
    /// A re-read must show a state at least as new as this.
    pub reaches: Option<Timestamp>,
    /// The platform says that it is gone.
    pub removed: bool,
}
