//! One write to the table, and its condition.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, DeleteRequest, Put, PutRequest, TransactWriteItem,
    Update, WriteRequest,
};
use jiff::Timestamp;

use super::key::Key;
use super::{WriteStep, away, key_map, text};
use doorstep_core::model::error::{Error, Result};

/// The condition of a write.
#[derive(Debug, Clone)]
pub enum WriteCondition {
    /// The item does not exist.
    New,
    /// The item has exactly this version. Zero means that it has no version or does not exist.
    Version(u64),
    /// The item has exactly this content.
    Body(String),
    /// The item does not exist, or its update version is below this one.
    Below(String),
}

#[derive(Debug, Clone)]
enum WriteOperation {
    Put {
        body: String,
        version: u64,
        expires: Option<Timestamp>,
        rank: Option<String>,
    },
    Bump,
    Check,
    Delete,
}

/// One write.
#[derive(Debug, Clone)]
pub struct Write {
    key: Key,
    what: WriteOperation,
    condition: Option<WriteCondition>,
}

impl Write {
    /// Builds a put of an item with this content.
    pub fn put(key: Key, body: String) -> Self {
        Write {
            key,
            what: WriteOperation::Put {
                body,
                version: 0,
                expires: None,
                rank: None,
            },
            condition: None,
        }
    }

    /// Builds an update that increments the item's version and creates the item if it does not
    /// exist.
    pub fn bump(key: Key) -> Self {
        Write {
            key,
            what: WriteOperation::Bump,
            condition: None,
        }
    }

    /// Builds a check that writes nothing. The transaction fails unless `condition` holds. A
    /// function that sends one needs the right `dynamodb:ConditionCheckItem` in the template.
    pub fn check(key: Key, condition: WriteCondition) -> Self {
        Write {
            key,
            what: WriteOperation::Check,
            condition: Some(condition),
        }
    }

    /// Builds a delete of an item. It succeeds for an item that does not exist.
    pub fn delete(key: Key) -> Self {
        Write {
            key,
            what: WriteOperation::Delete,
            condition: None,
        }
    }

    /// Sets the condition.
    pub fn only_if(mut self, condition: WriteCondition) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Sets the item's version, for a put.
    pub fn version(mut self, n: u64) -> Self {
        if let WriteOperation::Put { version, .. } = &mut self.what {
            *version = n;
        }
        self
    }

    /// Sets the time after which the table deletes the item (DynamoDB TTL), for a put.
    pub fn expires(mut self, at: Timestamp) -> Self {
        if let WriteOperation::Put { expires, .. } = &mut self.what {
            *expires = Some(at);
        }
        self
    }

    /// Sets the update version, for a put: see [`WriteCondition::Below`].
    pub fn versioned(mut self, text: String) -> Self {
        if let WriteOperation::Put { rank, .. } = &mut self.what {
            *rank = Some(text);
        }
        self
    }

    /// Returns the item's key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn into_item(self, table: &str) -> Result<TransactWriteItem> {
        let (test, values) = expression(self.condition, WriteStep::Keep);
        let values = (!values.is_empty()).then_some(values);
        let item = TransactWriteItem::builder();
        let item = match self.what {
            WriteOperation::Put {
                body,
                version,
                expires,
                rank,
            } => {
                let put = Put::builder()
                    .table_name(table)
                    .set_item(Some(stored(&self.key, body, version, expires, rank)));
                let put = put
                    .set_condition_expression(test)
                    .set_expression_attribute_values(values);
                item.put(put.build().map_err(unbuilt)?)
            }
            WriteOperation::Bump => {
                let update = Update::builder()
                    .table_name(table)
                    .set_key(Some(key_map(&self.key)));
                let update = update
                    .update_expression("ADD version :one")
                    .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
                item.update(update.build().map_err(unbuilt)?)
            }
            WriteOperation::Check => {
                let check = ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(key_map(&self.key)));
                let check = check
                    .set_condition_expression(test)
                    .set_expression_attribute_values(values);
                item.condition_check(check.build().map_err(unbuilt)?)
            }
            WriteOperation::Delete => {
                let delete = Delete::builder()
                    .table_name(table)
                    .set_key(Some(key_map(&self.key)));
                let delete = delete
                    .set_condition_expression(test)
                    .set_expression_attribute_values(values);
                item.delete(delete.build().map_err(unbuilt)?)
            }
        };
        Ok(item.build())
    }

    /// Writes the item outside of a transaction.
    pub(super) async fn alone(self, db: &Client, table: &str, step: WriteStep) -> Result<()> {
        let (test, values) = expression(self.condition, step);
        let values = (!values.is_empty()).then_some(values);
        match self.what {
            WriteOperation::Put {
                body,
                version,
                expires,
                rank,
            } => {
                let put = db
                    .put_item()
                    .table_name(table)
                    .set_item(Some(stored(&self.key, body, version, expires, rank)));
                let sent = put
                    .set_condition_expression(test)
                    .set_expression_attribute_values(values)
                    .send()
                    .await;
                sent.map(|_| ()).map_err(away)
            }
            WriteOperation::Delete => {
                let delete = db
                    .delete_item()
                    .table_name(table)
                    .set_key(Some(key_map(&self.key)));
                let sent = delete
                    .set_condition_expression(test)
                    .set_expression_attribute_values(values)
                    .send()
                    .await;
                sent.map(|_| ()).map_err(away)
            }
            WriteOperation::Bump => {
                let one = format!(":{}", step.word());
                let update = db
                    .update_item()
                    .table_name(table)
                    .set_key(Some(key_map(&self.key)));
                let update = update
                    .update_expression(format!("ADD version {one}"))
                    .expression_attribute_values(one, AttributeValue::N("1".to_owned()));
                update.send().await.map(|_| ()).map_err(away)
            }
            WriteOperation::Check => Err(Error::permanent("this write needs a transaction")),
        }
    }

    pub(super) fn into_request(self) -> Result<WriteRequest> {
        let request = WriteRequest::builder();
        Ok(match self.what {
            WriteOperation::Put {
                body,
                version,
                expires,
                rank,
            } => {
                let put = PutRequest::builder()
                    .set_item(Some(stored(&self.key, body, version, expires, rank)));
                request.put_request(put.build().map_err(unbuilt)?).build()
            }
            WriteOperation::Delete => {
                let delete = DeleteRequest::builder().set_key(Some(key_map(&self.key)));
                request
                    .delete_request(delete.build().map_err(unbuilt)?)
                    .build()
            }
            WriteOperation::Bump | WriteOperation::Check => {
                return Err(Error::permanent("this write needs a transaction"));
            }
        })
    }
}

fn unbuilt(error: impl std::fmt::Display) -> Error {
    Error::permanent(format!("a write to the table cannot be built: {error}"))
}

fn stored(
    key: &Key,
    body: String,
    version: u64,
    expires: Option<Timestamp>,
    rank: Option<String>,
) -> HashMap<String, AttributeValue> {
    let mut item = key_map(key);
    item.extend(rank.map(|rank| ("update_version".to_owned(), AttributeValue::S(rank))));
    item.insert("body".to_owned(), AttributeValue::S(body));
    if version > 0 {
        item.insert("version".to_owned(), AttributeValue::N(version.to_string()));
    }
    if let Some(at) = expires {
        item.insert(
            "expires".to_owned(),
            AttributeValue::N(at.as_second().to_string()),
        );
    }
    item
}

/// Builds the condition expression. The step's word names the compared value, so that requests on
/// the wire show which step writes.
fn expression(
    condition: Option<WriteCondition>,
    step: WriteStep,
) -> (Option<String>, HashMap<String, AttributeValue>) {
    let (name, value) = match condition {
        None => return (None, HashMap::new()),
        Some(WriteCondition::New) => {
            return (Some("attribute_not_exists(pk)".to_owned()), HashMap::new());
        }
        Some(WriteCondition::Version(0)) => {
            return (
                Some("attribute_not_exists(version)".to_owned()),
                HashMap::new(),
            );
        }
        Some(WriteCondition::Below(rank)) => {
            let below = format!(":{}", step.word());
            let test = format!("attribute_not_exists(pk) OR update_version < {below}");
            return (Some(test), HashMap::from([(below, text(&rank))]));
        }
        Some(WriteCondition::Version(n)) => ("version", AttributeValue::N(n.to_string())),
        Some(WriteCondition::Body(body)) => ("body", text(&body)),
    };
    let was = format!(":{}", step.word());
    (
        Some(format!("{name} = {was}")),
        HashMap::from([(was, value)]),
    )
}
