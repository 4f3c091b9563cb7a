//! Bookings, the occurrences of series, and the guests of both.
//!
//! The record of a series does not say how it repeats `[D]`. Spacebring expands series itself
//! (`singleBookings`): every occurrence is a booking of its own, with the id
//! `{series}_{instant}` `[D]`. The record of a booking does not say whether it is tentative either.
//! Only a list that is filtered by status does `[D]`.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::calls::SpacebringList;
use super::memory::BookingLists;
use super::reader::{SpacebringReader, join};
use super::{calls, id, wire};
use crate::platform::Around;
use crate::platform::fields::JsonRecord;
use crate::platform::found::{FactList, Lookup, Translated};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Booking, Fact, FactId, Id, Kind, What};

const BOOKINGS: SpacebringList = SpacebringList {
    path: &["resources", "bookings", "v1"],
    word: "bookings",
    one: "booking",
    is_paged: true,
};
/// How far ahead series are expanded. A little further than decisions look.
const AHEAD: SignedDuration = SignedDuration::from_hours(62 * 24);
/// How far back bookings are read for a series.
const BACK: SignedDuration = SignedDuration::from_hours(2 * 24);

/// Filters of a list of bookings.
type Filters = Vec<(&'static str, String)>;

impl SpacebringReader {
    /// Returns the bookings that end after `from`, and their guests. Reads them once.
    pub(super) async fn all_bookings(&self, from: Timestamp) -> Result<&BookingLists> {
        self.bookings
            .get_or_try_init(|| self.read_bookings(from))
            .await
    }

    async fn read_bookings(&self, from: Timestamp) -> Result<BookingLists> {
        let horizon = self.horizon();
        let mut all = BookingLists {
            bookings: FactList::default(),
            guests: Vec::new(),
        };
        for location in self.locations().await? {
            let here = || ("locationRef", location.id.to_string());
            let near = vec![
                here(),
                ("singleBookings", "true".to_owned()),
                ("endDate[gte]", instant(from)),
                ("startDate[lte]", instant(horizon)),
            ];
            let later = vec![here(), ("startDate[gt]", instant(horizon))];
            for filters in [near, later] {
                let (bookings, guests) = self.listed(filters).await?;
                join(&mut all.bookings, bookings);
                all.guests.extend(guests);
            }
        }
        Ok(all)
    }

    /// Returns the bookings of a list, each with its status, and their guests.
    async fn listed(&self, filters: Filters) -> Result<(FactList, Vec<Fact>)> {
        let tentative = self.with_status(&filters, "tentative", calls::id).await?;
        let tentative: BTreeSet<Id> = tentative.into_iter().collect();
        let read = |record: &Value| match wire::is_deleted(record) {
            true => Some(None),
            false => {
                let is_tentative = tentative.contains(&calls::id(record)?);
                booking(record, is_tentative).map(Some)
            }
        };
        let (all, records) = self.api.list(&BOOKINGS, &filters, read).await?;
        let nameless = records - all.len();
        let (bookings, guests): (Vec<_>, Vec<_>) = all.into_iter().flatten().unzip();
        let guests = guests.concat();
        self.remember(&guests);
        let bookings = FactList {
            nameless,
            ..bookings.into_iter().collect()
        };
        Ok((bookings, guests))
    }

    async fn with_status<T>(
        &self,
        filters: &Filters,
        status: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<T>> {
        let mut filters = filters.clone();
        filters.push(("status", status.to_owned()));
        Ok(self.api.list(&BOOKINGS, &filters, read).await?.0)
    }

    /// Fetches one booking or occurrence. A series is missing: its occurrences are bookings of
    /// their own. A cancelled booking is removed.
    pub(super) async fn booking(&self, about: &FactId) -> Result<Lookup> {
        let id = &about.id;
        let Some(record) = self.record(&BOOKINGS, about).await? else {
            return Ok(Lookup::Missing);
        };
        let Some(filters) = alone(&record) else {
            return Ok(booking(&record, false).map(|(fact, _)| fact).into());
        };
        for (status, is_tentative) in [("confirmed", false), ("tentative", true)] {
            let ids = self.with_status(&filters, status, calls::id).await?;
            if ids.contains(id) {
                let read = booking(&record, is_tentative);
                if let Some((_, guests)) = &read {
                    self.remember(guests);
                }
                return Ok(read.map(|(fact, _)| fact).into());
            }
        }
        if self
            .with_status(&filters, "canceled", calls::id)
            .await?
            .contains(id)
        {
            self.note_removed(about);
        }
        Ok(Lookup::Missing)
    }

    /// Fetches the guest of a booking.
    pub(super) async fn guest(&self, guest: &str) -> Result<Lookup> {
        if let Some(fact) = self.remembered(guest) {
            return Ok(Lookup::Fact(fact));
        }
        let Some(booking) = id::booking_of(guest) else {
            return Ok(Lookup::Missing);
        };
        match self.booking(&FactId::new(Kind::Booking, booking)).await? {
            Lookup::Fact(_) => Ok(self.remembered(guest).into()),
            Lookup::Unreadable(_) | Lookup::Missing => Ok(Lookup::Missing),
        }
    }

    /// Returns whether a booking has this guest.
    pub(super) async fn has_guest(&self, booking: &str, guest: &str) -> Result<bool> {
        match self.booking(&FactId::new(Kind::Booking, booking)).await? {
            Lookup::Fact(fact) => Ok(matches!(
                &fact.what,
                What::Booking(booking) if booking.visitors.iter().any(|one| one == guest)
            )),
            Lookup::Unreadable(_) => Ok(true),
            Lookup::Missing => Ok(false),
        }
    }

    /// Returns the occurrences of a series.
    pub(super) async fn around_series(&self, about: &FactId) -> Result<Around> {
        let Some(parts) = id::occurrences_of(&about.id) else {
            return Ok(Around::default());
        };
        let Some(record) = self.record(&BOOKINGS, about).await? else {
            return Ok(Around::default());
        };
        let Some(resource) = record.get("resourceRef").and_then(Value::as_str) else {
            return Ok(Around::default());
        };
        let filters = vec![
            ("resourceRef", resource.to_owned()),
            ("singleBookings", "true".to_owned()),
            ("endDate[gte]", instant(self.back())),
            ("startDate[lte]", instant(self.horizon())),
        ];
        let (listed, _) = self.listed(filters).await?;
        let is_part = |part: &Id| part.starts_with(&parts);
        let facts = listed.facts.into_iter().filter(|fact| is_part(&fact.id));
        let unreadable = listed
            .unreadable
            .into_iter()
            .filter(|one| is_part(&one.name.id));
        Ok(Around {
            facts: facts.collect(),
            unreadable: unreadable.collect(),
            ..Around::default()
        })
    }

    fn remember(&self, guests: &[Fact]) {
        let named = guests.iter().map(|guest| (guest.id.clone(), guest.clone()));
        self.guests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(named);
    }

    fn remembered(&self, guest: &str) -> Option<Fact> {
        self.guests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(guest)
            .cloned()
    }

    fn horizon(&self) -> Timestamp {
        let now = self.api.now();
        now.checked_add(AHEAD).unwrap_or(now)
    }

    pub(super) fn back(&self) -> Timestamp {
        let now = self.api.now();
        now.checked_sub(BACK).unwrap_or(now)
    }
}

/// Returns an instant in the format of the filters.
pub(super) fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// Returns the filters of the list that holds a booking of this record and few others; `None` if
/// the record lacks what they need.
fn alone(record: &Value) -> Option<Filters> {
    let record = JsonRecord::of(record)?;
    let (resource, start) = (record.text("resourceRef")?, record.instant("startDate")?);
    Some(vec![
        ("resourceRef", resource),
        ("singleBookings", "true".to_owned()),
        ("startDate[gte]", instant(start)),
        ("startDate[lte]", instant(start)),
    ])
}

/// Translates a booking and its guests. A person without a membership is a guest, also as the
/// owner of the booking. Preparation and buffer time give no access.
pub(super) fn booking(record: &Value, tentative: bool) -> Option<(Translated, Vec<Fact>)> {
    let record = &JsonRecord::of(record)?;
    let id = record.id("id")?;
    let mut guests: Vec<Fact> = Vec::new();
    let mut guest = |person: &JsonRecord<'_>, field: &str| {
        let fact = guest_fact(&id, person, field)?;
        let guest = fact.id.clone();
        if !guests.iter().any(|known| known.id == guest) {
            guests.push(fact);
        }
        Some(guest)
    };
    let owner = record.reference("membershipRefOwner");
    let owner_guest = match owner {
        Some(_) => None,
        None => guest(record, "userOwner"),
    };
    let mut members = Vec::new();
    let attendees = record
        .value("attendees")
        .map(|all| record.must("attendees", all.as_array()));
    for attendee in attendees
        .flatten()
        .into_iter()
        .flatten()
        .filter_map(JsonRecord::of)
    {
        match attendee.reference("membershipRef") {
            Some(member) => members.push(member),
            None => drop(guest(&attendee, "user")),
        }
    }
    let booking = Booking {
        resource: record.reference("resourceRef"),
        location: None,
        booker: owner.or(owner_guest),
        members,
        visitors: guests.iter().map(|guest| guest.id.clone()).collect(),
        teams: Vec::new(),
        start: record
            .must("startDate", record.instant("startDate"))
            .unwrap_or_default(),
        end: record
            .must("endDate", record.instant("endDate"))
            .unwrap_or_default(),
        timezone: None,
        series: None,
        alias: None,
        cancelled: false,
        tentative,
        unpaid: is_unpaid(record),
    };
    Some((
        wire::fact(record, What::Booking(Box::new(booking)))?,
        guests,
    ))
}

/// Returns the guest in a field; `None` for a person with neither address nor name.
fn guest_fact(booking: &str, record: &JsonRecord<'_>, field: &str) -> Option<Fact> {
    let profile = wire::person(record, field);
    if profile.name.is_empty() && profile.email.is_none() {
        return None;
    }
    let user = JsonRecord::of(record.value(field)?)?.id("id");
    let named = user.map(String::from).or_else(|| profile.email.clone());
    Some(Fact {
        id: id::guest(booking, named.as_deref().unwrap_or(&profile.name)),
        what: What::Visitor(profile),
        changed: None,
    })
}

/// Returns whether a payment of a booking has not arrived. A cancelled payment is not owed any
/// more. `[I]`
fn is_unpaid(record: &JsonRecord<'_>) -> bool {
    let several = record.value("payments").and_then(Value::as_array);
    let one = record
        .value("payment")
        .filter(|_| several.is_none_or(Vec::is_empty));
    let payments = several.into_iter().flatten().chain(one);
    let statuses = payments.filter_map(|payment| payment.get("status")?.as_str());
    statuses
        .into_iter()
        .any(|status| matches!(status, "pending" | "processing" | "failed"))
}
