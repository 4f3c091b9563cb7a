//! What the webhook functions must know of a site.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DoorsConfig, Entries, Site};
use crate::model::account::DoorsKind;
use crate::model::platform_kind::PlatformKind;

/// What `receive` and `entries` must know of a site, and no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteRoute {
    /// Site.
    pub site: String,
    /// Its platform.
    pub platform: PlatformKind,
    /// Name of the platform's secrets.
    pub secret: String,
    /// Its door systems.
    #[serde(default)]
    pub doors: BTreeMap<String, RouteDoors>,
    /// For how many days openings are kept.
    #[serde(default = "usual_days")]
    pub keep_days: u32,
}

/// The same of one of its door systems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteDoors {
    /// Which one.
    pub kind: DoorsKind,
    /// Which place of several.
    #[serde(default)]
    pub place: Option<String>,
    /// Name of its secrets.
    pub secret: String,
}

/// A plate that was written before there were openings.
fn usual_days() -> u32 {
    Entries::default().keep_days
}

impl SiteRoute {
    /// Of this site.
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
            doors: site.doors.iter().map(|(name, config)| (name.clone(), plate(config))).collect(),
            keep_days: site.entries.keep_days,
        }
    }
}
