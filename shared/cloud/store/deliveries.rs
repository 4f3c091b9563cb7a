//! Counts of deliveries in the table: one item for each webhook address and UTC hour. Several
//! processes add to one item, so the counts are numbers of their own and not part of a content.

use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::key::{self, Key};
use super::range::KeyRange;
use super::{Store, away, key_of};
use crate::dynamo::{Attribute, Attributes, Update};
use doorstep_core::model::delivery_counts::{DeliveryCount, DeliveryCounts, DeliveryOutcome};
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::webhook_sender::WebhookSender;

/// How long a count is kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(8 * 24);

/// The deliveries of one webhook address in one UTC hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourOfDeliveries {
    /// The begin of the hour.
    pub hour: Timestamp,
    /// The sender.
    pub sender: WebhookSender,
    /// The deliveries.
    pub counts: DeliveryCounts,
}

impl Store {
    /// Adds deliveries to those that the table has of the same address and hour.
    ///
    /// If several processes add, an instant of a last delivery may be some seconds too early. A
    /// repeat after a lost answer counts twice.
    ///
    /// # Errors
    /// [`Error::Retry`](doorstep_core::model::error::Error::Retry) if the table is unavailable.
    pub async fn add_deliveries(&self, site: &SiteId, add: &HourOfDeliveries) -> Result<()> {
        let at = key::delivery(site, add.hour, &add.sender);
        let expires = add.hour.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
        let (mut adds, mut sets) = (Vec::new(), vec!["expires = :expires".to_owned()]);
        let until = Attribute::number(expires.as_second());
        let mut values = Attributes::from([(":expires".to_owned(), until)]);
        for outcome in DeliveryOutcome::ALL {
            let (DeliveryCount { count, last }, word) = (add.counts.of(outcome), outcome.word());
            if count > 0 {
                adds.push(format!("{word} :{word}"));
                values.insert(format!(":{word}"), Attribute::number(count));
            }
            if let Some(last) = last {
                sets.push(format!("last_{word} = :last_{word}"));
                values.insert(format!(":last_{word}"), Attribute::text(last.to_string()));
            }
        }
        if adds.is_empty() {
            return Ok(());
        }
        let update = Update {
            table_name: &self.table,
            key: key_of(&at),
            update_expression: format!("ADD {} SET {}", adds.join(", "), sets.join(", ")),
            expression_attribute_values: values,
        };
        self.db.update_item(&update).await.map_err(away)
    }

    /// Loads the deliveries of the hours that begin within `span`, in the order of their hours. An
    /// unreadable item is noted and left out.
    pub async fn deliveries(
        &self,
        site: &SiteId,
        span: Range<Timestamp>,
    ) -> Result<Vec<HourOfDeliveries>> {
        let start = key::hour(span.start);
        let found: Vec<Result<HourOfDeliveries, Key>> = self
            .query(&key::deliveries(site), KeyRange::From(&start), |found| {
                counted(&found).ok_or_else(|| Key {
                    pk: text(&found, "pk").to_owned(),
                    sk: text(&found, "sk").to_owned(),
                })
            })
            .await?;
        let mut hours = self.without_unreadable(found);
        hours.retain(|one| span.contains(&one.hour));
        Ok(hours)
    }
}

/// Parses one item. A count that the item lacks is 0.
fn counted(found: &Attributes) -> Option<HourOfDeliveries> {
    let (hour, sender) = key::delivered_at(text(found, "sk"))?;
    let mut counts = DeliveryCounts::default();
    for outcome in DeliveryOutcome::ALL {
        let word = outcome.word();
        let last = text(found, &format!("last_{word}"));
        *counts.of_mut(outcome) = DeliveryCount {
            count: match found.get(word) {
                None => 0,
                Some(number) => number.as_number()?.parse().ok()?,
            },
            last: (!last.is_empty()).then(|| last.parse()).transpose().ok()?,
        };
    }
    Some(HourOfDeliveries {
        hour,
        sender,
        counts,
    })
}

fn text<'a>(found: &'a Attributes, name: &str) -> &'a str {
    found
        .get(name)
        .and_then(Attribute::as_text)
        .unwrap_or_default()
}
