//! What both vendors have that a site file can name. It is read from the vendors, and nothing is
//! stored.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use doorstep_cloud::environment::Environment;
use doorstep_core::model::account::Group;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::Kind;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::site::Site;
use doorstep_core::site::catalogue::Catalogue;
use doorstep_vendors::access::Share;
use doorstep_vendors::doors::ReadDoors;
use doorstep_vendors::platform::bridge::BridgedGroup;
use doorstep_vendors::platform::{ReadPlatform, Span};

/// The kinds of things that rules name.
pub const NAMED: [Kind; 5] = [
    Kind::Location,
    Kind::Floor,
    Kind::Resource,
    Kind::Plan,
    Kind::Pass,
];

/// The readers of a site's door systems, by their names in the site file.
pub type DoorsReaders = BTreeMap<DoorsName, Box<dyn ReadDoors>>;

/// What both vendors have that a site file can name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// The platform's locations, floors, resources, plans and passes.
    pub catalogue: Catalogue,
    /// The groups of each door system, by its name in the site file.
    pub groups: BTreeMap<DoorsName, Vec<Group>>,
    /// The groups that the platform's own bridge opens.
    pub bridged: Vec<BridgedGroup>,
}

/// Reads the vendors that a site file names. The file needs no rules. `text` is the file.
///
/// # Errors
/// [`Error::Invalid`] with every wrong line of the file, and the first error of a vendor.
pub async fn survey(environment: &Environment, text: &str) -> Result<Survey> {
    let site = Site::parse(text)?;
    let platform = environment.platform(&site).await?;
    let mut doors = DoorsReaders::new();
    for name in site.doors.keys() {
        let (reader, _writer) = environment.doors(&site, name, Share::Reconcile).await?;
        doors.insert(name.clone(), reader);
    }
    of_vendors(&site, platform.as_ref(), &doors).await
}

/// Reads the vendors of `site`.
///
/// # Errors
/// The first error of a vendor: a partial result would be a wrong one.
pub async fn of_vendors(
    site: &Site,
    platform: &dyn ReadPlatform,
    doors: &DoorsReaders,
) -> Result<Survey> {
    let span = Span {
        changed_since: None,
        checkins_from: Timestamp::UNIX_EPOCH,
    };
    let mut facts = Vec::new();
    let kinds = platform.kinds().into_iter();
    for kind in kinds.filter(|kind| NAMED.contains(kind)) {
        facts.extend(platform.read(kind, &span).await?.facts);
    }
    let mut groups = BTreeMap::new();
    for name in site.doors.keys() {
        let reader = doors
            .get(name)
            .ok_or_else(|| Error::invalid(format!("no reader for [doors.{name}]")))?;
        groups.insert(name.clone(), reader.groups().await?);
    }
    Ok(Survey {
        catalogue: Catalogue::of(&facts),
        groups,
        bridged: platform.bridged().await?,
    })
}

impl Survey {
    /// Returns what belongs to these locations, or to no location; `None` are all locations.
    pub(crate) fn at(&self, locations: Option<&BTreeSet<String>>) -> Cow<'_, Survey> {
        let Some(locations) = locations else {
            return Cow::Borrowed(self);
        };
        let is_here = |location: Option<&str>| location.is_none_or(|id| locations.contains(id));
        let catalogue = &self.catalogue;
        let mut here = catalogue.clone();
        here.locations.retain(|id, _| is_here(Some(id)));
        here.floors
            .retain(|_, floor| is_here(floor.location.as_deref()));
        here.plans
            .retain(|_, plan| is_here(plan.location.as_deref()));
        here.resources
            .retain(|id, _| is_here(catalogue.location_of_resource(id)));
        let is_elsewhere = |bridged: &BridgedGroup| {
            let id = bridged.thing.id.as_str();
            (catalogue.plans.contains_key(id) && !here.plans.contains_key(id))
                || (catalogue.resources.contains_key(id) && !here.resources.contains_key(id))
        };
        let bridged = self.bridged.iter().filter(|bridged| !is_elsewhere(bridged));
        Cow::Owned(Survey {
            bridged: bridged.cloned().collect(),
            groups: self.groups.clone(),
            catalogue: here,
        })
    }
}
