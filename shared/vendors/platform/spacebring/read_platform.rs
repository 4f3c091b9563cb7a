//! What Spacebring answers of the trait that all platforms share.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::fetch::{PLANS, RESOURCES};
use super::passes::COMPANIES;
use super::reader::{SpacebringReader, join};
use super::{id, wire};
use crate::platform::bridge::BridgedGroup;
use crate::platform::found::{FactList, Lookup, ResourceAssignments};
use crate::platform::relation::Relation;
use crate::platform::{Around, ReadPlatform, Span};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{Assignment, FactId, Id, Kind, What};

/// How far back uses of day passes are read for a lookup.
const USES: SignedDuration = SignedDuration::from_hours(3 * 24);

#[async_trait]
impl ReadPlatform for SpacebringReader {
    fn kinds(&self) -> Vec<Kind> {
        Kind::ALL.to_vec()
    }

    async fn fetch(&self, about: &FactId) -> Result<Lookup> {
        let id = &about.id;
        match about.kind {
            Kind::Location => self.location(about).await,
            Kind::Floor => self.floor(id).await,
            Kind::Resource => self.resource(about).await,
            Kind::Plan => self.plan(about).await,
            Kind::Team => self.company(about).await,
            Kind::Member => self.member(about).await,
            Kind::Visitor => match id::visit_of(id) {
                Some(visit) => self.visitor(visit).await,
                None => self.guest(id).await,
            },
            Kind::Visit => self.visit(about).await,
            Kind::Membership => self.subscription(about).await,
            Kind::Booking => self.booking(about).await,
            Kind::Pass => self.pass(id, self.uses_from()).await,
            Kind::Checkin => self.checkin(id, self.uses_from()).await,
        }
    }

    /// No list can be filtered by change `[D]`, so every read is complete.
    async fn read(&self, kind: Kind, span: &Span) -> Result<FactList> {
        let from = span.checkins_from;
        match kind {
            Kind::Location => {
                let all = self.locations().await?.iter();
                Ok(all.map(|location| location.fact.clone()).collect())
            }
            Kind::Floor => {
                let mut all = FactList::default();
                for location in self.locations().await? {
                    join(&mut all, self.floors(&location.id).await?.facts);
                }
                Ok(all)
            }
            Kind::Resource => {
                let mut all = FactList::default();
                for location in self.locations().await? {
                    let floors = self.floors(&location.id).await?.of_resource;
                    let filters = [("locationRef", location.id.to_string())];
                    let read = self.facts(&RESOURCES, &filters, |record| {
                        let floor = record.get("id").and_then(|id| floors.get(id.as_str()?));
                        wire::resource(record, floor.cloned())
                    });
                    join(&mut all, read.await?);
                }
                Ok(all)
            }
            Kind::Plan => self.at_each_location(&PLANS, wire::plan).await,
            Kind::Team => self.at_each_location(&COMPANIES, wire::company).await,
            Kind::Member => self.members().await,
            Kind::Visitor => {
                let mut all = FactList::from(self.all_bookings(from).await?.guests.clone());
                join(&mut all, self.visit_lists(from).await?.visitors.clone());
                Ok(all)
            }
            Kind::Visit => Ok(self.visit_lists(from).await?.visits.clone()),
            Kind::Membership => self.subscriptions().await,
            Kind::Booking => Ok(self.all_bookings(from).await?.bookings.clone()),
            Kind::Pass => self.passes(from).await,
            Kind::Checkin => Ok(self.pass_uses(from).await?.checkins.clone()),
        }
    }

    async fn assignments(&self, resources: &[Id]) -> Result<ResourceAssignments> {
        self.assigned(resources).await
    }

    async fn confirms(&self, relation: &Relation) -> Result<bool> {
        match relation {
            Relation::Guest { booking, visitor } => self.has_guest(booking, visitor).await,
            Relation::Assigned {
                membership,
                assignment,
                resource,
            } => {
                let assignment = Assignment {
                    id: assignment.clone(),
                    resource: resource.clone(),
                    from: None,
                    until: None,
                };
                self.names_assignment(membership, &assignment).await
            }
            // Only the list of floors says where a resource is, and an empty one may be wrong.
            Relation::OnFloor { .. } => self.lists_no_floor().await,
            _ => Ok(false),
        }
    }

    fn relates(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Membership | Kind::Resource)
    }

    fn lists_people(&self) -> bool {
        true
    }

    /// How soon a read shows what a webhook reported is not documented `[?]`.
    fn announces_versions(&self) -> bool {
        false
    }

    fn lists_only_current_memberships(&self) -> bool {
        true
    }

    fn occurrences_of(&self, series: &str) -> Option<String> {
        id::occurrences_of(series)
    }

    async fn bridged(&self) -> Result<Vec<BridgedGroup>> {
        self.all_bridged().await
    }

    async fn around(&self, about: &FactId, what: Option<&What>, gone: bool) -> Result<Around> {
        match about.kind {
            _ if !gone => Ok(Around::default()),
            Kind::Booking if !self.is_removed(about) => self.around_series(about).await,
            _ => self.around_missing(about, what).await,
        }
    }
}

impl SpacebringReader {
    fn uses_from(&self) -> Timestamp {
        let now = self.api.now();
        now.checked_sub(USES).unwrap_or(now)
    }
}
