//! One write to the table, and its condition.

use jiff::Timestamp;

use super::key::Key;
use super::{WriteStep, away, key_of};
use crate::dynamo::{
    Attribute, Condition, Dynamo, OfKey, Put, Row, TransactWriteItem, Update, WriteRequest,
};
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
    Put(Content),
    Bump,
    Check,
    Delete,
}

/// What a put stores beside the key.
#[derive(Debug, Clone)]
struct Content {
    body: String,
    version: u64,
    expires: Option<Timestamp>,
    rank: Option<String>,
}

impl Content {
    fn into_row(self, key: &Key) -> Row {
        let version = (self.version > 0).then(|| Attribute::number(self.version));
        let expires = self.expires.map(|at| Attribute::number(at.as_second()));
        Row {
            pk: Attribute::text(&key.pk),
            sk: Attribute::text(&key.sk),
            body: Attribute::text(self.body),
            version: version.unwrap_or_default(),
            update_version: self.rank.map(Attribute::text).unwrap_or_default(),
            expires: expires.unwrap_or_default(),
        }
    }
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
            what: WriteOperation::Put(Content {
                body,
                version: 0,
                expires: None,
                rank: None,
            }),
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
        if let WriteOperation::Put(content) = &mut self.what {
            content.version = n;
        }
        self
    }

    /// Sets the time after which the table deletes the item (DynamoDB TTL), for a put.
    pub fn expires(mut self, at: Timestamp) -> Self {
        if let WriteOperation::Put(content) = &mut self.what {
            content.expires = Some(at);
        }
        self
    }

    /// Sets the update version, for a put: see [`WriteCondition::Below`].
    pub fn versioned(mut self, text: String) -> Self {
        if let WriteOperation::Put(content) = &mut self.what {
            content.rank = Some(text);
        }
        self
    }

    /// Returns the item's key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Returns the write as one of a transaction.
    pub(super) fn into_item(self, table: &str) -> TransactWriteItem<'_> {
        let condition = expression(self.condition, WriteStep::Keep);
        match self.what {
            WriteOperation::Put(content) => TransactWriteItem::Put(Put {
                table_name: table,
                item: content.into_row(&self.key),
                condition,
            }),
            WriteOperation::Bump => TransactWriteItem::Update(bump(table, &self.key, ":one")),
            WriteOperation::Check => {
                TransactWriteItem::ConditionCheck(of_key(table, &self.key, condition))
            }
            WriteOperation::Delete => {
                TransactWriteItem::Delete(of_key(table, &self.key, condition))
            }
        }
    }

    /// Writes the item outside of a transaction.
    pub(super) async fn alone(self, db: &Dynamo, table: &str, step: WriteStep) -> Result<()> {
        let condition = expression(self.condition, step);
        let sent = match self.what {
            WriteOperation::Put(content) => {
                let put = Put {
                    table_name: table,
                    item: content.into_row(&self.key),
                    condition,
                };
                db.put_item(&put).await
            }
            WriteOperation::Delete => db.delete_item(&of_key(table, &self.key, condition)).await,
            WriteOperation::Bump => {
                let one = format!(":{}", step.word());
                db.update_item(&bump(table, &self.key, &one)).await
            }
            WriteOperation::Check => return Err(needs_transaction()),
        };
        sent.map_err(away)
    }

    /// Returns the write as one of a batch.
    pub(super) fn into_request(self) -> Result<WriteRequest> {
        match self.what {
            WriteOperation::Put(content) => Ok(WriteRequest::PutRequest {
                item: content.into_row(&self.key),
            }),
            WriteOperation::Delete => Ok(WriteRequest::DeleteRequest {
                key: key_of(&self.key),
            }),
            WriteOperation::Bump | WriteOperation::Check => Err(needs_transaction()),
        }
    }
}

fn needs_transaction() -> Error {
    Error::permanent("this write needs a transaction")
}

fn of_key<'a>(table: &'a str, key: &Key, condition: Condition) -> OfKey<'a> {
    OfKey {
        table_name: table,
        key: key_of(key),
        condition,
    }
}

fn bump<'a>(table: &'a str, key: &Key, one: &str) -> Update<'a> {
    Update {
        table_name: table,
        key: key_of(key),
        update_expression: format!("ADD version {one}"),
        expression_attribute_values: [(one.to_owned(), Attribute::number(1))].into(),
    }
}

/// Builds the condition expression. The step's word names the compared value, so that requests on
/// the wire show which step writes.
fn expression(condition: Option<WriteCondition>, step: WriteStep) -> Condition {
    let was = format!(":{}", step.word());
    let (test, value) = match condition {
        None => return Condition::default(),
        Some(WriteCondition::New) => ("attribute_not_exists(pk)".to_owned(), None),
        Some(WriteCondition::Version(0)) => ("attribute_not_exists(version)".to_owned(), None),
        Some(WriteCondition::Version(n)) => {
            (format!("version = {was}"), Some(Attribute::number(n)))
        }
        Some(WriteCondition::Body(body)) => (format!("body = {was}"), Some(Attribute::text(body))),
        Some(WriteCondition::Below(rank)) => (
            format!("attribute_not_exists(pk) OR update_version < {was}"),
            Some(Attribute::text(rank)),
        ),
    };
    Condition {
        condition_expression: Some(test),
        expression_attribute_values: value
            .into_iter()
            .map(|value| (was.clone(), value))
            .collect(),
    }
}
