//! The table of one machine, item by item.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::AttributeValue;

use super::file::Section;
use super::noon;
use doorstep_cloud::aws::SdkHttpClient;
use doorstep_cloud::store::Store;
use doorstep_cloud::store::key::Key;
use doorstep_local::{Data, Machine, Setup};

/// A machine without any site, whose clock stands.
pub async fn machine() -> Machine {
    let setup = Setup {
        sites: Vec::new(),
        secrets: None,
        clock: Some(noon()),
        reconcile: None,
        data: Data::Memory,
    };
    Machine::start(setup).await.expect("it starts")
}

/// A table, and the store that reads and writes it.
pub struct GoldenTable {
    pub store: Store,
    client: Client,
    name: String,
}

impl GoldenTable {
    pub async fn empty() -> Self {
        let machine = machine().await;
        let environment = machine.environment();
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(environment.settings.region.clone()))
            .credentials_provider(environment.settings.credentials.clone())
            .http_client(SdkHttpClient(environment.http.clone()));
        let client = Client::from_conf(config.build());
        GoldenTable {
            store: environment.store.clone(),
            client,
            name: environment.settings.table.clone(),
        }
    }

    /// Returns the items at these places, as the table has them.
    pub async fn sections(&self, places: &[(&str, Key)]) -> Vec<Section> {
        let mut sections = Vec::new();
        for (name, key) in places {
            let get = self
                .client
                .get_item()
                .table_name(&self.name)
                .consistent_read(true);
            let get = get
                .key("pk", AttributeValue::S(key.pk.clone()))
                .key("sk", AttributeValue::S(key.sk.clone()));
            let item = get
                .send()
                .await
                .expect("it reads")
                .item
                .unwrap_or_else(|| panic!("{name} is not stored"));
            sections.push(Section {
                name: (*name).to_owned(),
                values: values(&item),
            });
        }
        sections
    }

    /// Puts an item of the golden file.
    pub async fn put(&self, section: &Section) {
        let attribute = |(name, value): &(String, String)| match name.strip_suffix(NUMBER) {
            Some(name) => (name.to_owned(), AttributeValue::N(value.clone())),
            None => (name.clone(), AttributeValue::S(value.clone())),
        };
        let item: HashMap<_, _> = section.values.iter().map(attribute).collect();
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .send()
            .await
            .expect("it is put");
    }
}

/// Behind the name of an attribute that is a number.
const NUMBER: &str = " (number)";

/// Returns the attributes of an item, its key first and its body last.
fn values(item: &HashMap<String, AttributeValue>) -> Vec<(String, String)> {
    let mut names: Vec<&String> = item.keys().collect();
    names.sort_by_key(|name| {
        (
            name.as_str() == "body",
            !["pk", "sk"].contains(&name.as_str()),
            *name,
        )
    });
    let value = |name: &String| match &item[name] {
        AttributeValue::S(text) => (name.clone(), masked(text)),
        AttributeValue::N(number) => (format!("{name}{NUMBER}"), number.clone()),
        other => panic!("{name} is of another type: {other:?}"),
    };
    names.into_iter().map(value).collect()
}

/// Replaces the random mark of a due item: 32 hexadecimal digits.
fn masked(text: &str) -> String {
    let name = "\"mark\":\"";
    let mark = text
        .split_once(name)
        .and_then(|(_, after)| after.split('"').next());
    match mark.filter(|mark| mark.len() == 32 && mark.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        Some(mark) => text.replace(mark, &"0".repeat(mark.len())),
        None => text.to_owned(),
    }
}
