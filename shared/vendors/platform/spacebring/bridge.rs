//! The groups that Spacebring's own bridge to door systems opens. `[D]`

use serde_json::Value;

use super::fetch::{PLANS, RESOURCES};
use super::memberships::SUBSCRIPTIONS;
use super::reader::SpacebringReader;
use crate::platform::bridge::BridgedGroup;
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

fn of_plan(record: &Value) -> Option<Vec<BridgedGroup>> {
    let plan = JsonRecord::of(record)?;
    let access = record.get("access").and_then(JsonRecord::of);
    Some(access.map_or_else(Vec::new, |access| groups(&plan, Kind::Plan, &access)))
}

fn of_resource(record: &Value) -> Option<Vec<BridgedGroup>> {
    let resource = JsonRecord::of(record)?;
    Some(groups(&resource, Kind::Resource, &resource))
}

fn of_subscription(record: &Value) -> Option<Vec<BridgedGroup>> {
    let subscription = JsonRecord::of(record)?;
    let items = record
        .get("items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let items = items.filter_map(JsonRecord::of);
    Some(
        items
            .flat_map(|item| groups(&subscription, Kind::Membership, &item))
            .collect(),
    )
}

fn groups(thing: &JsonRecord<'_>, kind: Kind, says: &JsonRecord<'_>) -> Vec<BridgedGroup> {
    let Some(id) = thing.id("id") else {
        return Vec::new();
    };
    let named = FIELDS.iter().filter_map(|(field, doors)| {
        Some(BridgedGroup {
            thing: FactId::new(kind, id.clone()),
            name: thing.text("title"),
            doors: *doors,
            group: says.text(field)?,
        })
    });
    named.collect()
}
