//! Webhooks as each platform posts and signs them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::reference_model::Minute;
use crate::support::{Platform, SECRET};
use doorstep_local::sandbox::Post;

/// A body, and the action that its address names, at platforms with one address for each action.
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

/// Returns the headers of a body that is signed now.
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
