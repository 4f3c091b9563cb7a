//! Counts of deliveries in the table: one item for each webhook address and UTC hour. Several
//! processes add to one item, so the counts are numbers of their own and not part of a content.

use std::collections::HashMap;
use std::ops::Range;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

use super::key::{self, Key};
use super::range::KeyRange;
use super::{Map, Store, away, key_map, key_of, string, text};
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
        let number = |n: i128| AttributeValue::N(n.to_string());
        let mut values = HashMap::from([(
            ":expires".to_owned(),
            number(i128::from(expires.as_second())),
        )]);
        for outcome in DeliveryOutcome::ALL {
            let (DeliveryCount { count, last }, word) = (add.counts.of(outcome), outcome.word());
            if count > 0 {
                adds.push(format!("{word} :{word}"));
                values.insert(format!(":{word}"), number(i128::from(count)));
            }
            if let Some(last) = last {
                sets.push(format!("last_{word} = :last_{word}"));
                values.insert(format!(":last_{word}"), text(&last.to_string()));
            }
        }
        if adds.is_empty() {
            return Ok(());
        }
        let update = self
            .db
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_map(&at)))
            .update_expression(format!("ADD {} SET {}", adds.join(", "), sets.join(", ")))
            .set_expression_attribute_values(Some(values));
        update.send().await.map(drop).map_err(away)
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
            .query(&key::deliveries(site), KeyRange::From(&start), |map| {
                Ok(counted(map).ok_or_else(|| key_of(map)))
            })
            .await?;
        let mut hours = self.without_unreadable(found);
        hours.retain(|one| span.contains(&one.hour));
        Ok(hours)
    }
}

/// Parses one item. A count that the item lacks is 0.
fn counted(map: &Map) -> Option<HourOfDeliveries> {
    let (hour, sender) = key::delivered_at(&string(map, "sk"))?;
    let mut counts = DeliveryCounts::default();
    for outcome in DeliveryOutcome::ALL {
        let word = outcome.word();
        let last = string(map, &format!("last_{word}"));
        *counts.of_mut(outcome) = DeliveryCount {
            count: match map.get(word) {
                None => 0,
                Some(number) => number.as_n().ok()?.parse().ok()?,
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
