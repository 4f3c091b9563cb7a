//! The scan of the whole table, a right that only the operator has. It goes through the SDK: it is
//! far from every hot path, and a function that does not scan does not link it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::Store;
use super::key::Key;
use crate::aws::failure;
use doorstep_core::model::error::{Error, Result};

impl Store {
    /// Loads the keys of every item whose partition key begins with `prefix`.
    ///
    /// # Errors
    /// [`Error::Retry`] if the table is unavailable.
    pub async fn keys_below(&self, prefix: &str) -> Result<Vec<Key>> {
        let pages = self.sdk.clone().dynamodb().scan();
        let mut pages = pages
            .table_name(&self.table)
            .projection_expression("pk, sk")
            .filter_expression("begins_with(pk, :prefix)")
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut keys = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| {
                let why = failure("dynamodb", &error);
                Error::retry(format!("the table cannot be reached: {why}"))
            })?;
            keys.push(Key {
                pk: text(&item, "pk"),
                sk: text(&item, "sk"),
            });
        }
        Ok(keys)
    }
}

fn text(item: &HashMap<String, AttributeValue>, name: &str) -> String {
    let value = item.get(name).and_then(|value| value.as_s().ok());
    value.cloned().unwrap_or_default()
}
