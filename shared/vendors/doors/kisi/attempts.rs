//! Kisi's locks, and the state of the webhook that posts access attempts. Kisi reports attempts by
//! this webhook only.

use std::collections::BTreeMap;

use async_trait::async_trait;
use http::StatusCode;
use serde::Deserialize;
use url::Url;

use super::Kisi;
use super::client::{LONGEST_PAGE, VENDOR, done};
use super::wire::Numbered;
use crate::doors::attempts::ReadAttempts;
use crate::vendor_http;
use doorstep_core::model::access_attempt::kept;
use doorstep_core::model::error::Result;

/// The type of integration that posts events.
const WEBHOOK: &str = "event_webhook";
/// The event that the webhook must post.
const WANTED: &str = "lock.unlock";
/// The most webhooks that are examined. Each address takes a call of its own.
const MOST_WEBHOOKS: usize = 20;

#[derive(Deserialize)]
struct KisiLock {
    id: i64,
    name: String,
}

/// An item of the list of integrations. It does not contain the address `[D]`.
#[derive(Deserialize)]
struct Summary {
    id: i64,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Webhook {
    url: String,
    enabled: bool,
    #[serde(default)]
    disabled_due_to_error: bool,
    #[serde(default)]
    enabled_events: Vec<String>,
}

impl Numbered for KisiLock {
    fn number(&self) -> i64 {
        self.id
    }
}

impl Numbered for Summary {
    fn number(&self) -> i64 {
        self.id
    }
}

impl Webhook {
    fn is_at(&self, path: &str) -> bool {
        Url::parse(&self.url).is_ok_and(|url| url.path().ends_with(path))
    }

    /// Returns the problem of a webhook. Kisi disables a webhook that fails `[D]`.
    fn trouble(&self) -> Option<&'static str> {
        if self.disabled_due_to_error {
            return Some(
                "Kisi switched its event webhook off because it failed: look at the log of entries, and enable it \
                 again in Kisi. Access attempts are not recorded until then",
            );
        }
        if !self.enabled {
            return Some(
                "Kisi's event webhook is disabled: enable it in Kisi. Access attempts are not recorded until then",
            );
        }
        let posts_unlocks = self.enabled_events.is_empty()
            || self.enabled_events.iter().any(|event| event == WANTED);
        (!posts_unlocks)
            .then_some("Kisi's event webhook does not post lock.unlock: choose that event in Kisi")
    }
}

#[async_trait]
impl ReadAttempts for Kisi {
    async fn locks(&self) -> Result<BTreeMap<String, String>> {
        let place = self.place.as_deref().map(|place| ("place_id", place));
        let locks: Vec<KisiLock> = self
            .client
            .list("locks", place.as_slice(), LONGEST_PAGE)
            .await?;
        Ok(locks
            .into_iter()
            .filter_map(|lock| Some((lock.id.to_string(), kept(&lock.name)?)))
            .collect())
    }

    async fn webhook_trouble(&self, path: &str) -> Result<Option<String>> {
        let all: Vec<Summary> = self.client.list("integrations", &[], LONGEST_PAGE).await?;
        let webhooks = all
            .iter()
            .filter(|one| one.kind == WEBHOOK)
            .take(MOST_WEBHOOKS);
        let mut trouble = None;
        for Summary { id, .. } in webhooks {
            let answer = self.client.get(&["integrations", &id.to_string()]).await?;
            if answer.status() == StatusCode::NOT_FOUND {
                continue;
            }
            let webhook: Webhook = vendor_http::json(VENDOR, &done(answer)?)?;
            if webhook.is_at(path) {
                match webhook.trouble() {
                    Some(why) => trouble = Some(why.to_owned()),
                    // One working webhook is enough.
                    None => return Ok(None),
                }
            }
        }
        Ok(trouble)
    }
}
