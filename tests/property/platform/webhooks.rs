//! Webhooks as each platform posts and signs them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::reference_model::Minute;
use crate::support::{Platform, SECRET, svix_headers};
use doorstep_local::sandbox::Post;

/// A body, and the action that its address names, at platforms with one address for each action.
#[derive(Debug, Clone)]
pub struct SignedWebhook {
    pub action: Option<u16>,
    pub body: Bytes,
    /// Its number among the deliveries of a story, which is its id where deliveries have one. A
    /// sender that tries again sends the same number.
    pub number: u64,
}

impl From<Post> for SignedWebhook {
    fn from(post: Post) -> Self {
        SignedWebhook {
            action: post.action,
            body: post.body,
            number: 0,
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
    let SignedWebhook { body, number, .. } = webhook;
    let headers = match platform {
        Platform::Spacebring => svix_headers(&format!("msg_{number}"), now, body),
        _ => platform.headers(SECRET, now, body, body),
    };
    headers.into_iter().map(header).collect()
}
