//! Single things by their ids, and the records that say that a thing is gone.

use super::calls::SpacebringList;
use super::passes::COMPANIES;
use super::reader::{DELETED_MEMBERS, LOCATIONS, MEMBERS, SpacebringReader};
use super::{calls, wire};
use crate::platform::Around;
use crate::platform::found::Lookup;
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{FactId, Id, Profile, What};

pub(super) const RESOURCES: SpacebringList = SpacebringList {
    path: &["resources", "v1"],
    word: "resources",
    one: "resource",
    is_paged: true,
};
pub(super) const PLANS: SpacebringList = SpacebringList {
    path: &["plans", "v1"],
    word: "plans",
    one: "plan",
    is_paged: true,
};

impl SpacebringReader {
    pub(super) async fn location(&self, about: &FactId) -> Result<Lookup> {
        let record = self.record(&LOCATIONS, about).await?;
        Ok(record.as_ref().and_then(wire::location).into())
    }

    pub(super) async fn plan(&self, about: &FactId) -> Result<Lookup> {
        let record = self.record(&PLANS, about).await?;
        Ok(record.as_ref().and_then(wire::plan).into())
    }

    pub(super) async fn company(&self, about: &FactId) -> Result<Lookup> {
        let record = self.record(&COMPANIES, about).await?;
        Ok(record.as_ref().and_then(wire::company).into())
    }

    pub(super) async fn member(&self, about: &FactId) -> Result<Lookup> {
        let record = self.record(&MEMBERS, about).await?;
        Ok(record.as_ref().and_then(wire::member).into())
    }

    pub(super) async fn resource(&self, about: &FactId) -> Result<Lookup> {
        let Some(record) = self.record(&RESOURCES, about).await? else {
            return Ok(Lookup::Missing);
        };
        let location = record
            .get("locationRef")
            .and_then(|location| location.as_str());
        let floor = match location {
            Some(location) => self
                .floors(location)
                .await?
                .of_resource
                .get(&about.id)
                .cloned(),
            None => None,
        };
        Ok(wire::resource(&record, floor).into())
    }

    /// Fetches a floor from the lists of all locations. There is no lookup by id. `[D]`
    ///
    /// # Errors
    /// Besides those of the calls: the lists are all empty. They cannot be told from wrong ones.
    pub(super) async fn floor(&self, id: &str) -> Result<Lookup> {
        for location in self.locations().await? {
            let floors = self.floors(&location.id).await?.facts;
            if let Some(fact) = floors.facts.into_iter().find(|fact| fact.id == id) {
                return Ok(Lookup::Fact(fact));
            }
            if let Some(one) = floors.unreadable.into_iter().find(|one| one.name.id == id) {
                return Ok(Lookup::Unreadable(one));
            }
        }
        if self.lists_no_floor().await? {
            return Err(Error::permanent(
                "Spacebring lists no floor at any location, so no floor counts as removed: if you \
                 removed them all, remove the rules that name a floor",
            ));
        }
        Ok(Lookup::Missing)
    }

    /// Returns whether no location has a floor.
    pub(super) async fn lists_no_floor(&self) -> Result<bool> {
        for location in self.locations().await? {
            let floors = self.floors(&location.id).await?.facts;
            if !floors.facts.is_empty() || !floors.unreadable.is_empty() || floors.nameless > 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns whether Spacebring has a record of the removal of a missing thing: the thing's own
    /// record, or for a person the list of removed people.
    pub(super) async fn around_missing(
        &self,
        about: &FactId,
        what: Option<&What>,
    ) -> Result<Around> {
        let removed = self.is_removed(about) || self.is_removed_member(what, &about.id).await?;
        Ok(Around {
            called_off: removed,
            ..Around::default()
        })
    }

    async fn is_removed_member(&self, what: Option<&What>, id: &Id) -> Result<bool> {
        let Some(What::Member(Profile {
            location: Some(location),
            ..
        })) = what
        else {
            return Ok(false);
        };
        let filters = [("locationRef", location.to_string())];
        let removed = self
            .api
            .list(&DELETED_MEMBERS, &filters, calls::id)
            .await?
            .0;
        Ok(removed.contains(id))
    }
}
