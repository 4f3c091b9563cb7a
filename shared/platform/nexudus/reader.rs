//! What can be asked of Nexudus: one thing by its id, or a list from its first page to its last.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::calls::Calls;
use super::entity::{
    self, BOOKING, BUSINESS, CHECKIN, CONTRACT, COWORKER, DESK, Entity, PASS, PAUSE, RESOURCE, TARIFF, TEAM, TIME_PASS,
    VISITOR,
};
use super::list::{self, Filter};
use super::teams::{self, Roster};
use super::{hooks, wire};
use crate::access::Access;
use crate::error::{Error, Result};
use crate::fact::{Assignment, Fact, FactId, Kind, Pause, What};
use crate::platform::fields::Record;
use crate::platform::{Around, Hearing, ReadPlatform, Span};

/// All but floors, which Nexudus does not have.
const KINDS: [Kind; 10] = [
    Kind::Location,
    Kind::Resource,
    Kind::Plan,
    Kind::Team,
    Kind::Member,
    Kind::Visitor,
    Kind::Membership,
    Kind::Booking,
    Kind::Pass,
    Kind::Checkin,
];

/// A kind of pass: its name, and the location that sells it.
type PassKind = (Option<String>, Option<String>);

/// Reads what one user may see, of all locations or of some.
pub(super) struct Reader {
    pub(super) calls: Calls,
    businesses: Vec<String>,
    tariffs: OnceCell<HashMap<String, Option<String>>>,
    pass_kinds: OnceCell<HashMap<String, PassKind>>,
    bookable: OnceCell<HashSet<String>>,
    rosters: OnceCell<Vec<Roster>>,
    seen: Mutex<Seen>,
}

/// What a list said beside the things that are in it, for the lists after it.
#[derive(Default)]
struct Seen {
    guests: Option<HashMap<String, Vec<String>>>,
    assigned: Option<Vec<(String, Assignment)>>,
    passes: HashMap<String, String>,
}

impl Reader {
    /// A reader of the locations whose ids `organization` lists, apart by commas; of all where it lists none. Nothing is
    /// asked yet.
    pub(super) fn new(organization: &str, access: Access) -> Self {
        let ids = organization.split(',').map(str::trim).filter(|id| !id.is_empty());
        Reader {
            calls: Calls::new(access),
            businesses: ids.map(str::to_owned).collect(),
            tariffs: OnceCell::new(),
            pass_kinds: OnceCell::new(),
            bookable: OnceCell::new(),
            rosters: OnceCell::new(),
            seen: Mutex::default(),
        }
    }

    fn seen<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        with(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where everything is that does not say where: there is but one location.
    fn usual(&self) -> Option<&str> {
        match self.businesses.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Whether a record belongs to one of our locations. One that names none belongs everywhere.
    fn is_ours(&self, record: &Value, field: &str) -> bool {
        let location = Record::of(record).and_then(|record| record.reference(field));
        self.businesses.is_empty() || location.is_none_or(|location| self.businesses.contains(&location))
    }

    /// The tariffs of our locations, each with its location.
    async fn tariffs(&self) -> Result<&HashMap<String, Option<String>>> {
        let read = |record: &Value| {
            let fact = wire::plan(record, self.usual()).filter(|_| self.is_ours(record, "BusinessId"))?;
            let What::Plan(plan) = fact.what else { return None };
            Some((fact.id, plan.location))
        };
        let all = async || Ok(list::all(&self.calls, &TARIFF, &[], read).await?.into_iter().collect());
        self.tariffs.get_or_try_init(all).await
    }

    async fn pass_kinds(&self) -> Result<&HashMap<String, PassKind>> {
        let all = async || Ok(list::all(&self.calls, &TIME_PASS, &[], wire::time_pass).await?.into_iter().collect());
        self.pass_kinds.get_or_try_init(all).await
    }

    /// Whether what is booked is in one of our locations.
    async fn books_ours(&self, record: &Value) -> Result<bool> {
        if self.businesses.is_empty() {
            return Ok(true);
        }
        let Some(resource) = wire::booked(record) else { return Ok(false) };
        let all = async || Ok::<_, Error>(self.resources(&[]).await?.into_iter().map(|fact| fact.id).collect());
        Ok(self.bookable.get_or_try_init(all).await?.contains(&resource))
    }

    async fn rosters(&self) -> Result<&Vec<Roster>> {
        self.rosters.get_or_try_init(|| teams::all(&self.calls)).await
    }

    async fn resources(&self, since: &[Timestamp]) -> Result<Vec<Fact>> {
        let room = |record: &Value| wire::resource(record, self.usual()).filter(|_| self.is_ours(record, "BusinessId"));
        let desk =
            |record: &Value| wire::desk(record, self.usual()).filter(|_| self.is_ours(record, "FloorPlanBusinessId"));
        let mut all = list::all(&self.calls, &RESOURCE, &changed(&RESOURCE, since), room).await?;
        all.extend(list::all(&self.calls, &DESK, &changed(&DESK, since), desk).await?);
        Ok(all)
    }

    /// Contracts with their pauses, each as a fact. A contract of another location's tariff is none of ours.
    pub(super) async fn contracts(&self, filters: &[Filter], of: Option<&str>) -> Result<Vec<Fact>> {
        let records = list::all(&self.calls, &CONTRACT, filters, |record| {
            Some(record.clone()).filter(|_| of.is_none_or(|of| is(record, "CoworkerId", of)))
        });
        let records = records.await?;
        let mut pauses = match of {
            None => self.pauses(&[], None).await?,
            Some(_) => HashMap::new(),
        };
        let mut facts = Vec::new();
        for record in &records {
            let Some(id) = list::id(record) else { continue };
            // It is looked at by itself until its successor is there.
            if of.is_some() && self.awaits_successor(record, &records) {
                continue;
            }
            if of.is_some() {
                pauses.extend(self.pauses_of(&id).await?);
            }
            facts.extend(self.contract(record, pauses.remove(&id).unwrap_or_default()).await?);
        }
        Ok(facts)
    }

    async fn contract(&self, record: &Value, pauses: Vec<Pause>) -> Result<Option<Fact>> {
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
        let location = location.or_else(|| self.usual().map(str::to_owned));
        Ok(wire::contract(record, location, pauses).filter(|_| ours))
    }

    async fn pauses_of(&self, contract: &str) -> Result<HashMap<String, Vec<Pause>>> {
        self.pauses(&[(PAUSE.filter("CoworkerContract"), contract.to_owned())], Some(contract)).await
    }

    async fn pauses(&self, filters: &[Filter], of: Option<&str>) -> Result<HashMap<String, Vec<Pause>>> {
        let mut all: HashMap<String, Vec<Pause>> = HashMap::new();
        for (contract, pause) in list::all(&self.calls, &PAUSE, filters, wire::pause).await? {
            if of.is_none_or(|of| of == contract) {
                all.entry(contract).or_default().push(pause);
            }
        }
        Ok(all)
    }

    /// Bookings with their guests.
    pub(super) async fn bookings(&self, filters: &[Filter], of: Option<&str>) -> Result<Vec<Fact>> {
        let records = list::all(&self.calls, &BOOKING, filters, |record| {
            Some(record.clone()).filter(|_| of.is_none_or(|of| is(record, "CoworkerId", of)))
        });
        let records = records.await?;
        if of.is_none() && self.seen(|seen| seen.guests.is_none()) {
            self.guests(&[]).await?;
        }
        let mut facts = Vec::new();
        for record in records {
            let Some(id) = list::id(&record) else { continue };
            let guests = match of {
                Some(_) => self.guests_of(&id).await?.into_iter().map(|fact| fact.id).collect(),
                None => self.seen(|seen| seen.guests.as_ref()?.get(&id).cloned()).unwrap_or_default(),
            };
            facts.extend(self.booking(&record, guests).await?);
        }
        Ok(facts)
    }

    async fn booking(&self, record: &Value, guests: Vec<String>) -> Result<Option<Fact>> {
        Ok(if self.books_ours(record).await? { wire::booking(record, guests) } else { None })
    }

    /// Guests of all bookings; who is invited to which is remembered for the list of bookings.
    async fn guests(&self, filters: &[Filter]) -> Result<Vec<Fact>> {
        let mut invited: HashMap<String, Vec<String>> = HashMap::new();
        let mut facts = Vec::new();
        for (fact, booking) in list::all(&self.calls, &VISITOR, filters, wire::visitor).await? {
            invited.entry(booking.unwrap_or_default()).or_default().push(fact.id.clone());
            facts.push(fact);
        }
        self.seen(|seen| seen.guests = Some(invited));
        Ok(facts)
    }

    async fn guests_of(&self, booking: &str) -> Result<Vec<Fact>> {
        let filter = (VISITOR.filter("Booking"), booking.to_owned());
        let all = list::all(&self.calls, &VISITOR, &[filter], wire::visitor).await?;
        Ok(all.into_iter().filter(|(_, of)| of.as_deref() == Some(booking)).map(|(fact, _)| fact).collect())
    }

    /// Passes, where `rosters` say who shares them.
    pub(super) async fn passes(&self, filters: &[Filter], rosters: &[Roster], of: Option<&str>) -> Result<Vec<Fact>> {
        let kinds = self.pass_kinds().await?;
        let read = |record: &Value| {
            let ours = self.is_ours(record, "BusinessId") && of.is_none_or(|of| is(record, "CoworkerId", of));
            let fact = self.pass(record, rosters, kinds).filter(|_| ours)?;
            Some((fact, wire::pass_alias(record)))
        };
        let all = list::all(&self.calls, &PASS, filters, read).await?;
        let (facts, aliases): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        self.seen(|seen| seen.passes.extend(aliases.into_iter().flatten()));
        Ok(facts)
    }

    fn pass(&self, record: &Value, rosters: &[Roster], kinds: &HashMap<String, PassKind>) -> Option<Fact> {
        let (coworker, kind) = wire::pass_of(record);
        let (name, location) = kind.and_then(|kind| kinds.get(&kind).cloned()).unwrap_or_default();
        let location = location.or_else(|| self.usual().map(str::to_owned));
        wire::pass(record, teams::holders(rosters, coworker.as_deref()), name, location)
    }

    /// Check-ins, each with the pass that was used for it.
    pub(super) async fn checkins(&self, filters: &[Filter], of: Option<&str>) -> Result<Vec<Fact>> {
        let read = |record: &Value| {
            let ours = self.is_ours(record, "BusinessId") && of.is_none_or(|of| is(record, "CoworkerId", of));
            wire::checkin(record).filter(|_| ours)
        };
        let mut facts = Vec::new();
        for (fact, alias) in list::all(&self.calls, &CHECKIN, filters, read).await? {
            facts.push(self.with_pass(fact, alias).await?);
        }
        Ok(facts)
    }

    /// Check-ins name a pass by its other id.
    async fn with_pass(&self, mut fact: Fact, alias: Option<String>) -> Result<Fact> {
        let (What::Checkin(checkin), Some(alias)) = (&mut fact.what, alias) else { return Ok(fact) };
        if let Some(known) = self.seen(|seen| seen.passes.get(&alias).cloned()) {
            checkin.pass = Some(known);
            return Ok(fact);
        }
        let filter = (PASS.filter("UniqueId"), alias.clone());
        let found = list::all(&self.calls, &PASS, &[filter], wire::pass_alias).await?;
        self.seen(|seen| seen.passes.extend(found));
        checkin.pass = self.seen(|seen| seen.passes.get(&alias).cloned());
        Ok(fact)
    }

    /// One record by its id. That there is none is believed when a good list leaves it out too; then it is `None`.
    async fn record(&self, entity: &Entity, id: &str) -> Result<Option<Value>> {
        let wrong = || Error::later(format!("Nexudus was asked for one of {} and gave something else", entity.name));
        for _ in 0..2 {
            if let Some(record) = self.calls.one(entity, id).await? {
                return if list::id(&record).as_deref() == Some(id) { Ok(Some(record)) } else { Err(wrong()) };
            }
            let filter = (entity.filter("Id"), id.to_owned());
            let listed = list::all(&self.calls, entity, &[filter], list::id).await?;
            if !listed.iter().any(|listed| listed == id) {
                return Ok(None);
            }
        }
        Err(Error::later(format!("Nexudus lists one of {} that it cannot give", entity.path.join("/"))))
    }

    async fn looked_at(&self, kind: Kind, entity: &Entity, id: &str, record: &Value) -> Result<Option<Fact>> {
        let ours = |field: &str| self.is_ours(record, field);
        Ok(match kind {
            Kind::Location => wire::business(record).filter(|_| ours("Id")),
            Kind::Floor => None,
            Kind::Resource if entity.name == DESK.name => {
                wire::desk(record, self.usual()).filter(|_| ours("FloorPlanBusinessId"))
            }
            Kind::Resource => wire::resource(record, self.usual()).filter(|_| ours("BusinessId")),
            Kind::Plan => wire::plan(record, self.usual()).filter(|_| ours("BusinessId")),
            Kind::Team => wire::team(record, self.usual()),
            Kind::Member => wire::coworker(record, wire::teams_of(record).unwrap_or_default(), self.usual()),
            Kind::Visitor => wire::visitor(record).map(|(fact, _)| fact),
            Kind::Membership => {
                self.wait_for_successor(record).await?;
                let pauses = self.pauses_of(id).await?.remove(id).unwrap_or_default();
                self.contract(record, pauses).await?
            }
            Kind::Booking => {
                let guests = self.guests_of(id).await?.into_iter().map(|fact| fact.id).collect();
                self.booking(record, guests).await?
            }
            Kind::Pass => {
                let rosters = match wire::pass_of(record).0 {
                    Some(coworker) => self.rosters_of(&coworker).await?,
                    None => Vec::new(),
                };
                self.pass(record, &rosters, self.pass_kinds().await?).filter(|_| ours("BusinessId"))
            }
            Kind::Checkin => match wire::checkin(record).filter(|_| ours("BusinessId")) {
                Some((fact, alias)) => Some(self.with_pass(fact, alias).await?),
                None => None,
            },
        })
    }

    /// The teams that somebody is in now.
    pub(super) async fn rosters_of(&self, coworker: &str) -> Result<Vec<Roster>> {
        let record = self.record(&COWORKER, coworker).await?;
        let ids = record.as_ref().and_then(wire::teams_of).unwrap_or_default();
        teams::these(&self.calls, &ids).await
    }
}

#[async_trait]
impl ReadPlatform for Reader {
    fn kinds(&self) -> &'static [Kind] {
        &KINDS
    }

    async fn look(&self, about: &FactId) -> Result<Option<Fact>> {
        let Some((entity, id)) = entity::of(about.kind, &about.id) else { return Ok(None) };
        match self.record(entity, id).await? {
            Some(record) => self.looked_at(about.kind, entity, id, &record).await,
            None => Ok(None),
        }
    }

    async fn read(&self, kind: Kind, span: &Span) -> Result<Vec<Fact>> {
        let since: Vec<Timestamp> = span.changed_since.into_iter().collect();
        let usual = self.usual();
        match kind {
            Kind::Location => {
                let ours = |record: &Value| wire::business(record).filter(|_| self.is_ours(record, "Id"));
                list::all(&self.calls, &BUSINESS, &changed(&BUSINESS, &since), ours).await
            }
            Kind::Floor => Ok(Vec::new()),
            Kind::Resource => self.resources(&since).await,
            Kind::Plan => {
                let ours = |record: &Value| wire::plan(record, usual).filter(|_| self.is_ours(record, "BusinessId"));
                list::all(&self.calls, &TARIFF, &changed(&TARIFF, &since), ours).await
            }
            Kind::Team => list::all(&self.calls, &TEAM, &changed(&TEAM, &since), |it| wire::team(it, usual)).await,
            Kind::Member => {
                let rosters = self.rosters().await?;
                let read = |it: &Value| wire::coworker(it, teams::of(rosters, &list::id(it)?), usual);
                list::all(&self.calls, &COWORKER, &changed(&COWORKER, &since), read).await
            }
            Kind::Visitor => self.guests(&[]).await,
            Kind::Membership => {
                let facts = self.contracts(&changed(&CONTRACT, &since), None).await?;
                self.seen(|seen| seen.assigned = Some(facts.iter().flat_map(assigned).collect()));
                Ok(facts)
            }
            Kind::Booking => self.all_bookings(span).await,
            Kind::Pass => {
                let rosters = self.rosters().await?;
                self.passes(&changed(&PASS, &since), rosters, None).await
            }
            Kind::Checkin => self.checkins(&[(CHECKIN.from("FromTime"), instant(span.checkins_from))], None).await,
        }
    }

    /// A contract says its desks itself, so these were read with the contracts.
    async fn assignments(&self, resources: &[String]) -> Result<Vec<(String, Assignment)>> {
        if self.seen(|seen| seen.assigned.is_none()) {
            let facts = self.contracts(&[], None).await?;
            self.seen(|seen| seen.assigned = Some(facts.iter().flat_map(assigned).collect()));
        }
        let all = self.seen(|seen| seen.assigned.clone()).unwrap_or_default();
        Ok(all.into_iter().filter(|(_, assignment)| resources.contains(&assignment.resource)).collect())
    }

    fn tells_of_people(&self) -> bool {
        true
    }

    /// Guests of a booking may appear seconds after its delivery. `[C]`
    fn comes_in_parts(&self, kind: Kind) -> bool {
        kind == Kind::Booking
    }

    async fn around(&self, about: &FactId, what: Option<&What>, gone: bool) -> Result<Around> {
        self.all_around(about, what, gone).await
    }

    async fn hearing(&self, site: &str) -> Result<Hearing> {
        hooks::hearing(&self.calls, site).await
    }
}

impl Reader {
    /// Bookings that are not over. One that ends before it starts is over, and yet to be shown as wrong: so they are
    /// asked for by either time.
    async fn all_bookings(&self, span: &Span) -> Result<Vec<Fact>> {
        if let Some(since) = span.changed_since {
            return self.bookings(&changed(&BOOKING, &[since]), None).await;
        }
        let from = instant(span.checkins_from);
        let mut all = self.bookings(&[(BOOKING.from("ToTime"), from.clone())], None).await?;
        let known: HashSet<String> = all.iter().map(|fact| fact.id.clone()).collect();
        let others = self.bookings(&[(BOOKING.from("FromTime"), from)], None).await?;
        all.extend(others.into_iter().filter(|fact| !known.contains(&fact.id)));
        Ok(all)
    }
}

fn assigned(fact: &Fact) -> Vec<(String, Assignment)> {
    let What::Membership(membership) = &fact.what else { return Vec::new() };
    membership.assignments.iter().map(|assignment| (fact.id.clone(), assignment.clone())).collect()
}

/// Whether a field of a record refers to this id.
pub(super) fn is(record: &Value, field: &str, id: &str) -> bool {
    Record::of(record).and_then(|record| record.reference(field)).as_deref() == Some(id)
}

/// An instant as filters take it.
pub(super) fn instant(at: Timestamp) -> String {
    format!("{at:.0}")
}

fn changed(entity: &Entity, since: &[Timestamp]) -> Vec<Filter> {
    since.iter().map(|since| (entity.from("UpdatedOn"), instant(*since))).collect()
}
