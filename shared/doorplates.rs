//! Which sites there are and what proves their deliveries, kept in memory so that refusing costs no call.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::try_join_all;
use jiff::Timestamp;

use crate::access::WebhookSecrets;
use crate::error::Result;
use crate::fresh::Fresh;
use crate::ledger::Ledger;
use crate::ledger::sites::Doorplate;
use crate::secrets::Secrets;

type Known = HashMap<String, (Doorplate, Arc<WebhookSecrets>)>;

/// The sites that can be posted to.
#[derive(Clone)]
pub struct Doorplates {
    ledger: Ledger,
    secrets: Secrets,
    known: Fresh<Known>,
}

impl Doorplates {
    /// Nothing is read yet.
    pub fn new(ledger: Ledger, secrets: Secrets) -> Self {
        Doorplates { ledger, secrets, known: Fresh::default() }
    }

    /// The site that an address belongs to, with its secrets. `None` alike for a site or a platform that does not
    /// exist and for one without secrets.
    pub async fn find(&self, path: &str, now: Timestamp) -> Result<Option<(Doorplate, Arc<WebhookSecrets>)>> {
        let Some((site, platform, action)) = address(path) else { return Ok(None) };
        let known = self.known(now).await?;
        let is_it =
            |plate: &Doorplate| plate.platform.word() == platform && plate.platform.has_actions() == action.is_some();
        Ok(known.get(site).filter(|(plate, _)| is_it(plate)).cloned())
    }

    /// Reads what there is to know, before the first delivery comes.
    pub async fn warm(&self, now: Timestamp) -> Result<()> {
        self.known(now).await.map(|_| ())
    }

    async fn known(&self, now: Timestamp) -> Result<Arc<Known>> {
        self.known.get(now, || self.read()).await
    }

    async fn read(&self) -> Result<Known> {
        let plates = self.ledger.doorplates().await?;
        let secrets = try_join_all(plates.iter().map(|plate| self.secrets.webhook(&plate.secret))).await?;
        let mut sites = HashMap::new();
        for (plate, secrets) in plates.into_iter().zip(secrets) {
            let secrets = secrets.unwrap_or_default();
            if secrets.prove_anything() {
                sites.insert(plate.site.clone(), (plate, Arc::new(secrets)));
            } else {
                tracing::error!(site = plate.site, "no webhook secret: deliveries to this site are not served");
            }
        }
        Ok(sites)
    }
}

/// Site, platform and action of `/hooks/{site}/{platform}` or `/hooks/{site}/{platform}/{action}`.
fn address(path: &str) -> Option<(&str, &str, Option<&str>)> {
    let mut parts = path.strip_prefix("/hooks/")?.split('/');
    let (site, platform, action) = (parts.next()?, parts.next()?, parts.next());
    (action != Some("") && parts.next().is_none()).then_some((site, platform, action))
}
