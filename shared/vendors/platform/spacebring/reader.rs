//! The reader of one network, and what it remembers while it lives.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex as SyncMutex, PoisonError};

use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::calls::{SpacebringApi, SpacebringList, id};
use super::memory::{BookingLists, LocationFloors, LocationRecord, PassUses, PerLocation};
use super::wire;
use crate::access::Access;
use crate::platform::found::{FactList, ResourceAssignments, Translated, VisitLists};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Fact, FactId, Id};

pub(super) const LOCATIONS: SpacebringList = SpacebringList {
    path: &["locations", "v1"],
    word: "locations",
    one: "location",
    is_paged: false,
};
const FLOORS: SpacebringList = SpacebringList {
    path: &["floors", "v1"],
    word: "floors",
    one: "",
    is_paged: false,
};
pub(super) const MEMBERS: SpacebringList = SpacebringList {
    path: &["community", "memberships", "v1"],
    word: "memberships",
    one: "membership",
    is_paged: true,
};
pub(super) const DELETED_MEMBERS: SpacebringList = SpacebringList {
    path: &["community", "memberships", "v1", "deleted"],
    word: "memberships",
    one: "membership",
    is_paged: true,
};

/// Reader of one network.
pub(super) struct SpacebringReader {
    pub(super) api: SpacebringApi,
    /// The id of the network, if the site file names one.
    network: Option<String>,
    locations: OnceCell<Vec<LocationRecord>>,
    floors: PerLocation<LocationFloors>,
    people: PerLocation<HashMap<Id, Id>>,
    pub(super) assigned_at: PerLocation<ResourceAssignments>,
    pub(super) bookings: OnceCell<BookingLists>,
    pub(super) visits: OnceCell<VisitLists>,
    pub(super) uses: OnceCell<PassUses>,
    /// Guests of the bookings that were read, by their ids.
    pub(super) guests: SyncMutex<HashMap<Id, Fact>>,
    /// Things whose own records say that they were removed.
    removed: SyncMutex<HashSet<FactId>>,
}

impl SpacebringReader {
    /// Returns a reader of the network with this id; of the API client's own if it is empty. It
    /// sends no request yet.
    pub(super) fn new(organization: &str, access: Access) -> Self {
        // A sandbox accepts any name, and only a UUID can be the id of a network.
        let network = uuid::Uuid::try_parse(organization)
            .ok()
            .map(|id| id.to_string());
        SpacebringReader {
            api: SpacebringApi::new(access),
            network,
            locations: OnceCell::new(),
            floors: PerLocation::new(),
            people: PerLocation::new(),
            assigned_at: PerLocation::new(),
            bookings: OnceCell::new(),
            visits: OnceCell::new(),
            uses: OnceCell::new(),
            guests: SyncMutex::default(),
            removed: SyncMutex::default(),
        }
    }

    /// Fetches the record of a thing; `None` if it does not exist or was removed. A removal that the
    /// record states is remembered.
    pub(super) async fn record(
        &self,
        list: &SpacebringList,
        about: &FactId,
    ) -> Result<Option<Value>> {
        let record = self.api.one(list, &about.id).await?;
        if record.as_ref().is_some_and(wire::is_deleted) {
            self.note_removed(about);
            return Ok(None);
        }
        Ok(record)
    }

    /// Remembers that a thing was removed.
    pub(super) fn note_removed(&self, about: &FactId) {
        let mut removed = self.removed.lock().unwrap_or_else(PoisonError::into_inner);
        removed.insert(about.clone());
    }

    /// Returns whether a record said that this thing was removed.
    pub(super) fn is_removed(&self, about: &FactId) -> bool {
        let removed = self.removed.lock().unwrap_or_else(PoisonError::into_inner);
        removed.contains(about)
    }

    /// Returns the locations of the network.
    pub(super) async fn locations(&self) -> Result<&[LocationRecord]> {
        let all = self
            .locations
            .get_or_try_init(|| self.read_locations())
            .await?;
        Ok(all)
    }

    async fn read_locations(&self) -> Result<Vec<LocationRecord>> {
        let read = |record: &Value| {
            let fact = wire::location(record)?;
            let is_ours = self.is_ours(record) && !wire::is_deleted(record);
            let zone = record.get("timezoneId").and_then(Value::as_str);
            let location = LocationRecord {
                id: id(record)?,
                zone: zone.and_then(|name| TimeZone::get(name).ok()),
                fact,
            };
            Some(is_ours.then_some(location))
        };
        let (all, _) = self.api.list(&LOCATIONS, &[], read).await?;
        Ok(all.into_iter().flatten().collect())
    }

    /// Returns whether a location belongs to the network of the site file.
    fn is_ours(&self, record: &Value) -> bool {
        let said = record.get("networkRef").and_then(Value::as_str);
        match (&self.network, said) {
            (Some(network), Some(said)) => said.eq_ignore_ascii_case(network),
            _ => true,
        }
    }

    /// Returns the zone of a location; `None` if the location or its zone is unknown.
    pub(super) async fn zone(&self, location: &str) -> Result<Option<TimeZone>> {
        let mut all = self.locations().await?.iter();
        let here = all.find(|known| known.id == location);
        Ok(here.and_then(|known| known.zone.clone()))
    }

    /// Returns the things of a list that is asked for each location.
    pub(super) async fn at_each_location(
        &self,
        list: &SpacebringList,
        read: impl Fn(&Value) -> Option<Translated>,
    ) -> Result<FactList> {
        let mut all = FactList::default();
        for location in self.locations().await? {
            let filters = [("locationRef", location.id.to_string())];
            join(&mut all, self.facts(list, &filters, &read).await?);
        }
        Ok(all)
    }

    /// Returns the things of a list, without those that are deleted.
    pub(super) async fn facts(
        &self,
        list: &SpacebringList,
        filters: &[(&str, String)],
        read: impl Fn(&Value) -> Option<Translated>,
    ) -> Result<FactList> {
        let live = |record: &Value| match wire::is_deleted(record) {
            true => Some(None),
            false => read(record).map(Some),
        };
        let (all, records) = self.api.list(list, filters, live).await?;
        let nameless = records - all.len();
        Ok(FactList {
            nameless,
            ..all.into_iter().flatten().collect()
        })
    }

    /// Returns the floors of a location.
    pub(super) async fn floors(&self, location: &str) -> Result<LocationFloors> {
        let read = async {
            let filters = [("locationRef", location.to_owned())];
            let (all, records) = self
                .api
                .list(&FLOORS, &filters, |record| {
                    let on = wire::resources_on(record).collect::<Vec<_>>();
                    Some((wire::floor(record)?, id(record)?, on))
                })
                .await?;
            let mut floors = LocationFloors::default();
            floors.facts.nameless = records - all.len();
            for (fact, floor, resources) in all {
                floors.facts.extend([fact]);
                let shown = resources
                    .into_iter()
                    .map(|resource| (resource, floor.clone()));
                floors.of_resource.extend(shown);
            }
            Ok(floors)
        };
        self.floors.get(location, read).await
    }

    /// Returns the people of every location.
    pub(super) async fn members(&self) -> Result<FactList> {
        let (mut all, mut listed) = (FactList::default(), HashSet::new());
        for location in self.locations().await? {
            let live = |record: &Value| match wire::is_deleted(record) {
                true => Some(None),
                false => wire::member(record).map(Some),
            };
            let (people, records) = self.people_at(&location.id, live).await?;
            all.nameless += records - people.len();
            for fact in people.into_iter().flatten() {
                let name = match &fact {
                    Ok(fact) => fact.name(),
                    Err(unreadable) => unreadable.name.clone(),
                };
                if listed.insert(name) {
                    all.extend([fact]);
                }
            }
        }
        Ok(all)
    }

    /// Returns what `read` extracts from the people of a location, and the number of records. Those
    /// who only asked to join are a list of their own `[D]`.
    pub(super) async fn people_at<T>(
        &self,
        location: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<(Vec<T>, usize)> {
        let here = ("locationRef", location.to_owned());
        let requested = [here.clone(), ("status", "requested".to_owned())];
        let (mut people, mut records) = self.api.list(&MEMBERS, &[here], &read).await?;
        let (more, others) = self.api.list(&MEMBERS, &requested, &read).await?;
        people.extend(more);
        records += others;
        Ok((people, records))
    }

    /// Returns the membership at a location of a person who is named by a membership or by a user.
    pub(super) async fn member_of(&self, named: &Id, location: &str) -> Result<Option<Id>> {
        let names = |record: &Value| {
            let membership = id(record)?;
            let user = record.get("userRef").and_then(Value::as_str).map(Id::from);
            let own = (Some(membership.clone()), membership.clone());
            Some([own, (user, membership)])
        };
        let read = async {
            let (all, _) = self.people_at(location, names).await?;
            let pairs = all.into_iter().flatten();
            Ok(pairs
                .filter_map(|(name, membership)| Some((name?, membership)))
                .collect())
        };
        let people = self.people.get(location, read).await?;
        Ok(people.get(named).cloned())
    }
}

/// Adds the things of one list to those of another.
pub(super) fn join(all: &mut FactList, more: FactList) {
    all.facts.extend(more.facts);
    all.unreadable.extend(more.unreadable);
    all.nameless += more.nameless;
}
