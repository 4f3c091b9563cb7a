//! The catalogue of a platform: locations, floors, resources, plans and passes that rules may name.
//! It has no people.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::model::fact::{Fact, Floor, Id, Kind, Location, Plan, Resource, What};

/// Everything that rules may name, by the platform's ids.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Buildings or centers.
    pub locations: BTreeMap<Id, Location>,
    /// Floors.
    pub floors: BTreeMap<Id, Floor>,
    /// Rooms, desks and offices.
    pub resources: BTreeMap<Id, Resource>,
    /// Membership products.
    pub plans: BTreeMap<Id, Plan>,
    /// Names of passes, if the platform has any; OfficeRnD has none `[C]`. `None`: the passes were
    /// not read.
    pub passes: Option<BTreeSet<String>>,
}

impl Catalogue {
    /// The kinds of things whose lists form the catalogue. Names of passes are found among the
    /// passes themselves.
    pub const KINDS: [Kind; 4] = [Kind::Location, Kind::Floor, Kind::Resource, Kind::Plan];

    /// Builds the catalogue from `facts` that do not include the passes.
    pub fn without_passes<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> Catalogue {
        Catalogue {
            passes: None,
            ..Catalogue::of(facts)
        }
    }

    /// Builds the catalogue from `facts`. Ignores facts of other kinds.
    pub fn of<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> Catalogue {
        let mut catalogue = Catalogue::default();
        let mut passes = BTreeSet::new();
        for fact in facts {
            let id = || fact.id.clone();
            match &fact.what {
                What::Location(location) => {
                    drop(catalogue.locations.insert(id(), location.clone()))
                }
                What::Floor(floor) => drop(catalogue.floors.insert(id(), floor.clone())),
                What::Resource(resource) => {
                    drop(catalogue.resources.insert(id(), resource.clone()))
                }
                What::Plan(plan) => drop(catalogue.plans.insert(id(), plan.clone())),
                What::Pass(pass) => passes.extend(pass.name.clone()),
                _ => {}
            }
        }
        catalogue.passes = Some(passes);
        catalogue
    }

    /// Returns the zone of a location. Returns `otherwise` if there is no location, or it has no
    /// known zone.
    pub fn zone_of(&self, location: Option<&str>, otherwise: &TimeZone) -> TimeZone {
        let own = location.and_then(|id| self.locations.get(id)?.timezone.as_deref());
        own.and_then(|name| TimeZone::get(name).ok())
            .unwrap_or_else(|| otherwise.clone())
    }

    /// Returns the location of a floor.
    pub fn location_of_floor(&self, id: &str) -> Option<&str> {
        self.floors.get(id)?.location.as_deref()
    }

    /// Returns the location of a resource: its own, or its floor's.
    pub fn location_of_resource(&self, id: &str) -> Option<&str> {
        let resource = self.resources.get(id)?;
        resource
            .location
            .as_deref()
            .or_else(|| self.location_of_floor(resource.floor.as_deref()?))
    }
}
