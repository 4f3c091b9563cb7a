//! Which door systems post to us and what proves them, kept in memory so that refusing costs no call.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::try_join_all;
use jiff::Timestamp;

use crate::access::WebhookSecrets;
use crate::doors::DoorsKind;
use crate::doors::openings::TellOpenings;
use crate::error::Result;
use crate::fresh::Fresh;
use crate::ledger::Ledger;
use crate::ledger::sites::Doorplate;
use crate::secrets::Secrets;

/// One door system that posts to us.
#[derive(Clone)]
pub struct Entrance {
    /// Site.
    pub site: String,
    /// Door system.
    pub doors: String,
    /// Which place of several it is, where the site file names one.
    pub place: Option<String>,
    /// For how many days openings are kept.
    pub keep_days: u32,
    /// What proves its deliveries.
    pub secrets: Arc<WebhookSecrets>,
    /// How they are proven and read.
    pub vendor: &'static dyn TellOpenings,
}

/// Door systems by their addresses.
type Known = HashMap<String, Entrance>;

/// The door systems that can post to us.
#[derive(Clone)]
pub struct Entrances {
    ledger: Ledger,
    secrets: Secrets,
    known: Fresh<Known>,
}

/// The path that a door system posts to: `/hooks/{site}/{kind}/{doors}`.
pub fn address(site: &str, kind: DoorsKind, doors: &str) -> String {
    format!("/hooks/{site}/{}/{doors}", kind.word())
}

/// Whether a path is one to which a door system may post, of whatever site. Where one machine serves all addresses it
/// tells this journey's from receive's.
pub fn is_address(path: &str) -> bool {
    let mut parts = path.strip_prefix("/hooks/").unwrap_or_default().split('/').skip(1);
    let posts = |word: &str| DoorsKind::ALL.iter().any(|kind| kind.word() == word && kind.webhook().is_some());
    parts.next().is_some_and(posts) && parts.next().is_some()
}

impl Entrances {
    /// Nothing is read yet.
    pub fn new(ledger: Ledger, secrets: Secrets) -> Self {
        Entrances { ledger, secrets, known: Fresh::default() }
    }

    /// The door system that an address belongs to. `None` alike for one that does not exist and for one without secrets.
    ///
    /// # Errors
    /// Sites or secrets cannot be read.
    pub async fn find(&self, path: &str, now: Timestamp) -> Result<Option<Entrance>> {
        if !is_address(path) {
            return Ok(None);
        }
        Ok(self.known.get(now, || self.read()).await?.get(path).cloned())
    }

    /// Reads what there is to know, before the first delivery comes.
    ///
    /// # Errors
    /// Sites or secrets cannot be read.
    pub async fn warm(&self, now: Timestamp) -> Result<()> {
        self.known.get(now, || self.read()).await.map(|_| ())
    }

    async fn read(&self) -> Result<Known> {
        let plates = self.ledger.doorplates().await?;
        let all = plates.iter().flat_map(|plate| plate.doors.keys().map(move |doors| self.one(plate, doors)));
        Ok(try_join_all(all).await?.into_iter().flatten().collect())
    }

    async fn one(&self, plate: &Doorplate, doors: &str) -> Result<Option<(String, Entrance)>> {
        let Some((config, vendor)) = plate.doors.get(doors).and_then(|config| Some((config, config.kind.webhook()?)))
        else {
            return Ok(None);
        };
        let secrets = self.secrets.webhook(&config.secret).await?.unwrap_or_default();
        if !secrets.prove_anything() {
            tracing::info!(site = plate.site, doors, "no webhook secret: nobody is told who comes and goes there");
            return Ok(None);
        }
        let (site, keep_days) = (plate.site.clone(), plate.keep_days);
        let at = address(&site, config.kind, doors);
        let secrets = Arc::new(secrets);
        let place = config.place.clone();
        Ok(Some((at, Entrance { site, doors: doors.to_owned(), place, keep_days, secrets, vendor })))
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
