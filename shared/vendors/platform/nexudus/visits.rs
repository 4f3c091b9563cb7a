//! Expected visitors without a booking. `[D]`
//!
//! Nexudus has one record for a visit and its visitor. The guest of a booking has such a record too;
//! that visit opens nothing by itself, because the booking says when its guests come.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::Value;

use super::entity::{VISIT, VISITOR};
use super::list;
use super::lists::instant;
use super::reader::NexudusReader;
use super::wire;
use crate::platform::fields::JsonRecord;
use crate::platform::found::{FactList, Lookup, Translated, Unreadable, VisitLists};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Fact, FactId, Id, Profile, Visit, What};

/// Begins the id of the visitor of a visit. Guests of bookings are numbered apart from visits.
const OF_VISIT: &str = "visit~";

/// Returns the visit of a visitor; `None` for the guest of a booking.
pub(super) fn visit_of(visitor: &str) -> Option<&str> {
    visitor.strip_prefix(OF_VISIT)
}

fn visitor_id(visit: &str) -> Id {
    format!("{OF_VISIT}{visit}").into()
}

impl NexudusReader {
    /// Returns the guests of all bookings, and the visitors of the visits from `from` on. If visits
    /// cannot be read, it returns the guests alone, and the visitors count as unreadable.
    pub(super) async fn visitors(&self, from: Timestamp) -> Result<FactList> {
        let mut all = FactList::from(self.guests(&[]).await?);
        if self.extras.visits
            && let Ok(lists) = self.visit_lists(from).await
        {
            all.facts.extend(lists.visitors.facts.iter().cloned());
        }
        Ok(all)
    }

    /// Returns the visits from `from` on, and their visitors. Reads them once.
    pub(super) async fn visit_lists(&self, from: Timestamp) -> Result<&VisitLists> {
        let lists = self.visits.get_or_init(|| self.read_visits(from)).await;
        lists.as_ref().map_err(Clone::clone)
    }

    /// Returns a thing as unreadable if the list of visits was read and could not be.
    pub(super) fn without_visits(&self, about: &FactId) -> Option<Lookup> {
        let error = self.visits.get()?.as_ref().err()?;
        Some(Lookup::Unreadable(Unreadable {
            name: about.clone(),
            field: format!("ExpectedArrival ({})", error.why()),
        }))
    }

    async fn read_visits(&self, from: Timestamp) -> Result<VisitLists> {
        if self.earlier(|earlier| earlier.guests.is_none()) {
            self.guests(&[]).await?;
        }
        let booked: HashSet<Id> = self.earlier(|earlier| earlier.booked_visits.clone());
        let filter = (VISIT.from("ExpectedArrival"), instant(from));
        let read = |record: &Value| {
            let is_booked = booked.contains(&list::id(record)?);
            let both = (visit(record, is_booked, self.usual())?, visitor(record)?);
            Some(both).filter(|_| self.is_ours(record, "BusinessId"))
        };
        let mut lists = VisitLists::default();
        for (visit, visitor) in list::all(&self.calls, &VISIT, &[filter], read).await? {
            lists.visits.extend([visit]);
            lists.visitors.facts.push(visitor);
        }
        Ok(lists)
    }

    /// Translates a visit that was fetched by this id; `None` for one at another location.
    pub(super) async fn visit(&self, record: &Value, id: &str) -> Result<Option<Translated>> {
        let filter = (VISITOR.filter("Visitor"), id.to_owned());
        let guests = list::all(&self.calls, &VISITOR, &[filter], wire::visit_of_guest).await?;
        let is_booked = guests.iter().any(|visit| visit == id);
        Ok(visit(record, is_booked, self.usual()).filter(|_| self.is_ours(record, "BusinessId")))
    }
}

/// Translates a visit. Its expected arrival is UTC `[C]`. It has no end of its own: the departure
/// is when the visitor left.
fn visit(value: &Value, is_booked: bool, usual: Option<&str>) -> Option<Translated> {
    let record = &JsonRecord::of(value)?;
    let id = record.id("Id")?;
    let start = record.must("ExpectedArrival", record.instant("ExpectedArrival"));
    let location = record
        .reference("BusinessId")
        .or_else(|| usual.map(Id::from));
    let visit = Visit {
        visitor: visitor_id(&id),
        location,
        start: start.unwrap_or_default(),
        end: None,
        approved: is_approved(record) && !is_booked,
    };
    let (what, changed) = (What::Visit(visit), record.changed("UpdatedOn"));
    Some(record.translated(Fact { id, what, changed }))
}

/// Returns whether the visitor may come. The host approved the visit, or was not asked. A person who
/// asked for a tour may come once the tour is confirmed. `[D]`
fn is_approved(record: &JsonRecord<'_>) -> bool {
    let by_host = match record.text("HostApprovalStatus").as_deref() {
        // Not required; accepted, and the visitor is fetched; accepted.
        None | Some("1" | "4" | "5") => true,
        // Requested; rejected.
        Some("2" | "3") => false,
        Some(_) => record.must("HostApprovalStatus", None).unwrap_or_default(),
    };
    by_host && (!record.flag("IsTour") || record.flag("TourConfirmed"))
}

/// Translates the visitor of a visit.
pub(super) fn visitor(value: &Value) -> Option<Fact> {
    let record = JsonRecord::of(value)?;
    let name = record.text("FullName").unwrap_or_default();
    let profile = Profile::guest(name, record.text("Email"));
    Some(Fact {
        id: visitor_id(&record.id("Id")?),
        what: What::Visitor(profile),
        changed: record.changed("UpdatedOn"),
    })
}
