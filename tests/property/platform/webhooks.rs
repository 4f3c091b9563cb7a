//! Letters as each platform posts them, and how they are signed.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::reference_model::Minute;
use crate::support::{Platform, SECRET};
use doorstep_local::sandbox::Post;

/// A body, and the action that its address names where there is one for each.
#[derive(Debug, Clone)]
pub struct SignedWebhook {
    pub action: Option<u16>,
    pub body: Bytes,
}

impl From<Post> for SignedWebhook {
    fn from(post: Post) -> Self {
        SignedWebhook {
            action: post.action,
            body: post.body,
        }
    }
}

/// Its headers when it is signed now.
pub fn headers(platform: Platform, webhook: &SignedWebhook, now: Minute) -> HeaderMap {
    let header = |(name, text): (&'static str, String)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(&text).expect("text"),
        )
    };
    platform
        .headers(SECRET, now, &webhook.body, &webhook.body)
        .into_iter()
        .map(header)
        .collect()
}
