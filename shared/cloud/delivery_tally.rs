//! The counts of deliveries, per hour and webhook address, as the webhook endpoint keeps them.
//!
//! Each delivery costs one small write (`UpdateItem`, one write unit), beside its enqueue. A process
//! writes at most ten times a minute for one address. What arrives in between is counted in memory,
//! and the next write adds it: a flood costs no more than that, and its sum is complete after the
//! first delivery of a later minute. A process that ends before loses what it did not write.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::RoundMode;
use jiff::{SignedDuration, Timestamp, TimestampRound, Unit};

use crate::store::Store;
use crate::store::deliveries::HourOfDeliveries;
use doorstep_core::model::delivery_counts::{DeliveryCounts, DeliveryOutcome};
use doorstep_core::model::error::{Error, Result};
use doorstep_core::model::ids::SiteId;
use doorstep_core::model::webhook_sender::WebhookSender;

/// The most writes for one address within [`SPAN`].
const MOST_WRITES: usize = 10;
/// The time over which writes are counted.
const SPAN: SignedDuration = SignedDuration::from_secs(60);
/// How long an answer waits for the write of a count.
const LONGEST: Duration = Duration::from_secs(1);

/// The counts of deliveries that a process keeps. Clones share them.
#[derive(Clone)]
pub struct DeliveryTally {
    store: Store,
    addresses: Arc<Mutex<HashMap<(SiteId, WebhookSender), AddressTally>>>,
}

impl DeliveryTally {
    /// Creates empty counts.
    pub fn new(store: Store) -> Self {
        DeliveryTally {
            store,
            addresses: Arc::default(),
        }
    }

    /// Counts one delivery that arrived at `now`, and writes what is not written yet, unless there
    /// were ten writes for this address in the last minute. A failed write is tried again with the
    /// next delivery.
    pub async fn count(
        &self,
        site: &SiteId,
        sender: &WebhookSender,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) {
        let address = (site.clone(), sender.clone());
        let due = self.of(&address, |tally| tally.add(outcome, now));
        for (hour, counts) in due {
            let add = HourOfDeliveries {
                hour,
                sender: sender.clone(),
                counts,
            };
            let Err(error) = self.write(site, &add).await else {
                continue;
            };
            tracing::warn!(site = site.as_str(), %error, "deliveries could not be counted: the next delivery counts them");
            self.of(&address, |tally| tally.put_back(hour, &counts));
        }
    }

    /// Writes one count. A write that takes too long counts as done, because the table may have
    /// taken it.
    async fn write(&self, site: &SiteId, add: &HourOfDeliveries) -> Result<()> {
        match tokio::time::timeout(LONGEST, self.store.add_deliveries(site, add)).await {
            Ok(Err(error @ Error::Retry { .. })) => Err(error),
            Ok(Err(error)) => {
                tracing::error!(site = site.as_str(), %error, "deliveries cannot be counted");
                Ok(())
            }
            Ok(Ok(())) => Ok(()),
            Err(_) => {
                tracing::warn!(
                    site = site.as_str(),
                    "the count of a delivery took too long"
                );
                Ok(())
            }
        }
    }

    fn of<T>(
        &self,
        address: &(SiteId, WebhookSender),
        change: impl FnOnce(&mut AddressTally) -> T,
    ) -> T {
        let mut addresses = self.addresses();
        change(addresses.entry(address.clone()).or_default())
    }

    fn addresses(&self) -> MutexGuard<'_, HashMap<(SiteId, WebhookSender), AddressTally>> {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The counts of one address. Pure.
#[derive(Debug, Default)]
struct AddressTally {
    /// The last writes, oldest first.
    writes: VecDeque<Timestamp>,
    /// What is not written yet, by the begin of its hour.
    unwritten: BTreeMap<Timestamp, DeliveryCounts>,
}

impl AddressTally {
    /// Adds one delivery. Returns what is to be written now, by the begin of its hour.
    fn add(
        &mut self,
        outcome: DeliveryOutcome,
        now: Timestamp,
    ) -> Vec<(Timestamp, DeliveryCounts)> {
        self.put_back(hour_of(now), &DeliveryCounts::one(outcome, now));
        // A clock that was set back does not stop the writes.
        self.writes
            .retain(|at| now.duration_since(*at).abs() < SPAN);
        let free = MOST_WRITES.saturating_sub(self.writes.len());
        let mut due = Vec::new();
        while due.len() < free
            && let Some(oldest) = self.unwritten.pop_first()
        {
            self.writes.push_back(now);
            due.push(oldest);
        }
        due
    }

    /// Adds deliveries that are not written.
    fn put_back(&mut self, hour: Timestamp, counts: &DeliveryCounts) {
        self.unwritten.entry(hour).or_default().add(counts);
    }
}

/// Returns the begin of the UTC hour.
fn hour_of(at: Timestamp) -> Timestamp {
    let hour = TimestampRound::new()
        .smallest(Unit::Hour)
        .mode(RoundMode::Floor);
    at.round(hour).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    /// Adds deliveries, and returns how many writes they caused and how many they counted.
    fn refused(tally: &mut AddressTally, count: usize, now: &str) -> (usize, u64) {
        let due: Vec<_> = (0..count)
            .flat_map(|_| tally.add(DeliveryOutcome::Refused, at(now)))
            .collect();
        let counted = due.iter().map(|(_, counts)| counts.refused.count).sum();
        (due.len(), counted)
    }

    #[test]
    fn each_of_few_is_written_and_of_many_ten_a_minute_and_none_is_lost() {
        let mut tally = AddressTally::default();
        assert_eq!(refused(&mut tally, 4, "2026-03-02T08:00:00Z"), (4, 4));
        assert_eq!(refused(&mut tally, 996, "2026-03-02T08:00:30Z"), (6, 6));
        assert_eq!(refused(&mut tally, 1, "2026-03-02T08:00:59Z"), (0, 0));
        let (writes, counted) = refused(&mut tally, 1, "2026-03-02T08:01:00Z");
        assert_eq!((writes, counted), (1, 992), "the first four writes are old");
        assert_eq!(refused(&mut tally, 9, "2026-03-02T08:01:00Z"), (3, 3));
        assert_eq!(refused(&mut tally, 1, "2026-03-02T08:02:00Z"), (1, 7));
    }

    #[test]
    fn what_was_counted_before_the_hour_ended_is_of_that_hour() {
        let mut tally = AddressTally::default();
        refused(&mut tally, 15, "2026-03-02T08:59:50Z");
        let due = tally.add(DeliveryOutcome::Verified, at("2026-03-02T09:01:00Z"));
        let [(old, before), (new, after)] = &due[..] else {
            panic!("{due:?}")
        };
        assert_eq!((*old, before.total()), (at("2026-03-02T08:00:00Z"), 5));
        assert_eq!((*new, after.total()), (at("2026-03-02T09:00:00Z"), 1));
        assert_eq!(before.refused.last, Some(at("2026-03-02T08:59:50Z")));
    }

    #[test]
    fn what_could_not_be_written_is_written_with_the_next() {
        let mut tally = AddressTally::default();
        let due = tally.add(DeliveryOutcome::Verified, at("2026-03-02T08:00:00Z"));
        tally.put_back(due[0].0, &due[0].1);
        let due = tally.add(DeliveryOutcome::Unreadable, at("2026-03-02T08:00:01Z"));
        let counts = due[0].1;
        assert_eq!(
            (due.len(), counts.verified.count, counts.unreadable.count),
            (1, 1, 1)
        );
    }

    #[test]
    fn a_clock_that_is_set_back_stops_no_count() {
        let mut tally = AddressTally::default();
        refused(&mut tally, 20, "2026-03-02T08:00:00Z");
        assert_eq!(refused(&mut tally, 1, "2026-03-01T08:00:00Z").0, 2);
    }
}
