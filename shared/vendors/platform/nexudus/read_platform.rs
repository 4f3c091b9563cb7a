//! What Nexudus answers of the trait that all platforms share.

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::entity::{
    self, BUSINESS, CHECKIN, CONTRACT, COWORKER, PASS, PAUSE, TARIFF, TEAM, VISIT, VISITOR,
};
use super::lists::{changed, instant};
use super::reader::{NexudusReader, Reference};
use super::{hooks, list, team_members, wire};
use crate::platform::bridge::BridgedGroup;
use crate::platform::found::{FactList, Lookup, ResourceAssignments};
use crate::platform::relation::Relation;
use crate::platform::{Around, Hearing, ReadPlatform, Span};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::fact::{Assignment, Fact, FactId, Id, Kind, What};
use doorstep_core::model::ids::SiteId;

/// All kinds but floors, which Nexudus does not have.
const KINDS: [Kind; 11] = [
    Kind::Location,
    Kind::Resource,
    Kind::Plan,
    Kind::Team,
    Kind::Member,
    Kind::Visitor,
    Kind::Visit,
    Kind::Membership,
    Kind::Booking,
    Kind::Pass,
    Kind::Checkin,
];

#[async_trait]
impl ReadPlatform for NexudusReader {
    fn kinds(&self) -> Vec<Kind> {
        self.extras.kinds(&KINDS)
    }

    async fn fetch(&self, about: &FactId) -> Result<Lookup> {
        let Some((entity, id)) = entity::of(about.kind, &about.id) else {
            return Ok(Lookup::Missing);
        };
        // The user may lack the right to read visitors.
        if entity.name == VISIT.name && !self.extras.visits {
            return Ok(Lookup::Missing);
        }
        if entity.name == VISIT.name
            && let Some(unread) = self.without_visits(about)
        {
            return Ok(unread);
        }
        match self.record(entity, id).await? {
            Some(record) => self.looked_at(about.kind, entity, id, &record).await,
            None => Ok(Lookup::Missing),
        }
    }

    async fn read(&self, kind: Kind, span: &Span) -> Result<FactList> {
        let since: Vec<Timestamp> = span.changed_since.into_iter().collect();
        let usual = self.usual();
        let facts = match kind {
            Kind::Location => {
                let ours =
                    |record: &Value| wire::business(record).filter(|_| self.is_ours(record, "Id"));
                list::all(&self.calls, &BUSINESS, &changed(&BUSINESS, &since), ours).await
            }
            Kind::Floor => Ok(Vec::new()),
            Kind::Visit => return Ok(self.visit_lists(span.checkins_from).await?.visits.clone()),
            Kind::Resource => self.resources(&since).await,
            Kind::Plan => self.plans(&changed(&TARIFF, &since)).await,
            Kind::Team => {
                list::all(&self.calls, &TEAM, &changed(&TEAM, &since), |it| {
                    wire::team(it, usual)
                })
                .await
            }
            Kind::Member => {
                let team_members_lists = self.team_members_lists().await?;
                let read = |it: &Value| {
                    wire::coworker(
                        it,
                        team_members::of(team_members_lists, &list::id(it)?),
                        usual,
                    )
                };
                list::all(&self.calls, &COWORKER, &changed(&COWORKER, &since), read).await
            }
            Kind::Visitor => return self.visitors(span.checkins_from).await,
            Kind::Membership => {
                // A new invoice does not change its contract.
                let since = if self.extras.invoices { vec![] } else { since };
                let listed = self.contracts(&changed(&CONTRACT, &since), None).await?;
                self.earlier(|earlier| {
                    earlier.assigned = Some(listed.facts.iter().flat_map(assigned).collect())
                });
                return Ok(listed);
            }
            Kind::Booking => return self.all_bookings(span).await,
            Kind::Pass => {
                let team_members_lists = self.team_members_lists().await?;
                return self
                    .passes(&changed(&PASS, &since), team_members_lists, None)
                    .await;
            }
            Kind::Checkin => {
                let since = [(CHECKIN.from("FromTime"), instant(span.checkins_from))];
                return self.checkins(&since, None).await;
            }
        };
        Ok(facts?.into())
    }

    /// Returns the assignments from the contracts. A contract lists its desks itself.
    async fn assignments(&self, resources: &[Id]) -> Result<ResourceAssignments> {
        if self.earlier(|earlier| earlier.assigned.is_none()) {
            let listed = self.contracts(&[], None).await?;
            self.earlier(|earlier| {
                earlier.assigned = Some(listed.facts.iter().flat_map(assigned).collect())
            });
        }
        let all = self
            .earlier(|earlier| earlier.assigned.clone())
            .unwrap_or_default();
        let read = all
            .into_iter()
            .filter(|(_, assignment)| resources.contains(&assignment.resource))
            .collect();
        Ok(ResourceAssignments {
            read,
            ..ResourceAssignments::default()
        })
    }

    /// Asks by the id of the record that states the relation.
    async fn confirms(&self, relation: &Relation) -> Result<bool> {
        match relation {
            Relation::Guest { booking, visitor } => {
                self.refers(
                    &VISITOR,
                    visitor,
                    Reference {
                        field: "BookingId",
                        id: booking,
                    },
                )
                .await
            }
            Relation::Paused { membership, pause } => {
                self.refers(
                    &PAUSE,
                    pause,
                    Reference {
                        field: "CoworkerContractId",
                        id: membership,
                    },
                )
                .await
            }
            Relation::TeamMember { team, member } => Ok(self
                .confirmed_team_members(team)
                .await?
                .is_some_and(|team_members| team_members.people.contains(member))),
            Relation::SharedPass { team, owner } => Ok(self
                .confirmed_team_members(team)
                .await?
                .is_some_and(|team_members| team_members.shares_passes_of(owner))),
            Relation::Assigned {
                membership,
                assignment,
                ..
            } => {
                let Some(record) = self.record(&CONTRACT, membership).await? else {
                    return Ok(false);
                };
                let desks = wire::desk_assignments(&record).ok_or_else(|| {
                    Error::retry(format!(
                        "Nexudus does not list the desks of contract {membership}"
                    ))
                })?;
                Ok(desks.contains(assignment))
            }
            Relation::Overdue { member, .. } => Ok(self.owed_since(member).await?.is_some()),
            Relation::OnFloor { .. } => Ok(false),
            Relation::UsedPass { pass, .. } => Ok(self.record(&PASS, pass).await?.is_some()),
        }
    }

    fn relates(&self, kind: Kind) -> bool {
        matches!(
            kind,
            Kind::Membership | Kind::Booking | Kind::Pass | Kind::Checkin
        )
    }

    fn flaws(&self) -> Vec<String> {
        self.earlier(|earlier| earlier.flaws.iter().cloned().collect())
    }

    fn lists_people(&self) -> bool {
        true
    }

    /// Returns false: the signature covers neither a time nor the path that names the event. `[D]`
    fn verifies_times(&self) -> bool {
        false
    }

    async fn around(&self, about: &FactId, what: Option<&What>, gone: bool) -> Result<Around> {
        self.all_around(about, what, gone).await
    }

    async fn bridged(&self) -> Result<Vec<BridgedGroup>> {
        self.all_bridged().await
    }

    async fn hearing(&self, site: &SiteId) -> Result<Hearing> {
        let ours =
            |record: &Value| Some(wire::business(record)?).filter(|_| self.is_ours(record, "Id"));
        let named = |record: &Value| match ours(record)? {
            Fact {
                id,
                what: What::Location(location),
                ..
            } => Some((id, location.name)),
            _ => None,
        };
        let locations = list::all(&self.calls, &BUSINESS, &[], named).await?;
        hooks::hearing(&self.calls, site, &locations).await
    }
}

fn assigned(fact: &Fact) -> Vec<(Id, Assignment)> {
    let What::Membership(membership) = &fact.what else {
        return Vec::new();
    };
    membership
        .assignments
        .iter()
        .map(|assignment| (fact.id.clone(), assignment.clone()))
        .collect()
}
