//! Nexudus' lists as facts: what belongs together is in several of them.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use serde_json::Value;

use super::entity::{BOOKING, CHECKIN, CONTRACT, DESK, Entity, PASS, PAUSE, RESOURCE, TARIFF, TIME_PASS, VISITOR};
use super::list::{self, Filter};
use super::reader::Reader;
use super::teams::{self, Roster};
use super::wire::{self, PassKind, Pauses};
use crate::error::{Error, Result};
use crate::fact::{Fact, FactId, Id, What};
use crate::platform::Span;
use crate::platform::fields::Record;
use crate::platform::found::{FactList, Translated};

impl Reader {
    /// The tariffs of our locations, each with its location.
    pub(super) async fn tariffs(&self) -> Result<&HashMap<Id, Option<Id>>> {
        let read = |record: &Value| {
            let fact = wire::plan(record, self.usual()).filter(|_| self.is_ours(record, "BusinessId"))?;
            let What::Plan(plan) = fact.what else { return None };
            Some((fact.id, plan.location))
        };
        let all = async || Ok(list::all(&self.calls, &TARIFF, &[], read).await?.into_iter().collect());
        self.tariffs.get_or_try_init(all).await
    }

    pub(super) async fn pass_kinds(&self) -> Result<&HashMap<Id, PassKind>> {
        let all = async || Ok(list::all(&self.calls, &TIME_PASS, &[], wire::time_pass).await?.into_iter().collect());
        self.pass_kinds.get_or_try_init(all).await
    }

    /// Whether what is booked is in one of our locations.
    pub(super) async fn books_ours(&self, record: &Value) -> Result<bool> {
        if self.businesses.is_empty() {
            return Ok(true);
        }
        let Some(resource) = wire::booked(record) else { return Ok(false) };
        let all = async || Ok::<_, Error>(self.resources(&[]).await?.into_iter().map(|fact| fact.id).collect());
        Ok(self.bookable.get_or_try_init(all).await?.contains(&resource))
    }

    pub(super) async fn rosters(&self) -> Result<&Vec<Roster>> {
        self.rosters.get_or_try_init(|| teams::all(&self.calls)).await
    }

    pub(super) async fn resources(&self, since: &[Timestamp]) -> Result<Vec<Fact>> {
        let room = |record: &Value| wire::resource(record, self.usual()).filter(|_| self.is_ours(record, "BusinessId"));
        let desk =
            |record: &Value| wire::desk(record, self.usual()).filter(|_| self.is_ours(record, "FloorPlanBusinessId"));
        let mut all = list::all(&self.calls, &RESOURCE, &changed(&RESOURCE, since), room).await?;
        all.extend(list::all(&self.calls, &DESK, &changed(&DESK, since), desk).await?);
        Ok(all)
    }

    /// Contracts with their pauses, each as a fact. A contract of another location's tariff is none of ours.
    pub(super) async fn contracts(&self, filters: &[Filter], of: Option<&str>) -> Result<FactList> {
        let records = list::all(&self.calls, &CONTRACT, filters, |record| {
            Some(record.clone()).filter(|_| of.is_none_or(|of| is(record, "CoworkerId", of)))
        });
        let records = records.await?;
        let mut pauses = match of {
            None => self.pauses(&[], None).await?,
            Some(_) => HashMap::new(),
        };
        let mut listed = FactList::default();
        for record in &records {
            let Some(id) = list::id(record) else { continue };
            // It is looked at by itself until its successor is there.
            if of.is_some() && self.awaits_successor(record, &records) {
                continue;
            }
            if of.is_some() {
                pauses.extend(self.pauses_of(&id).await?);
            }
            let pauses = pauses.remove(&id).unwrap_or(Ok(Vec::new()));
            listed.extend(self.contract(record, pauses).await?);
        }
        Ok(listed)
    }

    pub(super) async fn contract(&self, record: &Value, pauses: Pauses) -> Result<Option<Translated>> {
        let own = Record::of(record).and_then(|it| it.reference("IssuedById").or_else(|| it.reference("BusinessId")));
        let tariff = Record::of(record).and_then(|it| it.reference("TariffId"));
        let location = match (&own, &tariff) {
            (None, Some(tariff)) => match self.tariffs().await?.get(tariff) {
                Some(location) => location.clone(),
                None if !self.businesses.is_empty() => return Ok(None),
                None => None,
            },
            _ => own,
        };
        let ours = location.as_ref().is_none_or(|it| self.businesses.is_empty() || self.businesses.contains(it));
        let location = location.or_else(|| self.usual().map(Id::from));
        Ok(wire::contract(record, location, pauses).filter(|_| ours))
    }

    pub(super) async fn pauses_of(&self, contract: &str) -> Result<HashMap<Id, Pauses>> {
        self.pauses(&[(PAUSE.filter("CoworkerContract"), contract.to_owned())], Some(contract)).await
    }

    pub(super) async fn pauses(&self, filters: &[Filter], of: Option<&str>) -> Result<HashMap<Id, Pauses>> {
        let mut all: HashMap<Id, Pauses> = HashMap::new();
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

    /// Bookings with their guests.
    pub(super) async fn bookings(&self, filters: &[Filter], of: Option<&str>) -> Result<FactList> {
        let records = list::all(&self.calls, &BOOKING, filters, |record| {
            Some(record.clone()).filter(|_| of.is_none_or(|of| is(record, "CoworkerId", of)))
        });
        let records = records.await?;
        if of.is_none() && self.seen(|seen| seen.guests.is_none()) {
            self.guests(&[]).await?;
        }
        let mut listed = FactList::default();
        for record in records {
            let Some(id) = list::id(&record) else { continue };
            let guests = match of {
                Some(_) => self.guests_of(&id).await?.into_iter().map(|fact| fact.id).collect(),
                None => self.seen(|seen| seen.guests.as_ref()?.get(&id).cloned()).unwrap_or_default(),
            };
            listed.extend(self.booking(&record, guests).await?);
        }
        Ok(listed)
    }

    pub(super) async fn booking(&self, record: &Value, guests: Vec<Id>) -> Result<Option<Translated>> {
        Ok(if self.books_ours(record).await? { wire::booking(record, guests) } else { None })
    }

    /// Guests of all bookings; who is invited to which is remembered for the list of bookings.
    pub(super) async fn guests(&self, filters: &[Filter]) -> Result<Vec<Fact>> {
        let mut invited: HashMap<Id, Vec<Id>> = HashMap::new();
        let mut facts = Vec::new();
        for (fact, booking) in list::all(&self.calls, &VISITOR, filters, wire::visitor).await? {
            invited.entry(booking.unwrap_or_default()).or_default().push(fact.id.clone());
            facts.push(fact);
        }
        self.seen(|seen| seen.guests = Some(invited));
        Ok(facts)
    }

    pub(super) async fn guests_of(&self, booking: &str) -> Result<Vec<Fact>> {
        let filter = (VISITOR.filter("Booking"), booking.to_owned());
        let all = list::all(&self.calls, &VISITOR, &[filter], wire::visitor).await?;
        Ok(all.into_iter().filter(|(_, of)| of.as_deref() == Some(booking)).map(|(fact, _)| fact).collect())
    }

    /// Passes, where `rosters` say who shares them.
    pub(super) async fn passes(&self, filters: &[Filter], rosters: &[Roster], of: Option<&str>) -> Result<FactList> {
        let kinds = self.pass_kinds().await?;
        let read = |record: &Value| {
            let ours = self.is_ours(record, "BusinessId") && of.is_none_or(|of| is(record, "CoworkerId", of));
            let fact = self.pass(record, rosters, kinds).filter(|_| ours)?;
            Some((fact, wire::pass_alias(record)))
        };
        let all = list::all(&self.calls, &PASS, filters, read).await?;
        let (read, aliases): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        let mut listed: FactList = read.into_iter().collect();
        self.seen(|seen| seen.passes.extend(aliases.into_iter().flatten()));
        if of.is_none() {
            let ours = |kind: &PassKind| kind.location.as_deref().is_none_or(|at| self.is_at_ours(at));
            let kinds = kinds.iter().filter(|(_, kind)| ours(kind));
            listed.facts.extend(kinds.map(|(id, kind)| wire::unsold(id, kind)));
        }
        Ok(listed)
    }

    pub(super) fn pass(&self, record: &Value, rosters: &[Roster], kinds: &HashMap<Id, PassKind>) -> Option<Translated> {
        let (coworker, kind) = wire::pass_of(record);
        let PassKind { name, location } = kind.and_then(|kind| kinds.get(&kind).cloned()).unwrap_or_default();
        let location = location.or_else(|| self.usual().map(Id::from));
        wire::pass(record, teams::holders(rosters, coworker.as_deref()), name, location)
    }

    /// Check-ins, each with the pass that was used for it.
    pub(super) async fn checkins(&self, filters: &[Filter], of: Option<&str>) -> Result<FactList> {
        let read = |record: &Value| {
            let ours = self.is_ours(record, "BusinessId") && of.is_none_or(|of| is(record, "CoworkerId", of));
            wire::checkin(record).filter(|_| ours)
        };
        let mut listed = FactList::default();
        for (read, alias) in list::all(&self.calls, &CHECKIN, filters, read).await? {
            listed.extend([self.with_pass(read, alias).await?]);
        }
        Ok(listed)
    }

    /// Check-ins name a pass by its other id.
    pub(super) async fn with_pass(&self, mut read: Translated, alias: Option<Id>) -> Result<Translated> {
        let (Ok(fact), Some(alias)) = (&mut read, alias) else { return Ok(read) };
        let What::Checkin(checkin) = &mut fact.what else { return Ok(read) };
        if let Some(known) = self.seen(|seen| seen.passes.get(&alias).cloned()) {
            checkin.pass = Some(known);
            return Ok(read);
        }
        let filter = (PASS.filter("UniqueId"), alias.to_string());
        let found = list::all(&self.calls, &PASS, &[filter], wire::pass_alias).await?;
        self.seen(|seen| seen.passes.extend(found));
        checkin.pass = self.seen(|seen| seen.passes.get(&alias).cloned());
        Ok(read)
    }

    /// Bookings that are not over. One that ends before it starts is over, and yet to be shown as wrong: so they are
    /// asked for by either time.
    pub(super) async fn all_bookings(&self, span: &Span) -> Result<FactList> {
        if let Some(since) = span.changed_since {
            return self.bookings(&changed(&BOOKING, &[since]), None).await;
        }
        let from = instant(span.checkins_from);
        let mut all = self.bookings(&[(BOOKING.from("ToTime"), from.clone())], None).await?;
        let known: HashSet<FactId> = all.names().collect();
        let others = self.bookings(&[(BOOKING.from("FromTime"), from)], None).await?;
        all.facts.extend(others.facts.into_iter().filter(|fact| !known.contains(&fact.name())));
        all.unreadable.extend(others.unreadable.into_iter().filter(|other| !known.contains(&other.name)));
        Ok(all)
    }
}

/// Whether a field of a record refers to this id.
pub(super) fn is(record: &Value, field: &str, id: &str) -> bool {
    Record::of(record).and_then(|record| record.reference(field)).as_deref() == Some(id)
}

/// An instant as filters take it.
pub(super) fn instant(at: Timestamp) -> String {
    format!("{at:.0}")
}

pub(super) fn changed(entity: &Entity, since: &[Timestamp]) -> Vec<Filter> {
    since.iter().map(|since| (entity.from("UpdatedOn"), instant(*since))).collect()
}
