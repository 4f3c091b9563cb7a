//! Expected visits without a booking. A visit exists once its host approved it `[D]`, and has no end
//! of its own.

use jiff::Timestamp;
use serde_json::Value;

use super::bookings::instant;
use super::calls::SpacebringList;
use super::reader::SpacebringReader;
use super::{id, wire};
use crate::platform::fields::JsonRecord;
use crate::platform::found::{Lookup, Translated, VisitLists};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Fact, FactId, Kind, Visit, What};

const VISITS: SpacebringList = SpacebringList {
    path: &["visitors", "visits", "v1"],
    word: "visits",
    one: "visit",
    is_paged: true,
};

impl SpacebringReader {
    /// Returns the visits from `from` on, and their visitors. Reads them once.
    pub(super) async fn visit_lists(&self, from: Timestamp) -> Result<&VisitLists> {
        self.visits.get_or_try_init(|| self.read_visits(from)).await
    }

    async fn read_visits(&self, from: Timestamp) -> Result<VisitLists> {
        let mut lists = VisitLists::default();
        for location in self.locations().await? {
            let filters = [
                ("locationRef", location.id.to_string()),
                ("date[gte]", instant(from)),
            ];
            let live = |record: &Value| match wire::is_deleted(record) {
                true => Some(None),
                false => Some(Some((visit(record)?, visitor(record)?))),
            };
            let (all, records) = self.api.list(&VISITS, &filters, live).await?;
            lists.visits.nameless += records - all.len();
            lists.visitors.nameless += records - all.len();
            for (visit, visitor) in all.into_iter().flatten() {
                lists.visits.extend([visit]);
                lists.visitors.extend([visitor]);
            }
        }
        Ok(lists)
    }

    /// Fetches one visit.
    pub(super) async fn visit(&self, about: &FactId) -> Result<Lookup> {
        let record = self.record(&VISITS, about).await?;
        Ok(record.as_ref().and_then(visit).into())
    }

    /// Fetches the visitor of a visit.
    pub(super) async fn visitor(&self, of: &str) -> Result<Lookup> {
        let record = self.record(&VISITS, &FactId::new(Kind::Visit, of)).await?;
        Ok(record.as_ref().and_then(visitor).into())
    }
}

fn visit(record: &Value) -> Option<Translated> {
    let record = &JsonRecord::of(record)?;
    let visit = Visit {
        visitor: id::visitor(&record.id("id")?),
        location: record.reference("locationRef"),
        start: record
            .must("date", record.instant("date"))
            .unwrap_or_default(),
        end: None,
        approved: true,
    };
    wire::fact(record, What::Visit(visit))
}

fn visitor(record: &Value) -> Option<Translated> {
    let record = JsonRecord::of(record)?;
    Some(Ok(Fact {
        id: id::visitor(&record.id("id")?),
        what: What::Visitor(wire::person(&record, "visitor")),
        changed: None,
    }))
}
