//! Letters as each platform posts them: to which address, and how they are signed.

use bytes::Bytes;
use doorstep_local::sandbox::Post;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::naive::Minute;
use crate::property::setting::SITE;
use crate::world::Platform;

/// What a sandbox platform signs with.
const SECRET: &str = "sandbox-webhook-secret";

/// A body, and the action that its address names where there is one for each.
#[derive(Debug, Clone)]
pub struct Letter {
    pub action: Option<u16>,
    pub body: Bytes,
}

impl From<Post> for Letter {
    fn from(post: Post) -> Self {
        Letter { action: post.action, body: post.body }
    }
}

/// The address it goes to.
pub fn path(platform: Platform, letter: &Letter) -> String {
    let action = letter.action.map(|action| format!("/{action}")).unwrap_or_default();
    format!("/hooks/{SITE}/{}{action}", platform.word())
}

/// Its headers when it is signed now.
pub fn headers(platform: Platform, letter: &Letter, now: Minute) -> HeaderMap {
    let signed = (platform.header(), platform.sign(SECRET, now, &letter.body));
    let all = platform.more_headers(now, &letter.body).into_iter().chain([signed]);
    let header = |(name, text): (&'static str, String)| {
        (HeaderName::from_static(name), HeaderValue::from_str(&text).expect("text"))
    };
    all.map(header).collect()
}
