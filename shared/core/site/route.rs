//! What the webhook functions must know of a site.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DoorsConfig, Entries, Site};
use crate::model::account::DoorsKind;
use crate::model::ids::{DoorsName, SiteId};
use crate::model::platform_kind::PlatformKind;

/// A site's route: what `receive` and `entries` need to know about the site, and no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteRoute {
    /// The site.
    pub site: SiteId,
    /// The kind of its platform.
    pub platform: PlatformKind,
    /// The name of the platform's secrets.
    pub secret: String,
    /// The door systems by their names in the site file.
    #[serde(default)]
    pub doors: BTreeMap<DoorsName, RouteDoors>,
    /// How many days access attempts are kept.
    #[serde(default = "usual_days")]
    pub keep_days: u32,
}

/// A site's route: what `receive` and `entries` need to know about the site, and no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteDoors {
    /// The kind of the door system.
    pub kind: DoorsKind,
    /// The door systems by their names in the site file.
    #[serde(default)]
    pub place: Option<String>,
    /// The name of the platform's secrets.
    pub secret: String,
}

/// Returns the default for a route that was stored before access attempts existed.
fn usual_days() -> u32 {
    Entries::default().keep_days
}

impl SiteRoute {
    /// Returns the route of a site.
    pub fn of(site: &Site) -> Self {
        let plate = |config: &DoorsConfig| RouteDoors {
            kind: config.kind,
            place: config.place.clone(),
            secret: config.secret.clone(),
        };
        SiteRoute {
            site: site.id.clone(),
            platform: site.platform.kind,
            secret: site.platform.secret.clone(),
            doors: site
                .doors
                .iter()
                .map(|(name, config)| (name.clone(), plate(config)))
                .collect(),
            keep_days: site.entries.keep_days,
        }
    }
}
