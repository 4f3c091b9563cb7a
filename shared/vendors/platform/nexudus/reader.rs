//! Reads Nexudus: one thing by its id, or a list from the first page to the last.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use jiff::civil::Date;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::calls::NexudusApi;
use super::entity::{COWORKER, DESK, NexudusEntity, TIME_PASS, VISIT};
use super::list;
use super::successor::awaiting;
use super::team_members::{TeamMembers, TeamMembersById};
use super::wire::{self, PassKind, is};
use crate::access::{Access, Extras};
use crate::platform::fields::JsonRecord;
use crate::platform::found::{Lookup, Unreadable, VisitLists};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Assignment, FactId, Id, Kind};

/// The day on which the oldest unpaid invoice of a coworker is due; `None` if there is none.
pub(super) type DueDate = Result<Option<Date>>;
/// The due dates of everyone who owes something, or why they could not be read.
pub(super) type Ledger = Result<HashMap<Id, Date>>;

/// Reader of what one user may see, at all locations or at some.
pub(super) struct NexudusReader {
    pub(super) calls: NexudusApi,
    pub(super) businesses: Vec<Id>,
    pub(super) pass_kinds: OnceCell<HashMap<Id, PassKind>>,
    pub(super) team_members_lists: OnceCell<Vec<TeamMembers>>,
    pub(super) visits: OnceCell<Result<VisitLists>>,
    pub(super) invoices: OnceCell<Ledger>,
    pub(super) extras: Extras,
    earlier: Mutex<EarlierLists>,
}

/// Data that one list reveals and later lists need.
#[derive(Default)]
pub(super) struct EarlierLists {
    pub(super) guests: Option<HashMap<Id, Vec<Id>>>,
    /// The expected visitors who are guests of a booking.
    pub(super) booked_visits: HashSet<Id>,
    pub(super) assigned: Option<Vec<(Id, Assignment)>>,
    pub(super) passes: HashMap<Id, Id>,
    /// Teams that were fetched by id.
    pub(super) team_members_lists: TeamMembersById,
    /// Teams that were fetched in one request with others.
    pub(super) together: HashSet<Id>,
    /// The server does not support requests for several teams.
    pub(super) one_by_one: bool,
    /// Locations of tariffs and of things that can be booked, from their lists or fetched by id.
    pub(super) places: HashMap<FactId, Result<Option<Id>>>,
    /// Kinds of passes that the list left out.
    pub(super) kinds: HashMap<Id, Result<PassKind>>,
    /// What coworkers owe, where the ledger was asked for them alone.
    pub(super) owed: HashMap<Id, DueDate>,
    /// Problems with data that was read in addition to lists.
    pub(super) flaws: BTreeSet<String>,
}

impl NexudusReader {
    /// Returns a reader of the locations whose ids `organization` lists, separated by commas.
    /// Without ids it reads all locations. It sends no request yet.
    pub(super) fn new(organization: &str, access: Access) -> Self {
        let number = |id: &&str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let ids = organization.split(',').map(str::trim).filter(number);
        NexudusReader {
            extras: access.extras,
            calls: NexudusApi::new(access),
            businesses: ids.map(Id::from).collect(),
            pass_kinds: OnceCell::new(),
            team_members_lists: OnceCell::new(),
            visits: OnceCell::new(),
            invoices: OnceCell::new(),
            earlier: Mutex::default(),
        }
    }

    pub(super) fn earlier<T>(&self, with: impl FnOnce(&mut EarlierLists) -> T) -> T {
        with(&mut self.earlier.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the default location of things that name none: the only location of the reader.
    pub(super) fn usual(&self) -> Option<&str> {
        match self.businesses.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Returns whether a record belongs to one of the reader's locations. A record without a
    /// location belongs to all.
    pub(super) fn is_ours(&self, record: &Value, field: &str) -> bool {
        let location = JsonRecord::of(record).and_then(|record| record.reference(field));
        location.is_none_or(|location| self.is_at_ours(&location))
    }

    /// Returns whether the reader covers this location.
    pub(super) fn is_at_ours(&self, location: &str) -> bool {
        self.businesses.is_empty() || self.businesses.iter().any(|ours| ours == location)
    }

    /// Fetches one record by its id; `None` if it does not exist. That counts only if a good list
    /// leaves it out too.
    pub(super) async fn record(&self, entity: &NexudusEntity, id: &str) -> Result<Option<Value>> {
        let wrong = || {
            Error::retry(format!(
                "Nexudus returned another thing than the requested one of {}",
                entity.name
            ))
        };
        for _ in 0..2 {
            if let Some(record) = self.calls.one(entity, id).await? {
                return if list::id(&record).as_deref() == Some(id) {
                    Ok(Some(record))
                } else {
                    Err(wrong())
                };
            }
            let filter = (entity.filter("Id"), id.to_owned());
            let listed = list::all(&self.calls, entity, &[filter], list::id).await?;
            if !listed.iter().any(|listed| listed == id) {
                return Ok(None);
            }
        }
        Err(Error::retry(format!(
            "Nexudus lists one of {} that it does not return by id",
            entity.path.join("/")
        )))
    }

    pub(super) async fn looked_at(
        &self,
        kind: Kind,
        entity: &NexudusEntity,
        id: &str,
        record: &Value,
    ) -> Result<Lookup> {
        let ours = |field: &str| self.is_ours(record, field);
        let fact = match kind {
            Kind::Location => wire::business(record).filter(|_| ours("Id")),
            Kind::Floor => None,
            Kind::Visit => return Ok(self.visit(record, id).await?.into()),
            Kind::Resource if entity.name == DESK.name => {
                wire::desk(record, self.usual()).filter(|_| ours("FloorPlanBusinessId"))
            }
            Kind::Resource => wire::resource(record, self.usual()).filter(|_| ours("BusinessId")),
            Kind::Plan => wire::plan(record, self.usual()).filter(|_| ours("BusinessId")),
            Kind::Team => wire::team(record, self.usual()),
            Kind::Member => {
                let Some(teams) = wire::teams_of(record) else {
                    let name = FactId::new(kind, id);
                    return Ok(Lookup::Unreadable(Unreadable {
                        name,
                        field: "Teams".to_owned(),
                    }));
                };
                wire::coworker(record, teams, self.usual())
            }
            Kind::Visitor if entity.name == VISIT.name => {
                super::visits::visitor(record).filter(|_| ours("BusinessId"))
            }
            Kind::Visitor => wire::visitor(record).map(|(fact, _)| fact),
            Kind::Membership => {
                let next = self.successor_of(record).await?;
                let pauses = self
                    .pauses_of(id)
                    .await?
                    .remove(id)
                    .unwrap_or(Ok(Vec::new()));
                return Ok(self
                    .contract(record, pauses)
                    .await?
                    .map(|read| awaiting(read, next))
                    .into());
            }
            Kind::Booking => {
                let guests = self
                    .guests_of(id)
                    .await?
                    .into_iter()
                    .map(|fact| fact.id)
                    .collect();
                return Ok(self.booking(record, guests).await?.into());
            }
            Kind::Pass if entity.name == TIME_PASS.name => wire::time_pass(record)
                .filter(|_| ours("BusinessId"))
                .map(|(id, kind)| wire::unsold(&id, &kind)),
            Kind::Pass => {
                let team_members_lists = match wire::pass_of(record).0 {
                    Some(coworker) => self.team_members_of(&coworker).await?,
                    None => Vec::new(),
                };
                let pass = self.pass(record, &team_members_lists).await;
                return Ok(pass.filter(|_| ours("BusinessId")).into());
            }
            Kind::Checkin => {
                return Ok(match wire::checkin(record).filter(|_| ours("BusinessId")) {
                    Some((read, alias)) => Some(self.with_pass(read, alias).await?).into(),
                    None => Lookup::Missing,
                });
            }
        };
        Ok(fact.into())
    }

    /// Returns the current teams of a person, as far as they can be read.
    pub(super) async fn team_members_of(&self, coworker: &str) -> Result<Vec<TeamMembers>> {
        let Some(record) = self.record(&COWORKER, coworker).await? else {
            return Ok(Vec::new());
        };
        let ids = wire::teams_of(&record).ok_or_else(|| {
            Error::retry(format!(
                "Nexudus does not list the teams of coworker {coworker}, so the coworker may still be in teams"
            ))
        })?;
        Ok(self.these_team_members(&ids).await)
    }

    /// Fetches a record by its id and returns whether it refers to this thing.
    pub(super) async fn refers(
        &self,
        entity: &NexudusEntity,
        id: &str,
        to: Reference<'_>,
    ) -> Result<bool> {
        let record = self.record(entity, id).await?;
        Ok(record.is_some_and(|record| is(&record, to.field, to.id)))
    }
}

/// A field of a record, and the id of the thing to which it should refer.
pub(super) struct Reference<'a> {
    pub(super) field: &'a str,
    pub(super) id: &'a str,
}
