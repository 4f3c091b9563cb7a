//! Webhook addresses: whose an address is, and what verifies its deliveries.
//!
//! Only the addressed site is read, its route and then its secret, and both are cached, so that refusing costs no call.
//! A start therefore costs the same with one site as with ten thousand, and a secret that cannot be read costs only its
//! own site.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::cached::Cached;
use crate::secrets::Secrets;
use crate::store::Store;
use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::error::Result;
use doorstep_core::site::is_site_id;
use doorstep_core::site::route::SiteRoute;
use doorstep_vendors::access::WebhookSecrets;
use doorstep_vendors::doors::DoorsVendor;
use doorstep_vendors::doors::openings::TellOpenings;

/// How many names that turn out to be no site are looked up within [`SPAN`]. Beyond that the list of all sites is read
/// once, and decides.
const MOST_MISSES: usize = 50;
/// Over which time names that are no site are counted.
const SPAN: SignedDuration = SignedDuration::from_secs(60);

/// A platform's webhook address.
#[derive(Clone)]
pub struct PlatformRoute {
    /// What is known of the site.
    pub site: Arc<Option<SiteRoute>>,
    /// What verifies its deliveries.
    pub secrets: Arc<WebhookSecrets>,
}

/// A door system's webhook address.
#[derive(Clone)]
pub struct DoorsRoute {
    /// Site.
    pub site: String,
    /// Door system.
    pub doors: String,
    /// Which place of several it is, where the site file names one.
    pub place: Option<String>,
    /// For how many days openings are kept.
    pub keep_days: u32,
    /// What verifies its deliveries.
    pub secrets: Arc<WebhookSecrets>,
    /// How they are verified and read.
    pub vendor: &'static dyn TellOpenings,
}

/// Every webhook address of the stack.
#[derive(Clone)]
pub struct WebhookRoutes {
    store: Store,
    secrets: Secrets,
    sites: Cached<Option<SiteRoute>>,
    verifiers: Cached<WebhookSecrets>,
    names: Cached<BTreeSet<String>>,
    misses: Arc<Mutex<Misses>>,
}

/// Names that turned out to be no site, counted from an instant on.
#[derive(Default)]
struct Misses {
    since: Option<Timestamp>,
    count: usize,
}

/// Returns the path that a door system posts to: `/hooks/{site}/{kind}/{doors}`.
pub fn address(site: &str, kind: DoorsKind, doors: &str) -> String {
    format!("/hooks/{site}/{}/{doors}", kind.word())
}

/// Whether a path is one to which a door system may post, of whatever site. Where one machine serves all addresses it
/// tells those of `entries` from those of `receive`.
pub fn is_address(path: &str) -> bool {
    let mut parts = path.strip_prefix("/hooks/").unwrap_or_default().split('/').skip(1);
    let posts = |word: &str| DoorsKind::ALL.iter().any(|kind| kind.word() == word && kind.webhook().is_some());
    parts.next().is_some_and(posts) && parts.next().is_some()
}

/// The three parts behind `/hooks/`; the third one may be missing.
fn parts(path: &str) -> Option<(&str, &str, Option<&str>)> {
    let mut parts = path.strip_prefix("/hooks/")?.split('/');
    let (site, kind, rest) = (parts.next()?, parts.next()?, parts.next());
    (rest != Some("") && parts.next().is_none()).then_some((site, kind, rest))
}

impl WebhookRoutes {
    /// Nothing is read yet.
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

    /// Returns the site that a platform's address belongs to, with its secrets. `None` alike for a site or a platform
    /// that does not exist and for one without secrets.
    ///
    /// # Errors
    /// The site's route or secret cannot be read, and nothing is known of it from before.
    pub async fn platform(&self, path: &str, now: Timestamp) -> Result<Option<PlatformRoute>> {
        let Some((name, platform, action)) = parts(path) else { return Ok(None) };
        let site = self.site(name, now).await?;
        let Some(route) = site.as_ref() else { return Ok(None) };
        if route.platform.word() != platform || route.platform.has_actions() != action.is_some() {
            return Ok(None);
        }
        let secrets = self.verifier(name, &route.secret, now).await?;
        Ok(secrets.prove_anything().then_some(PlatformRoute { site, secrets }))
    }

    /// Returns the door system that an address belongs to. `None` alike for one that does not exist and for one without
    /// secrets.
    ///
    /// # Errors
    /// As [`WebhookRoutes::platform`].
    pub async fn doors(&self, path: &str, now: Timestamp) -> Result<Option<DoorsRoute>> {
        let Some((name, kind, Some(doors))) = parts(path).filter(|_| is_address(path)) else { return Ok(None) };
        let site = self.site(name, now).await?;
        let Some(route) = site.as_ref() else { return Ok(None) };
        let config = route.doors.get(doors).filter(|config| config.kind.word() == kind);
        let Some((config, vendor)) = config.and_then(|config| Some((config, config.kind.webhook()?))) else {
            return Ok(None);
        };
        let secrets = self.verifier(name, &config.secret, now).await?;
        Ok(secrets.prove_anything().then(|| DoorsRoute {
            site: name.to_owned(),
            doors: doors.to_owned(),
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
            let route = self.store.doorplate(name).await;
            let route =
                route.inspect_err(|error| tracing::error!(site = name, %error, "a site's route cannot be read"))?;
            if route.is_none() {
                self.note_miss(now);
            }
            Ok(route)
        };
        self.sites.get(name, now, read).await
    }

    /// What was put under `secret`; nothing where the operator put nothing.
    async fn verifier(&self, site: &str, secret: &str, now: Timestamp) -> Result<Arc<WebhookSecrets>> {
        let read = || async {
            let found = self.secrets.webhook(secret).await;
            let found = found.inspect_err(|error| tracing::error!(site, %error, "a webhook secret cannot be read"))?;
            let secrets = found.unwrap_or_default();
            if !secrets.prove_anything() {
                tracing::error!(site, secret, "no webhook secret: deliveries to this address are not served");
            }
            Ok(secrets)
        };
        self.verifiers.get(secret, now, read).await
    }

    /// Whether the list of all sites, read at most once a minute, lacks this one. A list that cannot be read lacks none.
    async fn is_not_listed(&self, name: &str, now: Timestamp) -> bool {
        let read = || async { Ok(self.store.site_names().await?.into_iter().collect()) };
        self.names.get("", now, read).await.is_ok_and(|names| !names.contains(name))
    }

    fn are_many_misses(&self, now: Timestamp) -> bool {
        let misses = self.misses.lock().unwrap_or_else(PoisonError::into_inner);
        misses.count >= MOST_MISSES && misses.since.is_some_and(|since| now.duration_since(since) < SPAN)
    }

    fn note_miss(&self, now: Timestamp) {
        let mut misses = self.misses.lock().unwrap_or_else(PoisonError::into_inner);
        if misses.since.is_none_or(|since| now.duration_since(since) >= SPAN) {
            *misses = Misses { since: Some(now), count: 0 };
        }
        misses.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_door_systems_are_told_from_platforms() {
        for path in ["/hooks/riverside/kisi/main", "/hooks//kisi/", "/hooks/a/kisi/b/c"] {
            assert!(is_address(path), "{path}");
        }
        for path in ["/hooks/riverside/officernd", "/hooks/riverside/kisi", "/hooks/riverside/salto-ks/main", "/", ""] {
            assert!(!is_address(path), "{path}");
        }
        assert_eq!(address("riverside", DoorsKind::Kisi, "main"), "/hooks/riverside/kisi/main");
    }
}
