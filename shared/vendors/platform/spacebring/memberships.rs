//! Subscriptions, and the desks and offices that are assigned to them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::calls::SpacebringList;
use super::reader::SpacebringReader;
use super::wire;
use crate::platform::fields::JsonRecord;
use crate::platform::found::{
    FactList, Lookup, ResourceAssignments, Translated, Unreadable, UnreadableAssignment,
};
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{
    Assignment, FactId, Holder, Id, Membership, MembershipItem, What,
};

pub(super) const SUBSCRIPTIONS: SpacebringList = SpacebringList {
    path: &["subscriptions", "v1"],
    word: "subscriptions",
    one: "subscription",
    is_paged: true,
};
const ASSIGNMENTS: SpacebringList = SpacebringList {
    path: &["resources", "v1", "assignments"],
    word: "assignments",
    one: "",
    is_paged: false,
};
/// The subscriptions that are listed. Those that are over stay in the list for ever otherwise.
const CURRENT: &str = "active,scheduled,incomplete";

impl SpacebringReader {
    /// Returns the subscriptions of every location, without their assignments.
    pub(super) async fn subscriptions(&self) -> Result<FactList> {
        let mut all = FactList::default();
        for location in self.locations().await? {
            let filters = [
                ("locationRef", location.id.to_string()),
                ("status", CURRENT.to_owned()),
            ];
            let (read, records) = self
                .api
                .list(&SUBSCRIPTIONS, &filters, |record| {
                    let fact = subscription(record, location.zone.as_ref())?;
                    Some((fact, user_of(record)))
                })
                .await?;
            all.nameless += records - read.len();
            for (fact, user) in read {
                all.extend([self.with_holder(fact, user, &location.id).await?]);
            }
        }
        Ok(all)
    }

    /// Fetches one subscription with its assignments.
    pub(super) async fn subscription(&self, about: &FactId) -> Result<Lookup> {
        let Some(record) = self.record(&SUBSCRIPTIONS, about).await? else {
            return Ok(Lookup::Missing);
        };
        let location = record
            .get("locationRef")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let zone = self.zone(location).await?;
        let Some(fact) = subscription(&record, zone.as_ref()) else {
            return Ok(Lookup::Missing);
        };
        let mut fact = self.with_holder(fact, user_of(&record), location).await?;
        if let Ok(fact) = &mut fact
            && let What::Membership(membership) = &mut fact.what
        {
            let all = self.assigned_at(location).await?;
            let theirs = all.read.into_iter().filter(|(of, _)| *of == fact.id);
            membership.assignments = theirs.map(|(_, assignment)| assignment).collect();
            membership.assignments.sort_by(|a, b| a.id.cmp(&b.id));
        }
        Ok(Some(fact).into())
    }

    /// Returns the assignments of these resources, from the locations that have them.
    pub(super) async fn assigned(&self, resources: &[Id]) -> Result<ResourceAssignments> {
        let mut all = ResourceAssignments::default();
        if resources.is_empty() {
            return Ok(all);
        }
        for location in self.locations().await? {
            let here = self.assigned_at(&location.id).await?;
            let wanted = here.read.into_iter();
            all.read
                .extend(wanted.filter(|(_, one)| resources.contains(&one.resource)));
            all.unreadable.extend(here.unreadable);
            all.nameless += here.nameless;
        }
        Ok(all)
    }

    /// Returns whether a subscription names this assignment or its resource itself.
    pub(super) async fn names_assignment(
        &self,
        subscription: &str,
        assignment: &Assignment,
    ) -> Result<bool> {
        let one = self.api.one(&SUBSCRIPTIONS, subscription).await?;
        let named = one.as_ref().and_then(|record| record.get("assignments"));
        let named = named.and_then(Value::as_array).into_iter().flatten();
        Ok(named.filter_map(JsonRecord::of).any(|named| {
            named.id("id").as_ref() == Some(&assignment.id)
                || named.reference("resource").as_ref() == Some(&assignment.resource)
        }))
    }

    async fn assigned_at(&self, location: &str) -> Result<ResourceAssignments> {
        let zone = self.zone(location).await?;
        let filters = [("locationRef", location.to_owned())];
        let list = self.api.list(&ASSIGNMENTS, &filters, |record| {
            assignment(record, zone.as_ref())
        });
        let read = self.assigned_at.get(location, async {
            let (all, records) = list.await?;
            let nameless = records - all.len();
            let mut assigned = ResourceAssignments {
                nameless,
                ..Default::default()
            };
            for one in all {
                match one {
                    Ok((subscription, assignment)) => {
                        assigned.read.push((subscription, assignment))
                    }
                    Err(unreadable) => assigned.unreadable.push(unreadable),
                }
            }
            Ok(assigned)
        });
        read.await
    }

    /// Names the membership of a subscription's user, where the record names only the user.
    /// The subscription is unreadable if the location's people lack that user: their list may be
    /// wrong, and a subscription without a holder would end access.
    async fn with_holder(
        &self,
        fact: Translated,
        user: Option<Id>,
        location: &str,
    ) -> Result<Translated> {
        let (Ok(mut fact), Some(user)) = (fact.clone(), user) else {
            return Ok(fact);
        };
        if let What::Membership(membership) = &mut fact.what {
            let Some(member) = self.member_of(&user, location).await? else {
                return Ok(Err(Unreadable {
                    name: fact.name(),
                    field: "customer".to_owned(),
                }));
            };
            membership.holder = Some(Holder::Member(member));
        }
        Ok(Ok(fact))
    }
}

/// Returns the customer of a subscription that names its user and no membership. The customer is a
/// membership or the user `[?]`.
fn user_of(record: &Value) -> Option<Id> {
    let record = JsonRecord::of(record)?;
    match holder(&record)? {
        Holder::Member(id) if record.reference("membershipRef").is_none() => Some(id),
        _ => None,
    }
}

/// Returns who has a subscription: a person, or everyone in a company.
fn holder(record: &JsonRecord<'_>) -> Option<Holder> {
    let (membership, company) = (
        record.reference("membershipRef"),
        record.reference("companyRef"),
    );
    let customer = record.value("customer").and_then(JsonRecord::of);
    let kind = customer.as_ref().and_then(|customer| customer.text("type"));
    let id = customer
        .and_then(|customer| customer.reference("id"))
        .or_else(|| record.reference("customerRef"));
    match kind.or_else(|| record.text("subscriptionType")).as_deref() {
        Some("company") => company.or(id).map(Holder::Team),
        Some("user") => membership
            .or(id)
            .or_else(|| record.reference("userRef"))
            .map(Holder::Member),
        _ => membership.map(Holder::Member).or(company.map(Holder::Team)),
    }
}

/// Translates a subscription at a location with this zone. It counts while it is active; one that
/// is scheduled counts from its start on. A pause of payment changes nothing. `[D]`
fn subscription(record: &Value, zone: Option<&TimeZone>) -> Option<Translated> {
    let record = &JsonRecord::of(record)?;
    let own = record
        .text("timezoneId")
        .and_then(|name| TimeZone::get(&name).ok());
    let zone = own.as_ref().or(zone);
    let from = record.must("startDate", wire::day(record, "startDate", zone));
    let until = wire::day(record, "endDate", zone);
    let membership = Membership {
        plan: None,
        items: items(record, zone),
        holder: holder(record),
        location: record.reference("locationRef"),
        from,
        until,
        approved: matches!(
            record.text("status").as_deref(),
            Some("active" | "scheduled")
        ),
        unpaid_since: unpaid_since(record, from),
        assignments: Vec::new(),
        pauses: Vec::new(),
        awaits_next: false,
    };
    wire::fact(record, What::Membership(membership))
}

/// Returns the day since which a subscription is not paid. The first payment of one that is
/// `incomplete` has not arrived `[I]`, so that is its first day.
fn unpaid_since(record: &JsonRecord<'_>, from: Option<Date>) -> Option<Date> {
    let is_incomplete = record.text("status").as_deref() == Some("incomplete");
    from.filter(|_| is_incomplete)
}

/// Returns the plans of a subscription. An item without a plan is a thing that was bought.
fn items(record: &JsonRecord<'_>, zone: Option<&TimeZone>) -> Vec<MembershipItem> {
    let Some(value) = record.value("items") else {
        return Vec::new();
    };
    let Some(all) = value.as_array() else {
        record.cannot_read("items");
        return Vec::new();
    };
    let read = all.iter().filter_map(|item| {
        let item = JsonRecord::of(item)?;
        let plan = item
            .reference("planRef")
            .or_else(|| item.reference("plan"))?;
        let (from, until) = (
            wire::day(&item, "startDate", zone),
            wire::day(&item, "endDate", zone),
        );
        if let Some(field) = item.malformed() {
            record.cannot_read(&format!("items.{field}"));
        }
        Some(MembershipItem { plan, from, until })
    });
    read.collect()
}

/// Translates an assignment; `None` if the record does not say which subscription it comes with.
/// Spacebring may leave its id out `[D]`.
fn assignment(
    record: &Value,
    zone: Option<&TimeZone>,
) -> Option<std::result::Result<(Id, Assignment), UnreadableAssignment>> {
    let record = JsonRecord::of(record)?;
    let subscription = JsonRecord::of(record.value("subscription")?)?;
    let of = subscription.id("id")?;
    let resource = record.must("resourceRef", record.reference("resourceRef"));
    let (from, until) = (
        wire::day(&subscription, "startDate", zone),
        wire::day(&subscription, "endDate", zone),
    );
    let named = resource.clone().unwrap_or_default();
    let id = record
        .id("id")
        .unwrap_or_else(|| format!("{of}~{named}").into());
    match (
        record.malformed().or_else(|| subscription.malformed()),
        resource,
    ) {
        (None, Some(resource)) => Some(Ok((
            of,
            Assignment {
                id,
                resource,
                from,
                until,
            },
        ))),
        (field, _) => Some(Err(UnreadableAssignment {
            id,
            field: field.unwrap_or_else(|| "resourceRef".to_owned()),
        })),
    }
}

/// Returns the subscription's fact for tests.
#[cfg(test)]
pub(super) fn translated(record: &Value, zone: &TimeZone) -> doorstep_core::model::fact::Fact {
    subscription(record, Some(zone))
        .expect("an id")
        .expect("a readable record")
}
