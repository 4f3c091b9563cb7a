//! What a platform has that rules may name: locations, floors, resources, plans, passes. No people.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::model::fact::{Fact, Floor, Id, Kind, Location, Plan, Resource, What};

/// Everything that rules may name, by the platform's ids.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    /// Buildings or centers.
    pub locations: BTreeMap<Id, Location>,
    /// Floors.
    pub floors: BTreeMap<Id, Floor>,
    /// Rooms, desks and offices.
    pub resources: BTreeMap<Id, Resource>,
    /// Membership products.
    pub plans: BTreeMap<Id, Plan>,
    /// Names of passes, where the platform has any; OfficeRnD has none `[C]`. `None`: the passes were not read.
    pub passes: Option<BTreeSet<String>>,
}

impl Catalogue {
    /// The kinds of things whose lists are the catalogue. Names of passes are found among the passes themselves.
    pub const KINDS: [Kind; 4] = [Kind::Location, Kind::Floor, Kind::Resource, Kind::Plan];

    /// The catalogue among `facts`, which are without the passes.
    pub fn without_passes<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> Catalogue {
        Catalogue { passes: None, ..Catalogue::of(facts) }
    }

    /// The catalogue among `facts`; other facts are passed over.
    pub fn of<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> Catalogue {
        let mut catalogue = Catalogue::default();
        let mut passes = BTreeSet::new();
        for fact in facts {
            let id = || fact.id.clone();
            match &fact.what {
                What::Location(location) => drop(catalogue.locations.insert(id(), location.clone())),
                What::Floor(floor) => drop(catalogue.floors.insert(id(), floor.clone())),
                What::Resource(resource) => drop(catalogue.resources.insert(id(), resource.clone())),
                What::Plan(plan) => drop(catalogue.plans.insert(id(), plan.clone())),
                What::Pass(pass) => passes.extend(pass.name.clone()),
                _ => {}
            }
        }
        catalogue.passes = Some(passes);
        catalogue
    }

    /// The zone of a location, or `otherwise` where there is no location, or none that says a zone we know.
    pub fn zone_of(&self, location: Option<&str>, otherwise: &TimeZone) -> TimeZone {
        let own = location.and_then(|id| self.locations.get(id)?.timezone.as_deref());
        own.and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(|| otherwise.clone())
    }

    /// The location that a floor is in.
    pub fn location_of_floor(&self, id: &str) -> Option<&str> {
        self.floors.get(id)?.location.as_deref()
    }

    /// The location that a resource is in: its own, or its floor's.
    pub fn location_of_resource(&self, id: &str) -> Option<&str> {
        let resource = self.resources.get(id)?;
        resource.location.as_deref().or_else(|| self.location_of_floor(resource.floor.as_deref()?))
    }
}
