//! Builds facts from Nexudus' lists. One fact may need several lists.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde_json::Value;

use super::entity::{
    self, BOOKING, CHECKIN, CONTRACT, DESK, NexudusEntity, PASS, PAUSE, RESOURCE, TARIFF,
    TIME_PASS, VISITOR,
};
use super::list::{self, QueryParameter};
use super::reader::NexudusReader;
use super::successor::{Successor, awaiting};
use super::team_members::{self, TeamMembers};
use super::wire::{self, ContractPauses, PassKind, is};
use crate::platform::Span;
use crate::platform::fields::JsonRecord;
use crate::platform::found::{FactList, Translated, Unreadable};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Fact, FactId, Id, Kind, What};

impl NexudusReader {
    /// Returns the tariffs of the reader's locations. Remembers where each tariff is sold, for the
    /// contracts.
    pub(super) async fn plans(&self, filters: &[QueryParameter]) -> Result<Vec<Fact>> {
        let read = |record: &Value| {
            let fact = wire::plan(record, self.usual())?;
            let What::Plan(plan) = &fact.what else {
                return None;
            };
            self.is_at(fact.name(), plan.location.clone());
            Some(fact).filter(|_| self.is_ours(record, "BusinessId"))
        };
        list::all(&self.calls, &TARIFF, filters, read).await
    }

    fn is_at(&self, name: FactId, location: Option<Id>) {
        self.earlier(|earlier| earlier.places.insert(name, Ok(location)));
    }

    /// Returns the location of a tariff or of a thing that can be booked; `None` if it does not
    /// exist. A thing that no list had so far is fetched by its id. A list that leaves a thing out
    /// proves nothing about the records that refer to it.
    async fn place(&self, name: &FactId) -> Result<Option<ThingLocation>> {
        if let Some(known) = self.earlier(|earlier| earlier.places.get(name).cloned()) {
            return known.map(|location| Some(ThingLocation(location)));
        }
        let Some((entity, id)) = entity::of(name.kind, &name.id) else {
            return Ok(None);
        };
        let field = if entity.name == DESK.name {
            "FloorPlanBusinessId"
        } else {
            "BusinessId"
        };
        let location = match self.record(entity, id).await {
            Ok(Some(record)) => {
                Ok(JsonRecord::of(&record).and_then(|record| record.reference(field)))
            }
            Ok(None) => return Ok(None),
            Err(error) => Err(error),
        };
        self.earlier(|earlier| earlier.places.insert(name.clone(), location.clone()));
        location.map(|location| {
            Some(ThingLocation(
                location.or_else(|| self.usual().map(Id::from)),
            ))
        })
    }

    pub(super) async fn pass_kinds(&self) -> Result<&HashMap<Id, PassKind>> {
        let all = async || {
            Ok(list::all(&self.calls, &TIME_PASS, &[], wire::time_pass)
                .await?
                .into_iter()
                .collect())
        };
        self.pass_kinds.get_or_try_init(all).await
    }

    /// Returns one kind of pass, from the list if that was read, otherwise by its id.
    async fn pass_kind(&self, id: &Id) -> Result<PassKind> {
        if let Some(kind) = self.pass_kinds.get().and_then(|kinds| kinds.get(id)) {
            return Ok(kind.clone());
        }
        if let Some(known) = self.earlier(|earlier| earlier.kinds.get(id).cloned()) {
            return known;
        }
        let record = self.record(&TIME_PASS, id).await;
        let kind = record.map(|record| {
            record
                .as_ref()
                .and_then(wire::time_pass)
                .map(|(_, kind)| kind)
                .unwrap_or_default()
        });
        self.earlier(|earlier| earlier.kinds.insert(id.clone(), kind.clone()));
        kind
    }

    pub(super) async fn team_members_lists(&self) -> Result<&Vec<TeamMembers>> {
        self.team_members_lists
            .get_or_try_init(|| self.all_team_members())
            .await
    }

    pub(super) async fn resources(&self, since: &[Timestamp]) -> Result<Vec<Fact>> {
        let read = |fact: Option<Fact>, ours: bool| {
            let fact = fact?;
            let What::Resource(resource) = &fact.what else {
                return None;
            };
            self.is_at(fact.name(), resource.location.clone());
            Some(fact).filter(|_| ours)
        };
        let room = |record: &Value| {
            read(
                wire::resource(record, self.usual()),
                self.is_ours(record, "BusinessId"),
            )
        };
        let desk = |record: &Value| {
            read(
                wire::desk(record, self.usual()),
                self.is_ours(record, "FloorPlanBusinessId"),
            )
        };
        let mut all = list::all(&self.calls, &RESOURCE, &changed(&RESOURCE, since), room).await?;
        all.extend(list::all(&self.calls, &DESK, &changed(&DESK, since), desk).await?);
        Ok(all)
    }

    /// Returns contracts with their pauses. A contract for a tariff of another location is left
    /// out.
    pub(super) async fn contracts(
        &self,
        filters: &[QueryParameter],
        of: Option<&str>,
    ) -> Result<FactList> {
        let records = list::all(&self.calls, &CONTRACT, filters, |record| {
            Some(record.clone()).filter(|_| of.is_none_or(|of| is(record, "CoworkerId", of)))
        });
        let records = records.await?;
        if of.is_none() {
            self.read_ledger().await;
        }
        let mut pauses = match of {
            None => self.pauses(&[], None).await?,
            Some(_) => HashMap::new(),
        };
        let mut listed = FactList::default();
        for record in &records {
            let Some(id) = list::id(record) else { continue };
            let next = self.successor_among(record, &records);
            // The contract's own lookup handles it until its successor exists.
            if of.is_some() && next == Successor::Missing && self.ended_lately(record) {
                continue;
            }
            if of.is_some() {
                pauses.extend(self.pauses_of(&id).await?);
            }
            let pauses = pauses.remove(&id).unwrap_or(Ok(Vec::new()));
            listed.extend(
                self.contract(record, pauses)
                    .await?
                    .map(|read| awaiting(read, next)),
            );
        }
        Ok(listed)
    }

    pub(super) async fn contract(
        &self,
        record: &Value,
        pauses: ContractPauses,
    ) -> Result<Option<Translated>> {
        let own = JsonRecord::of(record).and_then(|it| {
            it.reference("IssuedById")
                .or_else(|| it.reference("BusinessId"))
        });
        let tariff = JsonRecord::of(record).and_then(|it| it.reference("TariffId"));
        let location = match (&own, &tariff) {
            (None, Some(tariff)) => {
                match self.place(&FactId::new(Kind::Plan, tariff.clone())).await {
                    Ok(Some(ThingLocation(location))) => location,
                    Ok(None) if !self.businesses.is_empty() => return Ok(None),
                    Ok(None) => None,
                    Err(error) => {
                        return Ok(list::id(record)
                            .map(|id| unread(Kind::Membership, id, "TariffId", &error)));
                    }
                }
            }
            _ => own,
        };
        let ours = location
            .as_ref()
            .is_none_or(|it| self.businesses.is_empty() || self.businesses.contains(it));
        let location = location.or_else(|| self.usual().map(Id::from));
        let mut read = wire::contract(record, location, pauses).filter(|_| ours);
        if let Some(Ok(fact)) = &mut read {
            self.note_overdue(fact).await;
        }
        Ok(read)
    }

    pub(super) async fn pauses_of(&self, contract: &str) -> Result<HashMap<Id, ContractPauses>> {
        self.pauses(
            &[(PAUSE.filter("CoworkerContract"), contract.to_owned())],
            Some(contract),
        )
        .await
    }

    pub(super) async fn pauses(
        &self,
        filters: &[QueryParameter],
        of: Option<&str>,
    ) -> Result<HashMap<Id, ContractPauses>> {
        let mut all: HashMap<Id, ContractPauses> = HashMap::new();
        for (contract, pause) in list::all(&self.calls, &PAUSE, filters, wire::pause).await? {
            if of.is_none_or(|of| of == contract) {
                match (all.entry(contract).or_insert(Ok(Vec::new())), pause) {
                    (Ok(pauses), Ok(pause)) => pauses.push(pause),
                    (pauses, Err(field)) => *pauses = Err(field),
                    (Err(_), Ok(_)) => {}
                }
            }
        }
        Ok(all)
    }

    /// Fetches the guests of these bookings of one person, with as few requests as possible.
    async fn guests_of_all(&self, bookings: &[Value]) -> Result<HashMap<Id, Vec<Id>>> {
        let mut invited: HashMap<Id, Vec<Id>> = HashMap::new();
        let ids: Vec<Id> = bookings.iter().filter_map(list::id).collect();
        let pages = match ids.len() {
            0..=2 => usize::MAX,
            _ => list::pages(&self.calls, &VISITOR).await?,
        };
        if pages < ids.len() {
            for (guest, booking) in list::all(&self.calls, &VISITOR, &[], wire::visitor).await? {
                invited
                    .entry(booking.unwrap_or_default())
                    .or_default()
                    .push(guest.id);
            }
            return Ok(invited);
        }
        for id in ids {
            let guests = self
                .guests_of(&id)
                .await?
                .into_iter()
                .map(|fact| fact.id)
                .collect();
            invited.insert(id, guests);
        }
        Ok(invited)
    }

    /// Returns bookings with their guests.
    pub(super) async fn bookings(
        &self,
        filters: &[QueryParameter],
        of: Option<&str>,
    ) -> Result<FactList> {
        let records = list::all(&self.calls, &BOOKING, filters, |record| {
            Some(record.clone()).filter(|_| of.is_none_or(|of| is(record, "CoworkerId", of)))
        });
        let records = records.await?;
        if of.is_none() && self.earlier(|earlier| earlier.guests.is_none()) {
            self.guests(&[]).await?;
        }
        let mut listed = FactList::default();
        let mut theirs = match of {
            Some(_) => self.guests_of_all(&records).await?,
            None => HashMap::new(),
        };
        for record in records {
            let Some(id) = list::id(&record) else {
                continue;
            };
            let guests = match of {
                Some(_) => theirs.remove(&id).unwrap_or_default(),
                None => self
                    .earlier(|earlier| earlier.guests.as_ref()?.get(&id).cloned())
                    .unwrap_or_default(),
            };
            listed.extend(self.booking(&record, guests).await?);
        }
        Ok(listed)
    }

    /// Returns a booking of something at one of the reader's locations.
    pub(super) async fn booking(
        &self,
        record: &Value,
        guests: Vec<Id>,
    ) -> Result<Option<Translated>> {
        let place = match wire::booked(record).filter(|_| !self.businesses.is_empty()) {
            Some(resource) => self.place(&FactId::new(Kind::Resource, resource)).await,
            None if self.businesses.is_empty() => Ok(Some(ThingLocation(None))),
            None => Ok(None),
        };
        Ok(match place {
            Ok(Some(ThingLocation(location)))
                if location.as_deref().is_none_or(|at| self.is_at_ours(at)) =>
            {
                wire::booking(record, guests)
            }
            Ok(_) => None,
            Err(error) => {
                list::id(record).map(|id| unread(Kind::Booking, id, "ResourceId", &error))
            }
        })
    }

    /// Returns the guests of all bookings. Remembers who is invited to which booking, for the lists
    /// of bookings and of visits.
    pub(super) async fn guests(&self, filters: &[QueryParameter]) -> Result<Vec<Fact>> {
        let mut invited: HashMap<Id, Vec<Id>> = HashMap::new();
        let (mut facts, mut visits) = (Vec::new(), HashSet::new());
        let read = |record: &Value| Some((wire::visitor(record)?, wire::visit_of_guest(record)));
        for ((fact, booking), visit) in list::all(&self.calls, &VISITOR, filters, read).await? {
            invited
                .entry(booking.unwrap_or_default())
                .or_default()
                .push(fact.id.clone());
            facts.push(fact);
            visits.extend(visit);
        }
        self.earlier(|earlier| {
            earlier.guests = Some(invited);
            earlier.booked_visits = visits;
        });
        Ok(facts)
    }

    pub(super) async fn guests_of(&self, booking: &str) -> Result<Vec<Fact>> {
        let filter = (VISITOR.filter("Booking"), booking.to_owned());
        let all = list::all(&self.calls, &VISITOR, &[filter], wire::visitor).await?;
        Ok(all
            .into_iter()
            .filter(|(_, of)| of.as_deref() == Some(booking))
            .map(|(fact, _)| fact)
            .collect())
    }

    /// Returns passes. `team_members_lists` say who shares them. Without `these`, all passes and
    /// all kinds of passes; otherwise the passes for which `these` is true.
    pub(super) async fn passes(
        &self,
        filters: &[QueryParameter],
        team_members_lists: &[TeamMembers],
        these: Option<&(dyn Fn(&Value) -> bool + Sync)>,
    ) -> Result<FactList> {
        let kinds = match these {
            Some(_) => None,
            None => Some(self.pass_kinds().await?),
        };
        let read = |record: &Value| {
            let ours =
                self.is_ours(record, "BusinessId") && these.is_none_or(|these| these(record));
            ours.then(|| record.clone())
        };
        let records = list::all(&self.calls, &PASS, filters, read).await?;
        self.earlier(|earlier| {
            earlier
                .passes
                .extend(records.iter().filter_map(wire::pass_alias))
        });
        let mut listed = FactList::default();
        for record in &records {
            listed.extend(self.pass(record, team_members_lists).await);
        }
        if let Some(kinds) = kinds {
            let ours = |kind: &PassKind| {
                kind.location
                    .as_deref()
                    .is_none_or(|at| self.is_at_ours(at))
            };
            let kinds = kinds.iter().filter(|(_, kind)| ours(kind));
            listed
                .facts
                .extend(kinds.map(|(id, kind)| wire::unsold(id, kind)));
        }
        Ok(listed)
    }

    pub(super) async fn pass(
        &self,
        record: &Value,
        team_members_lists: &[TeamMembers],
    ) -> Option<Translated> {
        let (coworker, kind) = wire::pass_of(record);
        let kind = match &kind {
            Some(kind) => self.pass_kind(kind).await,
            None => Ok(PassKind::default()),
        };
        let PassKind { name, location } = match kind {
            Ok(kind) => kind,
            Err(error) => {
                return list::id(record).map(|id| unread(Kind::Pass, id, "TimePassId", &error));
            }
        };
        let location = location.or_else(|| self.usual().map(Id::from));
        wire::pass(
            record,
            team_members::holders(team_members_lists, coworker.as_deref()),
            name,
            location,
        )
    }

    /// Returns check-ins, each with the pass that was used for it.
    pub(super) async fn checkins(
        &self,
        filters: &[QueryParameter],
        of: Option<&str>,
    ) -> Result<FactList> {
        let read = |record: &Value| {
            let ours = self.is_ours(record, "BusinessId")
                && of.is_none_or(|of| is(record, "CoworkerId", of));
            wire::checkin(record).filter(|_| ours)
        };
        let mut listed = FactList::default();
        for (read, alias) in list::all(&self.calls, &CHECKIN, filters, read).await? {
            listed.extend([self.with_pass(read, alias).await?]);
        }
        Ok(listed)
    }

    /// Sets the pass of a check-in. Check-ins name a pass by its other id.
    pub(super) async fn with_pass(
        &self,
        mut read: Translated,
        alias: Option<Id>,
    ) -> Result<Translated> {
        let (Ok(fact), Some(alias)) = (&mut read, alias) else {
            return Ok(read);
        };
        let What::Checkin(checkin) = &mut fact.what else {
            return Ok(read);
        };
        if let Some(known) = self.earlier(|earlier| earlier.passes.get(&alias).cloned()) {
            checkin.pass = Some(known);
            return Ok(read);
        }
        let filter = (PASS.filter("UniqueId"), alias.to_string());
        let found = list::all(&self.calls, &PASS, &[filter], wire::pass_alias).await?;
        self.earlier(|earlier| earlier.passes.extend(found));
        checkin.pass = self.earlier(|earlier| earlier.passes.get(&alias).cloned());
        Ok(read)
    }

    /// Returns the bookings that are not over. A booking that ends before it starts is over by its
    /// end, but must still be reported as wrong. The list is therefore read by both times.
    pub(super) async fn all_bookings(&self, span: &Span) -> Result<FactList> {
        if let Some(since) = span.changed_since {
            return self.bookings(&changed(&BOOKING, &[since]), None).await;
        }
        let from = instant(span.checkins_from);
        let mut all = self
            .bookings(&[(BOOKING.from("ToTime"), from.clone())], None)
            .await?;
        let known: HashSet<FactId> = all.names().collect();
        let others = self
            .bookings(&[(BOOKING.from("FromTime"), from)], None)
            .await?;
        all.facts.extend(
            others
                .facts
                .into_iter()
                .filter(|fact| !known.contains(&fact.name())),
        );
        all.unreadable.extend(
            others
                .unreadable
                .into_iter()
                .filter(|other| !known.contains(&other.name)),
        );
        Ok(all)
    }
}

/// The location of a thing; `None` means everywhere.
struct ThingLocation(Option<Id>);

/// Returns a thing as unreadable because the thing to which it refers cannot be read. Its last
/// known fact stays in force.
fn unread(kind: Kind, id: Id, field: &str, error: &Error) -> Translated {
    Err(Unreadable {
        name: FactId::new(kind, id),
        field: format!("{field} ({})", error.why()),
    })
}

/// Returns an instant in the format of the filters.
pub(super) fn instant(at: Timestamp) -> String {
    format!("{at:.0}")
}

pub(super) fn changed(entity: &NexudusEntity, since: &[Timestamp]) -> Vec<QueryParameter> {
    since
        .iter()
        .map(|since| (entity.from("UpdatedOn"), instant(*since)))
        .collect()
}
