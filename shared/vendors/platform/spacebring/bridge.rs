//! The groups that Spacebring's own bridge to door systems opens. `[D]`

use serde_json::Value;

use super::fetch::{PLANS, RESOURCES};
use super::memberships::SUBSCRIPTIONS;
use super::reader::SpacebringReader;
use crate::platform::bridge::{BridgedGroup, BridgedUse};
use crate::platform::fields::JsonRecord;
use doorstep_core::model::account::DoorsKind;
use doorstep_core::model::error::Result;
use doorstep_core::model::fact::{FactId, Kind};

/// The fields that name a group, each with its door system.
const FIELDS: [(&str, DoorsKind); 2] = [
    ("kisiGroupRef", DoorsKind::Kisi),
    ("saltoksAccessGroupRef", DoorsKind::SaltoKs),
];

impl SpacebringReader {
    /// Returns the groups of every plan, resource and subscription.
    pub(super) async fn all_bridged(&self) -> Result<Vec<BridgedGroup>> {
        let mut all = Vec::new();
        for location in self.locations().await? {
            let filters = [("locationRef", location.id.to_string())];
            let plans = self.api.list(&PLANS, &filters, of_plan).await?.0;
            let resources = self.api.list(&RESOURCES, &filters, of_resource).await?.0;
            let subscriptions = self
                .api
                .list(&SUBSCRIPTIONS, &filters, of_subscription)
                .await?
                .0;
            all.extend(
                plans
                    .into_iter()
                    .chain(resources)
                    .chain(subscriptions)
                    .flatten(),
            );
        }
        Ok(all)
    }
}

/// The types of resources that are assigned and not booked. `[I]`
const ASSIGNED: [&str; 3] = ["dedicatedDesk", "office", "parkingLot"];

fn of_plan(record: &Value) -> Option<Vec<BridgedGroup>> {
    let plan = JsonRecord::of(record)?;
    let access = record.get("access").and_then(JsonRecord::of);
    let opens = |access| groups(&plan, (Kind::Plan, BridgedUse::Plan), &access);
    Some(access.map_or_else(Vec::new, opens))
}

fn of_resource(record: &Value) -> Option<Vec<BridgedGroup>> {
    let resource = JsonRecord::of(record)?;
    let kind = resource.text("type");
    let is_assigned = kind.is_some_and(|kind| ASSIGNED.contains(&kind.as_str()));
    let opens_for = match is_assigned {
        true => BridgedUse::Assignment,
        false => BridgedUse::Booking,
    };
    Some(groups(&resource, (Kind::Resource, opens_for), &resource))
}

fn of_subscription(record: &Value) -> Option<Vec<BridgedGroup>> {
    let subscription = JsonRecord::of(record)?;
    let items = record
        .get("items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let items = items.filter_map(JsonRecord::of);
    let of_item = |item: JsonRecord<'_>| {
        let opens_for =
            BridgedUse::Membership(item.reference("planRef").or_else(|| item.reference("plan")));
        groups(&subscription, (Kind::Membership, opens_for), &item)
    };
    Some(items.flat_map(of_item).collect())
}

fn groups(
    thing: &JsonRecord<'_>,
    (kind, opens_for): (Kind, BridgedUse),
    says: &JsonRecord<'_>,
) -> Vec<BridgedGroup> {
    let Some(id) = thing.id("id") else {
        return Vec::new();
    };
    let named = FIELDS.iter().filter_map(|(field, doors)| {
        Some(BridgedGroup {
            thing: FactId::new(kind, id.clone()),
            name: thing.text("title"),
            opens_for: opens_for.clone(),
            doors: Some(*doors),
            group: says.text(field)?,
        })
    });
    named.collect()
}
