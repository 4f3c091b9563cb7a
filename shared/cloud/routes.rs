//! Webhook routes: which site a webhook address belongs to, and which secrets verify its
//! deliveries.
//!
//! Only the route and then the secret of the addressed site are read. Both are cached, so that a
//! refusal costs no call. A cold start therefore takes the same time with one site as with ten
//! thousand, and an unreadable secret affects only its own site.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::cached::Cached;
use crate::secrets::Secrets;
use crate::store::Store;
use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::{DoorsName, SiteId};
use doorstep_core::model::platform_kind::PlatformKind;
use doorstep_core::site::is_site_id;
use doorstep_core::site::route::SiteRoute;
use doorstep_vendors::access::WebhookSecrets;
use doorstep_vendors::doors::DoorsVendor;
use doorstep_vendors::doors::attempts::PushAttempts;

/// Number of lookups of unknown sites within [`SPAN`] after which the list of all sites is read
/// once, and decides.
const MOST_MISSES: usize = 50;
/// The time over which lookups of unknown sites are counted.
const SPAN: SignedDuration = SignedDuration::from_secs(60);

/// A platform's webhook route.
#[derive(Clone)]
pub struct PlatformRoute {
    /// The site.
    pub site: SiteId,
    /// The platform.
    pub platform: PlatformKind,
    /// The secrets that verify its deliveries.
    pub secrets: Arc<WebhookSecrets>,
}

/// A door system's webhook route.
#[derive(Clone)]
pub struct DoorsRoute {
    /// The site.
    pub site: SiteId,
    /// The door system.
    pub doors: DoorsName,
    /// The place, if the site file names one of several.
    pub place: Option<String>,
    /// How many days access attempts are kept.
    pub keep_days: u32,
    /// The secrets that verify its deliveries.
    pub secrets: Arc<WebhookSecrets>,
    /// The vendor code that verifies and parses them.
    pub vendor: &'static dyn PushAttempts,
}

/// The webhook routes of the stack.
#[derive(Clone)]
pub struct WebhookRoutes {
    store: Store,
    secrets: Secrets,
    sites: Cached<Option<SiteRoute>>,
    verifiers: Cached<WebhookSecrets>,
    names: Cached<BTreeSet<SiteId>>,
    misses: Arc<Mutex<Misses>>,
}

/// Lookups of unknown sites, counted from an instant on.
#[derive(Default)]
struct Misses {
    since: Option<Timestamp>,
    count: usize,
}

/// Returns the path that a door system posts to: `/hooks/{site}/{kind}/{doors}`.
pub fn address(site: &SiteId, kind: DoorsKind, doors: &DoorsName) -> String {
    format!("/hooks/{site}/{}/{doors}", kind.word())
}

/// Returns whether a door system may post to a path, whatever the site. Where one machine serves
/// all addresses, this separates those of `entries` from those of `receive`.
pub fn is_address(path: &str) -> bool {
    let mut parts = path
        .strip_prefix("/hooks/")
        .unwrap_or_default()
        .split('/')
        .skip(1);
    let posts = |word: &str| {
        DoorsKind::ALL
            .iter()
            .any(|kind| kind.word() == word && kind.webhook().is_some())
    };
    parts.next().is_some_and(posts) && parts.next().is_some()
}

/// Returns the three parts after `/hooks/`; the third one is optional.
fn parts(path: &str) -> Option<(&str, &str, Option<&str>)> {
    let mut parts = path.strip_prefix("/hooks/")?.split('/');
    let (site, kind, rest) = (parts.next()?, parts.next()?, parts.next());
    (rest != Some("") && parts.next().is_none()).then_some((site, kind, rest))
}

impl WebhookRoutes {
    /// Creates the routes. Reads nothing.
    pub fn new(store: Store, secrets: Secrets) -> Self {
        WebhookRoutes {
            store,
            secrets,
            sites: Cached::default(),
            verifiers: Cached::default(),
            names: Cached::default(),
            misses: Arc::default(),
        }
    }

    /// Returns the site of a platform's address, with its secrets. Returns `None` for an unknown
    /// site, an unknown platform and a site without secrets, so that a sender cannot tell them
    /// apart.
    ///
    /// # Errors
    /// The site's route or secret cannot be read, and the cache has no value of it.
    pub async fn platform(&self, path: &str, now: Timestamp) -> Result<Option<PlatformRoute>> {
        let Some((name, platform, action)) = parts(path) else {
            return Ok(None);
        };
        let site = self.site(name, now).await?;
        let Some(route) = site.as_ref() else {
            return Ok(None);
        };
        if route.platform.word() != platform || route.platform.has_actions() != action.is_some() {
            return Ok(None);
        }
        let secrets = self.verifier(&route.site, &route.secret, now).await?;
        Ok(secrets.verify_anything().then(|| PlatformRoute {
            site: route.site.clone(),
            platform: route.platform,
            secrets,
        }))
    }

    /// Returns the door system of an address. Returns `None` for an unknown one and for one without
    /// secrets, so that a sender cannot tell them apart.
    ///
    /// # Errors
    /// As [`WebhookRoutes::platform`].
    pub async fn doors(&self, path: &str, now: Timestamp) -> Result<Option<DoorsRoute>> {
        let Some((name, kind, Some(doors))) = parts(path).filter(|_| is_address(path)) else {
            return Ok(None);
        };
        let site = self.site(name, now).await?;
        let Some(route) = site.as_ref() else {
            return Ok(None);
        };
        let config = route
            .doors
            .get(doors)
            .filter(|config| config.kind.word() == kind);
        let Some((config, vendor)) =
            config.and_then(|config| Some((config, config.kind.webhook()?)))
        else {
            return Ok(None);
        };
        let secrets = self.verifier(&route.site, &config.secret, now).await?;
        Ok(secrets.verify_anything().then(|| DoorsRoute {
            site: route.site.clone(),
            doors: doors.into(),
            place: config.place.clone(),
            keep_days: route.keep_days,
            secrets,
            vendor,
        }))
    }

    async fn site(&self, name: &str, now: Timestamp) -> Result<Arc<Option<SiteRoute>>> {
        if !is_site_id(name) {
            return Ok(Arc::new(None));
        }
        if let Some(good) = self.sites.good(name, now) {
            return Ok(good);
        }
        if self.are_many_misses(now) && self.is_not_listed(name, now).await {
            return Ok(Arc::new(None));
        }
        let read = || async {
            let route = self.store.site_route(&SiteId::from(name)).await;
            let route = route.inspect_err(
                |error| tracing::error!(site = name, %error, "a site's route cannot be read"),
            )?;
            if route.is_none() {
                self.note_miss(now);
            }
            Ok(route)
        };
        self.sites.get(name, now, read).await
    }

    /// Loads the webhook secrets named `secret`; empty if the operator stored none.
    async fn verifier(
        &self,
        site: &SiteId,
        secret: &str,
        now: Timestamp,
    ) -> Result<Arc<WebhookSecrets>> {
        let read = || async {
            let found = self.secrets.webhook(secret).await;
            let found = found.inspect_err(
                |error| tracing::error!(site = site.as_str(), %error, "a webhook secret cannot be read"),
            )?;
            let secrets = found.unwrap_or_default();
            if !secrets.verify_anything() {
                tracing::error!(
                    site = site.as_str(),
                    secret,
                    "no webhook secret: deliveries to this address are not served"
                );
            }
            Ok(secrets)
        };
        self.verifiers.get(secret, now, read).await
    }

    /// Returns whether the list of all sites lacks this one. The list is read at most once a
    /// minute. An unreadable list lacks none.
    async fn is_not_listed(&self, name: &str, now: Timestamp) -> bool {
        let read = || async { Ok(self.store.site_names().await?.into_iter().collect()) };
        self.names
            .get("", now, read)
            .await
            .is_ok_and(|names| !names.contains(name))
    }

    fn are_many_misses(&self, now: Timestamp) -> bool {
        let misses = self.misses.lock().unwrap_or_else(PoisonError::into_inner);
        misses.count >= MOST_MISSES
            && misses
                .since
                .is_some_and(|since| now.duration_since(since) < SPAN)
    }

    fn note_miss(&self, now: Timestamp) {
        let mut misses = self.misses.lock().unwrap_or_else(PoisonError::into_inner);
        if misses
            .since
            .is_none_or(|since| now.duration_since(since) >= SPAN)
        {
            *misses = Misses {
                since: Some(now),
                count: 0,
            };
        }
        misses.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_door_systems_are_distinguished_from_platforms() {
        for path in [
            "/hooks/riverside/kisi/main",
            "/hooks//kisi/",
            "/hooks/a/kisi/b/c",
        ] {
            assert!(is_address(path), "{path}");
        }
        for path in [
            "/hooks/riverside/officernd",
            "/hooks/riverside/kisi",
            "/hooks/riverside/salto-ks/main",
            "/",
            "",
        ] {
            assert!(!is_address(path), "{path}");
        }
        assert_eq!(
            address(
                &SiteId::from("riverside"),
                DoorsKind::Kisi,
                &DoorsName::from("main")
            ),
            "/hooks/riverside/kisi/main"
        );
    }
}
