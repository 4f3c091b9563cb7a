//! The table as the operator's own tools see it.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::AttributeValue;

use super::World;
use doorstep_cloud::aws::SdkHttpClient;

/// One item, as the table has it.
pub type Item = HashMap<String, AttributeValue>;

/// The table of a world.
pub struct Table {
    /// Who asks it.
    pub client: Client,
    /// Its name.
    pub name: String,
}

impl Table {
    /// The table of this world.
    pub fn of(world: &World) -> Table {
        let environment = world.machine.environment();
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(environment.settings.region.clone()))
            .credentials_provider(environment.settings.credentials.clone())
            .http_client(SdkHttpClient(environment.http.clone()));
        Table {
            client: Client::from_conf(config.build()),
            name: environment.settings.table.clone(),
        }
    }

    /// Everything in it.
    pub async fn items(&self) -> Vec<Item> {
        let scan = self
            .client
            .scan()
            .table_name(&self.name)
            .consistent_read(true);
        scan.into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .expect("it scans")
    }
}

impl World {
    /// Everything in the table but vendors' tokens and the counts of deliveries, by key.
    pub async fn table(&self) -> Vec<(String, String)> {
        let part =
            |item: &Item, name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        let kept = |item: Item| {
            let at = (part(&item, "pk")?, part(&item, "sk")?);
            let mut content: Vec<_> = item
                .into_iter()
                .map(|(name, value)| format!("{name}: {value:?}"))
                .collect();
            content.sort();
            let is_kept = !at.0.ends_with("#token") && !at.0.ends_with("#delivery");
            is_kept.then(|| (format!("{} {}", at.0, at.1), content.join(", ")))
        };
        let mut items: Vec<_> = Table::of(self)
            .items()
            .await
            .into_iter()
            .filter_map(kept)
            .collect();
        items.sort();
        items
    }
}
